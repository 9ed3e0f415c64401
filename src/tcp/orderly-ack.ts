/**
 * The ACK of nearly every segment: of whole segments that were sent once and in order, while nothing is missing and
 * nothing is being recovered from (state Open), with SACK agreed and no block in the ACK. What tcp/acknowledgment does
 * with any ACK is done with this one straight through, and comes to the same: the segments leave the scoreboard, the RTT
 * is sampled (RFC 6298 §3), RACK moves on (RFC 8985 §6.2) and finds nothing late, the controller sees the sample, the
 * timer begins anew (RFC 6298 §5.3, RFC 8985 §7.2). Hot: no allocation per ACK.
 */

import { seqBefore, seqDiff } from '../base/seq.ts';
import { NO_TIME } from '../base/units.ts';
import { SentTime, TIMES_SHIFT } from '../recovery/delivery-rate.ts';
import { dropSent, settleTimers, tellRoom } from './acknowledgment.ts';
import type { ArrivedSegment } from './arrived-segment.ts';
import { isWindowUsed } from './congestion-window.ts';
import { CongestionState, RetransmitMode, type TcpConnection } from './connection.ts';
import { TimeCell } from './connection-times.ts';
import { type FlowMeter, NO_METER_ROW } from './flow-meter.ts';
import { NO_ROW } from './segment-table.ts';

/**
 * Takes the ACK, a plain one as tcp/header-prediction has it, if it is of this kind. False, and nothing is done, when it
 * is not.
 */
export function takeOrderlyAck(connection: TcpConnection, segment: ArrivedSegment): boolean {
  if (segment.hasSack || !expectsOrder(connection, segment)) return false;
  const { scoreboard, smss } = connection;
  const { head, segments, bytes } = scoreboard;
  const last = scoreboard.takeWhole(segment.ack);
  if (last === NO_ROW) return false;
  const { sample } = connection.context.outcome;
  const isInSegments = connection.config.granularity === 'segments';
  sample.priorInFlight = isInSegments ? segments * smss : bytes;
  sample.inFlight = isInSegments ? scoreboard.segments * smss : scoreboard.bytes;
  sample.inFlightSegments = scoreboard.segments;
  sample.ackedBytes = bytes - scoreboard.bytes;
  sample.ackedSegments = segments - scoreboard.segments;
  moveWindow(connection, segment);
  measure(connection, segment, head, last);
  tellController(connection, last);
  settleTimers(connection, true);
  return true;
}

/** Nothing is known to be missing, late or sent twice, and nothing waits to be told otherwise. */
function expectsOrder(connection: TcpConnection, segment: ArrivedSegment): boolean {
  const { scoreboard, context } = connection;
  const { head } = scoreboard;
  const isOpen =
    connection.congestionState === CongestionState.Open &&
    head !== NO_ROW &&
    scoreboard.sackedSegments + scoreboard.lostSegments + scoreboard.retransmittedSegments === 0 &&
    connection.hasSack &&
    !connection.hasAccEcn &&
    !connection.isFinSent &&
    !connection.isTlpOut &&
    !connection.hasRackDsackRound &&
    (!connection.hasUndo || connection.undoRetransmits !== 0) &&
    connection.retransmitMode !== RetransmitMode.Reordering &&
    connection.mtuSearch === undefined;
  if (!isOpen) return false;
  // RACK knows of nothing that was sent later.
  const rackSentNs = context.cells[connection.cellsAt + TimeCell.RackSent];
  const sentNs = context.segments.times[(head << TIMES_SHIFT) + SentTime.Sent];
  if (rackSentNs < sentNs) return true;
  return rackSentNs === sentNs && !seqBefore(segment.ack, connection.rackEnd);
}

/** SND.UNA moves, and with it the window, which the segment tells anew: RFC 9293 §3.10.7.4. */
function moveWindow(connection: TcpConnection, segment: ArrivedSegment): void {
  const { context } = connection;
  const { ack } = segment;
  const window = segment.window << connection.sndWndShift;
  connection.sndWl1 = segment.seq;
  connection.sndWl2 = ack;
  if (window !== connection.sndWnd) {
    connection.sndWnd = window;
    if (window > connection.maxSndWnd) connection.maxSndWnd = window;
  }
  const bytes = seqDiff(ack, connection.sndUna);
  dropSent(connection, bytes);
  connection.bytesAcked += bytes;
  connection.sndUna = ack;
  connection.retransmits = 0;
  connection.probes = 0;
  context.cells[connection.cellsAt + TimeCell.StalledSince] = NO_TIME;
  if (connection.hasShort && !seqBefore(ack, connection.shortEnd)) connection.hasShort = false;
  if (connection.isWriteBlocked) tellRoom(connection);
}

/** The RTT, of the first segment for the timeout and of the last for the least one; RACK, of the last. */
function measure(
  connection: TcpConnection,
  segment: ArrivedSegment,
  first: number,
  last: number,
): void {
  const { context, rtt, cellsAt } = connection;
  const { cells } = context;
  const { times } = context.segments;
  const nowNs = context.clock.nowNs;
  const newestNs = nowNs - times[(last << TIMES_SHIFT) + SentTime.Sent];
  context.outcome.sample.rttNs = newestNs;
  rtt.newestNs = newestNs;
  rtt.onSample(nowNs - times[(first << TIMES_SHIFT) + SentTime.Sent]);
  connection.backoffs = 0;
  if (connection.meterRow !== NO_METER_ROW) {
    const { rtts } = context.meter as FlowMeter;
    rtts.valueNs[0] = rtt.latestNs;
    rtts.record(connection.meterRow);
  }
  cells[cellsAt + TimeCell.RackRtt] = newestNs;
  cells[cellsAt + TimeCell.RackSent] = times[(last << TIMES_SHIFT) + SentTime.Sent];
  connection.rackEnd = segment.ack;
  // What is in flight was sent later: none of it is late.
  connection.isRackAdvanced = connection.scoreboard.head === NO_ROW;
}

/** The delivery rate, up to row `last`, and the sample of it all. */
function tellController(connection: TcpConnection, last: number): void {
  const { context, controller, scoreboard, rate, rtt, pacer } = connection;
  const { sample } = context.outcome;
  rate.onDeliveredInOrder(sample, context.segments, last, rtt);
  connection.deliveredSegments += sample.ackedSegments;
  if (sample.intervalNs > 0) {
    context.cells[connection.cellsAt + TimeCell.RateDelivered] = sample.delivered;
    context.cells[connection.cellsAt + TimeCell.RateInterval] = sample.intervalNs;
  }
  sample.lostBytes = 0;
  sample.lostSegments = 0;
  sample.ceBytes = 0;
  sample.advancesSndUna = true;
  sample.isCwndLimited = isWindowUsed(connection);
  sample.inRecovery = false;
  sample.isTimedOut = false;
  if (pacer === undefined) sample.nextSendNs = 0;
  else sample.nextSendNs = pacer.eligibleAtNs;
  controller.onAck(sample, rtt);
  if (controller.isHoldingBack === true) rate.markAppLimited(scoreboard.bytes);
  if (connection.meterRow !== NO_METER_ROW) {
    (context.meter as FlowMeter).onWindow(connection.meterRow, controller.cwnd);
  }
}
