/**
 * The recovery period: when it begins and ends, and when it was a mistake. RFC 6675 §5 and RFC 6582 (fast
 * recovery with and without SACK), RFC 5682 (F-RTO), RFC 4015 and RFC 3708 (undo), RFC 3168 §6.1.2 (ECN). An ACK is
 * judged in this order: is the period over, was it needless, what is lost now, does a period begin. What is lost is
 * found by tcp/rack, or without SACK here; what to send follows from the window. States as in Linux: Open,
 * Disorder, CWR, Recovery, Loss. Timers are in tcp/loss-timeouts. Hot: no allocation per ACK.
 */
import { seqBefore } from '../base/seq.ts';
import { CongestionCause } from '../recovery/congestion.ts';
import { ProportionalRateReduction, ReductionBound } from '../recovery/prr.ts';
import type { ArrivedSegment } from './arrived-segment.ts';
import { demandCwr, flightSize, inReduction } from './congestion-window.ts';
import { CongestionState, type TcpConnection } from './connection.ts';
import { TcpCounter } from './counters.ts';
import { isMtuProbeLost } from './path-mtu.ts';
import {
  detectLosses,
  finishLosses,
  markLost,
  noteLate,
  noteReordering,
  onDsackUndo,
  onRackRecoveryEnd,
} from './rack.ts';
import { deferRto } from './retransmit-timer.ts';
import { NO_ROW, SegmentFlag } from './segment-table.ts';

/** Moves between the states after an ACK: RFC 6675 §5. */
export function advanceRecovery(connection: TcpConnection, segment: ArrivedSegment): void {
  const hasEce = connection.context.outcome.hasEcho;
  if (connection.isResendHeld) connection.isResendHeld = false;
  // RFC 3168 §6.1.2: whatever was needless, there is congestion.
  if (hasEce) connection.leavesWindow = true;
  if (connection.context.outcome.advances && isReneging(connection)) {
    deferRto(connection);
    return;
  }
  if (isPeriodOver(connection) && endPeriod(connection, segment)) return;
  switch (connection.congestionState) {
    case CongestionState.Recovery:
      continueRecovery(connection, segment);
      break;
    case CongestionState.Loss:
      continueLoss(connection, segment, hasEce);
      break;
    default:
      watch(connection, hasEce);
  }
}

/**
 * The ACK stops at what the peer had SACKed: it may have thrown it away (RFC 2018 §8), or later ACKs may explain it. Half
 * a round trip decides.
 */
function isReneging(connection: TcpConnection): boolean {
  const { head } = connection.scoreboard;
  return head !== NO_ROW && (connection.context.segments.flags(head) & SegmentFlag.Sacked) !== 0;
}

function isPeriodOver(connection: TcpConnection): boolean {
  const { congestionState, sndUna, highSeq } = connection;
  if (seqBefore(sndUna, highSeq)) return false;
  return congestionState === CongestionState.Cwr || congestionState === CongestionState.Recovery;
}

/** SND.UNA has reached RecoveryPoint. True when the state stays, and nothing more is to be done. */
function endPeriod(connection: TcpConnection, segment: ArrivedSegment): boolean {
  const { congestionState, controller, sndUna, highSeq } = connection;
  if (congestionState === CongestionState.Cwr) {
    // CWR has to reach the receiver: something above has to be acknowledged.
    if (sndUna === highSeq && isHeldAt(connection)) return false;
    controller.onExitRecovery();
    setOpen(connection);
    return false;
  }
  if (!connection.hasSack) connection.scoreboard.emulateSacked(-1e9, connection.smss);
  // Undone while it was held: PRR has gone on since.
  const wasUndone = connection.config.usesUndo && !connection.hasUndo;
  if (closePeriod(connection, segment)) return true;
  if (wasUndone && controller.recoveryWindow === 'prr') {
    controller.onExitRecovery(connection.prrWindow);
  } else controller.onExitRecovery();
  return false;
}

/** The end of Recovery or Loss, undone if it was needless. True when the state stays: RFC 6582 §4.1. */
function closePeriod(connection: TcpConnection, segment: ArrivedSegment): boolean {
  if (mayUndo(connection, segment)) undo(connection, TcpCounter.FullUndo, false);
  else onRackRecoveryEnd(connection);
  if (isHeld(connection)) return true;
  // What a DSACK still to come may say: RFC 3708 §3. The marker stays until the next period.
  setOpen(connection);
  return false;
}

/** Without SACK the period ends only beyond RecoveryPoint, lest late duplicates begin another: RFC 6582 §4.1. */
function isHeld(connection: TcpConnection): boolean {
  return !connection.hasSack && connection.sndUna === connection.highSeq && isHeldAt(connection);
}

/** Something is in flight that shows the end when it is acknowledged; Linux waits for what is sent later as well. */
function isHeldAt({ scoreboard, config }: TcpConnection): boolean {
  return scoreboard.segments > 0 || config.holdsEndedPeriod;
}

function setOpen(connection: TcpConnection): void {
  connection.congestionState = CongestionState.Open;
  connection.frtoStep = 0;
  connection.duplicateAcks = 0;
}

function continueRecovery(connection: TcpConnection, segment: ArrivedSegment): void {
  if (connection.context.outcome.advances && undoPartially(connection, segment)) return;
  if (undoByDsack(connection)) settleOpen(connection);
  identifyLosses(connection);
  if (connection.congestionState === CongestionState.Recovery) return;
  if (connection.scoreboard.lostSegments > 0) enterRecovery(connection, false);
}

/** A hole was filled by the original, not by its retransmission. True when no more is to be marked lost for now. */
function undoPartially(connection: TcpConnection, segment: ArrivedSegment): boolean {
  if (!connection.hasUndo || !isPacketDelayed(connection, segment)) return false;
  noteLate(connection, connection.context.outcome.priorUna);
  if (connection.scoreboard.retransmittedSegments > 0) {
    connection.isResendHeld = true;
    return true;
  }
  undo(connection, TcpCounter.PartialUndo, true);
  settleOpen(connection);
  return false;
}

/** After a timeout: slow start, unless F-RTO or undo finds that it was needless. */
function continueLoss(connection: TcpConnection, segment: ArrivedSegment, hasEce: boolean): void {
  const { outcome } = connection.context;
  judgeTimeout(connection, segment);
  identifyLosses(connection);
  if (connection.congestionState === CongestionState.Open || outcome.hasLostRetransmission) {
    watch(connection, hasEce);
  }
}

/** RFC 5682 §3.1 (in its form with SACK where there is SACK), and the end of the period. */
function judgeTimeout(connection: TcpConnection, segment: ArrivedSegment): void {
  const { outcome } = connection.context;
  const { sndUna, sndNxt, highSeq } = connection;
  const isOver = !seqBefore(sndUna, highSeq);
  if (outcome.advances && undoTimeout(connection, mayUndo(connection, segment), false)) return;
  if (connection.frtoStep > 0) {
    // Step 3 b: something sent before the timeout has arrived. Without SACK, the retransmission may be why.
    const isOriginal = outcome.hasOriginal && (connection.hasSack || !outcome.hasRetransmitted);
    if (undoTimeout(connection, isOriginal, true)) return;
    if (seqBefore(highSeq, sndNxt)) {
      connection.frtoStep = outcome.sackedSegments > 0 || outcome.isDuplicate ? 0 : 3;
    } else if (outcome.advances && !isOver) {
      // Step 2 b: send new data and see whether it is the retransmission or the original that is answered.
      connection.highSeq = sndNxt;
      const hasNew = connection.unsentBytes > 0 && seqBefore(sndNxt, connection.sndWndEnd);
      connection.frtoStep = hasNew ? 2 : 0;
      if (hasNew) return;
    }
  }
  if (isOver) closePeriod(connection, segment);
}

function undoTimeout(connection: TcpConnection, isNeedless: boolean, byFrto: boolean): boolean {
  if (!isNeedless) return false;
  if (byFrto) connection.context.count(TcpCounter.SpuriousRtos);
  undo(connection, TcpCounter.FullUndo, true);
  connection.retransmits = 0;
  if (isHeld(connection)) return true;
  if (byFrto || connection.hasSack) setOpen(connection);
  return true;
}

/** Open, Disorder and CWR: a loss begins a period. */
function watch(connection: TcpConnection, hasEce: boolean): void {
  const { scoreboard, congestionState } = connection;
  if (congestionState <= CongestionState.Disorder) undoByDsack(connection);
  identifyLosses(connection);
  if (scoreboard.lostSegments > 0 && !isProbeAlone(connection)) {
    enterRecovery(connection, hasEce);
    return;
  }
  if (hasEce) enterCwr(connection);
  if (connection.congestionState !== CongestionState.Cwr) settleOpen(connection);
}

/** Only the probe of the path MTU is lost: RFC 4821 §7.6.2. */
function isProbeAlone(connection: TcpConnection): boolean {
  const { scoreboard, context, congestionState } = connection;
  const { head } = scoreboard.lost;
  if (head === NO_ROW || scoreboard.lostSegments > 1) return false;
  if (congestionState >= CongestionState.Cwr) return false;
  return isMtuProbeLost(connection, context.segments.end(head));
}

/** Open, or Disorder while something is missing or was sent again. */
function settleOpen(connection: TcpConnection): void {
  const { scoreboard } = connection;
  const isDisorder =
    scoreboard.sackedSegments + scoreboard.lostSegments + scoreboard.retransmittedSegments > 0;
  const state = isDisorder ? CongestionState.Disorder : CongestionState.Open;
  if (state === connection.congestionState) return;
  connection.congestionState = state;
  connection.highSeq = connection.sndNxt;
}

/** A period of recovery begins; `hasEce`: with an ECN echo, which nothing undoes. */
export function enterRecovery(connection: TcpConnection, hasEce: boolean): void {
  const { context, controller } = connection;
  context.count(connection.hasSack ? TcpCounter.SackRecovery : TcpCounter.RenoRecovery);
  startUndo(connection);
  // A reduction that is under way already is not made twice, unless marks only called for a little one.
  const isUnderWay = connection.congestionState === CongestionState.Cwr;
  if (!isUnderWay || connection.config.granularity === 'bytes') {
    connection.highSeq = connection.sndNxt;
    connection.isTlpOut = false;
  }
  if (!isUnderWay || controller.recoveryWindow === 'own') {
    const windowBefore = controller.cwnd;
    controller.onEnterRecovery(CongestionCause.Loss, context.outcome.sample);
    startPrr(connection, windowBefore);
    demandCwr(connection);
  }
  connection.leavesWindow = hasEce || (isUnderWay && controller.recoveryWindow !== 'own');
  connection.frtoStep = 0;
  connection.congestionState = CongestionState.Recovery;
}

/** RFC 3168 §6.1.2: once a window of data. */
function enterCwr(connection: TcpConnection): void {
  if (connection.congestionState >= CongestionState.Cwr) return;
  const { context, controller } = connection;
  connection.highSeq = connection.sndNxt;
  connection.hasUndo = false;
  demandCwr(connection);
  connection.isTlpOut = false;
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
  // Linux leaves the window until something is delivered.
  connection.prrWindow = inSegments ? windowBefore : flightSize(connection);
}

/** The segments of the period were not lost: RFC 3708 (every retransmission DSACKed) or RFC 4015 (timestamp). */
function mayUndo(connection: TcpConnection, segment: ArrivedSegment): boolean {
  if (!connection.hasUndo) return false;
  return connection.undoRetransmits === 0 || isPacketDelayed(connection, segment);
}

/** RFC 4015 §3.2: what is echoed was sent before the first retransmission; or there was none. */
function isPacketDelayed(connection: TcpConnection, segment: ArrivedSegment): boolean {
  if (!connection.hasRetransmitTsVal) return true;
  return (
    connection.hasTimestamps &&
    segment.hasTimestamps &&
    segment.tsEcr !== 0 &&
    ((segment.tsEcr - connection.retransmitTsVal) | 0) < 0
  );
}

/** Every retransmission of the period arrived twice, it may be after its end: RFC 3708 §3. */
function undoByDsack(connection: TcpConnection): boolean {
  if (!connection.hasUndo || connection.undoRetransmits !== 0) return false;
  onDsackUndo(connection);
  undo(connection, TcpCounter.DsackUndo, false);
  return true;
}

export function startUndo(connection: TcpConnection): void {
  const { context, scoreboard } = connection;
  const { head, retransmittedSegments } = scoreboard;
  connection.hasUndo = connection.config.usesUndo;
  connection.undoUna = connection.sndUna;
  const hasProbe = connection.isTlpOut && connection.isTlpRetransmission;
  const inFlight = hasProbe ? retransmittedSegments + 1 : retransmittedSegments;
  // No retransmission yet is not the same as none that was needed.
  connection.undoRetransmits = inFlight > 0 ? inFlight : -1;
  // The answer to a retransmission of the period before shows no original: its time stays.
  const flags = head === NO_ROW ? 0 : context.segments.flags(head);
  if (retransmittedSegments > 0 || (flags & SegmentFlag.EverRetransmitted) !== 0) return;
  connection.hasRetransmitTsVal = false;
}

/** RFC 4015 §3.2, RFC 5682 §3.1 step 3: the window is as if nothing had happened, and with `unmarks` the losses. */
function undo(connection: TcpConnection, counter: TcpCounter, unmarks: boolean): void {
  const { context, controller, scoreboard } = connection;
  context.count(counter);
  connection.spuriousRecoveries++;
  if (unmarks) scoreboard.unmarkLost();
  if (connection.leavesWindow) keepWindow(connection);
  else controller.onSpuriousRecovery();
  connection.hasUndo = false;
  connection.frtoStep = 0;
  if (!connection.leavesWindow) connection.isCwrDue = false;
  connection.duplicateAcks = 0;
  // What the losses are is to be looked at again.
  connection.isRackAdvanced = true;
}

/** The window stays where PRR has brought it. */
export function keepWindow(connection: TcpConnection): void {
  const { controller } = connection;
  const isPrr = inReduction(connection) && controller.recoveryWindow === 'prr';
  if (isPrr) controller.onExitRecovery(connection.prrWindow);
  else controller.onExitRecovery();
}

/** Marks what is lost now: RACK (RFC 8985 §6.2 step 5), or without SACK the first segment. */
function identifyLosses(connection: TcpConnection): void {
  const { context, scoreboard } = connection;
  if (scoreboard.head === NO_ROW) return;
  if (connection.hasSack) detectLosses(connection);
  else markFirstLost(connection);
  const { outcome } = context;
  outcome.sample.lostBytes = outcome.newlyLostBytes;
  outcome.sample.lostSegments = outcome.newlyLostSegments;
}

/**
 * RFC 5681 §3.2 by duplicate ACKs, RFC 6582 §3.2 by partial ones. Duplicates of what the last period retransmitted begin
 * no new one (§4.1), since that period is held until more is acknowledged.
 */
function markFirstLost(connection: TcpConnection): void {
  const { context, scoreboard, congestionState } = connection;
  const { outcome, segments } = context;
  const { head } = scoreboard;
  const isPartial = outcome.advances && congestionState === CongestionState.Recovery;
  const isThird =
    congestionState < CongestionState.Recovery &&
    scoreboard.sackedSegments >= connection.reordering;
  if (!isPartial && !isThird) return;
  if ((segments.flags(head) & SegmentFlag.Lost) === 0) markLost(connection, head);
  finishLosses(connection);
}

/** Without SACK a duplicate ACK stands for a segment that has left the network: RFC 6582 §3.2. */
export function countDuplicates(connection: TcpConnection): void {
  const { context, scoreboard, smss, congestionState } = connection;
  const { outcome } = context;
  const isLoss = congestionState === CongestionState.Loss;
  if (outcome.isDuplicate) {
    connection.duplicateAcks++;
    const isOver = !seqBefore(connection.sndUna, connection.highSeq);
    if (isOver && congestionState >= CongestionState.Recovery) return;
    if (isLoss && !seqBefore(connection.highSeq, connection.sndNxt)) return;
    const before = scoreboard.sackedSegments;
    scoreboard.emulateSacked(1, smss);
    const delivered = scoreboard.sackedSegments - before;
    outcome.deliveredSegments += delivered;
    outcome.deliveredBytes += delivered * smss;
    if (delivered === 0) noteReordering(connection, scoreboard.segments);
  } else if (outcome.advances && outcome.acknowledgedSegments > 0) {
    // One segment filled the hole; the rest had left the network when the duplicates came.
    const known = scoreboard.sackedSegments;
    outcome.deliveredSegments = Math.max(1, outcome.acknowledgedSegments - known);
    outcome.deliveredBytes = Math.min(outcome.deliveredSegments * smss, outcome.deliveredBytes);
    const left = known - outcome.acknowledgedSegments + 1;
    scoreboard.emulateSacked(left - known, smss);
    // More duplicates than there are segments that they could stand for.
    if (left > scoreboard.sackedSegments)
      noteReordering(connection, scoreboard.segments + outcome.acknowledgedSegments);
    if (congestionState !== CongestionState.Recovery) scoreboard.emulateSacked(-1e9, smss);
    connection.duplicateAcks = 0;
  }
}
