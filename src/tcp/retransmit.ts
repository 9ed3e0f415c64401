/**
 * A segment that is sent once more, cut to what fits now: RFC 6675 §5, RFC 6298 §5.4. What it means for undo is noted here
 * (RFC 4015, RFC 3708). When it is sent decides tcp/sender. Hot: no allocation per segment.
 */
import { seqBefore } from '../base/seq.ts';
import type { Bytes } from '../base/units.ts';
import { type FrameId, NO_FRAME } from '../frame/frame-record.ts';
import { TcpFlag } from '../wire/tcp.ts';
import { onSegmentSent } from './congestion-window.ts';
import { CongestionState, RetransmitMode, type TcpConnection } from './connection.ts';
import { TcpCounter } from './counters.ts';
import { cutSegment, handOnRest } from './cut-segment.ts';
import { buildSegment, ecnEcho, markEcnCapable, sackBytes } from './frame-builder.ts';
import { setRetransmitTimer } from './retransmit-timer.ts';
import { ROW_SHIFT, SegmentFlag, SegmentWord } from './segment-table.ts';
import { ARENA_FULL, payloadAt } from './send-new.ts';
import { timestampNow } from './timestamps.ts';

/** Sends a segment once more, cut to what now fits. The caller has seen to the window. */
export function retransmit(connection: TcpConnection, row: number, endsChunk: boolean): FrameId {
  const { context, scoreboard } = connection;
  const { segments } = context;
  // A window that was taken back: only the first segment is sent into it.
  if (row !== scoreboard.head && !seqBefore(segments.seq(row), connection.sndWndEnd))
    return NO_FRAME;
  const smss = connection.smss - sackBytes(connection);
  if (segments.length(row) > smss && !handOnRest(context, row, smss)) {
    cutSegment(scoreboard, context, row, smss);
  }
  const at = row << ROW_SHIFT;
  const words = segments.words;
  const length = words[at + SegmentWord.Length];
  const payload = payloadAt(
    connection,
    words[at + SegmentWord.Piece],
    words[at + SegmentWord.PieceSkip],
    length,
  );
  const rowFlags = words[at + SegmentWord.Flags];
  let flags = TcpFlag.Ack | ecnEcho(connection);
  if ((rowFlags & SegmentFlag.Fin) !== 0) flags |= TcpFlag.Fin;
  if (endsChunk || (rowFlags & SegmentFlag.Push) !== 0) flags |= TcpFlag.Psh;
  const frame = payload === ARENA_FULL ? NO_FRAME : buildData(connection, row, flags, payload);
  if (frame === NO_FRAME) return NO_FRAME;
  // RFC 3168 §6.1.5 forbids it, RFC 8257 §4.1 recommends it.
  if (connection.hasPreciseEcn) markEcnCapable(connection, frame);
  noteRetransmission(connection, rowFlags, length);
  scoreboard.markRetransmitted(row);
  const sequenceLength = segments.sequenceLength(row);
  connection.rate.stampSent(segments, row, sequenceLength, scoreboard.inFlightBytes);
  const isReordering = connection.retransmitMode === RetransmitMode.Reordering;
  if (row === scoreboard.head && !isReordering) setRetransmitTimer(connection, RetransmitMode.Rto);
  onSegmentSent(connection, length);
  return frame;
}

function noteRetransmission(connection: TcpConnection, rowFlags: number, length: Bytes): void {
  const { context } = connection;
  context.count(TcpCounter.RetransSegs);
  connection.totalRetransmits++;
  connection.bytesRetransmitted += length;
  if (connection.congestionState === CongestionState.Loss)
    context.count(TcpCounter.SlowStartRetrans);
  else if (connection.congestionState === CongestionState.Recovery) {
    context.count(TcpCounter.FastRetrans);
  }
  // A probe for what is not lost is no retransmission that an undo would have to explain.
  if ((rowFlags & SegmentFlag.Lost) === 0) return;
  if (!connection.hasRetransmitTsVal) {
    connection.hasRetransmitTsVal = true;
    connection.retransmitTsVal = timestampNow(connection);
  }
  if (!connection.hasUndo) return;
  connection.undoRetransmits = Math.max(0, connection.undoRetransmits) + 1;
}

function buildData(
  connection: TcpConnection,
  row: number,
  flags: number,
  payload: number,
): FrameId {
  const { segments } = connection.context;
  const length = segments.length(row);
  const frame = buildSegment(connection, segments.seq(row), flags, length, payload);
  if (frame === NO_FRAME) return NO_FRAME;
  connection.bytesSent += length;
  if (length > 0) connection.dataSegmentsOut++;
  return frame;
}
