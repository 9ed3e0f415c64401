/**
 * How much a write takes on a system that accounts for send memory as Linux does: data and an overhead for each buffer
 * of the write queue and each chunk on its way. Room is asked for before a new buffer only, which is then filled
 * whatever the bound; what goes out of a buffer meanwhile makes room in it for more. A writer that waits goes on
 * when a third of the memory is free and, with a bound on unsent data (TCP_NOTSENT_LOWAT), half of that.
 */
import { seqDiff } from '../base/seq.ts';
import type { Bytes } from '../base/units.ts';
import { flightSize, sendWindow } from '../tcp/congestion-window.ts';
import type { TcpConnection } from '../tcp/connection.ts';
import { needController } from '../tcp/controller-start.ts';
import { NO_ROW, SegmentFlag } from '../tcp/segment-table.ts';
import { BufferFlag, NO_BUFFER } from '../tcp/send-buffers.ts';
import { chunkSegmentsMax } from '../tcp/send-chunk.ts';
import { bufferGoal } from '../tcp/write-queue.ts';

/** Headers and bookkeeping of a buffer or chunk. */
const OVERHEAD_BYTES: Bytes = 1280;

/** Of `bytes`, how many a write takes now. */
export function acceptedBytes(connection: TcpConnection, bytes: Bytes): Bytes {
  const { notSentLowAt, sndBufferBytes } = connection;
  const goal = bufferGoal(connection);
  let accepted = 0;
  let used = queuedBytes(connection);
  let unsent = connection.unsentBytes;
  let tail = tailBytes(connection);
  let sendable = Math.max(0, sendableBytes(connection) - unsent);
  while (accepted < bytes) {
    if (tail === 0 || tail >= goal) {
      if (used >= sndBufferBytes || (notSentLowAt > 0 && unsent >= notSentLowAt)) break;
      used += OVERHEAD_BYTES;
      tail = 0;
    }
    const taken = Math.min(goal - tail, bytes - accepted);
    accepted += taken;
    used += taken;
    unsent += taken;
    tail += taken;
    if (tail < goal) break;
    // A full buffer is sent, as far as the windows let it.
    const sent = Math.min(sendable, unsent);
    sendable -= sent;
    unsent -= sent;
    tail = Math.min(tail, unsent);
    used += OVERHEAD_BYTES * Math.ceil(sent / chunkBytes(connection));
  }
  return accepted;
}

/** Whether a writer that waits goes on, and poll says that there is room. */
export function isWritable(connection: TcpConnection): boolean {
  const { notSentLowAt, sndBufferBytes, unsentBytes } = connection;
  if (notSentLowAt > 0 && 2 * unsentBytes >= notSentLowAt) return false;
  return 3 * queuedBytes(connection) <= 2 * sndBufferBytes;
}

/** What may go out at once, in whole segments. */
function sendableBytes(connection: TcpConnection): Bytes {
  if (!needController(connection)) return 0;
  const { smss } = connection;
  const window = Math.min(
    sendWindow(connection) - flightSize(connection),
    seqDiff(connection.sndWndEnd, connection.sndNxt),
  );
  return Math.max(0, Math.floor(window / smss)) * smss;
}

function chunkBytes(connection: TcpConnection): Bytes {
  const { smss } = connection;
  const half = Math.max(1, Math.floor(sendWindow(connection) / smss) >> 1);
  return smss * Math.min(half, chunkSegmentsMax(connection));
}

/** Unsent bytes of the last buffer, if something may be added to it. */
function tailBytes({ context, bufferTail }: TcpConnection): Bytes {
  if (bufferTail === NO_BUFFER) return 0;
  const { buffers } = context;
  return buffers.has(bufferTail, BufferFlag.EndOfRecord) ? 0 : buffers.length(bufferTail);
}

/** Memory of what is in the send queue. */
function queuedBytes({ context, scoreboard, sendQueue, bufferHead }: TcpConnection): Bytes {
  let parts = 0;
  for (let buffer = bufferHead; buffer !== NO_BUFFER; buffer = context.buffers.next(buffer)) {
    parts++;
  }
  const { segments } = context;
  for (let row = scoreboard.head; row !== NO_ROW; row = segments.next(row)) {
    if ((segments.flags(row) & SegmentFlag.ChunkEnd) !== 0) parts++;
  }
  return sendQueue.byteLength + parts * OVERHEAD_BYTES;
}
