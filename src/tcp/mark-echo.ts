/**
 * Echoing CE packet by packet, for senders that react to how much was marked: RFC 8257 §3.2. ECE says whether the
 * last segment that arrived was marked; when that changes, what still waits for its ACK is acknowledged at once with
 * the old state, and the new segment with the new one, so that the sender can count bytes. Hot.
 */

import { NO_FRAME, NO_PAYLOAD } from '../frame/frame-record.ts';
import { TcpFlag } from '../wire/tcp.ts';
import type { TcpConnection } from './connection.ts';
import { buildSegment } from './frame-builder.ts';

/** Before the text of a segment is taken. */
export function echoMark(connection: TcpConnection, isMarked: boolean): void {
  if (isMarked === connection.isEceDue) return;
  const { context } = connection;
  if (connection.isAckDelayed) {
    const flags = TcpFlag.Ack | (connection.isEceDue ? TcpFlag.Ece : 0);
    const frame = buildSegment(connection, connection.sndNxt, flags, 0, NO_PAYLOAD);
    if (frame !== NO_FRAME) context.pushControl(frame);
  }
  connection.isEceDue = isMarked;
  connection.isAckDue = true;
}
