/**
 * When to acknowledge: RFC 9293 §3.8.6.3, RFC 5681 §4.2. At once for every second full segment, for
 * anything out of order, for a filled hole, for a FIN; otherwise after a delay. In the `linux` profile the
 * first segments of a connection are acknowledged at once ("quick ACKs"), the delay follows the gaps between
 * segments, a connection that answers each request waits for the answer to carry the ACK ("ping-pong"), text that
 * ends a push is acknowledged once it is read, and behind a hole, after a few ACKs at once, one ACK stands for what
 * comes in about a millisecond. Hot.
 */
import { type Duration, NEVER } from '../base/units.ts';
import type { TcpConnection } from './connection.ts';
import { AckNote } from './connection-flags.ts';
import { TimeCell } from './connection-times.ts';
import { TIMER_KINDS, TimerKind } from './context.ts';
import { TcpCounter } from './counters.ts';
import { keepsWindow, offered, unacknowledgedBytes } from './receive-window.ts';
import { TcpState } from './state.ts';

/** In a window of less than two segments. */
const QUICK_ACKS_FEW = 2;
/** ACKs of one hole that go at once: what RFC 5681 §3.2 needs for a fast retransmit. */
const DUPLICATE_ACKS_AT_ONCE = 3;
/** An ACK behind a hole waits for this part of the round trip at most. */
const COMPRESSION_RTT_DIVISOR = 20;

/** Text has arrived: adapts the delay to its gaps, and quick ACKs to an idle time. */
export function onDataArrived(connection: TcpConnection): void {
  const { config, context } = connection;
  const nowNs = context.clock.nowNs;
  const { cells } = context;
  const at = connection.cellsAt + TimeCell.LastDataReceived;
  const gapNs = nowNs - cells[at];
  const leastNs = config.delayedAckNs;
  if (config.quickAckSegments > 0) {
    const delayAt = connection.cellsAt + TimeCell.AckDelay;
    const delayNs = cells[delayAt];
    if (delayNs === 0) {
      addQuickAcks(connection);
      cells[delayAt] = leastNs;
    } else if (gapNs <= leastNs / 2) {
      cells[delayAt] = delayNs / 2 + leastNs / 2;
    } else if (gapNs < delayNs) {
      cells[delayAt] = Math.min(delayNs / 2 + gapNs, connection.rtt.rtoNs);
    } else if (gapNs > connection.rtt.rtoNs) {
      // So long a silence may have been a timeout of the sender: help it to grow again.
      addQuickAcks(connection);
    }
  }
  cells[at] = nowNs;
}

/** The next segments are acknowledged at once, and no conversation goes on. */
export function startQuickAcks(connection: TcpConnection): void {
  if (connection.config.quickAckSegments === 0) return;
  addQuickAcks(connection);
  connection.isPingPong = false;
  connection.context.cells[connection.cellsAt + TimeCell.AckDelay] = connection.config.delayedAckNs;
}

/** As many as half the window holds, within the profile's bound. */
function addQuickAcks(connection: TcpConnection): void {
  const most = connection.config.quickAckSegments;
  if (most === 0) return;
  const fitting = Math.floor(offered(connection) / (2 * connection.rcvMss));
  connection.quickAcks = Math.max(
    connection.quickAcks,
    fitting === 0 ? QUICK_ACKS_FEW : Math.min(most, fitting),
  );
}

/** Decides about the ACK that new text in order calls for. `isAtOnce`: out of order, duplicate, FIN. */
export function scheduleAck(connection: TcpConnection, isAtOnce: boolean): void {
  if (isAtOnce || isSecondSegment(connection) || isQuick(connection)) {
    connection.ackNotes |= AckNote.Scheduled | AckNote.Due;
    return;
  }
  const wasDelayed = (connection.ackNotes & AckNote.Delayed) !== 0;
  connection.ackNotes |= AckNote.Scheduled | AckNote.Delayed;
  if (!wasDelayed) startDelay(connection);
}

/**
 * Decides about the ACK of a FIN in order. In the `linux` profile the first FIN of the two waits as in a conversation,
 * for our own FIN may soon carry the ACK.
 */
export function scheduleAckOfFin(connection: TcpConnection): void {
  const mayWait =
    connection.config.quickAckSegments > 0 && connection.state === TcpState.Established;
  if (mayWait) connection.isPingPong = true;
  scheduleAck(connection, !mayWait);
}

/** Decides about the ACK of text behind a hole: RFC 5681 §4.2, compressed in the `linux` profile. */
export function scheduleAckOfHole(connection: TcpConnection): void {
  connection.isAckScheduled = true;
  if (isSecondSegment(connection) || isQuick(connection) || !mayCompress(connection)) {
    connection.isAckDue = true;
    return;
  }
  if (connection.isAckCompressed) return;
  connection.isAckCompressed = true;
  connection.isAckDelayed = true;
  const { config, context, rtt } = connection;
  let rttNs = context.cells[connection.cellsAt + TimeCell.RcvRtt];
  if (rtt.smoothedNs > 0 && (rttNs <= 0 || rtt.smoothedNs < rttNs)) rttNs = rtt.smoothedNs;
  const waitNs = Math.min(config.ackCompressionNs, rttNs / COMPRESSION_RTT_DIVISOR);
  const at = connection.slot * TIMER_KINDS + TimerKind.DelayedAck;
  context.timerCells[at] = context.clock.nowNs + Math.ceil(waitNs) + config.timerSlackNs;
}

function mayCompress({ config, hasSack, reassembly, rcvNxt }: TcpConnection): boolean {
  if (config.ackCompressionNs === 0 || !hasSack || reassembly === undefined) return false;
  if (reassembly.heldAcks >= config.ackCompressionMax) return false;
  if (reassembly.holeAt !== rcvNxt) {
    reassembly.holeAt = rcvNxt;
    reassembly.acksOfHole = 0;
  }
  if (reassembly.acksOfHole < DUPLICATE_ACKS_AT_ONCE) {
    reassembly.acksOfHole++;
    return false;
  }
  reassembly.heldAcks++;
  return true;
}

/** What was pushed has been read, and nothing else waits: its sender may wait for the ACK. */
export function isPushReadOut(connection: TcpConnection): boolean {
  const { ackNotes } = connection;
  if ((ackNotes & AckNote.Scheduled) === 0 || (ackNotes & AckNote.TextPushed) === 0) return false;
  if (connection.isPingPong && (ackNotes & AckNote.TextPushedTwice) === 0) return false;
  return connection.unreadBytes === 0 && (connection.reassembly?.byteLength ?? 0) === 0;
}

function isQuick(connection: TcpConnection): boolean {
  const { quickAckChoice } = connection.settings;
  if (quickAckChoice === 1) return true;
  return connection.quickAcks > 0 && !connection.isPingPong && quickAckChoice !== 0;
}

/** More than one full segment waits, and the window does not shut for a reader who is behind. */
function isSecondSegment(connection: TcpConnection): boolean {
  const waiting = unacknowledgedBytes(connection);
  const { rcvMss } = connection;
  if (connection.config.quickAckSegments === 0) return waiting >= 2 * rcvMss;
  // AccECN's three bits need an ACK every few segments: RFC 9768 §3.2.2.5.
  return waiting > rcvMss && (keepsWindow(connection) || connection.hasAccEcn);
}

/** Starts the adaptive delay, bounded by the RTT; or the fixed one. */
function startDelay(connection: TcpConnection): void {
  const { config, context } = connection;
  let delayNs: Duration = config.delayedAckNs;
  if (config.quickAckSegments > 0) {
    delayNs = context.cells[connection.cellsAt + TimeCell.AckDelay];
    if (delayNs > config.delayedAckNs) {
      let mostNs = config.delayedAckNsMax;
      const { smoothedNs } = connection.rtt;
      if (smoothedNs > 0) mostNs = Math.min(mostNs, Math.max(smoothedNs, config.delayedAckNs));
      delayNs = Math.min(delayNs, mostNs);
    }
  }
  const at = connection.slot * TIMER_KINDS + TimerKind.DelayedAck;
  context.timerCells[at] = context.clock.nowNs + delayNs;
}

/** The delay is over. */
export function onDelayedAckTimeout(connection: TcpConnection): void {
  connection.isAckDelayed = false;
  connection.isAckDue = true;
  if (connection.isAckCompressed) return;
  connection.context.count(TcpCounter.DelayedAcks);
  const { config } = connection;
  if (config.quickAckSegments === 0) return;
  if (connection.isPingPong) {
    // The answer did not come in time: no ping-pong.
    connection.isPingPong = false;
    connection.ackDelayNs = config.delayedAckNs;
  } else {
    connection.ackDelayNs = Math.min(connection.ackDelayNs * 2, connection.rtt.rtoNs);
  }
}

/** A segment with an ACK is going out. */
export function onAckSent(connection: TcpConnection): void {
  const { ackNotes } = connection;
  connection.lastAckSent = connection.rcvNxt;
  if (ackNotes === 0) return;
  connection.ackNotes = 0;
  if (connection.quickAcks > 0 && (ackNotes & AckNote.Scheduled) !== 0) {
    connection.quickAcks--;
    if (connection.quickAcks === 0) connection.ackDelayNs = connection.config.delayedAckNs;
  }
  if ((ackNotes & AckNote.Compressed) !== 0 && connection.reassembly !== undefined) {
    connection.reassembly.heldAcks = 0;
  }
  if ((ackNotes & AckNote.Delayed) === 0) return;
  connection.context.setTimer(connection.slot, TimerKind.DelayedAck, NEVER);
}

/** A writer waits for the handshake: its data carries the ACK of it, and a conversation begins. */
export function holdAckForWriter(connection: TcpConnection): void {
  startQuickAcks(connection);
  connection.ackDelayNs = connection.config.delayedAckNs;
}

/** Data goes out soon after data came: a conversation, whose answers carry the ACKs. */
export function onDataSent(connection: TcpConnection): void {
  const { context } = connection;
  const { cells } = context;
  const at = connection.cellsAt;
  const lastDataReceivedNs = cells[at + TimeCell.LastDataReceived];
  if (lastDataReceivedNs < 0 || connection.settings.quickAckChoice === 1) return;
  const sinceNs = context.clock.nowNs - lastDataReceivedNs;
  if (sinceNs < cells[at + TimeCell.AckDelay]) connection.isPingPong = true;
}
