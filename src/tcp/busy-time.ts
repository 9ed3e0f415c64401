/**
 * How long a connection has had something to send, and of that, how long the peer's window or its own send
 * buffer held it up: the busy times of Linux's tcp_info. Hot.
 */
import { seqDiff } from '../base/seq.ts';
import type { Duration } from '../base/units.ts';
import { hasWindowFor, isWindowUsed } from './congestion-window.ts';
import type { TcpConnection } from './connection.ts';

export const enum BusyKind {
  Idle = 0,
  Busy = 1,
  /** The receive window is closed to what waits. */
  ReceiverLimited = 2,
  /** All is sent, the windows have room for more, and the writer waits for room in the buffer. */
  BufferLimited = 3,
}

/** After a burst. */
export function noteBusy(connection: TcpConnection): void {
  const kind = kindNow(connection);
  if (kind === connection.busyKind) return;
  settle(connection);
  connection.busyKind = kind;
}

function kindNow(connection: TcpConnection): BusyKind {
  const { scoreboard, unsentBytes } = connection;
  if (unsentBytes > 0) {
    // Where the congestion window has no room either, it is not the peer's that holds sending up.
    if (!hasWindowFor(connection, Math.min(connection.smss, unsentBytes))) return BusyKind.Busy;
    const room = seqDiff(connection.sndWndEnd, connection.sndNxt);
    if (room < Math.min(connection.smss, unsentBytes)) return BusyKind.ReceiverLimited;
    return BusyKind.Busy;
  }
  if (scoreboard.segments === 0) return BusyKind.Idle;
  const isBlocked = connection.isWriteBlocked && !isWindowUsed(connection);
  return isBlocked ? BusyKind.BufferLimited : BusyKind.Busy;
}

/** Books the time since the last change. */
function settle(connection: TcpConnection): void {
  const nowNs = connection.context.clock.nowNs;
  const spentNs = nowNs - connection.busySinceNs;
  connection.busySinceNs = nowNs;
  if (connection.busyKind === BusyKind.Busy) connection.busyNs += spentNs;
  else if (connection.busyKind === BusyKind.ReceiverLimited)
    connection.receiverLimitedNs += spentNs;
  else if (connection.busyKind === BusyKind.BufferLimited) connection.bufferLimitedNs += spentNs;
}

/** Time of one kind until now. */
export function busyNs(connection: TcpConnection, kind: BusyKind): Duration {
  settle(connection);
  if (kind === BusyKind.Busy) return connection.busyNs;
  return kind === BusyKind.ReceiverLimited
    ? connection.receiverLimitedNs
    : connection.bufferLimitedNs;
}
