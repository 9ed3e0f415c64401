/**
 * The recovery period: when it begins and ends, and when it was a mistake. RFC 6675 §5 and RFC 6582 (fast
 * recovery with and without SACK), RFC 6298 §5 and RFC 5681 §3.1 (timeout), RFC 5682 (F-RTO), RFC 4015 and
 * RFC 3708 (undo), RFC 8985 §7.4 (tail loss probe), RFC 3168 §6.1.2 (ECN). What is lost is found by tcp/rack,
 * or here without SACK; what to send follows from the window. States as in Linux: Open, Disorder, CWR,
 * Recovery, Loss. Hot: no allocation per ACK.
 */
import { seqBefore } from '../base/seq.ts';
import { CongestionCause } from '../recovery/congestion.ts';
import { ProportionalRateReduction, ReductionBound } from '../recovery/prr.ts';
import { TcpFlag } from '../wire/tcp.ts';
import type { ArrivedSegment } from './arrived-segment.ts';
import { flightSize } from './congestion-window.ts';
import { CongestionState, RetransmitMode, type TcpConnection } from './connection.ts';
import { TcpCounter } from './counters.ts';
import { isMtuProbeLost } from './path-mtu.ts';
import {
  detectLosses,
  finishLosses,
  markLost,
  markLostAtTimeout,
  onRackRecoveryEnd,
} from './rack.ts';
import { setRetransmitTimer } from './retransmit-timer.ts';
import { NO_ROW, SegmentFlag } from './segment-table.ts';

/** Moves between the states after an ACK whose losses are marked. */
export function advanceRecovery(
  connection: TcpConnection,
  segment: ArrivedSegment,
  advances: boolean,
  isDuplicate: boolean,
): void {
  if (connection.hasEcn && segment.has(TcpFlag.Ece)) onEce(connection);
  if (isPeriodOver(connection)) endPeriod(connection, segment, advances);
  switch (connection.congestionState) {
    case CongestionState.Recovery:
      continueRecovery(connection, segment, advances);
      break;
    case CongestionState.Loss:
      continueLoss(connection, segment, advances, isDuplicate);
      break;
    default:
      watch(connection);
  }
}

/** SND.UNA has reached RecoveryPoint. Without SACK it must pass it: RFC 6582 §4.1. */
function isPeriodOver(connection: TcpConnection): boolean {
  const { congestionState, sndUna, highSeq } = connection;
  if (congestionState < CongestionState.Cwr) return false;
  if (seqBefore(sndUna, highSeq)) return false;
  if (congestionState === CongestionState.Loss || connection.hasSack) return true;
  return seqBefore(highSeq, sndUna) || connection.scoreboard.segments === 0;
}

function endPeriod(connection: TcpConnection, segment: ArrivedSegment, advances: boolean): void {
  const { congestionState } = connection;
  if (congestionState !== CongestionState.Cwr && mayUndo(connection, segment, advances)) {
    undo(connection, TcpCounter.FullUndo);
    return;
  }
  if (congestionState !== CongestionState.Loss) connection.controller.onExitRecovery();
  if (congestionState === CongestionState.Recovery) onRackRecoveryEnd(connection);
  // What a DSACK still to come may say: RFC 3708 §3. The marker stays until the next period.
  connection.frtoStep = 0;
  connection.congestionState = CongestionState.Open;
  if (!connection.hasSack) connection.scoreboard.emulateSacked(-1e9, connection.smss);
  connection.duplicateAcks = 0;
}

/** Open and Disorder (and CWR): a loss begins a period. */
function watch(connection: TcpConnection): void {
  const { scoreboard } = connection;
  const { head } = scoreboard.lost;
  const isProbe =
    scoreboard.lostSegments === 1 &&
    head !== NO_ROW &&
    isMtuProbeLost(connection, connection.context.segments.end(head));
  if (scoreboard.lostSegments > 0 && !isProbe) {
    enterRecovery(connection);
    return;
  }
  // A late DSACK may still show that the last period was needless.
  if (connection.hasUndo && connection.undoRetransmits === 0)
    undo(connection, TcpCounter.DsackUndo);
  if (connection.congestionState === CongestionState.Cwr) return;
  connection.congestionState =
    scoreboard.sackedSegments > 0 ? CongestionState.Disorder : CongestionState.Open;
}

function enterRecovery(connection: TcpConnection): void {
  const { context, controller } = connection;
  context.count(connection.hasSack ? TcpCounter.SackRecovery : TcpCounter.RenoRecovery);
  startUndo(connection);
  connection.highSeq = connection.sndNxt;
  connection.hasRecoverPoint = true;
  // A reduction that is under way already is not made twice.
  if (connection.congestionState !== CongestionState.Cwr) {
    const windowBefore = controller.cwnd;
    controller.onEnterRecovery(CongestionCause.Loss, context.outcome.sample);
    startPrr(connection, windowBefore);
  }
  connection.congestionState = CongestionState.Recovery;
}

/** RFC 3168 §6.1.2: once a window of data. */
function onEce(connection: TcpConnection): void {
  if (connection.congestionState > CongestionState.Disorder) return;
  const { context, controller } = connection;
  connection.highSeq = connection.sndNxt;
  connection.hasUndo = false;
  connection.isCwrDue = true;
  const windowBefore = controller.cwnd;
  controller.onEnterRecovery(CongestionCause.EcnCe, context.outcome.sample);
  startPrr(connection, windowBefore);
  connection.congestionState = CongestionState.Cwr;
}

/** RecoverFS is FlightSize (RFC 6937 §3), or in the `linux` profile the window before the reduction. */
function startPrr(connection: TcpConnection, windowBefore: number): void {
  const { controller, smss } = connection;
  connection.prr ??= new ProportionalRateReduction(ReductionBound.SafeAck);
  const { prr } = connection;
  const inSegments = connection.config.granularity === 'segments';
  const unit = inSegments ? smss : 1;
  const recoverFs = inSegments ? windowBefore : Math.max(connection.scoreboard.bytes, smss);
  prr.enter(controller.ssthresh / unit, recoverFs / unit, inSegments ? 1 : smss);
  connection.prrWindow = flightSize(connection);
}

function continueRecovery(
  connection: TcpConnection,
  segment: ArrivedSegment,
  advances: boolean,
): void {
  if (mayUndo(connection, segment, advances) && advances) {
    undo(connection, TcpCounter.PartialUndo);
    watch(connection);
  }
}

/** After a timeout: slow start, unless F-RTO or undo finds that it was needless. */
function continueLoss(
  connection: TcpConnection,
  segment: ArrivedSegment,
  advances: boolean,
  isDuplicate: boolean,
): void {
  const { outcome } = connection.context;
  if (advances && mayUndo(connection, segment, advances)) {
    undoTimeout(connection);
    return;
  }
  if (connection.frtoStep === 0) return;
  // RFC 5682 §3.1 step 3 b: something sent before the timeout has arrived.
  // Without SACK, the retransmission may have been what let it be acknowledged.
  if (outcome.hasOriginal && (connection.hasSack || !outcome.hasRetransmitted)) {
    undoTimeout(connection);
    return;
  }
  if (connection.frtoStep === 1 && advances) {
    // Step 2 b: send new data and see whether it is the retransmission or the original that is answered.
    const hasNew = connection.unsentBytes > 0 && seqBefore(connection.sndNxt, connection.sndWndEnd);
    connection.frtoStep = hasNew ? 2 : 0;
    connection.highSeq = connection.sndNxt;
  } else if (advances || isDuplicate || outcome.sackedSegments > 0) {
    connection.frtoStep = 0;
  }
}

function undoTimeout(connection: TcpConnection): void {
  connection.context.count(TcpCounter.SpuriousRtos);
  undo(connection, TcpCounter.FullUndo);
  watch(connection);
}

/** The segments of the period were not lost: RFC 3708 (every retransmission DSACKed) or RFC 4015 (timestamp). */
function mayUndo(connection: TcpConnection, segment: ArrivedSegment, advances: boolean): boolean {
  if (!connection.hasUndo || !connection.config.usesUndo) return false;
  if (connection.undoRetransmits === 0) return true;
  return (
    advances &&
    connection.hasTimestamps &&
    segment.hasTimestamps &&
    connection.hasRetransmitTsVal &&
    segment.tsEcr !== 0 &&
    ((segment.tsEcr - connection.retransmitTsVal) | 0) < 0
  );
}

function startUndo(connection: TcpConnection): void {
  const { context, scoreboard } = connection;
  const { head, retransmittedSegments } = scoreboard;
  connection.hasUndo = connection.config.usesUndo;
  connection.undoUna = connection.sndUna;
  // No retransmission yet is not the same as none that was needed.
  connection.undoRetransmits = retransmittedSegments > 0 ? retransmittedSegments : -1;
  // The answer to a retransmission of the period before shows no original: its time stays.
  const flags = head === NO_ROW ? 0 : context.segments.flags(head);
  if (retransmittedSegments > 0 || (flags & SegmentFlag.EverRetransmitted) !== 0) return;
  connection.hasRetransmitTsVal = false;
}

/** RFC 4015 §3.2, RFC 5682 §3.1 step 3: window and losses are as if nothing had happened. */
function undo(connection: TcpConnection, counter: TcpCounter): void {
  const { context, controller, scoreboard } = connection;
  context.count(counter);
  connection.spuriousRecoveries++;
  scoreboard.unmarkLost();
  controller.onSpuriousRecovery();
  connection.hasUndo = false;
  connection.frtoStep = 0;
  connection.retransmits = 0;
  connection.duplicateAcks = 0;
  connection.congestionState = CongestionState.Open;
}

/** Without SACK: RFC 5681 §3.2 by duplicate ACKs, RFC 6582 §3.2 by partial ones. */
export function detectLossesWithoutSack(
  connection: TcpConnection,
  isDuplicate: boolean,
  advances: boolean,
): void {
  const { context, scoreboard, smss } = connection;
  const { outcome } = context;
  if (isDuplicate) {
    connection.duplicateAcks++;
    scoreboard.emulateSacked(1, smss);
    outcome.deliveredSegments = 1;
    outcome.deliveredBytes = smss;
  } else if (advances) {
    // One segment filled the hole; the rest had left the network when the duplicates came.
    const known = scoreboard.sackedSegments;
    outcome.deliveredSegments = Math.max(1, outcome.acknowledgedSegments - known);
    outcome.deliveredBytes = Math.min(outcome.deliveredSegments * smss, outcome.deliveredBytes);
    scoreboard.emulateSacked(1 - outcome.acknowledgedSegments, smss);
    connection.duplicateAcks = 0;
  }
  const { head } = scoreboard;
  if (head === NO_ROW) return;
  const isPartial =
    advances &&
    connection.congestionState === CongestionState.Recovery &&
    !seqBefore(connection.highSeq, connection.sndUna);
  const isThird =
    isDuplicate &&
    connection.duplicateAcks >= connection.config.dupThresh &&
    connection.congestionState < CongestionState.Recovery &&
    isCarefulRetransmit(connection);
  if (!isPartial && !isThird) return;
  if ((context.segments.flags(head) & SegmentFlag.Lost) === 0) markLost(connection, head);
  finishLosses(connection);
}

/** RFC 6582 §4.1: duplicates of what the last period retransmitted begin no new one. */
function isCarefulRetransmit(connection: TcpConnection): boolean {
  return !connection.hasRecoverPoint || seqBefore(connection.highSeq, connection.sndUna);
}

/** RFC 6298 §5.4 to §5.6, RFC 5681 §3.1. The caller has seen to R2. */
export function onRetransmissionTimeout(connection: TcpConnection): void {
  const { context, controller, scoreboard } = connection;
  const { segments, outcome } = context;
  context.count(TcpCounter.Timeouts);
  connection.timeouts++;
  if (connection.stalledSinceNs < 0) {
    connection.stalledSinceNs = segments.sentNs[scoreboard.head];
  }
  outcome.begin(connection.rate, connection.highSeq, connection.rtt.minNs);
  const isNewPeriod = connection.congestionState < CongestionState.Recovery;
  const flight =
    connection.config.granularity === 'segments'
      ? scoreboard.segments * connection.smss
      : scoreboard.bytes;
  if (isNewPeriod || !seqBefore(connection.sndUna, connection.highSeq)) startUndo(connection);
  else if (connection.congestionState === CongestionState.Recovery) connection.hasUndo = false;
  if (connection.mtuSearch !== undefined) isMtuProbeLost(connection, connection.mtuSearch.end);
  forgetRenegedSacks(connection);
  markLostAtTimeout(connection);
  controller.onRetransmissionTimeout(flight);
  connection.congestionState = CongestionState.Loss;
  connection.highSeq = connection.sndNxt;
  connection.hasRecoverPoint = true;
  connection.duplicateAcks = 0;
  if (!connection.hasSack) scoreboard.emulateSacked(-1e9, connection.smss);
  connection.frtoStep =
    connection.config.usesFrto &&
    (isNewPeriod || connection.retransmits > 0) &&
    connection.mtuSearch === undefined
      ? 1
      : 0;
  connection.isTlpOut = false;
  connection.backoffs++;
  connection.retransmits++;
  connection.isCwrDue = false;
  setRetransmitTimer(connection, RetransmitMode.Rto);
}

/** A first segment that is SACKED and not acknowledged: the peer has dropped it, RFC 2018 §8. */
function forgetRenegedSacks(connection: TcpConnection): void {
  const { context, scoreboard } = connection;
  const { head } = scoreboard;
  if (head === NO_ROW || (context.segments.flags(head) & SegmentFlag.Sacked) === 0) return;
  context.count(TcpCounter.SackReneging);
  scoreboard.forgetSacks();
  context.clearSackCache(scoreboard.index);
}

/** RFC 8985 §7.4: what the answer to a probe means for the window. */
export function onTailLossProbeAck(
  connection: TcpConnection,
  segment: ArrivedSegment,
  isDuplicate: boolean,
): void {
  const { context, controller, tlpEnd } = connection;
  if (seqBefore(segment.ack, tlpEnd)) return;
  const { outcome } = context;
  if (!connection.isTlpRetransmission || outcome.dsacks > 0) {
    // New data was answered, or both copies arrived: nothing was lost.
    connection.isTlpOut = false;
  } else if (seqBefore(tlpEnd, segment.ack)) {
    // The probe repaired a loss: one reduction, at once.
    connection.isTlpOut = false;
    context.count(TcpCounter.LossProbeRecovery);
    if (connection.congestionState > CongestionState.Disorder) return;
    connection.hasUndo = false;
    controller.onEnterRecovery(CongestionCause.Loss, outcome.sample);
    controller.onExitRecovery();
  } else if (isDuplicate && outcome.sackedSegments === 0) {
    connection.isTlpOut = false;
  }
}

/** RFC 8985 §6.2 step 5: what was late is now lost. */
export function onReorderingTimeout(connection: TcpConnection): void {
  const { context, smss, config } = connection;
  const { outcome } = context;
  outcome.begin(connection.rate, connection.highSeq, connection.rtt.minNs);
  outcome.sample.priorInFlight = flightSize(connection);
  detectLosses(connection);
  if (outcome.newlyLostSegments === 0) return;
  outcome.sample.lostBytes = outcome.newlyLostBytes;
  outcome.sample.lostSegments = outcome.newlyLostSegments;
  outcome.sample.ackedBytes = 0;
  outcome.sample.ackedSegments = 0;
  outcome.sample.inFlight = flightSize(connection);
  if (connection.congestionState <= CongestionState.Cwr) enterRecovery(connection);
  const { prr } = connection;
  if (connection.congestionState !== CongestionState.Recovery || prr === undefined) return;
  const unit = config.granularity === 'segments' ? smss : 1;
  const flight = flightSize(connection);
  // The timer stands for the ACK of one segment.
  const allowed = prr.onAck(smss / unit, flight / unit, false);
  connection.prrWindow = flight + allowed * unit;
}
