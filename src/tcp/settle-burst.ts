/**
 * When nothing more goes out for now: what the burst means for the timers (RFC 6298 §5.1, RFC 8985 §7.2), for window
 * validation (RFC 7661), and for the delivery rate of a sender that has run out of data. Hot: no allocation per burst.
 */
import { UNPACED } from '../recovery/congestion.ts';
import { BusyKind, noteBusy } from './busy-time.ts';
import { flightSize, noteFlight, sendWindow } from './congestion-window.ts';
import { RetransmitMode, type TcpConnection } from './connection.ts';
import { restartRto, scheduleLossProbe, settleWindowProbe } from './retransmit-timer.ts';
import { NO_ROW } from './segment-table.ts';

export function settleBurst(connection: TcpConnection): void {
  const { scoreboard, config, controller, smss, pacer } = connection;
  const sent = connection.burstSegments;
  connection.burstSegments = 0;
  if (pacer !== undefined) pacer.endBurst();
  connection.resendSegments = 0;
  const unsent = connection.unsentBytes;
  const unit = config.granularity === 'segments' ? smss : 1;
  const room = sendWindow(connection) - flightSize(connection);
  // Also where a full segment waits that the window, counted in bytes, has no room for.
  const isStopped = room < unit || connection.isHeldByWindow || (unsent >= smss && room < smss);
  if (connection.isHeldByWindow) connection.isHeldByWindow = false;
  const hasTried = unsent > 0 && !connection.isTimerBurst;
  if (sent > 0 || (isStopped && hasTried)) noteFlight(connection, isStopped);
  if (connection.isTimerBurst) connection.isTimerBurst = false;
  if (!isStopped && unsent < smss && scoreboard.lost.head === NO_ROW) {
    if (controller.pacingRate !== UNPACED || sent > 0) {
      connection.context.ownRate(connection).markAppLimited(scoreboard.inFlightBytes);
    }
  }
  if (sent > 0) {
    // Nearly always.
    const isProbing = connection.retransmitMode === RetransmitMode.LossProbe;
    if (!isProbing || !scheduleLossProbe(connection, false)) restartTimers(connection);
  }
  if (scoreboard.segments === 0 || connection.retransmitMode === RetransmitMode.WindowProbe) {
    settleWindowProbe(connection);
  }
  const isStillBusy = unsent > 0 && room < unit && connection.busyKind === BusyKind.Busy;
  if (!isStillBusy) noteBusy(connection);
}

/** Something was sent. */
function restartTimers(connection: TcpConnection): void {
  const { retransmitMode } = connection;
  if (
    retransmitMode === RetransmitMode.None ||
    retransmitMode === RetransmitMode.WindowProbe ||
    retransmitMode === RetransmitMode.LossProbe
  ) {
    if (!scheduleLossProbe(connection, false)) restartRto(connection);
  } else if (!connection.isTlpOut) {
    scheduleLossProbe(connection, false);
  }
}
