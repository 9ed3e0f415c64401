/**
 * What goes out next: RFC 9293 §3.7 (segmentation, Nagle's rule), §3.8.6.2.1 (the sender's silly window
 * avoidance), RFC 5681 §3.1 and RFC 6675 §5 (what the congestion window lets through), RFC 3042. The host asks
 * for one frame at a time until there is none; then the timers are settled.
 *
 * Order: probes, lost segments, new data and the FIN, a bare ACK. Hot: no allocation per segment.
 */
import { seqAdd, seqBefore, seqDiff } from '../base/seq.ts';
import { type Bytes, NEVER } from '../base/units.ts';
import { type FrameId, NO_FRAME, NO_PAYLOAD } from '../frame/frame-record.ts';
import { UNPACED } from '../recovery/congestion.ts';
import type { Pacer } from '../recovery/pacer.ts';
import { TcpFlag } from '../wire/tcp.ts';
import { endOptionChunk } from './accurate-ecn-option.ts';
import { onDataSent } from './ack-policy.ts';
import { BusyKind, noteBusy } from './busy-time.ts';
import {
  flightSize,
  hasWindowFor,
  noteFlight,
  onSegmentSent,
  restartAfterIdle,
  sendWindow,
} from './congestion-window.ts';
import { CongestionState, ProbeKind, RetransmitMode, type TcpConnection } from './connection.ts';
import { TimerKind } from './context.ts';
import { TcpCounter } from './counters.ts';
import { buildSegment, markEcnCapable } from './frame-builder.ts';
import { transmitSyn } from './handshake.ts';
import { mtuProbeLength, onMtuProbeSent } from './path-mtu.ts';
import {
  restartRto,
  scheduleLossProbe,
  setRetransmitTimer,
  settleWindowProbe,
} from './retransmit-timer.ts';
import { NO_ROW, ROW_SHIFT, SegmentFlag, SegmentWord } from './segment-table.ts';
import { PushMode } from './send-buffers.ts';
import { beginChunk, endsResentChunk, segmentBytes, startChunk } from './send-chunk.ts';
import { advanceCursor, settleCursor } from './send-cursor.ts';
import { TcpState } from './state.ts';
import { timestampNow } from './timestamps.ts';
import { fillBuffer, growHead, reconcileBuffers } from './write-queue.ts';

/** No place for a payload that has to be put together. */
const ARENA_FULL = -2;
/** A frame pool or arena that is empty now may not be so soon. */
const RETRY_NS = 1e6;

/** The next frame of a connection; NO_FRAME when there is nothing to send now. Gives ownership. */
export function transmit(connection: TcpConnection): FrameId {
  if (connection.isSynDue) return transmitSyn(connection);
  let frame = NO_FRAME;
  if (maySendData(connection) && !isSendIdle(connection)) {
    frame = transmitData(connection);
    if (frame !== NO_FRAME) return frame;
    settleBurst(connection);
  }
  if (connection.isAckDue && connection.state >= TcpState.Established) {
    frame = transmitAck(connection, connection.sndNxt);
  }
  return frame;
}

function maySendData(connection: TcpConnection): boolean {
  const { state } = connection;
  if (state >= TcpState.Established) return state !== TcpState.FinWait2;
  // RFC 7413 §4.2.2: a server may send before the handshake ends. A simultaneous open (RFC 9293 §3.5) has no
  // controller yet, and its data goes with the SYN or waits.
  const isServer = connection.isFastOpen && connection.controller !== undefined;
  return state === TcpState.SynReceived && isServer;
}

/** A receiver: it has nothing to send, and nothing that settleBurst would have to settle. */
function isSendIdle(connection: TcpConnection): boolean {
  return (
    connection.scoreboard.segments === 0 &&
    connection.sendQueue.byteLength === 0 &&
    connection.burstSegments === 0 &&
    connection.probeDue === ProbeKind.None &&
    connection.retransmitMode === RetransmitMode.None &&
    connection.congestionState === CongestionState.Open &&
    connection.busyKind === BusyKind.Idle &&
    connection.pacer === undefined &&
    !connection.isWriteShut &&
    (connection.isControllerDue || connection.controller.pacingRate === UNPACED)
  );
}

function transmitData(connection: TcpConnection): FrameId {
  const { scoreboard } = connection;
  if (connection.probeDue !== ProbeKind.None) return transmitProbe(connection);
  const { pacer } = connection;
  // A chunk leaves whole.
  const isWithin = connection.chunkBytes > 0 || connection.resendSegments > 0;
  if (pacer !== undefined && !isWithin && pacer.eligibleAtNs > connection.context.clock.nowNs) {
    waitForPacer(connection, pacer);
    return NO_FRAME;
  }
  // RFC 5682 §3.1 step 2: new data first, which tells whether the timeout was spurious.
  if (connection.frtoStep === 2) {
    const frame = transmitNew(connection);
    if (frame !== NO_FRAME || connection.sndNxt !== connection.highSeq) return frame;
    connection.frtoStep = 0;
  }
  const lost = scoreboard.lost.head;
  if (lost === NO_ROW) return transmitNew(connection);
  const length = connection.context.segments.length(lost);
  if (!hasWindowFor(connection, Math.min(length, connection.smss))) return NO_FRAME;
  return retransmit(connection, lost, endsResentChunk(connection, lost));
}

/** Something waits only for its time. */
function waitForPacer(connection: TcpConnection, pacer: Pacer): void {
  const { context, slot, scoreboard } = connection;
  const hasWork =
    scoreboard.lost.head !== NO_ROW ||
    connection.unsentBytes > 0 ||
    (connection.isWriteShut && !connection.isFinSent);
  context.setTimer(slot, TimerKind.Pacing, hasWork ? pacer.eligibleAtNs : NEVER);
}

/** Sends a segment once more, cut to what now fits. The caller has seen to the window. */
function retransmit(connection: TcpConnection, row: number, endsChunk: boolean): FrameId {
  const { context, scoreboard, smss } = connection;
  const { segments } = context;
  // A window that was taken back: only the first segment is sent into it.
  if (row !== scoreboard.head && !seqBefore(segments.seq(row), connection.sndWndEnd))
    return NO_FRAME;
  if (segments.length(row) > smss) scoreboard.split(row, smss, context.pieces);
  const at = row << ROW_SHIFT;
  const words = segments.words;
  const length = words[at + SegmentWord.Length];
  const payload = payloadAt(
    connection,
    words[at + SegmentWord.Piece],
    words[at + SegmentWord.PieceSkip],
    length,
  );
  const rowFlags = words[at + SegmentWord.Flags];
  let flags = TcpFlag.Ack | ecnEcho(connection);
  if ((rowFlags & SegmentFlag.Fin) !== 0) flags |= TcpFlag.Fin;
  if (endsChunk || (rowFlags & SegmentFlag.Push) !== 0) flags |= TcpFlag.Psh;
  const frame = payload === ARENA_FULL ? NO_FRAME : buildData(connection, row, flags, payload);
  if (frame === NO_FRAME) return NO_FRAME;
  // RFC 3168 §6.1.5 forbids it, RFC 8257 §4.1 recommends it.
  if (connection.hasPreciseEcn) markEcnCapable(connection, frame);
  noteRetransmission(connection, rowFlags, length);
  scoreboard.markRetransmitted(row);
  stampSent(connection, row);
  const isReordering = connection.retransmitMode === RetransmitMode.Reordering;
  if (row === scoreboard.head && !isReordering) setRetransmitTimer(connection, RetransmitMode.Rto);
  onSegmentSent(connection, length);
  return frame;
}

function noteRetransmission(connection: TcpConnection, rowFlags: number, length: Bytes): void {
  const { context } = connection;
  context.count(TcpCounter.RetransSegs);
  connection.totalRetransmits++;
  connection.bytesRetransmitted += length;
  if (connection.congestionState === CongestionState.Loss)
    context.count(TcpCounter.SlowStartRetrans);
  else if (connection.congestionState === CongestionState.Recovery) {
    context.count(TcpCounter.FastRetrans);
  }
  // A probe for what is not lost is no retransmission that an undo would have to explain.
  if ((rowFlags & SegmentFlag.Lost) === 0) return;
  if (!connection.hasRetransmitTsVal) {
    connection.hasRetransmitTsVal = true;
    connection.retransmitTsVal = timestampNow(connection);
  }
  if (!connection.hasUndo) return;
  connection.undoRetransmits = Math.max(0, connection.undoRetransmits) + 1;
}

function buildData(
  connection: TcpConnection,
  row: number,
  flags: number,
  payload: number,
): FrameId {
  const { segments } = connection.context;
  const length = segments.length(row);
  const frame = buildSegment(connection, segments.seq(row), flags, length, payload);
  if (frame === NO_FRAME) return NO_FRAME;
  connection.bytesSent += length;
  connection.dataSegmentsOut++;
  return frame;
}

/** Notes of the time and of what had been delivered: recovery/delivery-rate. */
function stampSent(connection: TcpConnection, row: number): void {
  const { segments } = connection.context;
  const length = segments.sequenceLength(row);
  connection.rate.stampSent(segments, row, length, connection.scoreboard.inFlightBytes);
}

function ecnEcho(connection: TcpConnection): number {
  return connection.isEceDue ? TcpFlag.Ece : 0;
}

/** New data, or the FIN. */
function transmitNew(connection: TcpConnection): FrameId {
  const { config } = connection;
  if (config.sendsChunks && connection.chunkBytes > 0) return sendChunked(connection);
  const unsent = connection.unsentBytes;
  const wantsFin = connection.isWriteShut && !connection.isFinSent;
  if (unsent === 0 && !wantsFin) return NO_FRAME;
  if (connection.congestionState === CongestionState.Disorder && !config.usesLimitedTransmit) {
    return NO_FRAME;
  }
  if (config.sendsChunks) return transmitChunk(connection, unsent);
  if (connection.scoreboard.segments === 0) restartAfterIdle(connection);
  return transmitSegment(connection);
}

/** One segment, as the texts have it. */
function transmitSegment(connection: TcpConnection): FrameId {
  const unsent = connection.unsentBytes;
  const wantsFin = connection.isWriteShut && !connection.isFinSent;
  const room = seqDiff(connection.sndWndEnd, connection.sndNxt);
  const probe = mtuProbeLength(connection, unsent, room);
  const length = Math.min(probe > 0 ? probe : segmentBytes(connection), unsent, room);
  if (length <= 0 && (unsent > 0 || room <= 0)) return NO_FRAME;
  // Not strict about a bare FIN: it ends the connection.
  if (length > 0 && !hasWindowFor(connection, length)) return NO_FRAME;
  const isLast = length === unsent;
  if (probe === 0 && length < connection.smss && !maySendShort(connection, length, unsent)) {
    return NO_FRAME;
  }
  const hasFin = wantsFin && isLast && length < room;
  const frame = sendNew(connection, length, endFlags(hasFin, isLast && length > 0));
  if (probe > 0 && frame !== NO_FRAME) onMtuProbeSent(connection, probe);
  return frame;
}

function endFlags(hasFin: boolean, isPushed: boolean): number {
  return (hasFin ? SegmentFlag.Fin : 0) | (isPushed ? SegmentFlag.Push : 0);
}

/** The first segment of the next chunk, or the FIN: tcp/send-chunk. */
function transmitChunk(connection: TcpConnection, unsent: Bytes): FrameId {
  reconcileBuffers(connection, unsent);
  const room = seqDiff(connection.sndWndEnd, connection.sndNxt);
  if (unsent === 0) {
    // Not strict about a bare FIN: it ends the connection.
    if (room <= 0) return NO_FRAME;
    return sendNew(connection, 0, SegmentFlag.Fin);
  }
  for (;;) {
    if (connection.pushMode <= PushMode.All) {
      const probe = mtuProbeLength(connection, connection.bufferedBytes, room);
      if (probe > 0) return sendMtuProbe(connection, probe);
    }
    if (startChunk(connection)) return sendChunked(connection);
    if (connection.fillBytes === 0) break;
    fillBuffer(connection);
  }
  connection.pushMode = PushMode.Usual;
  return NO_FRAME;
}

function sendMtuProbe(connection: TcpConnection, length: Bytes): FrameId {
  beginChunk(connection, length);
  connection.chunkBytes = 0;
  connection.isChunkPushed = connection.isChunkMarked;
  const frame = sendNew(connection, length, endFlags(false, connection.isChunkMarked));
  if (frame !== NO_FRAME) onMtuProbeSent(connection, length);
  return frame;
}

/** The next segment of the chunk that is going out. */
function sendChunked(connection: TcpConnection): FrameId {
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
function hasFinBehind(connection: TcpConnection, length: Bytes): boolean {
  if (!connection.isWriteShut || connection.isFinSent) return false;
  if (length < connection.unsentBytes) return false;
  return length < seqDiff(connection.sndWndEnd, connection.sndNxt);
}

/** RFC 9293 §3.7.4 (Nagle) and §3.8.6.2.1 (silly window) for less than a full segment. */
function maySendShort(connection: TcpConnection, length: Bytes, unsent: Bytes): boolean {
  if (length < unsent) {
    // The window cuts it: worth it at half of the largest window seen, else the probe timer overrides.
    return 2 * length >= connection.maxSndWnd;
  }
  if (connection.isWriteShut) return true;
  if ((connection.isCorked || connection.hasMore) && !connection.isCorkOver) {
    startCorkTimer(connection);
    return false;
  }
  if (connection.isNoDelay || connection.scoreboard.segments === 0) return true;
  if (connection.config.nagle === 'rfc') return false;
  // Minshall: only a short segment in flight holds the next one back.
  return !connection.hasShort || !seqBefore(connection.sndUna, connection.shortEnd);
}

function startCorkTimer(connection: TcpConnection): void {
  const { context, slot, config } = connection;
  if (config.corkNs === 0 || context.timer(slot, TimerKind.Cork) < NEVER) return;
  context.setTimer(slot, TimerKind.Cork, context.clock.nowNs + config.corkNs);
}

/** Appends the next `length` bytes to the scoreboard, with flags of their row, and builds their segment. */
function sendNew(connection: TcpConnection, length: Bytes, rowFlags: number): FrameId {
  const { context, sndNxt } = connection;
  settleCursor(connection);
  const { sendPiece, sendSkip } = connection;
  const payload = payloadAt(connection, sendPiece, sendSkip, length);
  const hasFin = (rowFlags & SegmentFlag.Fin) !== 0;
  let flags = TcpFlag.Ack | ecnEcho(connection);
  if (isPushed(connection, rowFlags)) flags |= TcpFlag.Psh;
  if (hasFin) flags |= TcpFlag.Fin;
  if (connection.isCwrDue && length > 0) flags |= TcpFlag.Cwr;
  const isReady = payload !== ARENA_FULL;
  const frame = isReady ? buildSegment(connection, sndNxt, flags, length, payload) : NO_FRAME;
  if (frame === NO_FRAME) {
    context.setTimer(connection.slot, TimerKind.Pacing, context.clock.nowNs + RETRY_NS);
    return NO_FRAME;
  }
  if ((flags & TcpFlag.Cwr) !== 0) connection.isCwrDue = false;
  if (connection.sendsEct && length > 0) markEcnCapable(connection, frame);
  if (connection.scoreboard === context.idleScoreboard) {
    connection.scoreboard = context.takeScoreboard();
    context.ownRate(connection);
  }
  const row = connection.scoreboard.append(sndNxt, length, rowFlags, sendPiece, sendSkip);
  advanceCursor(connection, length);
  connection.sndNxt = seqAdd(sndNxt, length + (hasFin ? 1 : 0));
  if (hasFin) connection.isFinSent = true;
  connection.isCorkOver = false;
  if (length > 0 && length < connection.smss) {
    connection.hasShort = true;
    connection.shortEnd = connection.sndNxt;
  }
  connection.bytesSent += length;
  connection.dataSegmentsOut++;
  connection.burstSegments++;
  stampSent(connection, row);
  onDataSent(connection);
  onSegmentSent(connection, length);
  return frame;
}

/** PSH: where a write ends, or a chunk of more than one segment. */
function isPushed(connection: TcpConnection, rowFlags: number): boolean {
  if ((rowFlags & SegmentFlag.Push) !== 0) return true;
  return (rowFlags & SegmentFlag.ChunkEnd) !== 0 && connection.isChunkPushed;
}

/** Where `length` bytes of the send queue lie in one piece; they are put together when they do not. */
function payloadAt(connection: TcpConnection, piece: number, skip: Bytes, length: Bytes): number {
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

/** A probe takes no notice of the congestion window. */
function transmitProbe(connection: TcpConnection): FrameId {
  const kind = connection.probeDue;
  const { context, scoreboard } = connection;
  connection.probeDue = ProbeKind.None;
  const room = seqDiff(connection.sndWndEnd, connection.sndNxt);
  const length = Math.min(connection.smss, connection.unsentBytes, room);
  if (kind !== ProbeKind.KeepAlive && length > 0) {
    const frame = sendProbeData(connection, length, kind);
    if (kind === ProbeKind.Loss) noteLossProbe(connection, false);
    return frame;
  }
  if (kind === ProbeKind.Loss) {
    if (scoreboard.tail === NO_ROW) return NO_FRAME;
    const frame = retransmit(connection, scoreboard.tail, false);
    noteLossProbe(connection, true);
    return frame;
  }
  context.count(kind === ProbeKind.Window ? TcpCounter.WindowProbes : TcpCounter.KeepAlives);
  // An old sequence number makes the peer answer: RFC 9293 §3.8.4.
  return transmitAck(connection, seqAdd(connection.sndUna, -1));
}

/** New data whatever the congestion window. Into a window that is too small it goes with PSH, as Linux has it. */
function sendProbeData(connection: TcpConnection, length: Bytes, kind: ProbeKind): FrameId {
  if (!connection.config.sendsChunks) {
    const isLast = length === connection.unsentBytes;
    const hasFin = isLast && hasFinBehind(connection, length);
    return sendNew(connection, length, endFlags(hasFin, isLast));
  }
  reconcileBuffers(connection, connection.unsentBytes);
  while (connection.fillBytes > 0) fillBuffer(connection);
  if (connection.chunkBytes === 0) {
    growHead(connection, length);
    beginChunk(
      connection,
      Math.min(length, connection.context.buffers.length(connection.bufferHead)),
    );
    if (kind === ProbeKind.Window) connection.isChunkMarked = true;
    connection.isChunkPushed = connection.isChunkMarked;
  }
  return sendChunked(connection);
}

/** RFC 8985 §7.3. */
function noteLossProbe(connection: TcpConnection, isRetransmission: boolean): void {
  connection.isTlpOut = true;
  connection.isTlpRetransmission = isRetransmission;
  connection.tlpEnd = connection.sndNxt;
  connection.context.count(TcpCounter.LossProbes);
}

/** An ACK without data. */
function transmitAck(connection: TcpConnection, seq: ReturnType<typeof seqAdd>): FrameId {
  return buildSegment(connection, seq, TcpFlag.Ack | ecnEcho(connection), 0, NO_PAYLOAD);
}

/** Nothing more goes out now: timers, window validation, application-limited sending. */
function settleBurst(connection: TcpConnection): void {
  const { scoreboard, config } = connection;
  const sent = connection.burstSegments;
  connection.burstSegments = 0;
  connection.pacer?.endBurst();
  connection.resendSegments = 0;
  const window = sendWindow(connection);
  const unit = config.granularity === 'segments' ? connection.smss : 1;
  const isStopped =
    flightSize(connection) + unit > window ||
    connection.isHeldByWindow ||
    isShortOfWindow(connection);
  connection.isHeldByWindow = false;
  if (sent > 0 || isStopped) noteFlight(connection, isStopped);
  if (!isStopped && connection.unsentBytes < connection.smss && scoreboard.lost.head === NO_ROW) {
    if (connection.controller.pacingRate !== UNPACED || sent > 0) {
      connection.context.ownRate(connection).markAppLimited(scoreboard.inFlightBytes);
    }
  }
  if (sent > 0) {
    const { retransmitMode } = connection;
    if (
      retransmitMode === RetransmitMode.None ||
      retransmitMode === RetransmitMode.WindowProbe ||
      retransmitMode === RetransmitMode.LossProbe
    ) {
      if (!scheduleLossProbe(connection, false)) restartRto(connection);
    } else if (!connection.isTlpOut) {
      scheduleLossProbe(connection, false);
    }
  }
  settleWindowProbe(connection);
  noteBusy(connection);
}

/** A full segment waits that the window, counted in bytes, has no room for. */
function isShortOfWindow(connection: TcpConnection): boolean {
  return connection.unsentBytes >= connection.smss && !hasWindowFor(connection, connection.smss);
}
