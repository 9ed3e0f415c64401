/**
 * The one timer of the send side and what it is set for: retransmission (RFC 6298 §5), tail loss probe
 * (RFC 8985 §7.2), reordering (§6.2 step 5), window probe (RFC 9293 §3.8.6.1). They exclude each other. Hot.
 */
import { seqDiff } from '../base/seq.ts';
import { type Duration, NEVER, NO_TIME } from '../base/units.ts';
import { CongestionState, ProbeKind, RetransmitMode, type TcpConnection } from './connection.ts';
import { TIMER_KINDS, TimerKind } from './context.ts';
import { TcpState } from './state.ts';

/** Allowance for timers of a coarse clock, and for the peer's delayed ACK when one segment is in flight. */
const TIMER_SLACK_NS = 2e6;
const PROBE_DELAYED_ACK_NS = 200e6;
/** Until a device that refused a packet is tried again. */
const REFUSED_RETRY_NS = 500e6;
const PROBE_WITHOUT_RTT_NS = 1e9;
const RENEGING_NS_MIN = 10e6;

export function setRetransmitTimer(connection: TcpConnection, mode: RetransmitMode): void {
  connection.retransmitMode = mode;
  const { context, slot } = connection;
  if (mode === RetransmitMode.None) {
    context.setTimer(slot, TimerKind.Retransmit, NEVER);
    return;
  }
  const timeoutNs =
    mode === RetransmitMode.WindowProbe ? windowProbeNs(connection) : rtoNs(connection);
  context.setTimer(slot, TimerKind.Retransmit, context.clock.nowNs + timeoutNs);
}

/** RFC 6298 §5.5, cut short where the user timeout comes sooner: RFC 5482 §3. */
function rtoNs(connection: TcpConnection): Duration {
  const timeoutNs = connection.rtt.timeoutNs(connection.backoffs);
  return boundByUserTimeout(connection, timeoutNs);
}

function windowProbeNs(connection: TcpConnection): Duration {
  const timeoutNs = connection.rtt.timeoutNs(connection.probeBackoffs);
  return boundByUserTimeout(connection, Math.min(timeoutNs, connection.config.persistNsMax));
}

function boundByUserTimeout(connection: TcpConnection, timeoutNs: Duration): Duration {
  const { userTimeoutNs } = connection.settings;
  if (userTimeoutNs === 0) return timeoutNs;
  const { stalledSinceNs } = connection;
  if (stalledSinceNs < 0) return timeoutNs;
  const leftNs = stalledSinceNs + userTimeoutNs - connection.context.clock.nowNs;
  return Math.max(1e6, Math.min(timeoutNs, leftNs));
}

/** What is in flight has changed: RFC 6298 §5.2 and §5.3. A timer that had another purpose gives way. */
export function restartRto(connection: TcpConnection): void {
  const { scoreboard } = connection;
  if (scoreboard.segments === 0) {
    setRetransmitTimer(connection, RetransmitMode.None);
    return;
  }
  const { context, slot, retransmitMode } = connection;
  const wasOther =
    retransmitMode === RetransmitMode.LossProbe || retransmitMode === RetransmitMode.Reordering;
  setRetransmitTimer(connection, RetransmitMode.Rto);
  if (!wasOther) return;
  // Not from when the other timer was set.
  const deadlineNs = context.clock.nowNs + rtoLeftNs(connection);
  context.setTimer(slot, TimerKind.Retransmit, deadlineNs);
}

/** The RTO counts from when the first segment was sent. */
function rtoLeftNs(connection: TcpConnection): Duration {
  const { context, scoreboard } = connection;
  const sinceNs = context.clock.nowNs - context.segments.sentNs(scoreboard.head);
  return Math.max(1e6, rtoNs(connection) - sinceNs);
}

/** The peer may have thrown away what it had SACKed: it gets half a round trip to show that it has not. */
export function deferRto(connection: TcpConnection): void {
  const { context, slot, rtt } = connection;
  connection.retransmitMode = RetransmitMode.Rto;
  const waitNs = Math.max(RENEGING_NS_MIN, rtt.smoothedNs / 2);
  context.setTimer(slot, TimerKind.Retransmit, Math.ceil(context.clock.nowNs + waitNs));
  context.outcome.keepsTimer = true;
}

/**
 * RFC 8985 §7.2: a probe before the timeout, when nothing is known to be missing. True when it is set. `isAdvancing`:
 * the timeout begins anew.
 */
export function scheduleLossProbe(connection: TcpConnection, isAdvancing: boolean): boolean {
  const { config, context, scoreboard, congestionState, slot } = connection;
  if (!config.usesTailLossProbe || !connection.hasSack || scoreboard.segments === 0) return false;
  if (congestionState !== CongestionState.Open && congestionState !== CongestionState.Cwr)
    return false;
  const { smoothedNs } = connection.rtt;
  const nowNs = context.clock.nowNs;
  let timeoutNs = PROBE_WITHOUT_RTT_NS;
  if (smoothedNs > 0) {
    timeoutNs = 2 * smoothedNs;
    timeoutNs += scoreboard.segments === 1 ? PROBE_DELAYED_ACK_NS : TIMER_SLACK_NS;
  }
  const leftNs = isAdvancing ? rtoNs(connection) : rtoLeftNs(connection);
  connection.retransmitMode = RetransmitMode.LossProbe;
  const deadlineNs = nowNs + Math.min(timeoutNs, leftNs);
  context.timerCells[slot * TIMER_KINDS + TimerKind.Retransmit] = Math.ceil(deadlineNs);
  return true;
}

/** RFC 8985 §6.2 step 5: something may be lost in `waitNs`, when it is late enough. */
export function setReorderingTimer(connection: TcpConnection, waitNs: Duration): void {
  const { context, slot } = connection;
  connection.retransmitMode = RetransmitMode.Reordering;
  const deadlineNs = context.clock.nowNs + waitNs + TIMER_SLACK_NS;
  context.timerCells[slot * TIMER_KINDS + TimerKind.Retransmit] = Math.ceil(deadlineNs);
  context.outcome.keepsTimer = true;
}

/** Data waits, nothing is in flight and nothing may be sent: probe the window: RFC 9293 §3.8.6.1. */
export function settleWindowProbe(connection: TcpConnection): void {
  const { scoreboard, retransmitMode } = connection;
  const waits =
    scoreboard.segments === 0 &&
    connection.state >= TcpState.Established &&
    (connection.unsentBytes > 0 || (connection.isWriteShut && !connection.isFinSent));
  if (!waits) {
    if (retransmitMode === RetransmitMode.WindowProbe) {
      connection.probes = 0;
      connection.probeBackoffs = 0;
      if (scoreboard.segments === 0) setRetransmitTimer(connection, RetransmitMode.None);
      else setRetransmitTimer(connection, RetransmitMode.Rto);
    }
    return;
  }
  if (retransmitMode === RetransmitMode.None) {
    setRetransmitTimer(connection, RetransmitMode.WindowProbe);
  }
}

/**
 * An ACK while nothing is in flight: who answers probes is there, and the wait for the next one begins anew. A window
 * that is open again ends them.
 */
export function answerWindowProbe(connection: TcpConnection): void {
  connection.probes = 0;
  if (connection.retransmitMode !== RetransmitMode.WindowProbe) return;
  const room = seqDiff(connection.sndWndEnd, connection.sndNxt);
  const isOpen = room > 0 && room >= Math.min(connection.unsentBytes, connection.smss);
  if (isOpen) {
    connection.probeBackoffs = 0;
    connection.stalledSinceNs = NO_TIME;
    setRetransmitTimer(connection, RetransmitMode.None);
  } else {
    setRetransmitTimer(connection, RetransmitMode.WindowProbe);
  }
}

/**
 * The device refused what the connection would send. Nothing has left: what was lost is still to be sent again, a
 * probe counts but does not double its wait, an ACK is forgotten. As Linux, which tries again each half second.
 */
export function holdBack(connection: TcpConnection): void {
  const { context, slot, probeDue, scoreboard } = connection;
  connection.isAckDue = false;
  connection.probeDue = ProbeKind.None;
  if (connection.isSynDue) {
    connection.isSynDue = false;
    setRetransmitTimer(connection, RetransmitMode.Rto);
    return;
  }
  const wantsFin = connection.isWriteShut && !connection.isFinSent;
  if (connection.state < TcpState.Established) return;
  if (connection.unsentBytes === 0 && !wantsFin && scoreboard.lostSegments === 0) return;
  if (probeDue !== ProbeKind.None) {
    context.setTimer(slot, TimerKind.Retransmit, context.clock.nowNs + REFUSED_RETRY_NS);
  } else if (connection.retransmitMode === RetransmitMode.None) {
    setRetransmitTimer(connection, RetransmitMode.WindowProbe);
  }
}
