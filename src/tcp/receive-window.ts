/**
 * The window we offer: RFC 9293 §3.8.6.2.2 (the receiver's silly window avoidance), the rule that its right
 * edge never moves left, RFC 7323 §2.3 (scaling), and autotuning of the buffer behind it: Fisk and Feng 2001,
 * "Dynamic Right-Sizing", which doubles what was read in a round trip. Hot.
 */
import { seqAdd, seqBefore, seqDiff } from '../base/seq.ts';
import type { Bytes } from '../base/units.ts';
import { TcpFlag } from '../wire/tcp.ts';
import type { ArrivedSegment } from './arrived-segment.ts';
import type { TcpConnection } from './connection.ts';
import { TimeCell } from './connection-times.ts';
import { timestampRttTicks } from './timestamps.ts';

const FIELD_MAX = 65_535;
const SHIFT_MAX = 14; // RFC 7323 §2.3

/** The shift that lets the largest window be told: RFC 7323 §2.3. */
export function windowShiftFor(bytes: Bytes): number {
  let shift = 0;
  while (shift < SHIFT_MAX && bytes / 2 ** shift > FIELD_MAX) shift++;
  return shift;
}

/** The buffer for what arrives, and what may be offered for it. */
export function setReceiveBufferBytes(connection: TcpConnection, bytes: Bytes): void {
  connection.rcvBufferBytes = bytes;
  connection.rcvBufferWindow = Math.floor(bytes * connection.settings.receiveShare);
}

/** Sets the first window, before the SYN or SYN-ACK. */
export function openReceiveWindow(connection: TcpConnection): void {
  const { config } = connection;
  const full = fullWindow(connection);
  let first = Math.min(full, FIELD_MAX);
  const mss = Math.max(1, connection.advMss);
  if (full > mss) first = Math.min(Math.floor(full / mss) * mss, FIELD_MAX);
  connection.rcvWindowLimit = config.growsReceiveWindow ? first : full;
  // Not before the peer's sequence numbers are known does this mean anything.
  connection.rcvAdv = seqAdd(connection.rcvNxt, first);
  // What a sender's first window can bring: more than this in a round trip is growth.
  connection.rcvSpace = Math.min(first, config.initialWindowSegments * mss);
}

function fullWindow(connection: TcpConnection): Bytes {
  const { rcvBufferWindow } = connection;
  const { windowClamp } = connection.settings;
  return windowClamp > 0 ? Math.min(rcvBufferWindow, windowClamp) : rcvBufferWindow;
}

/** What could be offered now: the buffer less what nobody has read, within what is dared so far; below 0 for nothing. */
function freeWindow(connection: TcpConnection, full: Bytes): Bytes {
  return Math.min(freeBytes(connection, full), connection.rcvWindowLimit);
}

/** In Linux what lies behind a hole takes room as well. */
function freeBytes(connection: TcpConnection, full: Bytes): Bytes {
  const { reassembly } = connection;
  const free = full - connection.unreadBytes;
  if (reassembly === undefined || !connection.config.growsReceiveWindow) return free;
  return free - reassembly.byteLength;
}

/** The window to offer now; the one that is out already, when a new edge would gain little. */
export function selectWindow(connection: TcpConnection): Bytes {
  const current = connection.rcvWnd;
  const full = fullWindow(connection);
  let next = freeWindow(connection, full);
  // A gain of less than a segment, or half the buffer, is silly: in Linux over the window that was last offered, in the
  // texts over what is left of it.
  const step = Math.min(connection.rcvMss, full >> 1);
  const known = connection.config.growsReceiveWindow ? offered(connection) : current;
  if (next < step) next = 0;
  if (connection.rcvWndShift > 0) {
    const unit = 1 << connection.rcvWndShift;
    next = (next + unit - 1) & -unit;
  } else if (next >= known && next - known < step) {
    next = known;
  } else if (next > step && step > 0) {
    next = next - (next % step);
  }
  return Math.max(current, next);
}

/** The window as the last ACK offered it. */
export function offered({ rcvAdv, lastAckSent }: TcpConnection): Bytes {
  return seqDiff(rcvAdv, lastAckSent);
}

/** The window field of a segment about to go, and the edge that it promises. A SYN's is never scaled. */
export function takeWindowField(connection: TcpConnection, flags: number): number {
  const isSyn = (flags & TcpFlag.Syn) !== 0;
  const shift = isSyn ? 0 : connection.rcvWndShift;
  let window = isSyn
    ? Math.max(connection.rcvWnd, firstWindow(connection))
    : selectWindow(connection);
  window = Math.min(window, FIELD_MAX << shift);
  // Rounded up: never to the left of what was promised.
  const field = Math.min(FIELD_MAX, (window + (1 << shift) - 1) >>> shift);
  const edge = seqAdd(connection.rcvNxt, field << shift);
  if (seqBefore(connection.rcvAdv, edge)) connection.rcvAdv = edge;
  return field;
}

/** What is promised still, as a header without SYN has it: for answers that promise nothing new. */
export function windowField({ rcvWnd, rcvWndShift }: TcpConnection): number {
  return Math.min(FIELD_MAX, rcvWnd >>> rcvWndShift);
}

/** Of a SYN-ACK, also behind data that came with the SYN. */
function firstWindow(connection: TcpConnection): Bytes {
  return connection.rcvNxt === connection.lastAckSent
    ? 0
    : Math.max(0, Math.min(FIELD_MAX, freeWindow(connection, fullWindow(connection))));
}

/** More is here than the buffer is for: the peer is to hear of it at once. */
export function isBufferOverfull(connection: TcpConnection): boolean {
  return connection.unreadBytes > connection.rcvBufferWindow;
}

/** After the application has read: whether the peer should hear of the new room: RFC 9293 §3.8.6.2.2. */
export function isWindowUpdateDue(connection: TcpConnection): boolean {
  const current = connection.rcvWnd;
  if (2 * current > connection.rcvWindowLimit || 2 * current > fullWindow(connection)) return false;
  const next = selectWindow(connection);
  return next > 0 && next >= 2 * current;
}

/** Two segments more to offer for a full one that came: as Linux, which starts with little. */
export function growReceiveWindow(connection: TcpConnection, length: Bytes): void {
  if (length < connection.rcvMss || !connection.config.growsReceiveWindow) return;
  const free = freeBytes(connection, fullWindow(connection));
  if (connection.rcvWindowLimit >= free) return;
  // Of the segment itself: what fills a hole brings out more than it has.
  const step = 2 * Math.max(connection.advMss, connection.context.segment.length);
  connection.rcvWindowLimit = Math.min(free, connection.rcvWindowLimit + step);
  // The sender is to hear of it: the ACK of this segment is not delayed.
  if (connection.config.quickAckSegments > 0) connection.quickAcks |= 1;
}

/**
 * A receiver's own round trip: by the echoed timestamp of a full segment, smoothed; without timestamps the time
 * that a whole window takes to come, of which the least counts.
 */
export function measureReceiveRtt(connection: TcpConnection, segment: ArrivedSegment): void {
  if (connection.isRcvBufferFixed) return;
  if (!connection.hasTimestamps) {
    measureByWindow(connection);
    return;
  }
  if (segment.tsEcr === connection.rcvRttEcho || segment.length < connection.rcvMss) return;
  connection.rcvRttEcho = segment.tsEcr;
  const ticks = timestampRttTicks(connection, segment.tsEcr);
  if (ticks < 0) return;
  const sampleNs = ticks * connection.config.timestampTickNs;
  const { cells } = connection.context;
  const at = connection.cellsAt + TimeCell.RcvRtt;
  const rcvRttNs = cells[at];
  const isLeast = rcvRttNs === 0 || sampleNs < rcvRttNs;
  cells[at] = isLeast ? sampleNs : rcvRttNs + (sampleNs - rcvRttNs) / 8;
}

function measureByWindow(connection: TcpConnection): void {
  const nowNs = connection.context.clock.nowNs;
  const { rcvRttNs, rcvRttStartNs } = connection;
  if (rcvRttStartNs >= 0) {
    if (seqBefore(connection.rcvNxt, connection.rcvRttSeq)) return;
    const sampleNs = nowNs - rcvRttStartNs;
    connection.rcvRttNs = rcvRttNs === 0 ? sampleNs : Math.min(rcvRttNs, sampleNs);
  }
  connection.rcvRttStartNs = nowNs;
  connection.rcvRttSeq = seqAdd(connection.rcvNxt, connection.rcvWnd);
}

/** After a read: once a round trip, the buffer becomes twice what was read in it. */
export function tuneReceiveBuffer(connection: TcpConnection, bytes: Bytes): void {
  connection.roundReadBytes += bytes;
  const { cells, clock } = connection.context;
  const nowNs = clock.nowNs;
  const rcvRttNs = cells[connection.cellsAt + TimeCell.RcvRtt];
  const rttNs = rcvRttNs > 0 ? rcvRttNs : connection.rtt.smoothedNs;
  const startAt = connection.cellsAt + TimeCell.RoundStart;
  if (rttNs <= 0 || nowNs - cells[startAt] < rttNs) return;
  const read = connection.roundReadBytes;
  connection.roundReadBytes = 0;
  cells[startAt] = nowNs;
  const before = connection.rcvSpace;
  if (read <= before) return;
  connection.rcvSpace = read;
  if (connection.isRcvBufferFixed) return;
  // Room for two round trips; as the sender doubles, for as much growth again.
  const twice = 2 * read;
  growBufferFor(
    connection,
    twice + (2 * twice * (read - before)) / before + behindHole(connection),
  );
}

/** Text behind a hole must not keep what a round trip brings out, as Linux since 6.16, once somebody may read it. */
export function makeRoomBehindHole(connection: TcpConnection): void {
  if (!connection.config.growsReceiveWindow || connection.isRcvBufferFixed) return;
  if (connection.listener !== undefined || connection.isOrphan) return;
  growBufferFor(connection, 2 * connection.rcvSpace + behindHole(connection));
}

/** As far as text has come behind a hole. */
function behindHole({ reassembly, rcvNxt }: TcpConnection): Bytes {
  if (reassembly === undefined || reassembly.rangeCount === 0) return 0;
  return seqDiff(reassembly.end, rcvNxt);
}

function growBufferFor(connection: TcpConnection, window: Bytes): void {
  const { config } = connection;
  const wanted = Math.ceil(window / connection.settings.receiveShare);
  const bytesNext = Math.min(wanted, config.receiveBufferBytesMax);
  if (bytesNext <= connection.rcvBufferBytes) return;
  setReceiveBufferBytes(connection, bytesNext);
  // What is offered follows with the segments that come, where it is dared so far only.
  if (!config.growsReceiveWindow) connection.rcvWindowLimit = fullWindow(connection);
}

/** Bytes received and not yet acknowledged. */
export function unacknowledgedBytes(connection: TcpConnection): Bytes {
  return seqDiff(connection.rcvNxt, connection.lastAckSent);
}
