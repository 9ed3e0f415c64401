/**
 * The ACK of nearly every segment: of whole segments that were sent once and in order, while nothing is missing and
 * nothing is being recovered from (state Open), with SACK agreed and no block in the ACK. What tcp/acknowledgment does
 * with any ACK is done with this one straight through, and comes to the same: the segments leave the scoreboard, the RTT
 * is sampled (RFC 6298 §3), RACK moves on (RFC 8985 §6.2) and finds nothing late, the controller sees the sample, the
 * timer begins anew (RFC 6298 §5.3, RFC 8985 §7.2). Hot: no allocation per ACK.
 */
import { seqBefore, seqDiff } from '../base/seq.ts';
import { dropSent, meterRtt, moveUna, settleTimers } from './acknowledgment.ts';
import type { ArrivedSegment } from './arrived-segment.ts';
import { isWindowUsed } from './congestion-window.ts';
import { CongestionState, RetransmitMode, type TcpConnection } from './connection.ts';
import { FLAGS } from './connection-flags.ts';
import { TimeCell } from './connection-times.ts';
import { type FlowMeter, NO_METER_ROW } from './flow-meter.ts';
import { flagMask } from './packed-fields.ts';
import { scheduleLossProbe } from './retransmit-timer.ts';
import { NO_ROW } from './segment-table.ts';

/** Of these flags SACK is wanted, and that the ACK tells nothing of marks, a FIN or a probe. */
const ASKED = flagMask(FLAGS, ['hasSack', 'hasAccEcn', 'isFinSent']);
const WANTED = flagMask(FLAGS, ['hasSack']);
const UNWANTED = flagMask(FLAGS, ['isTlpOut', 'hasRackDsackRound', 'isRackDsackDue'], true);

/**
 * Takes the ACK, a plain one as tcp/header-prediction has it, if it is of this kind. False, and nothing is done, when it
 * is not.
 */
export function takeOrderlyAck(connection: TcpConnection, segment: ArrivedSegment): boolean {
  if (segment.hasSack || !expectsOrder(connection, segment)) return false;
  const { context, scoreboard, smss } = connection;
  const { ack } = segment;
  const { head, segments, bytes } = scoreboard;
  const last = scoreboard.takeWhole(ack);
  if (last === NO_ROW) return false;
  const { sample } = context.outcome;
  const isInSegments = connection.config.granularity === 'segments';
  sample.priorInFlight = isInSegments ? segments * smss : bytes;
  sample.inFlight = isInSegments ? scoreboard.segments * smss : scoreboard.bytes;
  sample.inFlightSegments = scoreboard.segments;
  sample.ackedBytes = bytes - scoreboard.bytes;
  sample.ackedSegments = segments - scoreboard.segments;
  // The segment tells the window anew: RFC 9293 §3.10.7.4.
  const window = segment.window << connection.sndWndShift;
  connection.sndWl1 = segment.seq;
  connection.sndWl2 = ack;
  if (window !== connection.sndWnd) {
    connection.sndWnd = window;
    if (window > connection.maxSndWnd) connection.maxSndWnd = window;
  }
  const acknowledged = seqDiff(ack, connection.sndUna);
  if (!connection.sendQueue.discardWithin(acknowledged)) dropSent(connection, acknowledged);
  moveUna(connection, ack, acknowledged);
  connection.backoffs = 0;
  tellController(connection, segment, head, last);
  // With nothing in flight there is more to settle.
  if (scoreboard.segments === 0 || !scheduleLossProbe(connection, true)) {
    settleTimers(connection, true);
  }
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
    (connection.flagsLow & ASKED) === WANTED &&
    (connection.flagsHigh & UNWANTED) === 0 &&
    (connection.undoRetransmits !== 0 || !connection.hasUndo) &&
    connection.retransmitMode !== RetransmitMode.Reordering &&
    connection.mtuSearch === undefined;
  if (!isOpen) return false;
  // RACK knows of nothing that was sent later.
  const rackSentNs = context.cells[connection.cellsAt + TimeCell.RackSent];
  const sentNs = context.segments.sentNs(head);
  if (rackSentNs < sentNs) return true;
  return rackSentNs === sentNs && !seqBefore(segment.ack, connection.rackEnd);
}

/** The RTT, of row `first` for the timeout and of `last` for the least one; RACK and the delivery rate, of `last`. */
function tellController(
  connection: TcpConnection,
  segment: ArrivedSegment,
  first: number,
  last: number,
): void {
  const { context, controller, scoreboard, rate, rtt, pacer, meterRow, cellsAt } = connection;
  const { cells, segments } = context;
  const { sample } = context.outcome;
  const nowNs = context.clock.nowNs;
  const lastSentNs = segments.sentNs(last);
  const newestNs = nowNs - lastSentNs;
  sample.rttNs = newestNs;
  rtt.newestNs = newestNs;
  rtt.onSample(nowNs - segments.sentNs(first));
  cells[cellsAt + TimeCell.RackRtt] = newestNs;
  cells[cellsAt + TimeCell.RackSent] = lastSentNs;
  connection.rackEnd = segment.ack;
  // What is in flight was sent later: none of it is late.
  connection.isRackAdvanced = scoreboard.head === NO_ROW;
  rate.beginAck(sample);
  rate.onDelivered(sample, segments, last, sample.ackedBytes);
  rate.endAck(sample, Math.max(0, rtt.minNs));
  connection.deliveredSegments += sample.ackedSegments;
  if (sample.intervalNs > 0) {
    cells[cellsAt + TimeCell.RateDelivered] = sample.delivered;
    cells[cellsAt + TimeCell.RateInterval] = sample.intervalNs;
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
  if (meterRow === NO_METER_ROW) return;
  meterRtt(connection);
  (context.meter as FlowMeter).onWindow(meterRow, controller.cwnd);
}
