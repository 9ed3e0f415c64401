/**
 * What an application asks of a connection: SEND, RECEIVE, CLOSE, ABORT of RFC 9293 §3.9.1, with the results
 * of sockets. Every command may make frames due: poll the layer afterwards. `connect` and `listen` are the
 * layer's, `accept` the listener's.
 */
import { seqAdd } from '../base/seq.ts';
import type { Bytes } from '../base/units.ts';
import { NO_PAYLOAD } from '../frame/frame-record.ts';
import { isPushReadOut, scheduleAck } from './ack-policy.ts';
import type { ByteQueue } from './byte-queue.ts';
import type { TcpConnection } from './connection.ts';
import { AckNote } from './connection-flags.ts';
import { needController } from './controller-start.ts';
import { dropReceived, endConnection, resetConnection } from './ending.ts';
import { TcpError } from './errors.ts';
import { isWindowUpdateDue, tuneReceiveBuffer, unacknowledgedBytes } from './receive-window.ts';
import { startFinWait2 } from './segment-arrives.ts';
import { sendRoom } from './send-room.ts';
import { canSend, TcpState } from './state.ts';
import { noteWritten, WriteFlag } from './write-queue.ts';

/** Why nothing can be written; None when something can. */
export function writeError(connection: TcpConnection): TcpError {
  if (connection.error !== TcpError.None) return connection.error;
  if (connection.isWriteShut) return TcpError.BrokenPipe;
  const { state } = connection;
  if (state === TcpState.Closed) return TcpError.BrokenPipe;
  if (state === TcpState.SynSent || state === TcpState.SynReceived) return TcpError.None;
  return canSend(state) ? TcpError.None : TcpError.BrokenPipe;
}

/** Free room of the send buffer in bytes. */
export function writableBytes(connection: TcpConnection): Bytes {
  return Math.max(0, sendRoom(connection));
}

/** Bytes in order that nobody has read. */
export function readableBytes(connection: TcpConnection): Bytes {
  return connection.unreadBytes;
}

/** The peer's FIN has been reached: a read returns the end of the stream. */
export function isAtEnd(connection: TcpConnection): boolean {
  return connection.unreadBytes === 0 && connection.isPeerDone;
}

/**
 * Queues up to `length` zeros, as a length only. Returns how many were taken; `hasMore` (MSG_MORE) holds a
 * partial segment back, `endsRecord` (MSG_EOR) lets nothing join the last one.
 */
export function writeZeros(
  connection: TcpConnection,
  length: Bytes,
  hasMore = false,
  endsRecord = false,
): Bytes {
  const flags = writeFlags(hasMore, endsRecord, false);
  return writeZerosWithin(connection, length, writableBytes(connection), flags);
}

/** As writeZeros, within another bound than the send buffer's; `flags` are WriteFlag's. */
export function writeZerosWithin(
  connection: TcpConnection,
  length: Bytes,
  room: Bytes,
  flags: number,
): Bytes {
  if (length === 0 || writeError(connection) !== TcpError.None) return 0;
  const count = Math.min(length, room);
  if (count > 0) ownSendQueue(connection).appendZeros(count);
  const isShort = count < length;
  if (isShort) connection.isWriteBlocked = true;
  afterWrite(connection, count, isShort ? flags | WriteFlag.Short : flags);
  return count;
}

/** Queues up to `length` bytes of source[at …], copied once. Returns how many were taken. */
export function write(
  connection: TcpConnection,
  source: Uint8Array,
  at: number,
  length: Bytes,
  hasMore = false,
  endsRecord = false,
): Bytes {
  if (writeError(connection) !== TcpError.None) return 0;
  const { payloadWriter, pool } = connection.context;
  const arena = pool.payloads;
  let left = Math.min(length, writableBytes(connection));
  let from = at;
  while (left > 0) {
    const count = Math.min(left, arena.chunkBytes >> 2);
    const place = payloadWriter.reserve(count);
    if (place === NO_PAYLOAD) break;
    arena.retain(place);
    for (let index = 0; index < count; index++) arena.bytes[place + index] = source[from + index];
    ownSendQueue(connection).append(place, count);
    from += count;
    left -= count;
  }
  const isShort = from - at < length;
  if (isShort) connection.isWriteBlocked = true;
  afterWrite(connection, from - at, writeFlags(hasMore, endsRecord, isShort));
  return from - at;
}

function ownSendQueue(connection: TcpConnection): ByteQueue {
  const { context } = connection;
  needController(connection);
  if (connection.sendQueue === context.idleQueue) connection.sendQueue = context.takeQueue();
  return connection.sendQueue;
}

function writeFlags(hasMore: boolean, endsRecord: boolean, isShort: boolean): number {
  let flags = hasMore ? WriteFlag.More : 0;
  if (endsRecord) flags |= WriteFlag.EndOfRecord;
  return isShort ? flags | WriteFlag.Short : flags;
}

function afterWrite(connection: TcpConnection, written: Bytes, flags: number): void {
  connection.hasMore = (flags & WriteFlag.More) !== 0;
  if (connection.config.sendsChunks) noteWritten(connection, written, flags);
  connection.context.wake(connection);
}

/** Reads up to `max` bytes into target[at …]. Returns how many. */
export function read(connection: TcpConnection, target: Uint8Array, at: number, max: Bytes): Bytes {
  const count = Math.min(max, connection.unreadBytes);
  if (connection.unreadZeros > 0) {
    target.fill(0, at, at + count);
    connection.unreadZeros -= count;
  } else {
    connection.receiveQueue.read(target, at, count);
    releaseReceiveQueue(connection);
  }
  afterRead(connection, count);
  return count;
}

/** Takes up to `max` bytes without looking at them. Returns how many. */
export function discard(connection: TcpConnection, max: Bytes): Bytes {
  const count = Math.min(max, connection.unreadBytes);
  if (connection.unreadZeros > 0) {
    connection.unreadZeros -= count;
  } else {
    connection.receiveQueue.discard(count);
    releaseReceiveQueue(connection);
  }
  afterRead(connection, count);
  return count;
}

function releaseReceiveQueue(connection: TcpConnection): void {
  if (connection.receiveQueue.byteLength > 0) return;
  connection.receiveQueue = connection.context.returnQueue(connection.receiveQueue);
}

/** The window may open, and so may an ACK be due: RFC 9293 §3.8.6.2.2. */
function afterRead(connection: TcpConnection, count: Bytes): void {
  if (count === 0 || connection.state < TcpState.Established) return;
  const fin = connection.isPeerDone ? 1 : 0;
  connection.receiveMemory?.free(seqAdd(connection.rcvNxt, -connection.unreadBytes - fin));
  tuneReceiveBuffer(connection, count);
  const isLinux = connection.config.quickAckSegments > 0;
  // Behind the FIN nothing more will come into a window.
  if (connection.isPeerDone && !isLinux) return;
  const isScheduled = (connection.ackNotes & AckNote.Scheduled) !== 0;
  const waits = isScheduled && unacknowledgedBytes(connection) > connection.rcvMss;
  const isUpdateDue = !connection.isPeerDone && isWindowUpdateDue(connection);
  if (waits || (isLinux && isPushReadOut(connection)) || isUpdateDue) {
    scheduleAck(connection, true);
    connection.context.wake(connection);
  }
}

/** CLOSE of the send half: a FIN follows what is queued. Reading goes on. */
export function shutdownWrite(connection: TcpConnection): TcpError {
  const { state } = connection;
  if (state === TcpState.Closed || state === TcpState.SynSent) return TcpError.NotConnected;
  if (connection.isWriteShut) return TcpError.None;
  connection.isWriteShut = true;
  needController(connection);
  connection.hasMore = false;
  if (state === TcpState.Established) connection.setState(TcpState.FinWait1);
  else if (state === TcpState.CloseWait) connection.setState(TcpState.LastAck);
  connection.context.wake(connection);
  return TcpError.None;
}

/** Nothing will be read any more: what comes when our FIN is out is answered by a reset (RFC 1122 §4.2.2.13). */
export function shutdownRead(connection: TcpConnection): void {
  connection.isReadShut = true;
}

/** The application is done with the connection: RFC 9293 §3.10.4, and a reset when data is unread (§3.6.1). */
export function close(connection: TcpConnection): void {
  const { state } = connection;
  if (connection.isOrphan) return;
  connection.isOrphan = true;
  if (state === TcpState.Closed) {
    dropReceived(connection);
    return;
  }
  if (state === TcpState.SynSent) {
    endConnection(connection);
    return;
  }
  const isUnread = connection.unreadBytes > 0;
  if (isUnread || connection.lingerNs === 0) {
    abort(connection);
    return;
  }
  shutdownWrite(connection);
  if (connection.state === TcpState.FinWait2) {
    if (connection.finWait2Ns < 0) abort(connection);
    else startFinWait2(connection);
  }
  connection.context.wake(connection);
}

/** ABORT: RFC 9293 §3.10.5. */
export function abort(connection: TcpConnection): void {
  connection.isOrphan = true;
  if (connection.state === TcpState.Closed) {
    dropReceived(connection);
    return;
  }
  resetConnection(connection, TcpError.ConnectionAborted);
}
