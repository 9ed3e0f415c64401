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
import { AckNote } from './connection-flags.ts';
import { TcpCounter } from './counters.ts';
import { TransportEvent } from './events.ts';
import { echoMark } from './mark-echo.ts';
import { Reassembly } from './reassembly.ts';
import { noteMerged } from './receive-offload.ts';
import { growReceiveWindow, makeRoomBehindHole, measureReceiveRtt } from './receive-window.ts';

/** Takes the text of a segment that lies in the window. */
export function receiveText(connection: TcpConnection, segment: ArrivedSegment): void {
  const { length } = segment;
  if (length === 0) return;
  const { rcvNxt, reassembly } = connection;
  connection.dataSegmentsIn++;
  if (segment.mergedBytes > 0) noteMerged(connection, segment);
  if (length >= connection.rcvMss) {
    // The peer's real segment size; a short last segment says nothing.
    if (segment.mergedBytes === 0) connection.rcvMss = Math.min(length, connection.advMss);
    if ((segment.flags & TcpFlag.Psh) !== 0) connection.ackNotes |= AckNote.TextPushed;
  } else {
    // A short segment ends what its sender had, and so does PSH.
    const wasPushed = (connection.ackNotes & AckNote.TextPushed) !== 0;
    connection.ackNotes |= AckNote.TextPushed | (wasPushed ? AckNote.TextPushedTwice : 0);
  }
  onDataArrived(connection);
  if (connection.hasEcn) noteCongestionMark(connection, segment);
  if (segment.seq !== rcvNxt || (reassembly !== undefined && reassembly.rangeCount > 0)) {
    receiveOutOfOrder(connection, segment);
  } else {
    takeInOrder(connection, segment);
  }
}

/** Text that came before, in part or as a whole, or text while some is missing. */
function receiveOutOfOrder(connection: TcpConnection, segment: ArrivedSegment): void {
  const before = seqDiff(connection.rcvNxt, segment.seq);
  if (before > 0) {
    noteDuplicate(connection, segment.seq, Math.min(before, segment.length));
    if (before >= segment.length) {
      const isNewFin = segment.has(TcpFlag.Fin) && before === segment.length;
      segment.trimFront(segment.length);
      // A FIN that is next decides for itself.
      if (!isNewFin || connection.isPeerDone) scheduleAck(connection, true);
      return;
    }
    segment.trimFront(before);
  }
  const isNext = before > 0 && (connection.reassembly?.rangeCount ?? 0) === 0;
  if (isNext) takeInOrder(connection, segment);
  else takeOutOfOrder(connection, segment);
}

function takeInOrder(connection: TcpConnection, segment: ArrivedSegment): void {
  append(connection, segment);
  advance(connection, segment.length);
  // A FIN behind it decides for both.
  if (!segment.has(TcpFlag.Fin)) scheduleAck(connection, false);
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
  connection.dataSegmentsIn++;
  append(connection, segment);
  connection.rcvNxt = seqAdd(connection.rcvNxt, length);
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

function takeOutOfOrder(connection: TcpConnection, segment: ArrivedSegment): void {
  const reassembly = ownReassembly(connection);
  reassembly.segments++;
  const fresh = reassembly.insert(segment.seq, segment.length, segment.payload);
  if (fresh < segment.length) {
    const { duplicateLeft, duplicateRight } = reassembly;
    noteDuplicate(connection, duplicateLeft, seqDiff(duplicateRight, duplicateLeft));
  }
  const delivered = reassembly.deliver(connection.rcvNxt, ownReceiveQueue(connection));
  if (delivered > 0) advance(connection, delivered);
  else {
    // It is a full segment all the same.
    if (connection.hasSack) growReceiveWindow(connection, segment.length);
    makeRoomBehindHole(connection);
  }
  // A hole that opens, is still there or is filled: RFC 5681 §4.2.
  if (reassembly.rangeCount === 0) scheduleAck(connection, true);
  else scheduleAckOfHole(connection);
}

function advance(connection: TcpConnection, length: Bytes): void {
  connection.rcvNxt = seqAdd(connection.rcvNxt, length);
  connection.bytesReceived += length;
  growReceiveWindow(connection, length);
  measureReceiveRtt(connection, connection.context.segment);
  connection.context.raise(connection, TransportEvent.Readable);
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
    const isOld = !seqBefore(connection.rcvNxt, seqAdd(segment.seq, segment.length));
    if (isOld) countRepeat(connection, segment);
    else countArrival(connection, segment);
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
    if (segment.has(TcpFlag.Fin)) scheduleAck(connection, true);
    return false;
  }
  connection.isPeerDone = true;
  // Nothing comes behind it: blocks say nothing any more.
  connection.reassembly?.clear();
  connection.rcvNxt = seqAdd(connection.peerFin, 1);
  scheduleAckOfFin(connection);
  return true;
}
