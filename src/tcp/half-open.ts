/**
 * SYN-RECEIVED of a passive open in the `linux` profile, where no connection exists yet: RFC 9293 §3.10.7.4 in another order.
 * A SYN again is answered by the SYN-ACK, an ACK of something else by a reset before anything else is looked at, what is
 * not in the window by an ACK, and another SYN by a reset of it. Cold.
 */
import { seqAdd, seqBefore } from '../base/seq.ts';
import { TcpFlag } from '../wire/tcp.ts';
import { mayAnswerAgain, queueAck, sendChallengeAck } from './acceptability.ts';
import type { ArrivedSegment } from './arrived-segment.ts';
import type { TcpConnection } from './connection.ts';
import { TcpCounter } from './counters.ts';
import { acceptRepeatedSyn } from './ecn-negotiation.ts';
import { failConnection, resetConnection } from './ending.ts';
import { TcpError } from './errors.ts';
import { sendResetFor } from './frame-builder.ts';
import { TcpState } from './state.ts';
import { isOldTimestamp } from './timestamps.ts';

/** Half open, and not by Fast Open. */
export function isRequest(connection: TcpConnection): boolean {
  const { state, listener, config, isFastOpen } = connection;
  return (
    state === TcpState.SynReceived && listener !== undefined && !isFastOpen && config.judgesAsLinux
  );
}

/** True when the segment goes on to the steps of any connection. */
export function judgeRequest(connection: TcpConnection, segment: ArrivedSegment): boolean {
  const { context, irs, iss } = connection;
  const { seq, ack, flags } = segment;
  const isReset = segment.has(TcpFlag.Rst);
  const isOld = isOldTimestamp(connection, segment) && !isReset;
  const judged = flags & (TcpFlag.Syn | TcpFlag.Ack | TcpFlag.Rst);
  if (judged === TcpFlag.Syn && seq === irs && !isOld) {
    repeatAnswer(connection, segment);
    return false;
  }
  if (segment.has(TcpFlag.Ack) && !isReset && ack !== seqAdd(iss, 1)) {
    sendResetFor(context, segment);
    return false;
  }
  if (isOld || !isInWindow(connection, segment)) {
    if (isOld) context.count(TcpCounter.PawsDiscards);
    if (!isReset && mayAnswerAgain(connection, segment)) queueAck(connection);
    return false;
  }
  if (isReset) {
    if (seq === connection.rcvNxt) failConnection(connection, TcpError.ConnectionRefused);
    else sendChallengeAck(connection);
    return false;
  }
  if (segment.has(TcpFlag.Syn) && seq !== irs) {
    sendResetFor(context, segment);
    failConnection(connection, TcpError.ConnectionReset);
    return false;
  }
  return segment.has(TcpFlag.Ack);
}

/** The SYN-ACK once more, not too often; unless the SYN asks for another kind of feedback than the first. */
function repeatAnswer(connection: TcpConnection, segment: ArrivedSegment): void {
  if (!acceptRepeatedSyn(connection, segment)) {
    resetConnection(connection, TcpError.ConnectionReset);
  } else if (mayAnswerAgain(connection, segment)) {
    connection.isSynDue = true;
  }
}

/** As a connection would have it, but for text that is cut at the right edge. */
function isInWindow({ rcvNxt, rcvAdv }: TcpConnection, segment: ArrivedSegment): boolean {
  const { seq, sequenceLength } = segment;
  if (seq === rcvNxt) return true;
  if (sequenceLength === 0 && seq === rcvAdv) return true;
  return seqBefore(rcvNxt, seqAdd(seq, sequenceLength)) && seqBefore(seq, rcvAdv);
}
