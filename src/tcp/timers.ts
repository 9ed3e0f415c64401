/**
 * What happens when a timer fires: RFC 9293 §3.10.8, RFC 6298 §5, RFC 8985 §6.2 and §7.3, RFC 9293 §3.8.4
 * (keep-alive) and §3.8.6.1 (window probes), RFC 5482 (user timeout). Not hot: timers that fire are rare.
 */
import { NEVER } from '../base/units.ts';
import { onDelayedAckTimeout } from './ack-policy.ts';
import { ProbeKind, RetransmitMode, type TcpConnection } from './connection.ts';
import { TIMER_KINDS, TimerKind } from './context.ts';
import { needController } from './controller-start.ts';
import { TcpCounter } from './counters.ts';
import { endConnection, failConnection, resetConnection } from './ending.ts';
import { TcpError } from './errors.ts';
import { currentSoftError } from './icmp-errors.ts';
import { onReorderingTimeout, onRetransmissionTimeout } from './loss-timeouts.ts';
import { onBlackHoleSuspected } from './path-mtu.ts';
import { restartRto, setRetransmitTimer } from './retransmit-timer.ts';
import { TcpState } from './state.ts';

/** Handles every timer of the connection that is due. The connection may be CLOSED afterwards. */
export function fireTimers(connection: TcpConnection): void {
  const { context, slot } = connection;
  const nowNs = context.clock.nowNs;
  for (let kind = 0; kind < TIMER_KINDS; kind++) {
    if (context.timer(slot, kind) > nowNs) continue;
    context.setTimer(slot, kind, NEVER);
    fire(connection, kind);
    if (connection.state === TcpState.Closed) return;
  }
}

function fire(connection: TcpConnection, kind: TimerKind): void {
  switch (kind) {
    case TimerKind.Retransmit:
      fireRetransmit(connection);
      break;
    case TimerKind.DelayedAck:
      onDelayedAckTimeout(connection);
      break;
    case TimerKind.KeepAlive:
      fireKeepAlive(connection);
      break;
    case TimerKind.Cork:
      connection.isCorkOver = true;
      break;
    default:
    // Pacing: the connection is asked to send, that is all.
  }
}

function fireRetransmit(connection: TcpConnection): void {
  const mode = connection.retransmitMode;
  connection.retransmitMode = RetransmitMode.None;
  const { state } = connection;
  if (state === TcpState.SynSent || (state === TcpState.SynReceived && !connection.isFastOpen)) {
    fireSyn(connection);
    return;
  }
  if (state === TcpState.SynReceived) {
    fireSyn(connection);
    if (connection.state === TcpState.Closed || connection.scoreboard.segments === 0) return;
  }
  switch (mode) {
    case RetransmitMode.LossProbe:
      // One at a time.
      if (connection.isTlpOut) {
        connection.retransmitMode = mode;
        restartRto(connection);
        break;
      }
      connection.probeDue = ProbeKind.Loss;
      setRetransmitTimer(connection, RetransmitMode.Rto);
      break;
    case RetransmitMode.Reordering:
      connection.retransmitMode = mode;
      onReorderingTimeout(connection);
      if (connection.retransmitMode === mode) restartRto(connection);
      break;
    case RetransmitMode.WindowProbe:
      fireWindowProbe(connection);
      break;
    default:
      fireRto(connection);
  }
}

/**
 * RFC 9293 §3.8.3: a SYN or SYN-ACK again, until R2. Timeouts double (RFC 6298 §5.5); those of a SYN in the `linux`
 * profile only after a few.
 */
function fireSyn(connection: TcpConnection): void {
  const { config, context, state } = connection;
  const linear = state === TcpState.SynSent ? config.synLinearTimeouts : 0;
  const limit = state === TcpState.SynSent ? connection.synRetries + linear : config.synAckRetries;
  if (connection.stalledSinceNs < 0) connection.stalledSinceNs = connection.lastSentNs;
  const isOver = connection.synRetransmits >= limit || (linear > 0 && isSynTimeOver(connection));
  if (isOver || isUserTimeoutOver(connection)) {
    failConnection(connection, orSoft(connection, TcpError.TimedOut));
    return;
  }
  context.count(TcpCounter.RetransSegs);
  connection.totalRetransmits++;
  connection.synRetransmits++;
  if (connection.synRetransmits > linear) connection.backoffs++;
  connection.retransmits++;
  connection.isSynDue = true;
}

/** The time that the retransmissions of a SYN take where each timeout doubles bounds those that do not, too. */
function isSynTimeOver(connection: TcpConnection): boolean {
  const { config, context, stalledSinceNs, synRetries } = connection;
  const wholeNs = config.rtt.rtoInitialNs * (2 ** (synRetries + 1) - 1);
  return context.clock.nowNs - stalledSinceNs >= wholeNs;
}

function orSoft(connection: TcpConnection, error: TcpError): TcpError {
  const soft = currentSoftError(connection);
  return soft === TcpError.None ? error : soft;
}

function isUserTimeoutOver(connection: TcpConnection): boolean {
  const { userTimeoutNs, stalledSinceNs } = connection;
  if (userTimeoutNs === 0 || stalledSinceNs < 0) return false;
  return connection.context.clock.nowNs - stalledSinceNs >= userTimeoutNs;
}

/** R1 and R2: RFC 9293 §3.8.3. */
function fireRto(connection: TcpConnection): void {
  const { config, context, scoreboard } = connection;
  if (scoreboard.segments === 0) return;
  const limit = connection.isOrphan ? config.orphanRetries : config.retriesR2;
  if (connection.retransmits >= limit || isUserTimeoutOver(connection)) {
    context.count(TcpCounter.AbortOnTimeout);
    failConnection(connection, orSoft(connection, TcpError.TimedOut));
    return;
  }
  if (connection.retransmits >= config.retriesR1) onBlackHoleSuspected(connection);
  onRetransmissionTimeout(connection);
}

/** The connection stays open as long as probes are answered: RFC 9293 §3.8.6.1. */
function fireWindowProbe(connection: TcpConnection): void {
  const { config, context } = connection;
  if (connection.stalledSinceNs < 0) connection.stalledSinceNs = context.clock.nowNs;
  const limit = connection.isOrphan ? config.orphanRetries : config.retriesR2;
  if (connection.probes >= limit || isUserTimeoutOver(connection)) {
    context.count(TcpCounter.AbortOnTimeout);
    failConnection(connection, orSoft(connection, TcpError.TimedOut));
    return;
  }
  connection.probes++;
  if (connection.probeBackoffs < config.retriesR2) connection.probeBackoffs++;
  connection.probeDue = ProbeKind.Window;
  setRetransmitTimer(connection, RetransmitMode.WindowProbe);
}

/** Sets or stops the keep-alive timer after the option, the state or the times have changed. */
export function armKeepAlive(connection: TcpConnection): void {
  const { context, slot, state } = connection;
  if (state === TcpState.FinWait2 && connection.isOrphan) return;
  const isOn = connection.usesKeepAlive && state >= TcpState.Established;
  const atNs = isOn ? context.clock.nowNs + connection.keepAliveIdleNs : NEVER;
  context.setTimer(slot, TimerKind.KeepAlive, atNs);
}

/** RFC 9293 §3.8.4; or FIN-WAIT-2 of an orphan is over. */
function fireKeepAlive(connection: TcpConnection): void {
  const { context, slot, state } = connection;
  if (state === TcpState.FinWait2 && connection.isOrphan) {
    endConnection(connection);
    return;
  }
  if (!connection.usesKeepAlive || state < TcpState.Established) return;
  const nowNs = context.clock.nowNs;
  // Data in flight or waiting has timers of its own.
  const isBusy = connection.scoreboard.segments > 0 || connection.unsentBytes > 0;
  const idleSinceNs = connection.lastReceivedNs;
  if (
    isBusy ||
    (connection.keepAliveSent === 0 && nowNs - idleSinceNs < connection.keepAliveIdleNs)
  ) {
    const fromNs = isBusy ? nowNs : idleSinceNs;
    context.setTimer(slot, TimerKind.KeepAlive, fromNs + connection.keepAliveIdleNs);
    return;
  }
  const isLate =
    connection.userTimeoutNs > 0
      ? connection.keepAliveSent > 0 && nowNs - idleSinceNs >= connection.userTimeoutNs
      : connection.keepAliveSent >= connection.keepAliveProbesMax;
  if (isLate) {
    context.count(TcpCounter.AbortOnTimeout);
    resetConnection(connection, TcpError.TimedOut);
    return;
  }
  connection.keepAliveSent++;
  needController(connection);
  connection.probeDue = ProbeKind.KeepAlive;
  context.setTimer(slot, TimerKind.KeepAlive, nowNs + connection.keepAliveIntervalNs);
}
