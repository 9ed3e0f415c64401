/**
 * What is written and not sent yet, as buffers in the sense of Linux's write queue: a write fills the last buffer
 * up to a goal (the largest burst, at most half of the peer's largest window, in whole segments) and begins
 * new ones; no burst reaches over a buffer's end, and each write marks the buffer it ends in to be pushed (PSH,
 * RFC 9293 §3.9.1.2). A long write sends what it may whenever a buffer is full, before it goes on: so the
 * filling goes on as frames are taken, and buffers end where they do there. Rows of all connections of a host
 * share one pool. With `sendsChunks` off nothing is kept here. Hot: no allocation per segment.
 */
import type { Bytes } from '../base/units.ts';
import { restartAfterIdle } from './congestion-window.ts';
import type { TcpConnection } from './connection.ts';
import { needController } from './controller-start.ts';
import { sackBytes } from './frame-builder.ts';
import { BufferFlag, NO_BUFFER, PushMode } from './send-buffers.ts';

/** What kind of write it was. */
export const enum WriteFlag {
  /** MSG_MORE: more follows. */
  More = 1,
  /** MSG_EOR: a record ends. */
  EndOfRecord = 2,
  /** The send buffer took only a part. */
  Short = 4,
  /** Nothing of it is in a buffer yet. */
  Unbuffered = 8,
}

/** The application has written `length` bytes. Fills no buffer yet, but with what the write before has left. */
export function noteWritten(connection: TcpConnection, length: Bytes, flags: number): void {
  while (connection.fillBytes > 0) fillBuffer(connection);
  if (length === 0) return;
  connection.fillBytes = length;
  connection.fillFlags = flags | WriteFlag.Unbuffered;
  connection.pushMode = PushMode.Hold;
}

/** The write goes on until it ends or something may be sent; sets how much that is. */
export function fillBuffer(connection: TcpConnection): void {
  const { buffers } = connection.context;
  const goal = bufferGoal(connection);
  while (connection.fillBytes > 0) {
    const tail = tailWithRoom(connection, goal);
    if ((connection.fillFlags & WriteFlag.Unbuffered) !== 0) buffers.clear(tail, BufferFlag.Push);
    connection.fillFlags &= ~WriteFlag.Unbuffered;
    const taken = Math.min(connection.fillBytes, goal - buffers.length(tail));
    buffers.addLength(tail, taken);
    connection.fillBytes -= taken;
    connection.bufferedBytes += taken;
    connection.unpushedBytes += taken;
    if (connection.fillBytes === 0) break;
    if (isPushForced(connection)) {
      markPush(connection, tail);
      connection.pushMode = PushMode.All;
      return;
    }
    if (tail === connection.bufferHead) {
      connection.pushMode = PushMode.One;
      return;
    }
  }
  endWrite(connection);
}

function endWrite(connection: TcpConnection): void {
  const { fillFlags, bufferTail, context } = connection;
  const isShort = (fillFlags & WriteFlag.Short) !== 0;
  const hasMore = !isShort && (fillFlags & WriteFlag.More) !== 0;
  if (!isShort && (fillFlags & WriteFlag.EndOfRecord) !== 0) {
    context.buffers.set(bufferTail, BufferFlag.EndOfRecord);
  }
  if (!hasMore || isPushForced(connection)) markPush(connection, bufferTail);
  connection.pushMode = hasMore ? PushMode.Cork : PushMode.Usual;
  if (isShort) connection.pushMode = PushMode.All;
}

/** Half of the largest window the peer has offered was written without a push. */
function isPushForced(connection: TcpConnection): boolean {
  return connection.unpushedBytes > connection.maxSndWnd >> 1;
}

function markPush(connection: TcpConnection, buffer: number): void {
  connection.context.buffers.set(buffer, BufferFlag.Push);
  connection.unpushedBytes = 0;
}

/** Length of a full buffer. */
export function bufferGoal(connection: TcpConnection): Bytes {
  const { maxSndWnd, config } = connection;
  const smss = connection.smss - sackBytes(connection);
  // RFC 9293 §3.8.6.2.1, SHOULD-29: half of a small window is worth sending.
  const half = maxSndWnd > 536 ? maxSndWnd >> 1 : maxSndWnd;
  const most = half > 0 ? Math.min(config.sendChunkBytesMax, half) : config.sendChunkBytesMax;
  return Math.max(1, Math.floor(most / smss)) * smss;
}

function tailWithRoom(connection: TcpConnection, goal: Bytes): number {
  const { context, bufferTail } = connection;
  const { buffers } = context;
  const hasRoom =
    bufferTail !== NO_BUFFER &&
    buffers.length(bufferTail) < goal &&
    !buffers.has(bufferTail, BufferFlag.EndOfRecord);
  if (hasRoom) return bufferTail;
  const buffer = buffers.create();
  if (bufferTail === NO_BUFFER) connection.bufferHead = buffer;
  else buffers.setNext(bufferTail, buffer);
  connection.bufferTail = buffer;
  // What an option pushed was what had been written until then.
  connection.isPushing = false;
  if (needController(connection)) restartAfterIdle(connection);
  return buffer;
}

/** The first buffer takes bytes of the ones behind it, so that a burst of `length` fits. */
export function growHead(connection: TcpConnection, length: Bytes): void {
  const { buffers } = connection.context;
  const head = connection.bufferHead;
  for (let next = buffers.next(head); next !== NO_BUFFER; next = buffers.next(head)) {
    const missing = length - buffers.length(head);
    if (missing <= 0 || buffers.has(head, BufferFlag.EndOfRecord)) return;
    const moved = Math.min(missing, buffers.length(next));
    buffers.addLength(head, moved);
    buffers.addLength(next, -moved);
    if (buffers.length(next) > 0) return;
    buffers.inherit(head, next);
    buffers.setNext(head, buffers.next(next));
    if (connection.bufferTail === next) connection.bufferTail = head;
    buffers.release(next);
  }
}

/** Takes `length` bytes off the front, perhaps of several buffers. True when the last one ends there with a push. */
export function takeBuffered(connection: TcpConnection, length: Bytes): boolean {
  const { buffers } = connection.context;
  const { bufferHead } = connection;
  connection.bufferedBytes -= length;
  if (bufferHead !== NO_BUFFER && length < buffers.length(bufferHead)) {
    buffers.addLength(bufferHead, -length);
    return false;
  }
  let isPushed = false;
  let left = length;
  while (left > 0 && connection.bufferHead !== NO_BUFFER) {
    const head = connection.bufferHead;
    const taken = Math.min(left, buffers.length(head));
    buffers.addLength(head, -taken);
    left -= taken;
    isPushed = false;
    if (buffers.length(head) > 0) break;
    isPushed = buffers.has(head, BufferFlag.Push);
    connection.bufferHead = buffers.next(head);
    if (connection.bufferHead === NO_BUFFER) connection.bufferTail = NO_BUFFER;
    buffers.release(head);
  }
  return isPushed;
}

/** Bytes went out by another way than a burst (data of a SYN): the buffers are of what is unsent. */
export function reconcileBuffers(connection: TcpConnection, unsent: Bytes): void {
  let beyond = connection.bufferedBytes + connection.fillBytes - unsent;
  if (beyond === 0) return;
  while (connection.fillBytes > 0) fillBuffer(connection);
  beyond = connection.bufferedBytes - unsent;
  if (beyond > 0) takeBuffered(connection, beyond);
  else if (beyond < 0) noteWritten(connection, -beyond, 0);
}

/** The connection ends. */
export function clearBuffers(connection: TcpConnection): void {
  connection.fillBytes = 0;
  connection.chunkBytes = 0;
  takeBuffered(connection, connection.bufferedBytes);
}
