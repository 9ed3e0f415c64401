/**
 * The fifth step of RFC 9293 §3.10.7.4 on the send side: SND.UNA and the send window, SACK blocks
 * (tcp/sack-blocks), the RTT (RFC 6298 §3, RFC 7323 §4), then loss detection, recovery and the
 * congestion controller, in this order. Hot: no allocation per ACK.
 */
import { type SeqNumber, seqBefore, seqDiff } from '../base/seq.ts';
import { type Bytes, NO_TIME } from '../base/units.ts';
import { NO_SAMPLE } from '../recovery/congestion.ts';
import { TcpFlag } from '../wire/tcp.ts';
import { countArrival } from './accurate-ecn.ts';
import { takeFeedback } from './accurate-ecn-feedback.ts';
import type { ArrivedSegment } from './arrived-segment.ts';
import { NO_PIECE } from './byte-queue.ts';
import { flightSize, inReduction, isWindowUsed, restartAfterIdle } from './congestion-window.ts';
import { CongestionState, type TcpConnection } from './connection.ts';
import { TimeCell } from './connection-times.ts';
import { needController } from './controller-start.ts';
import { TransportEvent } from './events.ts';
import { type FlowMeter, NO_METER_ROW } from './flow-meter.ts';
import { onTailLossProbeAck } from './loss-timeouts.ts';
import { onMtuProbeAcked, updateSmss } from './path-mtu.ts';
import { updateRack, widenReorderingWindow } from './rack.ts';
import { advanceRecovery, countDuplicates } from './recovery.ts';
import {
  answerWindowProbe,
  restartRto,
  scheduleLossProbe,
  settleWindowProbe,
} from './retransmit-timer.ts';
import { processSack, takeDsack } from './sack-blocks.ts';
import { NO_ROW } from './segment-table.ts';
import { settleCursor } from './send-cursor.ts';
import { sendRoom } from './send-room.ts';
import { timestampRttTicks } from './timestamps.ts';

/** SEG.ACK is between SND.UNA - MAX.SND.WND and SND.NXT: the caller has checked. */
export function processAck(connection: TcpConnection, segment: ArrivedSegment): void {
  const { context, scoreboard, rate, rtt } = connection;
  const { outcome } = context;
  const { sample } = outcome;
  const advances = seqBefore(connection.sndUna, segment.ack);
  const isWindowUpdate = updateSendWindow(connection, segment);
  const hadSegments = scoreboard.segments > 0;
  sample.priorInFlight = flightSize(connection);
  outcome.begin(rate, connection.highSeq, rtt.minNs);
  outcome.priorUna = connection.sndUna;
  if (scoreboard.highestSacked !== NO_ROW) {
    outcome.setSackedEnd(context.segments.end(scoreboard.highestSacked));
  }
  const hasSack = segment.hasSack && connection.hasSack;
  // What came twice may lie below SEG.ACK, and its rows are still there.
  const first = hasSack ? takeDsack(connection, segment) : 0;
  if (advances) advanceUna(connection, segment.ack);
  if (hasSack) processSack(connection, segment, first);
  outcome.hasEcho = connection.hasEcn && hasEcho(connection, segment);
  if (!hadSegments) {
    // Data that came twice may show that the last reduction was needless.
    connection.deliveredSegments += outcome.deliveredSegments;
    if (outcome.dsacks > 0 && needController(connection)) advanceRecovery(connection, segment);
    settleIdle(connection, segment, advances || isWindowUpdate);
    return;
  }
  outcome.advances = advances;
  outcome.isDuplicate =
    !advances &&
    !isWindowUpdate &&
    outcome.dsacks === 0 &&
    segment.length === 0 &&
    !segment.has(TcpFlag.Fin);
  if (seqBefore(segment.ack, connection.sndUna)) {
    takeOldSacks(connection, segment);
    return;
  }
  const isTimely = sampleRtt(connection, segment, advances);
  if (connection.isTlpOut) onTailLossProbeAck(connection, segment);
  if (connection.hasSack) {
    updateRack(connection);
    widenReorderingWindow(connection);
  } else {
    countDuplicates(connection);
  }
  fillSample(connection, advances);
  advanceRecovery(connection, segment);
  tellController(connection);
  if (!outcome.keepsTimer) settleTimers(connection, outcome.acknowledgedSegments > 0 || isTimely);
}

/** RFC 3168 §6.1.2, or RFC 9768 §3.2.2.2, which counts ACKs that come as well. */
function hasEcho(connection: TcpConnection, segment: ArrivedSegment): boolean {
  if (!connection.hasAccEcn) return segment.has(TcpFlag.Ece);
  if (segment.length === 0) countArrival(connection, segment);
  return takeFeedback(connection, segment, connection.context.outcome);
}

/** An ACK that was overtaken: what it SACKs is new all the same. */
function takeOldSacks(connection: TcpConnection, segment: ArrivedSegment): void {
  const { outcome } = connection.context;
  if (!segment.hasSack || !connection.hasSack) return;
  outcome.isDuplicate = false;
  updateRack(connection);
  fillSample(connection, false);
  advanceRecovery(connection, segment);
}

/** RFC 9293 §3.10.7.4: an old segment must not set the window. True when this one changed it. */
export function updateSendWindow(connection: TcpConnection, segment: ArrivedSegment): boolean {
  const { sndWl1, sndWl2 } = connection;
  if (seqBefore(segment.ack, connection.sndUna)) return false;
  const window = segment.window << connection.sndWndShift;
  const isNewer =
    seqBefore(connection.sndUna, segment.ack) ||
    seqBefore(sndWl1, segment.seq) ||
    (sndWl1 === segment.seq && mayShrink(connection, segment, window, sndWl2));
  if (!isNewer) return false;
  connection.sndWl1 = segment.seq;
  connection.sndWl2 = segment.ack;
  if (window === connection.sndWnd) return false;
  connection.sndWnd = window;
  // What the window held back may have waited longer than the path is known for.
  if (connection.config.sendsChunks && connection.unsentBytes > 0) restartAfterIdle(connection);
  // Rarely larger, but written each time: compiled code would be thrown away for a branch that it has never seen.
  const { maxSndWnd } = connection;
  connection.maxSndWnd = Math.max(maxSndWnd, window);
  if (connection.mtuSearch !== undefined && window > maxSndWnd) updateSmss(connection);
  return true;
}

/** The segment is no newer than the last that set the window, by its number. */
function mayShrink(
  connection: TcpConnection,
  segment: ArrivedSegment,
  window: Bytes,
  sndWl2: SeqNumber,
): boolean {
  if (window > connection.sndWnd) return true;
  if (connection.config.judgesAsLinux) return window === 0;
  return !seqBefore(segment.ack, sndWl2);
}

/** Rows and bytes below SND.UNA go. */
function advanceUna(connection: TcpConnection, ack: SeqNumber): void {
  const { context, scoreboard } = connection;
  const wasFinOut = connection.isFinSent && seqDiff(connection.sndNxt, connection.sndUna) > 0;
  const acknowledged = seqDiff(ack, connection.sndUna);
  scoreboard.acknowledge(ack, context.outcome, context.pieces);
  const isFinAcked = wasFinOut && ack === connection.sndNxt;
  const bytes = acknowledged - (isFinAcked ? 1 : 0);
  dropSent(connection, bytes);
  moveUna(connection, ack, bytes);
}

/** SND.UNA moves past `bytes` of text. */
export function moveUna(connection: TcpConnection, ack: SeqNumber, bytes: Bytes): void {
  const { context } = connection;
  connection.bytesAcked += bytes;
  connection.sndUna = ack;
  connection.retransmits = 0;
  connection.probes = 0;
  context.cells[connection.cellsAt + TimeCell.StalledSince] = NO_TIME;
  if (connection.hasShort && !seqBefore(ack, connection.shortEnd)) connection.hasShort = false;
  onMtuProbeAcked(connection);
  if (connection.isWriteBlocked) tellRoom(connection);
}

/** A writer waits: it is told when a third of the buffer is free. */
function tellRoom(connection: TcpConnection): void {
  growSendBuffer(connection);
  const room = sendRoom(connection);
  if (3 * room < connection.sndBufferBytes) return;
  connection.isWriteBlocked = false;
  connection.context.raise(connection, TransportEvent.Writable);
}

/**
 * A few windows: one in flight, one that waits above a hole for as long as it is being repaired, one to follow.
 * Only as the application fills it.
 */
function growSendBuffer(connection: TcpConnection): void {
  if (connection.isSndBufferFixed) return;
  const { sendBufferWindows, sendBufferBytesMax } = connection.config;
  const { cwnd, sendBufferFactor = 1 } = connection.controller;
  const wanted = Math.min(sendBufferWindows * sendBufferFactor * cwnd, sendBufferBytesMax);
  if (wanted > connection.sndBufferBytes) connection.sndBufferBytes = wanted;
}

/** Bytes at the front of the queue that the peer has. */
export function dropSent(connection: TcpConnection, bytes: Bytes): void {
  if (bytes === 0) return;
  settleCursor(connection);
  connection.sendQueue.discard(bytes);
  if (connection.sendQueue.byteLength > 0) return;
  connection.sendPiece = NO_PIECE;
  connection.sendQueue = connection.context.returnQueue(connection.sendQueue);
}

/** Nothing was in flight: a window update, or an old ACK. What only brings text tells nothing of the window. */
function settleIdle(connection: TcpConnection, segment: ArrivedSegment, isNews: boolean): void {
  const isOld = seqBefore(segment.ack, connection.sndUna);
  if (isNews || (segment.length === 0 && !isOld)) answerWindowProbe(connection);
  settleWindowProbe(connection);
}

/** One sample an ACK: of segments sent once, or by timestamp: RFC 6298 §3, RFC 7323 §4. */
function sampleRtt(connection: TcpConnection, segment: ArrivedSegment, advances: boolean): boolean {
  const { context, rtt } = connection;
  const { outcome } = context;
  const nowNs = context.clock.nowNs;
  let sampleNs = NO_SAMPLE;
  let newestNs = NO_SAMPLE;
  if (outcome.firstSentNs >= 0 && !outcome.hasRetransmitted) {
    sampleNs = nowNs - outcome.firstSentNs;
    newestNs = nowNs - outcome.lastSentNs;
  }
  if (outcome.sackedSentNs >= 0) {
    newestNs = nowNs - outcome.lastSackedSentNs;
    if (sampleNs < 0) sampleNs = nowNs - outcome.sackedSentNs;
  } else if (sampleNs < 0 && advances && connection.hasTimestamps && segment.tsEcr !== 0) {
    const ticks = timestampRttTicks(connection, segment.tsEcr);
    if (ticks >= 0) sampleNs = ticks * connection.config.timestampTickNs;
    newestNs = sampleNs;
  }
  outcome.sample.rttNs = newestNs;
  if (sampleNs < 0) return false;
  rtt.newestNs = newestNs;
  rtt.onSample(sampleNs);
  connection.backoffs = 0;
  if (connection.meterRow !== NO_METER_ROW) meterRtt(connection);
  // A SACK of what was sent before the first segment in flight was (again): that one still has its time.
  const { head } = connection.scoreboard;
  if (head === NO_ROW || outcome.sackedSentNs < 0) return false;
  return outcome.sackedSentNs < context.segments.sentNs(head);
}

export function meterRtt(connection: TcpConnection): void {
  const { rtts } = connection.context.meter as FlowMeter;
  rtts.valueNs[0] = connection.rtt.latestNs;
  rtts.record(connection.meterRow);
}

function fillSample(connection: TcpConnection, advances: boolean): void {
  const { context, scoreboard, rate, rtt } = connection;
  const { outcome } = context;
  const { sample } = outcome;
  connection.deliveredSegments += outcome.deliveredSegments;
  sample.ceBytes = outcome.ceBytes;
  if (outcome.hasEcho && !connection.hasAccEcn) {
    connection.deliveredCeSegments += outcome.deliveredSegments;
    sample.ceBytes = outcome.deliveredBytes;
  }
  sample.ackedBytes = outcome.deliveredBytes;
  sample.ackedSegments = outcome.deliveredSegments;
  sample.lostBytes = 0;
  sample.lostSegments = 0;
  sample.inFlight = flightSize(connection);
  sample.inFlightSegments = scoreboard.inFlightSegments;
  sample.advancesSndUna = advances;
  sample.inRecovery = inReduction(connection);
  rate.endAck(sample, Math.max(0, rtt.minNs));
  if (sample.intervalNs <= 0) return;
  context.cells[connection.cellsAt + TimeCell.RateDelivered] = sample.delivered;
  context.cells[connection.cellsAt + TimeCell.RateInterval] = sample.intervalNs;
}

/** The controller sees the ACK; PRR says what may go out in answer to it. */
function tellController(connection: TcpConnection): void {
  const { context, controller, prr, config, scoreboard } = connection;
  const { outcome } = context;
  const { sample } = outcome;
  const isReducing = inReduction(connection);
  sample.inRecovery = isReducing;
  sample.isCwndLimited = isWindowUsed(connection);
  sample.isTimedOut = connection.congestionState === CongestionState.Loss;
  // Not `?? 0`: a double or a small integer goes through the heap.
  if (connection.pacer === undefined) sample.nextSendNs = 0;
  else sample.nextSendNs = connection.pacer.eligibleAtNs;
  sample.inFlight = flightSize(connection);
  sample.inFlightSegments = scoreboard.inFlightSegments;
  // On a path that reorders, what is SACKed opens the window as well.
  sample.advancesSndUna =
    outcome.acknowledgedSegments > 0 ||
    (connection.reordering > config.dupThresh && outcome.sackedSegments > 0);
  connection.segmentsOutAtAck = scoreboard.segments;
  controller.onAck(sample, connection.rtt);
  if (controller.isHoldingBack === true) {
    connection.rate.markAppLimited(scoreboard.inFlightBytes);
  }
  if (connection.meterRow !== NO_METER_ROW) {
    (context.meter as FlowMeter).onWindow(connection.meterRow, controller.cwnd);
  }
  if (!isReducing || prr === undefined || controller.recoveryWindow !== 'prr') return;
  const inSegments = config.granularity === 'segments';
  const unit = inSegments ? connection.smss : 1;
  const delivered = inSegments ? outcome.deliveredSegments : outcome.deliveredBytes;
  const flight = flightSize(connection);
  const isSafe = outcome.advances && outcome.newlyLostSegments === 0;
  if (delivered > 0 || (!inSegments && sample.lostSegments > 0)) {
    let allowed = prr.onAck(delivered, flight / unit, isSafe);
    // RFC 6582 §3.2 step 3: a partial ACK sends the next missing segment whatever the pipe says.
    if (!inSegments && !connection.hasSack && outcome.newlyLostSegments > 0) {
      allowed = Math.max(allowed, connection.smss / unit);
    }
    connection.prrWindow = flight + allowed * unit;
  }
}

/** RFC 6298 §5.2 and §5.3, RFC 8985 §7.2: after an ACK, of something that was in flight where `isProgress`. */
export function settleTimers(connection: TcpConnection, isProgress: boolean): void {
  if (isProgress && !scheduleLossProbe(connection, true)) restartRto(connection);
  if (connection.scoreboard.segments === 0) connection.context.returnScoreboard(connection);
  settleWindowProbe(connection);
}
