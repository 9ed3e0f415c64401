/**
 * Segment text and FIN: the seventh and eighth step of RFC 9293 §3.10.7.4. Text in order goes to the receive
 * queue, text beyond a hole to reassembly; a duplicate is reported once (RFC 2883). ECN marks are echoed until
 * the sender says CWR (RFC 3168 §6.1.3). A FIN that arrives before what precedes it waits.
 * Hot: no allocation per segment.
 */
import { type SeqNumber, seqAdd, seqBefore, seqDiff } from '../base/seq.ts';
import type { Bytes } from '../base/units.ts';
import { NO_PAYLOAD } from '../frame/frame-record.ts';
import { TcpFlag } from '../wire/tcp.ts';
import { countArrival, countRepeat } from './accurate-ecn.ts';
import {
  onDataArrived,
  scheduleAck,
  scheduleAckOfFin,
  scheduleAckOfHole,
  startQuickAcks,
} from './ack-policy.ts';
import { type ArrivedSegment, EcnCodepoint } from './arrived-segment.ts';
import type { ByteQueue } from './byte-queue.ts';
import type { TcpConnection } from './connection.ts';
import { TcpCounter } from './counters.ts';
import { TransportEvent } from './events.ts';
import { headerBytes } from './frame-builder.ts';
import { echoMark } from './mark-echo.ts';
import { Reassembly } from './reassembly.ts';
import { ReceiveMemory } from './receive-memory.ts';
import { hasRoom, tellOfPressure } from './receive-pressure.ts';
import { growReceiveWindow, makeRoomBehindHole, measureReceiveRtt } from './receive-window.ts';
import { learnSegmentSize } from './segment-size.ts';
import { TIMESTAMPS_BYTES } from './timestamps.ts';

/** Shorter text does not open the window. */
const GROWTH_LENGTH_MIN: Bytes = 128;

/** Takes the text of a segment that lies in the window. */
export function receiveText(connection: TcpConnection, segment: ArrivedSegment): void {
  if (segment.length === 0) return;
  const { rcvNxt, reassembly } = connection;
  countText(connection, segment);
  if (connection.config.takesBeyondWindow && !reachesWindow(connection, segment)) {
    if (seqBefore(segment.seq, rcvNxt))
      noteDuplicate(connection, segment.seq, seqDiff(rcvNxt, segment.seq));
    segment.trimEnd(0);
    startQuickAcks(connection);
    scheduleAck(connection, true);
    return;
  }
  if (connection.hasTimestamps) measureReceiveRtt(connection, segment);
  if (connection.hasEcn) noteCongestionMark(connection, segment);
  if (segment.seq !== rcvNxt || (reassembly !== undefined && reassembly.rangeCount > 0)) {
    receiveOutOfOrder(connection, segment);
  } else {
    takeInOrder(connection, segment, segment.length);
  }
}

/** Not so when the window is closed; what is here already goes on to be told. */
function reachesWindow({ rcvNxt, rcvWnd }: TcpConnection, segment: ArrivedSegment): boolean {
  if (rcvWnd > 0) return seqDiff(segment.seq, rcvNxt) < rcvWnd;
  return !seqBefore(rcvNxt, seqAdd(segment.seq, segment.length));
}

function countText(connection: TcpConnection, segment: ArrivedSegment): void {
  connection.dataSegmentsIn++;
  if (segment.mergedBytes > 0) {
    const more = Math.ceil(segment.length / segment.mergedBytes) - 1;
    connection.segmentsIn += more;
    connection.dataSegmentsIn += more;
  }
  if (connection.config.segmentMemory === 'blocks') measurePacket(connection, segment);
}

function measurePacket(connection: TcpConnection, segment: ArrivedSegment): void {
  connection.receiveMemory ??= new ReceiveMemory();
  const options = segment.hasTimestamps ? TIMESTAMPS_BYTES : 0;
  connection.receiveMemory.measure(headerBytes(connection.isIpv6) + options + segment.length);
}

/** Text that came before, in part or as a whole, or text while some is missing. */
function receiveOutOfOrder(connection: TcpConnection, segment: ArrivedSegment): void {
  const { length } = segment;
  const before = seqDiff(connection.rcvNxt, segment.seq);
  if (before > 0) {
    noteDuplicate(connection, segment.seq, Math.min(before, length));
    const hasNewFin = before === length && segment.has(TcpFlag.Fin);
    if (before >= length) {
      segment.trimFront(length);
      // It decides for itself.
      if (hasNewFin && !connection.isPeerDone) return;
      // Its sender may have lost our ACKs.
      startQuickAcks(connection);
      scheduleAck(connection, true);
      return;
    }
    segment.trimFront(before);
  }
  if (before < 0) takeBeyondHole(connection, segment);
  else takeInOrder(connection, segment, length);
}

/** `length`: with what had come before. */
function takeInOrder(connection: TcpConnection, segment: ArrivedSegment, length: Bytes): void {
  if (!hasRoom(connection)) {
    tellOfPressure(connection);
    if (connection.unreadBytes > 0) {
      segment.trimEnd(0);
      return;
    }
  }
  const { reassembly } = connection;
  const isBesideHole = reassembly !== undefined && reassembly.rangeCount > 0;
  const start = connection.rcvNxt;
  const end = seqAdd(start, segment.length);
  connection.receiveMemory?.append(start, end);
  let taken = segment.length;
  if (isBesideHole) taken = joinRanges(connection, segment);
  else append(connection, segment);
  connection.rcvNxt = seqAdd(start, taken);
  connection.bytesReceived += taken;
  learnSegmentSize(connection, segment, length);
  onDataArrived(connection);
  if (!connection.hasTimestamps) measureReceiveRtt(connection, segment);
  if (length >= GROWTH_LENGTH_MIN) growReceiveWindow(connection, length);
  connection.context.raise(connection, TransportEvent.Readable);
  if (!isBesideHole) {
    // What goes for a FIN goes for the text before it.
    if (!segment.has(TcpFlag.Fin)) scheduleAck(connection, false);
    return;
  }
  connection.receiveMemory?.deliver(connection.rcvNxt);
  // A hole that is filled, or is still there: RFC 5681 §4.2.
  if (reassembly.rangeCount === 0) scheduleAck(connection, true);
  else scheduleAckOfHole(connection);
}

/** Puts the text with what it reaches or covers beyond the hole. How much of it all is in order now. */
function joinRanges(connection: TcpConnection, segment: ArrivedSegment): Bytes {
  insert(connection, segment);
  return ownReassembly(connection).deliver(connection.rcvNxt, ownReceiveQueue(connection));
}

function takeBeyondHole(connection: TcpConnection, segment: ArrivedSegment): void {
  if (!hasRoom(connection)) {
    segment.trimEnd(0);
    return;
  }
  learnSegmentSize(connection, segment, segment.length);
  const reassembly = insert(connection, segment);
  reassembly.segments++;
  // It is a full segment all the same.
  if (connection.hasSack) growReceiveWindow(connection, segment.length);
  connection.receiveMemory?.insert(segment.seq, seqAdd(segment.seq, segment.length));
  makeRoomBehindHole(connection);
  scheduleAckOfHole(connection);
}

function insert(connection: TcpConnection, segment: ArrivedSegment): Reassembly {
  const reassembly = ownReassembly(connection);
  const fresh = reassembly.insert(segment.seq, segment.length, segment.payload);
  if (fresh < segment.length) {
    const { duplicateLeft, duplicateRight } = reassembly;
    noteDuplicate(connection, duplicateLeft, seqDiff(duplicateRight, duplicateLeft));
  }
  return reassembly;
}

/**
 * Text that comes with a SYN or SYN-ACK: the first in order. It says nothing of the peer's segments to come, nor
 * of the gaps between them.
 */
export function receiveSynText(connection: TcpConnection, segment: ArrivedSegment): void {
  const beyond = seqDiff(seqAdd(segment.seq, segment.length), connection.rcvAdv);
  if (beyond > 0) segment.trimEnd(Math.max(0, segment.length - beyond));
  const { length } = segment;
  if (length === 0) return;
  countText(connection, segment);
  connection.receiveMemory?.append(connection.rcvNxt, seqAdd(connection.rcvNxt, length));
  append(connection, segment);
  connection.rcvNxt = seqAdd(connection.rcvNxt, length);
  // A server of Linux offers the same behind it.
  const isServer = connection.listener !== undefined;
  if (isServer && connection.config.growsReceiveWindow) {
    connection.rcvAdv = seqAdd(connection.rcvAdv, length);
  }
  connection.bytesReceived += length;
  connection.isSynDataTaken = true;
  connection.context.raise(connection, TransportEvent.Readable);
}

function append(connection: TcpConnection, segment: ArrivedSegment): void {
  const { context } = connection;
  if (segment.payload !== NO_PAYLOAD) {
    context.pool.payloads.retain(segment.payload);
    ownReceiveQueue(connection).append(segment.payload, segment.length);
  } else if (connection.receiveQueue === context.idleQueue) {
    connection.unreadZeros += segment.length;
  } else {
    connection.receiveQueue.appendZeros(segment.length);
  }
}

function ownReceiveQueue(connection: TcpConnection): ByteQueue {
  const { context } = connection;
  if (connection.receiveQueue === context.idleQueue) {
    connection.receiveQueue = context.takeQueue();
    connection.receiveQueue.appendZeros(connection.unreadZeros);
    connection.unreadZeros = 0;
  }
  return connection.receiveQueue;
}

function ownReassembly(connection: TcpConnection): Reassembly {
  connection.reassembly ??= new Reassembly(connection.context.ranges);
  return connection.reassembly;
}

/** A DSACK block for the next ACK, of one contiguous range: RFC 2883 §4. The first is reported, with what joins it. */
export function noteDuplicate(connection: TcpConnection, left: SeqNumber, length: Bytes): void {
  if (!connection.hasSack || !connection.config.usesDsack) return;
  ownReassembly(connection).reportDuplicate(left, seqAdd(left, length));
  connection.context.count(TcpCounter.DsackOldSent);
}

/** RFC 3168 §6.1.3: CE starts the echo, CWR ends it. */
function noteCongestionMark(connection: TcpConnection, segment: ArrivedSegment): void {
  if (connection.hasAccEcn) {
    if (seqBefore(connection.rcvNxt, segment.end)) countArrival(connection, segment);
    else countRepeat(connection, segment);
    return;
  }
  if (segment.ecn !== EcnCodepoint.NotEct) connection.hasSeenEct = true;
  if (connection.hasPreciseEcn) {
    echoMark(connection, segment.ecn === EcnCodepoint.Ce);
    return;
  }
  if (segment.has(TcpFlag.Cwr)) connection.isEceDue = false;
  if (segment.ecn !== EcnCodepoint.Ce) return;
  if (!connection.isEceDue) startQuickAcks(connection);
  connection.isEceDue = true;
}

/** Remembers a FIN in the window; true when everything before it is here. */
export function receiveFin(connection: TcpConnection, segment: ArrivedSegment): boolean {
  if (connection.isPeerDone) return false;
  if (segment.has(TcpFlag.Fin)) {
    connection.hasPeerFin = true;
    connection.peerFin = seqAdd(segment.seq, segment.length);
  }
  if (!connection.hasPeerFin) return false;
  if (seqBefore(connection.rcvNxt, connection.peerFin)) {
    if (segment.has(TcpFlag.Fin)) takeFinBeyondHole(connection, segment);
    return false;
  }
  if (!hasRoom(connection)) tellOfPressure(connection);
  connection.isPeerDone = true;
  // Nothing comes behind it: blocks say nothing any more.
  connection.reassembly?.clear();
  const end = seqAdd(connection.peerFin, 1);
  connection.rcvNxt = end;
  if (connection.config.segmentMemory === 'blocks') holdFin(connection, segment, end);
  scheduleAckOfFin(connection);
  return true;
}

/** A FIN without text takes what text of one byte would. */
function holdFin(connection: TcpConnection, segment: ArrivedSegment, end: SeqNumber): void {
  connection.receiveMemory?.deliver(end);
  if (segment.length > 0 || !segment.has(TcpFlag.Fin)) return;
  measurePacket(connection, segment);
  connection.receiveMemory?.append(connection.peerFin, end);
}

/** It is in the blocks of SACK as a byte would be: RFC 2018 §3 speaks of sequence numbers. */
function takeFinBeyondHole(connection: TcpConnection, segment: ArrivedSegment): void {
  const reassembly = ownReassembly(connection);
  const { peerFin } = connection;
  if (connection.config.segmentMemory === 'blocks') {
    measurePacket(connection, segment);
    connection.receiveMemory?.insert(peerFin, seqAdd(peerFin, 1));
  }
  if (!reassembly.insertFin(peerFin)) noteDuplicate(connection, peerFin, 1);
  scheduleAckOfHole(connection);
}
