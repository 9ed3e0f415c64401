/**
 * How new data leaves in the `linux` profile: in chunks of whole segments, as segmentation offload takes them. A
 * chunk is at most half of cwnd, so that two are in flight, at most what the pacing rate sends in a millisecond
 * (two segments at least), and ends where a buffer of tcp/write-queue does; more than one segment end with
 * PSH. A chunk that an ACK soon makes larger waits for it. Here also the rules for less than a full segment:
 * Nagle as Minshall changed it, cork. RFC 9293 §3.7.4 and §3.8.6.2.1. Hot: no allocation per segment.
 */
import { seqBefore, seqDiff } from '../base/seq.ts';
import { type Bytes, NS_PER_SECOND } from '../base/units.ts';
import { UNPACED } from '../recovery/congestion.ts';
import { reservedForAccEcn } from './accurate-ecn-option.ts';
import { flightSize, sendWindow, sentAtAck } from './congestion-window.ts';
import { CongestionState, type TcpConnection } from './connection.ts';
import { TimeCell } from './connection-times.ts';
import { sackBytes } from './frame-builder.ts';
import { NO_ROW, SegmentFlag } from './segment-table.ts';
import { BufferFlag, NO_BUFFER, PushMode } from './send-buffers.ts';
import { growHead, takeBuffered } from './write-queue.ts';

/** The pacing rate buys what it sends in this part of a second. */
const RATE_SHIFT = 10;
/** A burst may be larger where the least RTT is short: by the largest one, halved for each 512 µs. */
const RTT_SHIFT = 9;
const RTT_HALVINGS_MAX = 32;
const SHORT_RTT_NS = (RTT_HALVINGS_MAX << RTT_SHIFT) * 1000;
/** Waiting for a larger chunk is for a sender that was busy a moment ago. */
const DEFER_IDLE_NS = 1e6;
/** And for an ACK that is expected within this, half a round trip at most, as Linux since 6.18. */
const DEFER_WAIT_NS = 1e6;

/** Begins the next chunk, if one may go now. */
export function startChunk(connection: TcpConnection): boolean {
  const { context, pushMode } = connection;
  const smss = connection.smss - sackBytes(connection);
  const head = connection.bufferHead;
  if (head === NO_BUFFER || pushMode === PushMode.Hold) return false;
  const quota = chunkQuota(connection);
  if (quota <= 0) return false;
  const { buffers } = context;
  if (buffers.next(head) !== NO_BUFFER) growHead(connection, quota * smss);
  const length = buffers.length(head);
  const room = seqDiff(connection.sndWndEnd, connection.sndNxt);
  if (Math.min(length, smss) > room) return false;
  const isTail = buffers.next(head) === NO_BUFFER;
  let chunk: Bytes = length;
  if (length <= smss) {
    const isFin = connection.isWriteShut && isTail && connection.fillBytes === 0;
    if (length < smss && !isFin && holdsShort(connection, isTail)) return false;
  } else {
    if (pushMode !== PushMode.One && isDeferred(connection, length, isTail)) return false;
    chunk = splitPoint(connection, length, quota * smss, isTail);
    // As many segments, each with room for its option: no short one at the end.
    if (connection.hasAccEcn)
      chunk = Math.min(chunk, Math.ceil(chunk / smss) * segmentBytes(connection));
  }
  beginChunk(connection, chunk);
  return true;
}

/** Payload of a full segment; SACK blocks and an AccECN option that is due take their room from it. */
export function segmentBytes(connection: TcpConnection): Bytes {
  const smss = connection.smss - sackBytes(connection);
  return connection.hasAccEcn ? smss - reservedForAccEcn(connection) : smss;
}

/** A chunk of this length whatever the window says: a probe. */
export function beginChunk(connection: TcpConnection, length: Bytes): void {
  connection.isChunkMarked = takeBuffered(connection, length);
  connection.isChunkPushed = connection.isChunkMarked || length > connection.smss;
  connection.chunkBytes = length;
  if (connection.pushMode === PushMode.One) connection.pushMode = PushMode.Hold;
}

/**
 * Lost segments that lie together in one chunk are sent again as one, which ends with PSH. Call it for each in turn:
 * true for the last of several.
 */
export function endsResentChunk(connection: TcpConnection, row: number): boolean {
  if (!connection.config.sendsChunks) return false;
  if (connection.resendSegments === 0) countResend(connection, row);
  connection.resendSegments--;
  return connection.resendSegments === 0 && connection.isResendPushed;
}

function countResend(connection: TcpConnection, first: number): void {
  const { segments } = connection.context;
  const { smss } = connection;
  const left = Math.floor((sendWindow(connection) - flightSize(connection)) / smss);
  const quota = Math.min(left, chunkSegmentsMax(connection));
  let count = 1;
  let row = first;
  while (count < quota && (segments.flags(row) & SegmentFlag.ChunkEnd) === 0) {
    const next = segments.next(row);
    if (next === NO_ROW || !isWaiting(segments.flags(next))) break;
    if (seqBefore(connection.sndWndEnd, segments.end(next))) break;
    row = next;
    count++;
  }
  connection.scoreboard.markChunkEnd(row);
  connection.resendSegments = count;
  connection.isResendPushed = count > 1;
}

/** Lost and not sent again. */
function isWaiting(flags: number): boolean {
  return (flags & (SegmentFlag.Lost | SegmentFlag.Retransmitted)) === SegmentFlag.Lost;
}

/** Segments that cwnd has room for, at most half of it, and the pacing rate. */
function chunkQuota(connection: TcpConnection): number {
  const { smss, scoreboard } = connection;
  const isInSegments = connection.config.granularity === 'segments';
  const window = Math.floor(sendWindow(connection) / smss);
  const left =
    window -
    (isInSegments ? scoreboard.inFlightSegments : Math.floor(scoreboard.inFlightBytes / smss));
  if (left <= 0) return 0;
  const most = Math.min(left, Math.max(1, window >> 1));
  // Nearly always: the rate is asked only about more than it surely buys.
  if (most <= connection.config.sendChunkSegmentsMin) return most;
  return Math.min(most, chunkSegmentsMax(connection));
}

/** What the pacing rate, applied or not, sends in about a millisecond. */
export function chunkSegmentsMax(connection: TcpConnection): number {
  const { config, rtt, smss } = connection;
  const { sendChunkBytesMax, sendChunkSegmentsMin } = config;
  const { smoothedNs, minNs } = rtt;
  if (smoothedNs <= 0) return Math.max(Math.floor(sendChunkBytesMax / smss), sendChunkSegmentsMin);
  let bytes = bytesByRate(connection);
  if (minNs < SHORT_RTT_NS) bytes += sendChunkBytesMax >> (Math.floor(minNs / 1000) >> RTT_SHIFT);
  bytes = Math.min(bytes, sendChunkBytesMax);
  return Math.max(Math.floor(bytes / smss), sendChunkSegmentsMin);
}

/** In 1/1024 s, the largest chunk at most: a small integer, since a double would go through the heap. */
function bytesByRate(connection: TcpConnection): Bytes {
  const { controller, config, rtt } = connection;
  const { pacingRate } = controller;
  const { sendChunkBytesMax } = config;
  if (pacingRate !== UNPACED) {
    return Math.min(pacingRate / (1 << RATE_SHIFT), sendChunkBytesMax) | 0;
  }
  const cwnd = sendWindow(connection);
  const { slowStart, avoidance } = config.pacingGains;
  const sent = Math.max(cwnd, sentAtAck(connection));
  const gained = cwnd < controller.ssthresh / 2 ? slowStart * sent : avoidance * sent;
  const bytes = (gained * NS_PER_SECOND) / rtt.smoothedNs / (1 << RATE_SHIFT);
  return Math.min(bytes, sendChunkBytesMax) | 0;
}

/** Less than a full segment waits: for more (cork), or for the short one in flight (Minshall 1999). */
function holdsShort(connection: TcpConnection, isTail: boolean): boolean {
  const { pushMode } = connection;
  if (!isTail || pushMode === PushMode.All || connection.isPushing) return false;
  if (connection.isCorked || pushMode === PushMode.Cork) return true;
  if (connection.isNoDelay || connection.scoreboard.segments === 0) return false;
  return connection.hasShort && seqBefore(connection.sndUna, connection.shortEnd);
}

/** How much of a buffer of more than one segment goes. */
function splitPoint(connection: TcpConnection, length: Bytes, most: Bytes, isTail: boolean): Bytes {
  const room = seqDiff(connection.sndWndEnd, connection.sndNxt);
  if (most <= room && !isTail) return Math.min(most, length);
  const needed = Math.min(length, room);
  if (most <= needed) return most;
  const part = needed % (connection.smss - sackBytes(connection));
  return part > 0 && holdsShort(connection, isTail) ? needed - part : needed;
}

/** Nothing was sent a moment ago. Pacing counts a segment as sent when the next one may leave. */
function isIdle({ context, cellsAt, pacer }: TcpConnection): boolean {
  const { nowNs } = context.clock;
  if (nowNs - context.cells[cellsAt + TimeCell.LastSent] < DEFER_IDLE_NS) return false;
  return pacer === undefined || nowNs - pacer.eligibleAtNs >= DEFER_IDLE_NS;
}

/** The next ACK comes soon and lets a larger chunk go. */
function isDeferred(connection: TcpConnection, length: Bytes, isTail: boolean): boolean {
  const { congestionState, context, scoreboard, smss, config } = connection;
  if (congestionState >= CongestionState.Recovery) return false;
  const nowNs = context.clock.nowNs;
  if (isIdle(connection)) return false;
  const window = sendWindow(connection);
  const room = seqDiff(connection.sndWndEnd, connection.sndNxt);
  const windowRoom = window - flightSize(connection);
  const limit = Math.min(room, windowRoom);
  if (!isTail && limit >= length) return false;
  const isWhole = limit >= config.sendChunkSegmentsMin * smss;
  if (isWhole && limit >= chunkSegmentsMax(connection) * smss) return false;
  const part = Math.min(connection.sndWnd, window) / config.deferWindowDivisor;
  if (limit >= Math.floor(part)) return false;
  if (scoreboard.head === NO_ROW) return false;
  const { smoothedNs } = connection.rtt;
  const sentNs = context.segments.sentNs(scoreboard.head);
  if (sentNs + smoothedNs - nowNs > Math.min(smoothedNs / 2, DEFER_WAIT_NS)) return false;
  if (windowRoom < room) {
    if (windowRoom <= length) {
      connection.isHeldByWindow = true;
      return true;
    }
  } else if (room <= length) {
    return true;
  }
  const isEnd =
    (connection.isWriteShut && isTail && connection.fillBytes === 0) ||
    context.buffers.has(connection.bufferHead, BufferFlag.EndOfRecord);
  return !isEnd;
}
