/**
 * How much may be in flight: the controller's window, or PRR's during a reduction, against what is in flight,
 * in one unit. In the `linux` profile every sent segment counts as one SMSS whatever its length. Also
 * whether the window is what limits sending, and what an idle time does to it: RFC 7661, RFC 5681 §4.1. Hot.
 */
import { seqBefore } from '../base/seq.ts';
import type { Bytes } from '../base/units.ts';
import { UNPACED } from '../recovery/congestion.ts';
import { derivePacingRate, Pacer, sendQuantumAt } from '../recovery/pacer.ts';
import { CongestionState, type TcpConnection } from './connection.ts';
import { TimeCell } from './connection-times.ts';

/** In flight, in the unit of the window. */
export function flightSize(connection: TcpConnection): Bytes {
  const { scoreboard } = connection;
  return connection.config.granularity === 'segments'
    ? scoreboard.inFlightSegments * connection.smss
    : scoreboard.inFlightBytes;
}

/** In a window reduction for loss or ECN; not after a timeout. */
export function inReduction(connection: TcpConnection): boolean {
  const { congestionState } = connection;
  return congestionState === CongestionState.Recovery || congestionState === CongestionState.Cwr;
}

/** cwnd as it limits sending now. */
export function sendWindow(connection: TcpConnection): Bytes {
  const { controller } = connection;
  if (inReduction(connection) && controller.recoveryWindow === 'prr') return connection.prrWindow;
  return controller.cwnd;
}

/** The window has room for a segment of `length` bytes. */
export function hasWindowFor(connection: TcpConnection, length: Bytes): boolean {
  const counted = connection.config.granularity === 'segments' ? connection.smss : length;
  return flightSize(connection) + counted <= sendWindow(connection);
}

/** Tells PRR and the controller about a segment sent. */
export function onSegmentSent(connection: TcpConnection, length: Bytes): void {
  const { context, controller, config } = connection;
  const inSegments = config.granularity === 'segments';
  if (inReduction(connection)) connection.prr?.onSent(inSegments ? 1 : length);
  const counted = inSegments ? connection.smss : length;
  controller.onPacketSent(counted, flightSize(connection), connection.rate.isAppLimited);
  if (config.usesPacing || controller.pacingRate !== UNPACED) pace(connection, length);
  context.cells[connection.cellsAt + TimeCell.LastSent] = context.clock.nowNs;
}

/**
 * Pacing goes by the window or, in the `linux` profile, by this where it is more: what was sent and not acknowledged at
 * the last ACK, once segments are missing. A window that recovery has cut says less of the path. 0 for none.
 */
export function sentAtAck(connection: TcpConnection): Bytes {
  if (connection.congestionState === CongestionState.Open || !connection.config.sendsChunks)
    return 0;
  return connection.segmentsOutAtAck * connection.smss;
}

function pace(connection: TcpConnection, length: Bytes): void {
  // This one is counted already.
  if (connection.dataSegmentsOut <= connection.config.unpacedSegments) return;
  const { controller, smss } = connection;
  let rate = controller.pacingRate;
  let quantum = controller.sendQuantum;
  if (rate === UNPACED) {
    const cwnd = sendWindow(connection);
    const { ssthresh } = controller;
    rate = derivePacingRate(
      cwnd,
      ssthresh,
      connection.rtt.smoothedNs,
      connection.config.pacingGains,
    );
    const sent = sentAtAck(connection);
    if (sent > cwnd) rate *= sent / cwnd;
    quantum = sendQuantumAt(rate, smss);
  }
  if (connection.config.sendsChunks) {
    quantum = Math.max(length, connection.chunkBytes, connection.resendSegments * smss);
  }
  connection.pacer ??= new Pacer(connection.context.clock);
  connection.pacer.onSent(length, rate, quantum);
}

/** After a burst: the most in flight of this round, and whether the window stopped it. */
export function noteFlight(connection: TcpConnection, isStopped: boolean): void {
  const { config, scoreboard, smss } = connection;
  const flight =
    config.granularity === 'segments' ? scoreboard.segments * smss : scoreboard.inFlightBytes;
  const isNewRound = !seqBefore(connection.sndUna, connection.flightMaxSeq);
  if (
    isNewRound ||
    isStopped ||
    (!connection.isCwndLimited && flight > connection.flightMaxBytes)
  ) {
    connection.isCwndLimited = isStopped;
    connection.flightMaxBytes = flight;
    connection.flightMaxSeq = connection.sndNxt;
  }
}

/** The window has been used, so it may grow: RFC 7661; in slow start while half of it is used, as Linux. */
export function isWindowUsed(connection: TcpConnection): boolean {
  const { controller, isCwndLimited } = connection;
  if (isCwndLimited) return true;
  return controller.cwnd < controller.ssthresh && controller.cwnd < 2 * connection.flightMaxBytes;
}

/** RFC 5681 §4.1: nothing sent for longer than the RTO. */
export function restartAfterIdle(connection: TcpConnection): void {
  if (connection.scoreboard.segments > 0 || !connection.config.usesSlowStartAfterIdle) return;
  if (inReduction(connection)) return;
  const { context } = connection;
  const lastSentNs = context.cells[connection.cellsAt + TimeCell.LastSent];
  if (lastSentNs < 0) return;
  const idleNs = context.clock.nowNs - lastSentNs;
  const { rtoNs } = connection.rtt;
  if (idleNs > rtoNs) connection.controller.onIdleRestart(idleNs, rtoNs);
}

/** RFC 3168 §6.1.2; never with AccECN: RFC 9768 §3.1.5. */
export function demandCwr(connection: TcpConnection): void {
  if (connection.hasEcn && !connection.hasAccEcn) connection.isCwrDue = true;
}
