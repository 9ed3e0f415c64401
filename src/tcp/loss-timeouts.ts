/**
 * What a timer of the send side finds lost, and what the answer to a tail loss probe means: RFC 6298 §5.4 to §5.6 and
 * RFC 5681 §3.1 (retransmission timeout, with F-RTO of RFC 5682), RFC 8985 §6.2 step 5 (reordering timer), §6.3
 * (what a timeout marks) and §7.4 (probe). What ACKs find is in tcp/recovery. Not hot: timers that fire are rare.
 */
import { seqBefore } from '../base/seq.ts';
import { CongestionCause } from '../recovery/congestion.ts';
import type { ArrivedSegment } from './arrived-segment.ts';
import { demandCwr, flightSize, inReduction } from './congestion-window.ts';
import { CongestionState, RetransmitMode, type TcpConnection } from './connection.ts';
import { TcpCounter } from './counters.ts';
import { isMtuProbeLost } from './path-mtu.ts';
import { findLate, markLostAtTimeout } from './rack.ts';
import { enterRecovery, keepWindow, startUndo } from './recovery.ts';
import { setRetransmitTimer } from './retransmit-timer.ts';
import { NO_ROW, SegmentFlag } from './segment-table.ts';

/** RFC 6298 §5.4 to §5.6, RFC 5681 §3.1. The caller has seen to R2. */
export function onRetransmissionTimeout(connection: TcpConnection): void {
  const { context, controller, scoreboard } = connection;
  const { segments, outcome } = context;
  context.count(TcpCounter.Timeouts);
  connection.isResendHeld = false;
  connection.isTimerBurst = true;
  connection.timeouts++;
  if (connection.stalledSinceNs < 0) {
    connection.stalledSinceNs = segments.sentNs(scoreboard.head);
  }
  outcome.begin(connection.rate, connection.highSeq, connection.rtt.minNs);
  const isNewPeriod = connection.congestionState < CongestionState.Recovery;
  const flight =
    connection.config.granularity === 'segments'
      ? scoreboard.segments * connection.smss
      : scoreboard.bytes;
  // Once a window, and again for the first timeout of what a later one covers.
  const isFirst =
    connection.congestionState <= CongestionState.Disorder ||
    !seqBefore(connection.sndUna, connection.highSeq) ||
    (connection.congestionState === CongestionState.Loss && connection.retransmits === 0);
  if (connection.mtuSearch !== undefined) isMtuProbeLost(connection, connection.mtuSearch.end);
  forgetRenegedSacks(connection);
  // Else what duplicate ACKs stand for would be lost and delivered, and less than nothing in flight.
  if (!connection.hasSack) scoreboard.emulateSacked(-1e9, connection.smss);
  markLostAtTimeout(connection);
  if (isFirst) {
    startUndo(connection);
    connection.leavesWindow = false;
    // The reduction before is over, but for what would show it.
    if (inReduction(connection)) keepWindow(connection);
  }
  // So much was SACKed, and the loss not found: less reordering than was thought.
  const isOverestimated =
    connection.congestionState <= CongestionState.Disorder &&
    scoreboard.sackedSegments >= connection.config.dupThresh;
  if (isOverestimated) {
    connection.reordering = Math.min(connection.reordering, connection.config.dupThresh);
  }
  controller.onRetransmissionTimeout(flight, flightSize(connection));
  connection.congestionState = CongestionState.Loss;
  connection.segmentsOutAtAck = scoreboard.segments;
  connection.highSeq = connection.sndNxt;
  connection.duplicateAcks = 0;
  connection.frtoStep =
    connection.config.usesFrto &&
    (isNewPeriod || connection.retransmits > 0) &&
    connection.mtuSearch === undefined
      ? 1
      : 0;
  connection.isTlpOut = false;
  connection.backoffs++;
  connection.retransmits++;
  demandCwr(connection);
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
export function onTailLossProbeAck(connection: TcpConnection, segment: ArrivedSegment): void {
  const { context, controller, tlpEnd } = connection;
  if (seqBefore(segment.ack, tlpEnd)) return;
  const { outcome } = context;
  if (!connection.isTlpRetransmission || outcome.hasProbeDsack) {
    // New data was answered, or both copies arrived: nothing was lost.
    connection.isTlpOut = false;
  } else if (seqBefore(tlpEnd, segment.ack)) {
    // The probe repaired a loss: one reduction, at once.
    connection.isTlpOut = false;
    context.count(TcpCounter.LossProbeRecovery);
    if (connection.congestionState > CongestionState.Disorder) return;
    connection.hasUndo = false;
    connection.highSeq = connection.sndNxt;
    controller.onEnterRecovery(CongestionCause.Loss, outcome.sample);
    controller.onExitRecovery();
    demandCwr(connection);
  } else if (outcome.isDuplicate && outcome.sackedSegments === 0) {
    connection.isTlpOut = false;
  }
}

/** RFC 8985 §6.2 step 5: what was late is now lost. */
export function onReorderingTimeout(connection: TcpConnection): void {
  const { context, smss, config } = connection;
  const { outcome } = context;
  const { sample } = outcome;
  connection.isResendHeld = false;
  connection.isTimerBurst = true;
  outcome.begin(connection.rate, connection.highSeq, connection.rtt.minNs);
  sample.priorInFlight = flightSize(connection);
  findLate(connection);
  if (outcome.newlyLostSegments === 0) return;
  sample.lostBytes = outcome.newlyLostBytes;
  sample.lostSegments = outcome.newlyLostSegments;
  sample.ackedBytes = 0;
  sample.ackedSegments = 0;
  sample.inFlight = flightSize(connection);
  if (connection.congestionState === CongestionState.Recovery) return;
  enterRecovery(connection, false);
  const { prr } = connection;
  if (prr === undefined) return;
  const unit = config.granularity === 'segments' ? smss : 1;
  const flight = flightSize(connection);
  // The timer stands for the ACK of one segment.
  const allowed = prr.onAck(smss / unit, flight / unit, false);
  connection.prrWindow = flight + allowed * unit;
}
