/**
 * New segments: what lies at the cursor of the send queue becomes a row of the scoreboard and a frame. In chunks
 * (tcp/send-chunk) all that is decided is decided for the chunk, and its segments follow each other here. Whether anything
 * may be sent decides tcp/sender. Hot: no allocation per segment.
 */
import { seqAdd, seqDiff } from '../base/seq.ts';
import type { Bytes } from '../base/units.ts';
import { type FrameId, NO_FRAME, NO_PAYLOAD } from '../frame/frame-record.ts';
import { TcpFlag } from '../wire/tcp.ts';
import { endOptionChunk } from './accurate-ecn-option.ts';
import { onDataSent } from './ack-policy.ts';
import { onSegmentSent } from './congestion-window.ts';
import type { TcpConnection } from './connection.ts';
import { TimerKind } from './context.ts';
import { buildSegment, ecnEcho, markEcnCapable } from './frame-builder.ts';
import { isTextAlone } from './plain-sending.ts';
import { SegmentFlag } from './segment-table.ts';
import { segmentBytes } from './send-chunk.ts';
import { advanceCursor, settleCursor } from './send-cursor.ts';

/** No place for a payload that has to be put together. */
export const ARENA_FULL = -2;
/** A frame pool or arena that is empty now may not be so soon. */
const RETRY_NS = 1e6;

/** The next segment of the chunk that is going out: straight through where it is text and nothing else. */
export function sendChunked(connection: TcpConnection): FrameId {
  const { context, scoreboard, sndNxt, chunkBytes, smss, sendPiece, sendSkip } = connection;
  const length = Math.min(chunkBytes, smss);
  if (!isTextAlone(connection, length)) return sendSpecial(connection);
  let flags = TcpFlag.Ack;
  let rowFlags = 0;
  if (length === chunkBytes) {
    rowFlags = SegmentFlag.ChunkEnd;
    if (connection.isChunkMarked) rowFlags |= SegmentFlag.Push;
    if (connection.isChunkMarked || connection.isChunkPushed) flags |= TcpFlag.Psh;
  }
  const offset = context.pieces.offset(sendPiece);
  const payload = offset === NO_PAYLOAD ? NO_PAYLOAD : offset + sendSkip;
  const frame = buildSegment(connection, sndNxt, flags, length, payload);
  if (frame === NO_FRAME) {
    retryLater(connection);
    return NO_FRAME;
  }
  const row = scoreboard.append(sndNxt, length, rowFlags, sendPiece, sendSkip);
  const end = seqAdd(sndNxt, length);
  connection.sendSkip = sendSkip + length;
  connection.sndNxt = end;
  if (length < smss) {
    connection.hasShort = true;
    connection.shortEnd = end;
  }
  noteSent(connection, row, length, length);
  connection.chunkBytes = chunkBytes - length;
  return frame;
}

/** A segment of a chunk of any kind. */
function sendSpecial(connection: TcpConnection): FrameId {
  const { chunkBytes } = connection;
  const length = Math.min(chunkBytes, segmentBytes(connection));
  let flags = 0;
  if (length === chunkBytes) {
    flags = endFlags(hasFinBehind(connection, length), connection.isChunkMarked);
    flags |= SegmentFlag.ChunkEnd;
  }
  const frame = sendNew(connection, length, flags);
  if (frame !== NO_FRAME) connection.chunkBytes -= length;
  if (connection.hasAccEcn && connection.chunkBytes === 0) endOptionChunk(connection);
  return frame;
}

/** The FIN goes with the last data where the window has room for it. */
export function hasFinBehind(connection: TcpConnection, length: Bytes): boolean {
  if (!connection.isWriteShut || connection.isFinSent) return false;
  if (length < connection.unsentBytes) return false;
  return length < seqDiff(connection.sndWndEnd, connection.sndNxt);
}

/** Flags of the row of a segment that ends something. */
export function endFlags(hasFin: boolean, isPushed: boolean): number {
  return (hasFin ? SegmentFlag.Fin : 0) | (isPushed ? SegmentFlag.Push : 0);
}

/** Appends the next `length` bytes to the scoreboard, with flags of their row, and builds their segment. */
export function sendNew(connection: TcpConnection, length: Bytes, rowFlags: number): FrameId {
  const { context, sndNxt } = connection;
  settleCursor(connection);
  const { sendPiece, sendSkip } = connection;
  // Before the option of this segment has gone: short is what is less than it leaves.
  const fullBytes = segmentBytes(connection);
  const payload = payloadAt(connection, sendPiece, sendSkip, length);
  const hasFin = (rowFlags & SegmentFlag.Fin) !== 0;
  let flags = TcpFlag.Ack | ecnEcho(connection);
  if (isPushed(connection, rowFlags)) flags |= TcpFlag.Psh;
  if (hasFin) flags |= TcpFlag.Fin;
  if (connection.isCwrDue && length > 0) flags |= TcpFlag.Cwr;
  const isReady = payload !== ARENA_FULL;
  const frame = isReady ? buildSegment(connection, sndNxt, flags, length, payload) : NO_FRAME;
  if (frame === NO_FRAME) {
    retryLater(connection);
    return NO_FRAME;
  }
  if ((flags & TcpFlag.Cwr) !== 0) connection.isCwrDue = false;
  if (connection.sendsEct && length > 0) markEcnCapable(connection, frame);
  if (connection.scoreboard === context.idleScoreboard) {
    connection.scoreboard = context.takeScoreboard();
    context.ownRate(connection);
  }
  const { scoreboard } = connection;
  const sequenceLength = hasFin ? length + 1 : length;
  const row = scoreboard.append(sndNxt, length, rowFlags, sendPiece, sendSkip);
  advanceCursor(connection, length);
  connection.sndNxt = seqAdd(sndNxt, sequenceLength);
  if (hasFin) connection.isFinSent = true;
  if (connection.isCorkOver) connection.isCorkOver = false;
  if (length > 0 && length < fullBytes) {
    connection.hasShort = true;
    connection.shortEnd = connection.sndNxt;
  }
  noteSent(connection, row, length, sequenceLength);
  return frame;
}

/** A new segment, of `length` bytes of text, has become a row and a frame. */
function noteSent(
  connection: TcpConnection,
  row: number,
  length: Bytes,
  sequenceLength: number,
): void {
  const { context, rate, scoreboard } = connection;
  connection.bytesSent += length;
  if (length > 0) connection.dataSegmentsOut++;
  connection.burstSegments++;
  rate.stampSent(context.segments, row, sequenceLength, scoreboard.inFlightBytes);
  onDataSent(connection);
  onSegmentSent(connection, length);
}

function retryLater({ context, slot }: TcpConnection): void {
  context.setTimer(slot, TimerKind.Pacing, context.clock.nowNs + RETRY_NS);
}

/** PSH: where a write ends, or a chunk of more than one segment. */
function isPushed(connection: TcpConnection, rowFlags: number): boolean {
  if ((rowFlags & SegmentFlag.Push) !== 0) return true;
  return (rowFlags & SegmentFlag.ChunkEnd) !== 0 && connection.isChunkPushed;
}

/** Where `length` bytes of the send queue lie in one piece; they are put together when they do not. */
export function payloadAt(
  connection: TcpConnection,
  piece: number,
  skip: Bytes,
  length: Bytes,
): number {
  if (length === 0) return NO_PAYLOAD;
  const { pieces, payloadWriter } = connection.context;
  const offset = pieces.offset(piece);
  if (skip + length <= pieces.length(piece)) return offset === NO_PAYLOAD ? offset : offset + skip;
  if (pieces.isZeros(piece, skip, length)) return NO_PAYLOAD;
  const place = payloadWriter.reserve(length);
  if (place === NO_PAYLOAD) return ARENA_FULL;
  pieces.copyOut(piece, skip, pieces.arena.bytes, place, length);
  return place;
}
