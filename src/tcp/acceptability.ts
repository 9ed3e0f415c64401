/**
 * The first step of RFC 9293 §3.10.7.4: whether a segment lies in the window, with PAWS (RFC 7323 §5.3), and the ACKs that
 * answer one that does not: out-of-window and challenge ACKs (RFC 5961), no more often than they may be, and a SYN
 * that comes again. Hot: no allocation per segment.
 */
import { type SeqNumber, seqAdd, seqBefore, seqDiff, seqInWindow } from '../base/seq.ts';
import type { Bytes, Duration } from '../base/units.ts';
import { NO_FRAME } from '../frame/frame-record.ts';
import { TcpFlag } from '../wire/tcp.ts';
import { countRepeat } from './accurate-ecn.ts';
import { noteSynAck } from './accurate-ecn-feedback.ts';
import { scheduleAck, startQuickAcks } from './ack-policy.ts';
import type { ArrivedSegment } from './arrived-segment.ts';
import type { TcpConnection } from './connection.ts';
import { TcpCounter } from './counters.ts';
import { acceptRepeatedSyn, skipSynAckField } from './ecn-negotiation.ts';
import { resetConnection } from './ending.ts';
import { TcpError } from './errors.ts';
import { buildAnswer, setTimestamps } from './frame-builder.ts';
import { windowField } from './receive-window.ts';
import { noteDuplicate } from './receiver.ts';
import { isSynchronized, TcpState } from './state.ts';
import { isOldTimestamp, timestampNow } from './timestamps.ts';

/** How many timeouts an overtaken ACK may be old. */
const REPLAY_RTOS = 1.2;

/** First, the sequence number. */
export function checkSequence(connection: TcpConnection, segment: ArrivedSegment): boolean {
  if (connection.state === TcpState.SynReceived && segment.has(TcpFlag.Syn)) {
    if (!takeRepeatedSyn(connection, segment)) return false;
  }
  if (isOldTimestamp(connection, segment) && !segment.has(TcpFlag.Rst)) {
    if (!isHarmlessOld(connection, segment)) {
      discardOld(connection, segment);
      return false;
    }
  }
  if (!isAcceptable(connection, segment)) {
    if (segment.has(TcpFlag.Rst)) return isResetBeforeFin(connection, segment.seq);
    const isChallenged = isSynchronized(connection.state) || connection.config.judgesAsLinux;
    if (segment.has(TcpFlag.Syn) && isChallenged) {
      challengeSyn(connection, segment);
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
  const { rcvNxt, rcvWnd } = connection;
  const beyond = seqDiff(seqAdd(segment.seq, segment.length), rcvNxt) - rcvWnd;
  return beyond <= 0 || segment.length === 0 || takeBeyondWindow(connection, segment, beyond);
}

/** A reset after the peer's FIN that does not count it, as some systems send when a process is killed: Linux takes it. */
export function isResetBeforeFin(
  { state, rcvNxt, config }: TcpConnection,
  seq: SeqNumber,
): boolean {
  if (!config.judgesAsLinux || seq !== seqAdd(rcvNxt, -1)) return false;
  return state === TcpState.CloseWait || state === TcpState.LastAck || state === TcpState.Closing;
}

/** PAWS discards it, RFC 7323 §5.3: an ACK answers, or where only an ACK is old, nothing in the `linux` profile. */
function discardOld(connection: TcpConnection, segment: ArrivedSegment): void {
  const { config, context, rcvNxt } = connection;
  context.count(TcpCounter.PawsDiscards);
  if (config.judgesAsLinux) {
    if (segment.has(TcpFlag.Syn)) {
      challengeSyn(connection, segment);
      return;
    }
    const isBare = segment.has(TcpFlag.Ack) && segment.sequenceLength === 0;
    if (isBare && seqBefore(segment.seq, rcvNxt)) return;
  }
  noteOld(connection, segment);
  sendOutOfWindowAck(connection, segment);
}

/**
 * A duplicate ACK that another segment has overtaken by less than a timeout: it counts all the same in the `linux` profile,
 * as RFC 7323 §5.3 has thought of.
 */
function isHarmlessOld(connection: TcpConnection, segment: ArrivedSegment): boolean {
  const { config, rtt, tsRecent } = connection;
  if (!config.judgesAsLinux || segment.flags !== TcpFlag.Ack || segment.length > 0) return false;
  if (segment.seq !== connection.rcvNxt || segment.ack !== connection.sndUna) return false;
  if (segment.window << connection.sndWndShift !== connection.sndWnd) return false;
  const behindNs = ((tsRecent - segment.tsVal) | 0) * config.timestampTickNs;
  return behindNs <= REPLAY_RTOS * rtt.rtoNs;
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
  if (connection.config.judgesAsLinux) {
    // From where the last ACK told, to the right edge, with what only touches either.
    const end = seqAdd(segment.seq, length);
    return (
      !seqBefore(end, connection.lastAckSent) && !seqBefore(seqAdd(rcvNxt, rcvWnd), segment.seq)
    );
  }
  if (rcvWnd === 0) {
    // Special allowance: the ACK of a segment just left of a closed window counts.
    return (
      segment.seq === rcvNxt && (length === 0 || segment.has(TcpFlag.Rst) || segment.length === 0)
    );
  }
  if (seqInWindow(segment.seq, rcvNxt, rcvWnd)) return true;
  // A bare ACK at the right edge comes from who has filled the window: as everybody accepts it.
  if (length === 0) {
    return segment.seq === connection.rcvAdv && !segment.has(TcpFlag.Rst);
  }
  return seqInWindow(seqAdd(segment.seq, length - 1), rcvNxt, rcvWnd);
}

/** A SYN again in SYN-RECEIVED: the answer was lost, or both sides opened at once. */
function takeRepeatedSyn(connection: TcpConnection, segment: ArrivedSegment): boolean {
  if (segment.seq !== connection.irs) return true;
  const isAnswer = segment.has(TcpFlag.Ack) && segment.ack === connection.sndNxt;
  if (connection.config.judgesAsLinux && connection.listener === undefined && !isAnswer) {
    challengeSyn(connection, segment);
    return false;
  }
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

/** Data that came before, or a FIN: RFC 2883 §4. */
function noteOld(connection: TcpConnection, segment: ArrivedSegment): void {
  const length = segment.sequenceLength;
  if (length === 0 || !seqBefore(segment.seq, connection.rcvNxt)) return;
  const old = Math.min(length, seqDiff(connection.rcvNxt, segment.seq));
  noteDuplicate(connection, segment.seq, old);
  startQuickAcks(connection);
}

/** <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>; without data it may be half of a loop of such ACKs, so not too often. */
export function sendOutOfWindowAck(connection: TcpConnection, segment: ArrivedSegment): void {
  if (connection.state === TcpState.SynReceived) {
    connection.isSynDue = segment.has(TcpFlag.Syn);
    if (!connection.isSynDue) queueAck(connection);
    return;
  }
  if (mayAnswerAgain(connection, segment)) connection.isAckDue = true;
}

/** Text is no part of a loop of ACKs; anything else may be. */
export function mayAnswerAgain(connection: TcpConnection, segment: ArrivedSegment): boolean {
  if (segment.sequenceLength > 0 && !segment.has(TcpFlag.Syn)) return true;
  const intervalNs = connection.config.outOfWindowAckIntervalNs;
  return intervalNs === 0 || takesTurn(connection, intervalNs);
}

/** Whether so long has passed since the last of all ACKs that are limited; then the next wait begins. */
function takesTurn(connection: TcpConnection, intervalNs: Duration): boolean {
  const { context, lastChallengeNs } = connection;
  const nowNs = context.clock.nowNs;
  if (lastChallengeNs >= 0 && nowNs - lastChallengeNs < intervalNs) return false;
  connection.lastChallengeNs = nowNs;
  return true;
}

/** RFC 5961 §7: with other ACKs of what is not acceptable, not too often. */
export function sendChallengeAck(connection: TcpConnection): void {
  if (!takesTurn(connection, connection.config.challengeAckIntervalNs)) return;
  connection.context.count(TcpCounter.ChallengeAcks);
  if (connection.state >= TcpState.Established) connection.isAckDue = true;
  else queueAck(connection);
}

/** RFC 5961 §4.2: a SYN where there is a connection. */
export function challengeSyn(connection: TcpConnection, segment: ArrivedSegment): void {
  if (connection.hasAccEcn) noteRepeatedSynAck(connection, segment);
  sendChallengeAck(connection);
}

/** RFC 9768 §3.2.2.1: the SYN-ACK again; a server of ours would not have sent the SYN. */
function noteRepeatedSynAck(connection: TcpConnection, segment: ArrivedSegment): void {
  const isClient = connection.listener === undefined;
  if (isClient && segment.has(TcpFlag.Ack) && segment.seq === connection.irs) {
    noteSynAck(connection, segment);
  }
}

/** An ACK in a state that has no other. */
export function queueAck(connection: TcpConnection): void {
  const { context, sndNxt, rcvNxt } = connection;
  const window = windowField(connection);
  const frame = buildAnswer(context, context.segment, sndNxt, rcvNxt, TcpFlag.Ack, window);
  if (frame === NO_FRAME) return;
  if (connection.hasTimestamps) {
    setTimestamps(context, frame, timestampNow(connection), connection.tsRecent);
  }
  context.pushControl(frame);
}
