/**
 * Probes, which take no notice of the congestion window: for a lost tail (RFC 8985 §7.3), into a closed window (RFC 9293
 * §3.8.6.1) and of a peer that is silent (§3.8.4). When one is due decides tcp/timers.
 */
import { seqAdd, seqDiff } from '../base/seq.ts';
import type { Bytes } from '../base/units.ts';
import { type FrameId, NO_FRAME } from '../frame/frame-record.ts';
import { ProbeKind, type TcpConnection } from './connection.ts';
import { TcpCounter } from './counters.ts';
import { buildAck } from './frame-builder.ts';
import { retransmit } from './retransmit.ts';
import { NO_ROW, ROW_SHIFT, SegmentFlag, SegmentWord } from './segment-table.ts';
import { beginChunk, segmentBytes } from './send-chunk.ts';
import { endFlags, hasFinBehind, sendChunked, sendNew } from './send-new.ts';
import { fillBuffer, growHead, reconcileBuffers } from './write-queue.ts';

/** The probe that is due. */
export function transmitProbe(connection: TcpConnection): FrameId {
  const kind = connection.probeDue;
  const { context } = connection;
  connection.probeDue = ProbeKind.None;
  const room = seqDiff(connection.sndWndEnd, connection.sndNxt);
  const wanted = Math.min(segmentBytes(connection), connection.unsentBytes);
  const length = Math.min(wanted, room);
  // New data that the window would cut says less than the last segment again.
  const mayBeCut = kind === ProbeKind.Window || room >= wanted;
  if (kind !== ProbeKind.KeepAlive && length > 0 && mayBeCut) {
    const frame = sendProbeData(connection, length, kind);
    if (kind === ProbeKind.Loss) noteLossProbe(connection, false);
    return frame;
  }
  if (kind === ProbeKind.Loss && room > 0 && isBareFinDue(connection)) {
    const frame = sendNew(connection, 0, SegmentFlag.Fin);
    noteLossProbe(connection, false);
    return frame;
  }
  if (kind === ProbeKind.Loss) {
    const row = lastUnsacked(connection);
    if (row === NO_ROW) return NO_FRAME;
    const frame = retransmit(connection, row, false);
    noteLossProbe(connection, true);
    return frame;
  }
  context.count(kind === ProbeKind.Window ? TcpCounter.WindowProbes : TcpCounter.KeepAlives);
  // An old sequence number makes the peer answer: RFC 9293 §3.8.4.
  return buildAck(connection, seqAdd(connection.sndUna, -1));
}

/** While a reduction goes on what was sent last may be SACKed: it is not what may be lost. */
function lastUnsacked({ scoreboard, context }: TcpConnection): number {
  const { segments } = context;
  let row = scoreboard.tail;
  while (row !== NO_ROW && (segments.flags(row) & SegmentFlag.Sacked) !== 0) {
    row = segments.words[(row << ROW_SHIFT) + SegmentWord.Previous];
  }
  return row;
}

/** All data has been sent, and the congestion window keeps the FIN back. */
function isBareFinDue(connection: TcpConnection): boolean {
  return connection.isWriteShut && !connection.isFinSent && connection.unsentBytes === 0;
}

/** New data whatever the congestion window. Into a window that is too small it goes with PSH, as Linux has it. */
function sendProbeData(connection: TcpConnection, length: Bytes, kind: ProbeKind): FrameId {
  if (!connection.config.sendsChunks) {
    const isLast = length === connection.unsentBytes;
    const hasFin = isLast && hasFinBehind(connection, length);
    return sendNew(connection, length, endFlags(hasFin, isLast));
  }
  reconcileBuffers(connection, connection.unsentBytes);
  while (connection.fillBytes > 0) fillBuffer(connection);
  if (connection.chunkBytes === 0) {
    growHead(connection, length);
    beginChunk(
      connection,
      Math.min(length, connection.context.buffers.length(connection.bufferHead)),
    );
    if (kind === ProbeKind.Window) connection.isChunkMarked = true;
    connection.isChunkPushed = connection.isChunkMarked;
  }
  return sendChunked(connection);
}

/** RFC 8985 §7.3. */
function noteLossProbe(connection: TcpConnection, isRetransmission: boolean): void {
  connection.isTlpOut = true;
  connection.isTlpRetransmission = isRetransmission;
  connection.tlpEnd = connection.sndNxt;
  connection.context.count(TcpCounter.LossProbes);
}
