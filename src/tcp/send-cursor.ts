/** The place in the send queue of the first byte that was never sent: a piece and bytes of it. Hot. */
import type { Bytes } from '../base/units.ts';
import { NO_PIECE } from './byte-queue.ts';
import type { TcpConnection } from './connection.ts';

/** Moves the cursor of unsent data off the end of a piece. */
export function settleCursor(connection: TcpConnection): void {
  const { pieces } = connection.context;
  if (connection.sendPiece === NO_PIECE) {
    connection.sendPiece = connection.sendQueue.head;
    connection.sendSkip = connection.sendQueue.headSkip;
  }
  const { sendPiece } = connection;
  if (sendPiece === NO_PIECE || connection.sendSkip < pieces.length(sendPiece)) return;
  const next = pieces.next(sendPiece);
  if (next === NO_PIECE) return;
  connection.sendPiece = next;
  connection.sendSkip = 0;
}

/** Behind `length` more bytes that were sent. */
export function advanceCursor(connection: TcpConnection, length: Bytes): void {
  if (length === 0) return;
  const { pieces } = connection.context;
  const skip = connection.sendSkip + length;
  if (connection.sendPiece !== NO_PIECE && skip <= pieces.length(connection.sendPiece)) {
    connection.sendSkip = skip;
    return;
  }
  let left = length;
  while (left > 0) {
    settleCursor(connection);
    const count = Math.min(left, pieces.length(connection.sendPiece) - connection.sendSkip);
    connection.sendSkip += count;
    left -= count;
  }
}
