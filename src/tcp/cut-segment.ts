/**
 * Segments in flight that are cut: one that is sent again with less than it had, since the path or the peer takes less now
 * (RFC 9293 §3.7.1), and one of which the peer has acknowledged a part. Hot: no allocation per segment.
 */
import { seqAdd, seqFromWire } from '../base/seq.ts';
import type { Bytes } from '../base/units.ts';
import type { PiecePool } from './byte-queue.ts';
import type { Scoreboard } from './scoreboard.ts';
import { NO_ROW, ROW_SHIFT, SegmentFlag, type SegmentTable, SegmentWord } from './segment-table.ts';

/** The rows and the bytes of the segments: a TcpContext. */
interface Ledger {
  readonly segments: SegmentTable;
  readonly pieces: PiecePool;
}

/** Cuts a segment after `length` of its bytes. Returns the second part, which has the same history. */
export function cutSegment(
  scoreboard: Scoreboard,
  { segments, pieces }: Ledger,
  row: number,
  length: Bytes,
): number {
  const rest = segments.allocate();
  const words = segments.words;
  const at = row << ROW_SHIFT;
  const to = rest << ROW_SHIFT;
  words.copyWithin(to, at, at + (1 << ROW_SHIFT));
  segments.copyHistory(row, rest);
  const flags = words[at + SegmentWord.Flags];
  words[at + SegmentWord.Length] = length;
  words[at + SegmentWord.Flags] =
    flags & ~(SegmentFlag.Fin | SegmentFlag.Push | SegmentFlag.ChunkEnd);
  words[to + SegmentWord.Seq] = seqAdd(seqFromWire(words[at + SegmentWord.Seq]), length);
  words[to + SegmentWord.Length] -= length;
  movePiece(words, to, length, pieces);
  linkRest(scoreboard, words, row, rest);
  if (scoreboard.highestSacked === row) scoreboard.highestSacked = rest;
  return rest;
}

/** Bits by which a row is counted, and by which it is in one of the lists. */
const KIND = SegmentFlag.Sacked | SegmentFlag.Lost | SegmentFlag.Retransmitted;

/**
 * Gives what a segment has beyond `length` bytes to the next one, if both went out in one chunk and wait to be sent again:
 * the chunk is segmented anew, and has no short segment in the middle. False when it cannot be.
 */
export function handOnRest({ segments, pieces }: Ledger, row: number, length: Bytes): boolean {
  const words = segments.words;
  const at = row << ROW_SHIFT;
  const next = words[at + SegmentWord.Next];
  if (next === NO_ROW) return false;
  const to = next << ROW_SHIFT;
  const flags = words[at + SegmentWord.Flags];
  if ((flags & (SegmentFlag.ChunkEnd | KIND)) !== SegmentFlag.Lost) return false;
  if ((words[to + SegmentWord.Flags] & KIND) !== SegmentFlag.Lost) return false;
  const rest = words[at + SegmentWord.Length] - length;
  words[at + SegmentWord.Length] = length;
  words[at + SegmentWord.Flags] = flags & ~SegmentFlag.Push;
  words[to + SegmentWord.Seq] = seqAdd(seqFromWire(words[at + SegmentWord.Seq]), length);
  words[to + SegmentWord.Length] += rest;
  words[to + SegmentWord.Piece] = words[at + SegmentWord.Piece];
  words[to + SegmentWord.PieceSkip] = words[at + SegmentWord.PieceSkip];
  movePiece(words, to, length, pieces);
  return true;
}

function linkRest(scoreboard: Scoreboard, words: Int32Array, row: number, rest: number): void {
  const flags = words[(rest << ROW_SHIFT) + SegmentWord.Flags];
  const next = words[(row << ROW_SHIFT) + SegmentWord.Next];
  words[(row << ROW_SHIFT) + SegmentWord.Next] = rest;
  words[(rest << ROW_SHIFT) + SegmentWord.Previous] = row;
  if (next === NO_ROW) scoreboard.tail = rest;
  else words[(next << ROW_SHIFT) + SegmentWord.Previous] = rest;
  // One segment becomes two, of whatever kind it is; the bytes stay the same.
  scoreboard.segments++;
  if ((flags & SegmentFlag.Sacked) !== 0) scoreboard.sackedSegments++;
  if ((flags & SegmentFlag.Lost) !== 0) scoreboard.lostSegments++;
  if ((flags & SegmentFlag.Retransmitted) !== 0) scoreboard.retransmittedSegments++;
  if ((flags & SegmentFlag.Sacked) !== 0) return;
  scoreboard.listOf(flags).insertAfter(words, row, rest);
}

/** The part of a row that was cut off starts `length` bytes further on in the send queue. */
export function movePiece(words: Int32Array, at: number, length: Bytes, pieces: PiecePool): void {
  let piece = words[at + SegmentWord.Piece];
  let skip = words[at + SegmentWord.PieceSkip] + length;
  while (words[at + SegmentWord.Length] > 0 && skip >= pieces.length(piece)) {
    skip -= pieces.length(piece);
    piece = pieces.next(piece);
  }
  words[at + SegmentWord.Piece] = piece;
  words[at + SegmentWord.PieceSkip] = skip;
}
