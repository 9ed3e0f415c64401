/**
 * SEGMENT ARRIVES for a connection: RFC 9293 §3.10.7.3 (SYN-SENT) and the eight steps of §3.10.7.4 as eight
 * functions in that order, each true when the next is to be made. With PAWS (RFC 7323 §5.3) and the defences
 * of RFC 5961 against blind attacks. LISTEN and CLOSED are in tcp/passive-open and tcp/frame-builder.
 * Hot: no allocation per segment.
 */
import { seqAdd, seqBefore, seqDiff, seqInWindow } from '../base/seq.ts';
import { NO_TIME } from '../base/units.ts';
import { FastOpenForm, NO_FRAME, NO_PAYLOAD } from '../frame/frame-record.ts';
import { TcpFlag } from '../wire/tcp.ts';
import {
  challengeSyn,
  checkSequence,
  isResetBeforeFin,
  sendChallengeAck,
} from './acceptability.ts';
import { accurateEcn } from './accurate-ecn.ts';
import { reduceAtOnce, takeHandshakeAck } from './accurate-ecn-feedback.ts';
import { demandAccEcnOption } from './accurate-ecn-option.ts';
import { holdAckForWriter, scheduleAck, startQuickAcks } from './ack-policy.ts';
import { dropSent, processAck, updateSendWindow } from './acknowledgment.ts';
import type { ArrivedSegment } from './arrived-segment.ts';
import type { TcpConnection } from './connection.ts';
import { TimeCell } from './connection-times.ts';
import { TimerKind } from './context.ts';
import { TcpCounter } from './counters.ts';
import { acceptEcn, isSynMarked } from './ecn-negotiation.ts';
import {
  endConnection,
  enterTimeWait,
  failConnection,
  isAllAcknowledged,
  resetConnection,
} from './ending.ts';
import { TcpError } from './errors.ts';
import { TransportEvent } from './events.ts';
import { endFastOpenHandshake, onFastOpenAnswer } from './fast-open.ts';
import { buildSegment, sendResetFor } from './frame-builder.ts';
import { isRequest, judgeRequest } from './half-open.ts';
import { acceptSyn, establish } from './handshake.ts';
import { isNextSegment, isPlainAck, isPlainText } from './header-prediction.ts';
import { takeOrderlyAck } from './orderly-ack.ts';
import { arrivesAtOrphan, isHalfForgotten } from './orphan.ts';
import { noteDuplicate, receiveFin, receiveSynText, receiveText } from './receiver.ts';
import { canReceive, TcpState } from './state.ts';
import { settleSynData } from './syn-data.ts';
import { armKeepAlive } from './timers.ts';
import { timestampNow, updateTsRecent } from './timestamps.ts';

/** Processes the segment; the frame stays the caller's. */
export function segmentArrives(connection: TcpConnection, segment: ArrivedSegment): void {
  connection.segmentsIn++;
  if (isNextSegment(connection, segment)) {
    noteSignOfLife(connection);
    if (segment.length > 0) {
      if (isPlainText(connection, segment)) {
        updateTsRecent(connection, segment);
        updateSendWindow(connection, segment);
        receiveText(connection, segment);
        return;
      }
    } else if (isPlainAck(connection, segment)) {
      updateTsRecent(connection, segment);
      if (!takeOrderlyAck(connection, segment)) processAck(connection, segment);
      return;
    }
  }
  if (connection.state === TcpState.SynSent) {
    arrivesInSynSent(connection, segment);
  } else if (isHalfForgotten(connection)) {
    arrivesAtOrphan(connection, segment);
  } else if (
    (!isRequest(connection) || judgeRequest(connection, segment)) &&
    isJudged(connection, segment) &&
    checkSequence(connection, segment) &&
    checkReset(connection, segment) &&
    checkSyn(connection, segment) &&
    checkAck(connection, segment)
  ) {
    // Third, security: there are no compartments here.
    checkUrgent(connection, segment);
    if (processText(connection, segment)) checkFin(connection, segment);
  }
}

/** What is taken, not what is only answered, says that the peer is there: RFC 9293 §3.8.4. */
function noteSignOfLife(connection: TcpConnection): void {
  const { context } = connection;
  context.cells[connection.cellsAt + TimeCell.LastReceived] = context.clock.nowNs;
  if (connection.keepAliveSent > 0) connection.keepAliveSent = 0;
}

/** What has no ACK, and is no SYN nor a reset, is nothing in the `linux` profile. */
function isJudged({ config }: TcpConnection, { flags }: ArrivedSegment): boolean {
  return !config.judgesAsLinux || (flags & (TcpFlag.Ack | TcpFlag.Syn | TcpFlag.Rst)) !== 0;
}

/** RFC 9293 §3.10.7.3. */
function arrivesInSynSent(connection: TcpConnection, segment: ArrivedSegment): void {
  const { context } = connection;
  const hasAck = segment.has(TcpFlag.Ack);
  if (
    hasAck &&
    !seqInWindow(
      seqAdd(segment.ack, -1),
      connection.iss,
      seqDiff(connection.sndNxt, connection.iss),
    )
  ) {
    hastenSyn(connection);
    sendResetFor(context, segment);
    return;
  }
  // RFC 7323 §3.2: an echo of nothing that was sent is from another connection.
  if (hasAck && !isEchoOfSyn(connection, segment)) {
    context.count(TcpCounter.PawsDiscards);
    sendResetFor(context, segment);
    return;
  }
  if (segment.has(TcpFlag.Rst)) {
    if (hasAck) failConnection(connection, TcpError.ConnectionRefused);
    return;
  }
  if (!segment.has(TcpFlag.Syn)) return;
  acceptSyn(connection, segment);
  acceptEcn(connection, segment);
  if (!hasAck) {
    // Simultaneous open: RFC 9293 §3.5, figure 7.
    connection.setState(TcpState.SynReceived);
    connection.synRetransmits = 0;
    // Fast Open is between a client and a server.
    connection.fastOpenForm = FastOpenForm.Absent;
    connection.isSynDue = true;
    return;
  }
  const { config, isFastOpen, fastOpenForm } = connection;
  const takesText = config.takesTextOfSynAck || isFastOpen || fastOpenForm !== FastOpenForm.Absent;
  onFastOpenAnswer(connection, segment);
  connection.setState(TcpState.Established);
  acknowledgeSyn(connection, segment);
  establish(connection, segment);
  if (isSynMarked(connection, segment.flags)) reduceAtOnce(connection);
  settleSynData(connection);
  armKeepAlive(connection);
  // The ACK of the SYN; data that is queued carries it.
  if (connection.unsentBytes > 0) holdAckForWriter(connection);
  connection.isAckDue = true;
  context.raise(connection, TransportEvent.Established);
  context.raise(connection, TransportEvent.Writable);
  segment.trimSyn();
  if (takesText && (segment.length > 0 || segment.has(TcpFlag.Fin))) {
    receiveSynText(connection, segment);
    checkFin(connection, segment);
  }
  if (connection.hasAccEcn) sendHandshakeAck(connection);
}

/** RFC 9768 §3.2.2.1: an ACK without data comes first, for it alone says what the SYN-ACK came with. */
function sendHandshakeAck(connection: TcpConnection): void {
  demandAccEcnOption(accurateEcn(connection));
  const frame = buildSegment(connection, connection.sndNxt, TcpFlag.Ack, 0, NO_PAYLOAD);
  if (frame !== NO_FRAME) connection.context.pushControl(frame);
}

/** The SYN, and with Fast Open as much of its data as the peer took. */
function acknowledgeSyn(connection: TcpConnection, segment: ArrivedSegment): void {
  const taken = seqDiff(segment.ack, connection.iss) - 1;
  connection.sndUna = segment.ack;
  if (taken === 0) return;
  dropSent(connection, taken);
  connection.bytesAcked += taken;
}

/** The peer has an older connection of ours, which our reset ends: in the `linux` profile the SYN follows soon. */
function hastenSyn({ config, context, slot, synRetransmits }: TcpConnection): void {
  if (config.hastenedSynNs === 0 || synRetransmits > 0) return;
  context.setTimer(slot, TimerKind.Retransmit, context.clock.nowNs + config.hastenedSynNs);
}

/** The SYN-ACK echoes a timestamp between that of our first SYN and now, or none. */
function isEchoOfSyn(connection: TcpConnection, segment: ArrivedSegment): boolean {
  if (!connection.hasTimestamps || !segment.hasTimestamps || segment.tsEcr === 0) return true;
  const { config, context, stalledSinceNs, lastSentNs } = connection;
  const firstNs = stalledSinceNs < 0 ? lastSentNs : stalledSinceNs;
  const ageTicks = Math.ceil((context.clock.nowNs - firstNs) / config.timestampTickNs);
  const behindTicks = (timestampNow(connection) - segment.tsEcr) | 0;
  return behindTicks >= 0 && behindTicks <= ageTicks;
}

/** Second, the RST bit: RFC 5961 §3.2. */
function checkReset(connection: TcpConnection, segment: ArrivedSegment): boolean {
  if (!segment.has(TcpFlag.Rst)) return true;
  if (!isExactReset(connection, segment)) {
    sendChallengeAck(connection);
    return false;
  }
  const { state, config } = connection;
  const isLate = state === TcpState.Closing || state === TcpState.LastAck;
  if (isLate && (connection.isOrphan || !config.tellsResetAsLinux)) {
    endConnection(connection);
  } else if (state === TcpState.SynReceived && connection.fastOpenListener === undefined) {
    failConnection(connection, TcpError.ConnectionRefused);
  } else if (state === TcpState.CloseWait && config.tellsResetAsLinux) {
    failConnection(connection, TcpError.BrokenPipe);
  } else {
    failConnection(connection, TcpError.ConnectionReset);
  }
  return false;
}

/** At RCV.NXT, or where the peer may think that it is: Linux knows a FIN that was not sent, and the end of what is SACKed. */
function isExactReset(connection: TcpConnection, { seq }: ArrivedSegment): boolean {
  const { rcvNxt, reassembly, config, hasSack } = connection;
  if (seq === rcvNxt) return true;
  if (!config.judgesAsLinux) return false;
  if (isResetBeforeFin(connection, seq)) return true;
  return hasSack && reassembly !== undefined && reassembly.rangeCount > 0 && seq === reassembly.end;
}

/** Fourth, the SYN bit: RFC 5961 §4.2. */
function checkSyn(connection: TcpConnection, segment: ArrivedSegment): boolean {
  if (!segment.has(TcpFlag.Syn)) return true;
  if (connection.state === TcpState.SynReceived && connection.listener !== undefined) {
    resetConnection(connection, TcpError.ConnectionReset);
  } else {
    challengeSyn(connection, segment);
  }
  return false;
}

/** Fifth, the ACK field. */
function checkAck(connection: TcpConnection, segment: ArrivedSegment): boolean {
  if (!segment.has(TcpFlag.Ack)) return false;
  const { sndUna, sndNxt } = connection;
  if (connection.state === TcpState.SynReceived) return completeHandshake(connection, segment);
  // RFC 5961 §5.2.
  const oldest = seqAdd(sndUna, -ackReach(connection));
  if (seqBefore(sndNxt, segment.ack) || seqBefore(segment.ack, oldest)) {
    sendChallengeAck(connection);
    return false;
  }
  const isOld = seqBefore(segment.ack, sndUna);
  if (!isOld || !connection.config.judgesAsLinux) updateTsRecent(connection, segment);
  noteSignOfLife(connection);
  processAck(connection, segment);
  return leaveAcknowledged(connection, segment);
}

/** How old an ACK may be: RFC 5961 §5.2, in the `linux` profile not older than the first that there was. */
function ackReach(connection: TcpConnection): number {
  const { maxSndWnd, bytesAcked, config } = connection;
  if (!config.judgesAsLinux) return maxSndWnd;
  return Math.min(maxSndWnd, isAllAcknowledged(connection) ? bytesAcked + 1 : bytesAcked);
}

/** States that end when our FIN is acknowledged. False when the connection is gone. */
function leaveAcknowledged(connection: TcpConnection, segment: ArrivedSegment): boolean {
  if (!isAllAcknowledged(connection)) return true;
  switch (connection.state) {
    case TcpState.FinWait1:
      connection.setState(TcpState.FinWait2);
      if (!connection.isOrphan) return true;
      if (connection.finWait2Ns < 0) {
        sendResetFor(connection.context, segment);
        endConnection(connection);
        return false;
      }
      startFinWait2(connection);
      return true;
    case TcpState.Closing:
      enterTimeWait(connection, false);
      return false;
    case TcpState.LastAck:
      endConnection(connection);
      return false;
    default:
      return true;
  }
}

/** An orphan does not wait for ever. */
export function startFinWait2(connection: TcpConnection): void {
  const { context, finWait2Ns, slot } = connection;
  const atNs = Math.min(Number.MAX_SAFE_INTEGER, context.clock.nowNs + finWait2Ns);
  context.setTimer(slot, TimerKind.KeepAlive, atNs);
}

/** SYN-RECEIVED: an acceptable ACK opens the connection. */
function completeHandshake(connection: TcpConnection, segment: ArrivedSegment): boolean {
  const { sndUna, sndNxt, context } = connection;
  if (!seqBefore(sndUna, segment.ack) || seqBefore(sndNxt, segment.ack)) {
    sendResetFor(context, segment);
    return false;
  }
  connection.isSynDue = false;
  connection.lastChallengeNs = NO_TIME;
  updateTsRecent(connection, segment);
  if (connection.sndUna === connection.iss) connection.sndUna = seqAdd(connection.iss, 1);
  connection.sndWnd = segment.window << connection.sndWndShift;
  // Of a SYN only its data needs the window.
  const countsSyn = context.config.countsSynWindow || connection.scoreboard.segments > 0;
  const seen = countsSyn ? connection.maxSndWnd : 0;
  connection.maxSndWnd = Math.max(seen, connection.sndWnd);
  connection.sndWl1 = segment.seq;
  connection.sndWl2 = segment.ack;
  connection.setState(TcpState.Established);
  endFastOpenHandshake(connection);
  if (connection.scoreboard.segments === 0) establish(connection, segment);
  else connection.deliveredSegments++;
  if (connection.hasAccEcn) takeHandshakeAck(connection, segment);
  processAck(connection, segment);
  settleSynData(connection);
  armKeepAlive(connection);
  context.raise(connection, TransportEvent.Established);
  context.raise(connection, TransportEvent.Writable);
  context.owner.onAccepted(connection);
  if (connection.isWriteShut) connection.setState(TcpState.FinWait1);
  // A FIN came with the SYN of Fast Open.
  if (connection.isPeerDone)
    connection.setState(connection.isWriteShut ? TcpState.Closing : TcpState.CloseWait);
  return true;
}

/** Sixth, the URG bit: tolerated; urgent data stays in the stream, RFC 9293 §3.8.5. */
function checkUrgent(_connection: TcpConnection, _segment: ArrivedSegment): void {}

/** Both halves are shut. */
function refusesText({ isReadShut, state }: TcpConnection): boolean {
  return isReadShut && state !== TcpState.Established;
}

/** Seventh, the segment text. False when the connection is gone. */
function processText(connection: TcpConnection, segment: ArrivedSegment): boolean {
  if (segment.length === 0) return true;
  if (!canReceive(connection.state)) {
    return takeTextBehindFin(connection, segment);
  }
  const isNew = seqBefore(connection.rcvNxt, seqAdd(segment.seq, segment.length));
  if ((connection.isOrphan || refusesText(connection)) && isNew) {
    // RFC 9293 §3.6.1: nobody will read it, so the peer should know.
    connection.context.count(TcpCounter.AbortOnData);
    sendResetFor(connection.context, segment);
    failConnection(connection, TcpError.ConnectionReset);
    return false;
  }
  receiveText(connection, segment);
  return true;
}

/**
 * The peer has sent its FIN. Text at all: RFC 9293 §3.10.7.4 has it ignored, but the peer may need our ACK. In the `linux`
 * profile text behind the FIN is dropped without one, and text across it resets.
 */
function takeTextBehindFin(connection: TcpConnection, segment: ArrivedSegment): boolean {
  if (!connection.config.doubtsTextBehindFin) {
    scheduleAck(connection, true);
    return true;
  }
  const { rcvNxt, context } = connection;
  if (!seqBefore(segment.seq, rcvNxt)) return false;
  if (seqBefore(rcvNxt, seqAdd(segment.seq, segment.length))) {
    context.count(TcpCounter.AbortOnData);
    sendResetFor(context, segment);
    const isWaiting = connection.state === TcpState.CloseWait;
    failConnection(connection, isWaiting ? TcpError.BrokenPipe : TcpError.ConnectionReset);
    return false;
  }
  receiveText(connection, segment);
  return true;
}

/** Eighth, the FIN bit. */
function checkFin(connection: TcpConnection, segment: ArrivedSegment): void {
  const hasFin = segment.has(TcpFlag.Fin);
  if (hasFin && !seqBefore(connection.rcvNxt, seqAdd(segment.seq, segment.length + 1))) {
    // It is not the one that ends the stream, or that one again.
    noteDuplicate(connection, segment.seq, segment.length + 1);
    startQuickAcks(connection);
    scheduleAck(connection, true);
    return;
  }
  if (!canReceive(connection.state)) {
    if (hasFin && !connection.config.doubtsTextBehindFin) scheduleAck(connection, true);
    return;
  }
  if (!receiveFin(connection, segment)) return;
  const { context } = connection;
  context.raise(connection, TransportEvent.Readable);
  context.raise(connection, TransportEvent.PeerClosed);
  switch (connection.state) {
    case TcpState.Established:
      connection.setState(TcpState.CloseWait);
      break;
    case TcpState.FinWait1:
      if (isAllAcknowledged(connection)) enterTimeWait(connection, true);
      else connection.setState(TcpState.Closing);
      break;
    case TcpState.FinWait2:
      enterTimeWait(connection, true);
      break;
  }
}
