/**
 * What an application sets on a connection, with the effects at once: RFC 9293 §3.9.1.8 and the options of
 * sockets. Plain fields of the connection (synRetries, lingerNs …) may be set before it opens.
 */
import type { Bytes, Duration } from '../base/units.ts';
import { startQuickAcks } from './ack-policy.ts';
import type { TcpConnection } from './connection.ts';
import { updateSmss } from './path-mtu.ts';
import { isWindowUpdateDue, setReceiveBufferBytes } from './receive-window.ts';
import { TcpState } from './state.ts';
import { armKeepAlive } from './timers.ts';

/** Nagle's rule off: RFC 9293 §3.7.4. What it held back goes out. */
export function setNoDelay(connection: TcpConnection, isOn: boolean): void {
  connection.isNoDelay = isOn;
  connection.isPushing = isOn;
  connection.context.wake(connection);
}

/** Holds partial segments back, for a while: TCP_CORK. */
export function setCork(connection: TcpConnection, isOn: boolean): void {
  connection.isCorked = isOn;
  if (!isOn) {
    // Uncorking pushes what waits; in the `linux` profile Nagle's rule holds.
    connection.isPushing = connection.isNoDelay;
    connection.hasMore = false;
    connection.isCorkOver = true;
  }
  connection.context.wake(connection);
}

/** TCP_QUICKACK: acknowledges at once from now on, or delays. */
export function setQuickAck(connection: TcpConnection, isOn: boolean): void {
  connection.isPingPong = !isOn;
  if (isOn) {
    startQuickAcks(connection);
    if (connection.isAckDelayed) connection.isAckDue = true;
  }
  connection.context.wake(connection);
}

export interface KeepAliveTimes {
  readonly idleNs?: Duration;
  readonly intervalNs?: Duration;
  readonly probes?: number;
}

/** RFC 9293 §3.8.4. */
export function setKeepAlive(
  connection: TcpConnection,
  isOn: boolean,
  times: KeepAliveTimes = {},
): void {
  connection.usesKeepAlive = isOn;
  connection.keepAliveIdleNs = times.idleNs ?? connection.keepAliveIdleNs;
  connection.keepAliveIntervalNs = times.intervalNs ?? connection.keepAliveIntervalNs;
  connection.keepAliveProbesMax = times.probes ?? connection.keepAliveProbesMax;
  if (connection.state === TcpState.Closed) return;
  armKeepAlive(connection);
  connection.context.wake(connection);
}

/** RFC 5482; 0: R2 decides. */
export function setUserTimeout(connection: TcpConnection, timeoutNs: Duration): void {
  connection.userTimeoutNs = timeoutNs;
}

/** TCP_MAXSEG: no larger segments, and before the SYN no larger MSS announced. */
export function setMssClamp(connection: TcpConnection, mss: Bytes): void {
  connection.mssClamp = mss;
  if (connection.state >= TcpState.Established) updateSmss(connection);
}

/** A size that stays: no growth by itself. */
export function setSendBuffer(connection: TcpConnection, bytes: Bytes): void {
  connection.sndBufferBytes = bytes;
  connection.isSndBufferFixed = true;
}

/** A size that stays: no autotuning. The window on offer is not taken back. */
export function setReceiveBuffer(connection: TcpConnection, bytes: Bytes): void {
  setReceiveBufferBytes(connection, bytes);
  connection.isRcvBufferFixed = true;
  if (connection.state < TcpState.Established) return;
  if (isWindowUpdateDue(connection)) connection.isAckDue = true;
  connection.context.wake(connection);
}
