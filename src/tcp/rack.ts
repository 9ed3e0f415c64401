/**
 * RACK: RFC 8985 §6. A segment is lost when one sent sufficiently later has been delivered; "sufficiently" is
 * the reordering window, which is nothing until reordering has been seen, then a quarter of the least RTT and more
 * for each round trip in which a DSACK shows that a retransmission was needless. Segments in flight are
 * listed in order of transmission, so that an ACK looks only at those it decides about. Hot.
 */
import { type SeqNumber, seqBefore, seqDiff } from '../base/seq.ts';
import type { Duration } from '../base/units.ts';
import { CongestionState, RetransmitMode, type TcpConnection } from './connection.ts';
import { TimeCell } from './connection-times.ts';
import { restartRto, setReorderingTimer } from './retransmit-timer.ts';
import { NO_ROW, ROW_SHIFT, SegmentFlag, SegmentWord } from './segment-table.ts';

/** RFC 8985 §6.2 step 4: recoveries without DSACK until the window is small again. */
const PERSIST_RECOVERIES = 16;
const REORDERING_MAX = 300;

/** Steps 1 to 3: what this ACK says about the newest delivered segment and about reordering. */
export function updateRack(connection: TcpConnection): void {
  const { context } = connection;
  const { outcome } = context;
  if (outcome.hasLateSack || outcome.hasLateAck) noteOvertaken(connection);
  if (outcome.rackSentNs < 0) return;
  connection.isRackAdvanced = true;
  const { cells } = context;
  cells[connection.cellsAt + TimeCell.RackRtt] = context.clock.nowNs - outcome.rackRttSentNs;
  const at = connection.cellsAt + TimeCell.RackSent;
  const isLater =
    outcome.rackSentNs > cells[at] ||
    (outcome.rackSentNs === cells[at] && seqBefore(connection.rackEnd, outcome.rackEnd));
  if (!isLater) return;
  cells[at] = outcome.rackSentNs;
  connection.rackEnd = outcome.rackEnd;
}

/** Step 3. After a timeout that nothing can undo, what is SACKed out of order says nothing. */
function noteOvertaken(connection: TcpConnection): void {
  const { congestionState, hasUndo, context } = connection;
  const { outcome } = context;
  const isTelling = congestionState !== CongestionState.Loss || hasUndo;
  if (outcome.hasLateSack && isTelling) noteLate(connection, outcome.lateSackSeq);
  if (outcome.hasLateAck) noteLate(connection, outcome.lateAckSeq);
}

/** What begins at `seq` came after all that is SACKed; the distance is what Linux calls the reordering degree. */
export function noteLate(connection: TcpConnection, seq: SeqNumber): void {
  const { scoreboard, context, smss } = connection;
  const { highestSacked } = scoreboard;
  const end = highestSacked === NO_ROW ? connection.sndUna : context.segments.end(highestSacked);
  const distance = seqDiff(end, seq);
  if (distance <= 0) return;
  noteReordering(connection, Math.max(connection.reordering, Math.ceil(distance / smss)));
}

/** The reordering degree, in segments. */
export function noteReordering(connection: TcpConnection, segments: number): void {
  connection.isReorderingSeen = true;
  connection.reorderSeen++;
  connection.reordering = Math.min(segments, REORDERING_MAX);
}

/** Step 4: a DSACK widens the reordering window, once a round trip, with the next ACK of something that was sent. */
export function widenReorderingWindow(connection: TcpConnection): void {
  const { outcome } = connection.context;
  if (connection.hasRackDsackRound && !seqBefore(connection.sndUna, connection.rackDsackRound)) {
    connection.hasRackDsackRound = false;
  }
  if (!connection.isRackDsackDue || outcome.sample.newestSentNs < 0) return;
  connection.isRackDsackDue = false;
  if (connection.hasRackDsackRound) return;
  connection.hasRackDsackRound = true;
  connection.rackDsackRound = connection.sndNxt;
  connection.rackWindowSteps = Math.min(connection.rackWindowSteps + 1, 255);
  connection.rackWindowPersist = PERSIST_RECOVERIES;
}

/** Step 4, at the end of a recovery. */
export function onRackRecoveryEnd(connection: TcpConnection): void {
  if (connection.rackWindowPersist > 0) connection.rackWindowPersist--;
  else connection.rackWindowSteps = 1;
}

/** A recovery was needless: the window stays wide for one more. */
export function onDsackUndo(connection: TcpConnection): void {
  connection.rackWindowPersist = Math.min(connection.rackWindowPersist + 1, PERSIST_RECOVERIES);
}

/** RACK.reo_wnd now. */
function reorderingWindowNs(connection: TcpConnection): Duration {
  const { scoreboard, rtt } = connection;
  if (!connection.isReorderingSeen) {
    if (connection.congestionState >= CongestionState.Recovery) return 0;
    if (scoreboard.sackedSegments >= connection.config.dupThresh) return 0;
  }
  const windowNs = (rtt.minNs / 4) * connection.rackWindowSteps;
  return Math.max(0, Math.min(windowNs, rtt.smoothedNs));
}

/** Step 5: marks what is late enough as lost; sets the timer for what may become so. */
export function detectLosses(connection: TcpConnection): void {
  if (!connection.isRackAdvanced) return;
  const longestNs = findLate(connection);
  if (longestNs > 0) setReorderingTimer(connection, longestNs);
  else if (connection.retransmitMode === RetransmitMode.Reordering) restartRto(connection);
}

/** Marks what is late enough as lost. Gives how long until the rest may be. */
export function findLate(connection: TcpConnection): Duration {
  const { context, scoreboard } = connection;
  connection.isRackAdvanced = false;
  const { segments, clock, cells } = context;
  const rackSentNs = cells[connection.cellsAt + TimeCell.RackSent];
  if (rackSentNs < 0) return 0;
  const nowNs = clock.nowNs;
  const waitNs = cells[connection.cellsAt + TimeCell.RackRtt] + reorderingWindowNs(connection);
  let longestNs = 0;
  for (let row = scoreboard.flight.head; row !== NO_ROW; ) {
    const next = segments.timeNext(row);
    const sentNs = segments.sentNs(row);
    // RACK_sent_after: of one instant, the sequence decides. What follows in the list was sent later still.
    if (sentNs > rackSentNs) break;
    if (sentNs === rackSentNs && !seqBefore(segments.end(row), connection.rackEnd)) break;
    const leftNs = sentNs + waitNs - nowNs;
    if (leftNs <= 0) markLost(connection, row, SegmentFlag.RackLost);
    else if (leftNs > longestNs) longestNs = leftNs;
    row = next;
  }
  finishLosses(connection);
  return longestNs;
}

/** RFC 8985 §6.3: at a timeout, what was sent recently is not lost yet, but the first segment is. */
export function markLostAtTimeout(connection: TcpConnection): void {
  const { context, scoreboard } = connection;
  const { segments, clock } = context;
  const lateNs = connection.rackRttNs;
  for (let row = scoreboard.head; row !== NO_ROW; row = segments.next(row)) {
    if ((segments.flags(row) & SegmentFlag.Sacked) !== 0) continue;
    const isLate = segments.sentNs(row) + lateNs <= clock.nowNs;
    if (!connection.hasSack || row === scoreboard.head || isLate) markLost(connection, row);
    // Whatever was sent of it last: it goes first now.
    const isOut = (segments.flags(row) & SegmentFlag.Retransmitted) !== 0;
    if (isOut && row === scoreboard.head) markLost(connection, row);
  }
  finishLosses(connection);
}

/** Marks a segment and tells the controller, one behind: the last of a burst is told so. */
export function markLost(connection: TcpConnection, row: number, byRack = 0): void {
  const { context, scoreboard } = connection;
  const { outcome, segments } = context;
  const flags = segments.words[(row << ROW_SHIFT) + SegmentWord.Flags];
  if ((flags & (SegmentFlag.Lost | SegmentFlag.Retransmitted)) === SegmentFlag.Lost) return;
  if (outcome.hasPendingLoss) tellLoss(connection, false);
  const length = segments.sequenceLength(row);
  connection.rate.onLost(outcome.loss, segments, row, length);
  outcome.hasPendingLoss = true;
  outcome.newlyLostSegments++;
  outcome.newlyLostBytes += length;
  if ((flags & SegmentFlag.Retransmitted) !== 0) outcome.hasLostRetransmission = true;
  scoreboard.markLost(row, byRack);
}

export function finishLosses(connection: TcpConnection): void {
  if (connection.context.outcome.hasPendingLoss) tellLoss(connection, true);
}

function tellLoss(connection: TcpConnection, endsBurst: boolean): void {
  const { outcome } = connection.context;
  outcome.hasPendingLoss = false;
  outcome.loss.endsBurst = endsBurst;
  connection.controller.onPacketsLost(outcome.loss);
}
