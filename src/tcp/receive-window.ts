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
import { TIMESTAMPS_BYTES, timestampRttTicks } from './timestamps.ts';

const FIELD_MAX = 65_535;
const SHIFT_MAX = 14; // RFC 7323 §2.3
/** The least that a peer's segments are taken to have at first. */
const RECEIVE_MSS_MIN: Bytes = 88;
/** Half of the least buffer of Linux. */
const CLAMP_MIN: Bytes = 1152;

/** The shift that lets the largest window be told: RFC 7323 §2.3. */
export function windowShiftFor(bytes: Bytes): number {
  let shift = 0;
  while (shift < SHIFT_MAX && bytes / 2 ** shift > FIELD_MAX) shift++;
  return shift;
}

/** That of a connection. Linux takes what is offered of a buffer of a fixed size, and the whole of one that may grow. */
export function windowShiftOf(connection: TcpConnection): number {
  const { config, settings, rcvBufferBytes, rcvBufferWindow, isRcvBufferFixed } = connection;
  const { windowClamp } = settings;
  const fixed = config.growsReceiveWindow ? rcvBufferWindow : rcvBufferBytes;
  const largest = isRcvBufferFixed ? fixed : config.receiveBufferBytesMax;
  return windowShiftFor(windowClamp > 0 ? Math.min(largest, windowClamp) : largest);
}

/** The buffer for what arrives, and what may be offered for it. */
export function setReceiveBufferBytes(connection: TcpConnection, bytes: Bytes): void {
  connection.rcvBufferBytes = bytes;
  connection.rcvBufferWindow = Math.floor(bytes * connection.settings.receiveShare);
  if (!connection.config.growsReceiveWindow) connection.rcvClamp = fullWindow(connection);
}

/** Sets the first window, before the SYN or SYN-ACK. */
export function openReceiveWindow(connection: TcpConnection): void {
  const { config } = connection;
  const full = fullWindow(connection);
  connection.rcvClamp = full;
  let first = full;
  // A client cannot know yet.
  const isClient = connection.listener === undefined;
  const mss = Math.max(1, isClient ? connection.advMss : textMss(connection));
  if (full > mss) first = Math.floor(full / mss) * mss;
  // Linux keeps more to itself than the field of a SYN can say.
  if (!config.growsReceiveWindow) first = Math.min(first, FIELD_MAX);
  connection.rcvWindowLimit = config.growsReceiveWindow ? first : full;
  // Not before the peer's sequence numbers are known does this mean anything.
  connection.rcvAdv = seqAdd(connection.rcvNxt, first);
  // What a sender's first window can bring: more than this in a round trip is growth.
  connection.rcvSpace = Math.min(first, config.initialWindowSegments * connection.advMss);
}

/** The handshake is over: in Linux a segment of the buffer is in reserve until the peer's segments are known. */
export function reserveSegment(connection: TcpConnection): void {
  if (!connection.config.growsReceiveWindow) return;
  const full = fullWindow(connection);
  const { config, hasWindowScaling } = connection;
  const mss = textMss(connection);
  const bound = hasWindowScaling ? full : Math.min(full, FIELD_MAX);
  connection.rcvClamp = Math.min(bound, Math.max(2 * mss, full - mss));
  connection.rcvWindowLimit = Math.min(connection.rcvWindowLimit, connection.rcvClamp);
  connection.rcvSpace = Math.min(connection.rcvWindowLimit, config.initialWindowSegments * mss);
  const least = Math.min(connection.rcvMss, connection.smss, offered(connection) >> 1);
  connection.rcvMss = Math.max(RECEIVE_MSS_MIN, least);
}

function fullWindow(connection: TcpConnection): Bytes {
  const { rcvBufferWindow } = connection;
  const { windowClamp } = connection.settings;
  return windowClamp > 0 ? Math.min(rcvBufferWindow, windowClamp) : rcvBufferWindow;
}

/** What could be offered now: the buffer less what nobody has read; below 0 for nothing. In Linux what lies behind a hole takes room as well. */
function freeBytes(connection: TcpConnection): Bytes {
  const { reassembly, receiveMemory, rcvBufferWindow } = connection;
  if (receiveMemory !== undefined) {
    const free = connection.rcvBufferBytes - receiveMemory.heldBytes;
    return Math.floor(free * connection.settings.receiveShare);
  }
  const free = rcvBufferWindow - connection.unreadBytes;
  if (reassembly === undefined || !connection.config.growsReceiveWindow) return free;
  return free - reassembly.byteLength;
}

/** The window to offer now; the one that is out already, when a new edge would gain little. */
export function selectWindow(connection: TcpConnection): Bytes {
  const next = connection.config.growsReceiveWindow
    ? nextWindowAsLinux(connection)
    : nextWindow(connection);
  return Math.max(connection.rcvWnd, next);
}

/** A gain of less than a segment, or half the buffer, is silly: RFC 9293 §3.8.6.2.2. */
function nextWindow(connection: TcpConnection): Bytes {
  const current = connection.rcvWnd;
  const step = Math.min(connection.rcvMss, connection.rcvClamp >> 1);
  const next = Math.min(freeBytes(connection), connection.rcvWindowLimit);
  if (next < step) return 0;
  if (connection.rcvWndShift > 0) return roundUp(next, connection.rcvWndShift);
  if (next >= current && next - current < step) return current;
  return next > step && step > 0 ? next - (next % step) : next;
}

/**
 * With less than half of the buffer free, ACKs are no longer quick, and less than a segment or a sixteenth of the buffer is
 * nothing. What is offered unscaled are whole segments, and it stays until another one fits.
 */
function nextWindowAsLinux(connection: TcpConnection): Bytes {
  const { rcvBufferWindow, rcvWndShift } = connection;
  const full = Math.min(connection.rcvClamp, rcvBufferWindow);
  const step = Math.min(connection.rcvMss, full);
  let free = freeBytes(connection);
  if (free < full >> 1) {
    connection.quickAcks = 0;
    free &= -(1 << rcvWndShift);
    if (free < rcvBufferWindow >> 4 || free < step) return 0;
  }
  free = Math.min(free, connection.rcvWindowLimit);
  if (rcvWndShift > 0) return roundUp(free, rcvWndShift);
  const last = offered(connection);
  if (last <= free - step || last > free) return free - (free % step);
  return step === full && free > last + (full >> 1) ? free : last;
}

function roundUp(window: Bytes, shift: number): Bytes {
  const unit = 1 << shift;
  return (window + unit - 1) & -unit;
}

/** An ACK now would not shut the window a little more: in Linux, else it waits for its timer or for the reader. */
export function keepsWindow(connection: TcpConnection): boolean {
  const last = offered(connection);
  if (connection.rcvWindowLimit >= last && freeBytes(connection) >= last) return true;
  return selectWindow(connection) >= last;
}

/** The window as the last ACK offered it. */
export function offered({ rcvAdv, lastAckSent }: TcpConnection): Bytes {
  return seqDiff(rcvAdv, lastAckSent);
}

/** The window field of a segment about to go, and the edge that it promises. A SYN's is never scaled. */
export function takeWindowField(connection: TcpConnection, flags: number): number {
  const isSyn = (flags & TcpFlag.Syn) !== 0;
  const shift = isSyn ? 0 : connection.rcvWndShift;
  const window = isSyn
    ? Math.max(connection.rcvWnd, firstWindow(connection))
    : selectWindow(connection);
  // Rounded up: never to the left of what was promised.
  const units = (window + (1 << shift) - 1) >>> shift;
  const field = Math.min(FIELD_MAX, units);
  // Linux takes more than the field can say.
  const taken = connection.config.growsReceiveWindow && !isSyn ? units : field;
  const edge = seqAdd(connection.rcvNxt, taken << shift);
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
    : Math.max(0, Math.min(FIELD_MAX, freeBytes(connection), connection.rcvWindowLimit));
}

/** After the application has read: whether the peer should hear of the new room: RFC 9293 §3.8.6.2.2. */
export function isWindowUpdateDue(connection: TcpConnection): boolean {
  const current = connection.rcvWnd;
  if (2 * current > connection.rcvClamp) return false;
  const next = selectWindow(connection);
  return next > 0 && next >= 2 * current;
}

/** Two segments more to offer for one that came with `length` bytes of text: as Linux, which starts with little. */
export function growReceiveWindow(connection: TcpConnection, length: Bytes): void {
  if (!connection.config.growsReceiveWindow) return;
  const { rcvClamp, rcvWindowLimit } = connection;
  const room = Math.min(rcvClamp, freeBytes(connection)) - rcvWindowLimit;
  if (room <= 0) return;
  const step = growthStep(connection, length);
  if (step === 0) return;
  // Of the segment itself: what fills a hole brings out more than it has.
  connection.rcvWindowLimit = rcvWindowLimit + Math.min(room, Math.max(step, 2 * length));
  // The sender is to hear of it: the ACK of this segment is not delayed.
  if (connection.config.quickAckSegments > 0) connection.quickAcks |= 1;
}

/** As far as the buffer would hold a window of such segments. */
function growthStep(connection: TcpConnection, length: Bytes): Bytes {
  const { receiveMemory, config, rcvWindowLimit } = connection;
  const { receiveShare } = connection.settings;
  if (receiveMemory === undefined) return length < connection.rcvMss ? 0 : 2 * textMss(connection);
  let needed = Math.floor(receiveMemory.packetBytes * receiveShare);
  if (needed <= length) return 2 * textMss(connection);
  let window = Math.floor(config.receiveBufferBytesMax * receiveShare) >> 1;
  for (needed >>= 1; rcvWindowLimit <= window; needed >>= 1, window >>= 1) {
    if (needed <= length) return 2 * connection.rcvMss;
  }
  return 0;
}

/** The most that a segment of the peer has with the options of every segment. */
export function textMss({ advMss, hasTimestamps }: TcpConnection): Bytes {
  return hasTimestamps ? advMss - TIMESTAMPS_BYTES : advMss;
}

/** No more is dared than two segments. */
export function holdWindow(connection: TcpConnection): void {
  connection.rcvWindowLimit = Math.min(connection.rcvClamp, 2 * textMss(connection));
}

/** The segments that come use so much of the buffer's memory: `share` of it is offered. */
export function setReceiveShare(connection: TcpConnection, share: number): void {
  if (share !== connection.settings.receiveShare) connection.receiveShare = share;
  setReceiveBufferBytes(connection, connection.rcvBufferBytes);
  const before = connection.rcvClamp;
  const clamp = Math.max(CLAMP_MIN, fullWindow(connection));
  connection.rcvClamp = clamp;
  if (clamp > before) {
    const known = Math.min(offered(connection), clamp);
    connection.rcvWindowLimit = Math.max(connection.rcvWindowLimit, known);
  } else {
    connection.rcvWindowLimit = Math.min(connection.rcvWindowLimit, clamp);
  }
  connection.rcvSpace = Math.min(connection.rcvSpace, clamp);
}

/**
 * A receiver's own round trip: by the echoed timestamp of a full segment, smoothed; without timestamps the time
 * that a whole window takes to come, of which the least counts.
 */
export function measureReceiveRtt(connection: TcpConnection, segment: ArrivedSegment): void {
  if (!connection.hasTimestamps) {
    measureByWindow(connection);
    return;
  }
  if (segment.tsEcr === connection.rcvRttEcho) return;
  connection.rcvRttEcho = segment.tsEcr;
  if (segment.length < connection.rcvMss) return;
  const ticks = timestampRttTicks(connection, segment.tsEcr);
  if (ticks < 0) return;
  const sampleNs = ticks * connection.config.timestampTickNs;
  const { cells } = connection.context;
  const at = connection.cellsAt + TimeCell.RcvRtt;
  const rcvRttNs = cells[at];
  if (rcvRttNs === 0 || sampleNs < rcvRttNs) cells[at] = sampleNs;
  // Where text waits for its reader the window may be why.
  else if (connection.unreadBytes === 0) cells[at] = rcvRttNs + (sampleNs - rcvRttNs) / 8;
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
  connection.rcvRttSeq = seqAdd(connection.rcvNxt, offered(connection));
}

/** After a read: once a round trip, the buffer becomes twice what was read in it. */
export function tuneReceiveBuffer(connection: TcpConnection, bytes: Bytes): void {
  connection.roundReadBytes += bytes;
  const { cells, clock } = connection.context;
  const nowNs = clock.nowNs;
  const rttNs = cells[connection.cellsAt + TimeCell.RcvRtt];
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
  connection.rcvClamp = fullWindow(connection);
  // What is offered follows with the segments that come, where it is dared so far only.
  if (!config.growsReceiveWindow) connection.rcvWindowLimit = fullWindow(connection);
}

/** Bytes received and not yet acknowledged. */
export function unacknowledgedBytes(connection: TcpConnection): Bytes {
  return seqDiff(connection.rcvNxt, connection.lastAckSent);
}
