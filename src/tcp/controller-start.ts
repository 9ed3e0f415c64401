/**
 * When a connection gets its congestion controller. Who only receives needs none: half of all ends of bulk transfers.
 * Where the factory allows it (`waitsForData`) it is made when the application first writes or closes, or when
 * somebody asks about the window, as if it had been made when the handshake ended. Cold: once a connection.
 */
import { initialWindowRfc6928 } from '../recovery/congestion.ts';
import type { TcpConnection } from './connection.ts';

/** The handshake is over: the controller, with the initial window, is made now or when there is a use for it. */
export function startController(connection: TcpConnection): void {
  if (connection.controller !== undefined) return;
  const isSending = connection.sendQueue.byteLength > 0 || connection.isWriteShut;
  if (connection.controllers.waitsForData === true && !isSending) connection.isControllerDue = true;
  else makeController(connection);
}

/** True when there is a controller, now at the latest; false before the handshake is over. */
export function needController(connection: TcpConnection): boolean {
  if (connection.isControllerDue) makeController(connection);
  return connection.controller !== undefined;
}

function makeController(connection: TcpConnection): void {
  const { context, config, smss } = connection;
  const inSegments = config.granularity === 'segments';
  let initialWindow = config.initialWindowSegments * smss;
  if (!inSegments) initialWindow = Math.min(initialWindow, initialWindowRfc6928(smss));
  // RFC 5681 §3.1: one segment after a SYN was lost; Linux forgives one.
  if (connection.synRetransmits > (inSegments ? 1 : 0)) initialWindow = smss;
  connection.isControllerDue = false;
  connection.controller = connection.controllers({
    clock: context.clock,
    random: context.random,
    smss,
    initialWindow,
    initialRttNs: connection.rtt.latestNs,
    granularity: config.granularity,
    hasAccurateMarks: connection.hasAccEcn || connection.hasPreciseEcn,
    isPaced: config.usesPacing,
  });
}
