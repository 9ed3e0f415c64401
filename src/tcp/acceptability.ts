/**
 * The first step of RFC 9293 §3.10.7.4: whether a segment lies in the window, with PAWS (RFC 7323 §5.3), and the ACKs that
 * answer one that does not: out-of-window and challenge ACKs (RFC 5961), no more often than they may be, and a SYN
 * that comes again. Hot: no allocation per segment.
 */
import { seqAdd, seqBefore, seqDiff, seqInWindow } from '../base/seq.ts';
import type { Bytes } from '../base/units.ts';
import { NO_FRAME } from '../frame/frame-record.ts';
import { TcpFlag } from '../wire/tcp.ts';
import { countRepeat } from './accurate-ecn.ts';
import { noteSynAck } from './accurate-ecn-feedback.ts';
import { scheduleAck } from './ack-policy.ts';
import type { ArrivedSegment } from './arrived-segment.ts';
import type { TcpConnection } from './connection.ts';
import { TcpCounter } from './counters.ts';
import { acceptRepeatedSyn, skipSynAckField } from './ecn-negotiation.ts';
import { resetConnection } from './ending.ts';
import { TcpError } from './errors.ts';
import { buildAnswer } from './frame-builder.ts';
import { windowField } from './receive-window.ts';
import { noteDuplicate } from './receiver.ts';
import { isSynchronized, TcpState } from './state.ts';
import { isOldTimestamp } from './timestamps.ts';

/** First, the sequence number. */
export function checkSequence(connection: TcpConnection, segment: ArrivedSegment): boolean {
  if (connection.state === TcpState.SynReceived && segment.has(TcpFlag.Syn)) {
    if (!takeRepeatedSyn(connection, segment)) return false;
  }
  if (isOldTimestamp(connection, segment) && !segment.has(TcpFlag.Rst)) {
    connection.context.count(TcpCounter.PawsDiscards);
    noteOld(connection, segment);
    sendOutOfWindowAck(connection, segment);
    return false;
  }
  if (!isAcceptable(connection, segment)) {
    if (segment.has(TcpFlag.Rst)) return false;
    if (segment.has(TcpFlag.Syn) && isSynchronized(connection.state)) {
      if (connection.hasAccEcn) noteRepeatedSynAck(connection, segment);
      sendChallengeAck(connection);
      return false;
    }
    connection.context.count(TcpCounter.OutOfWindow);
    if (seqBefore(connection.rcvAdv, segment.seq))
      connection.context.count(TcpCounter.BeyondWindow);
    if (connection.hasAccEcn) countRepeat(connection, segment);
    noteOld(connection, segment);
    sendOutOfWindowAck(connection, segment);
    return false;
  }
  const beyond = seqDiff(seqAdd(segment.seq, segment.length), connection.rcvAdv);
  return beyond <= 0 || segment.length === 0 || takeBeyondWindow(connection, segment, beyond);
}

/** Text that reaches beyond the window: cut at its edge, or taken as a whole or not at all. */
function takeBeyondWindow(
  connection: TcpConnection,
  segment: ArrivedSegment,
  beyond: Bytes,
): boolean {
  if (!connection.config.takesBeyondWindow) {
    segment.trimEnd(Math.max(0, segment.length - beyond));
    return true;
  }
  if (connection.unreadBytes === 0) return true;
  if (segment.has(TcpFlag.Rst)) return false;
  connection.context.count(TcpCounter.BeyondWindow);
  noteOld(connection, segment);
  sendOutOfWindowAck(connection, segment);
  return false;
}

/** RFC 9293 §3.10.7.4, table 6. */
function isAcceptable(connection: TcpConnection, segment: ArrivedSegment): boolean {
  const { rcvNxt, rcvWnd } = connection;
  const length = segment.sequenceLength;
  if (rcvWnd === 0) {
    // Special allowance: the ACK of a segment just left of a closed window counts.
    return (
      segment.seq === rcvNxt && (length === 0 || segment.has(TcpFlag.Rst) || segment.length === 0)
    );
  }
  if (seqInWindow(segment.seq, rcvNxt, rcvWnd)) return true;
  if (connection.config.takesBeyondWindow && coversWindow(connection, segment)) return true;
  // A bare ACK at the right edge comes from who has filled the window: as everybody accepts it.
  if (length === 0) {
    if (segment.has(TcpFlag.Rst) && !connection.config.answersDoubtful) return false;
    return segment.seq === connection.rcvAdv;
  }
  return seqInWindow(seqAdd(segment.seq, length - 1), rcvNxt, rcvWnd);
}

/** The table does not ask for it; Linux does. */
function coversWindow({ rcvNxt, rcvAdv }: TcpConnection, segment: ArrivedSegment): boolean {
  return seqBefore(segment.seq, rcvNxt) && seqBefore(rcvAdv, seqAdd(segment.seq, segment.length));
}

/** A SYN again in SYN-RECEIVED: the answer was lost, or both sides opened at once. */
function takeRepeatedSyn(connection: TcpConnection, segment: ArrivedSegment): boolean {
  if (segment.seq !== connection.irs) return true;
  if (!segment.has(TcpFlag.Ack)) {
    if (acceptRepeatedSyn(connection, segment)) connection.isSynDue = true;
    else resetConnection(connection, TcpError.ConnectionReset);
    return false;
  }
  skipSynAckField(connection);
  // Both sides opened at once: the SYN is old, and the ACK of it says so (RFC 2883 §4).
  noteDuplicate(connection, segment.seq, 1);
  scheduleAck(connection, true);
  segment.trimSyn();
  return true;
}

/** Data that came before: RFC 2883 §4. */
function noteOld(connection: TcpConnection, segment: ArrivedSegment): void {
  if (segment.length === 0) return;
  if (!seqBefore(segment.seq, connection.rcvNxt)) return;
  const old = Math.min(segment.length, seqDiff(connection.rcvNxt, segment.seq));
  noteDuplicate(connection, segment.seq, old);
}

/** <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>; without data it may be half of a loop of such ACKs, so not too often. */
function sendOutOfWindowAck(connection: TcpConnection, segment: ArrivedSegment): void {
  const { config, context } = connection;
  const nowNs = context.clock.nowNs;
  if (connection.state === TcpState.SynReceived) {
    connection.isSynDue = segment.has(TcpFlag.Syn);
    if (!connection.isSynDue) queueAck(connection);
    return;
  }
  if (segment.length === 0 && config.outOfWindowAckIntervalNs > 0) {
    const lastNs = connection.lastOutOfWindowAckNs;
    if (lastNs >= 0 && nowNs - lastNs < config.outOfWindowAckIntervalNs) return;
    connection.lastOutOfWindowAckNs = nowNs;
  }
  connection.isAckDue = true;
}

/** RFC 5961 §7. */
export function sendChallengeAck(connection: TcpConnection): void {
  const { config, context, lastChallengeNs } = connection;
  const nowNs = context.clock.nowNs;
  if (lastChallengeNs >= 0 && nowNs - lastChallengeNs < config.challengeAckIntervalNs) return;
  connection.lastChallengeNs = nowNs;
  context.count(TcpCounter.ChallengeAcks);
  if (connection.state >= TcpState.Established) connection.isAckDue = true;
  else queueAck(connection);
}

/** RFC 9768 §3.2.2.1: the SYN-ACK again; a server of ours would not have sent the SYN. */
function noteRepeatedSynAck(connection: TcpConnection, segment: ArrivedSegment): void {
  const isClient = connection.listener === undefined;
  if (isClient && segment.has(TcpFlag.Ack) && segment.seq === connection.irs) {
    noteSynAck(connection, segment);
  }
}

/** An ACK in a state that has no other. */
function queueAck(connection: TcpConnection): void {
  const { context, sndNxt, rcvNxt } = connection;
  const window = windowField(connection);
  const frame = buildAnswer(context, context.segment, sndNxt, rcvNxt, TcpFlag.Ack, window);
  if (frame !== NO_FRAME) context.pushControl(frame);
}
