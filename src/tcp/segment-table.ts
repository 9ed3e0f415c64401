/**
 * Rows of sent segments that are not acknowledged, of all connections of a host: a cache line each, times of
 * delivery-rate sampling in it, and four words of its counts apart. A row is in its connection's list by
 * sequence number, and, unless SACKed, in one of three others through the Time links: in order of
 * transmission while it is in flight, in order of sequence when it is lost and not sent again, or when that was undone.
 *
 * Hot: no allocation per segment; columns double when they are full.
 */
import { type SeqNumber, seqAdd, seqFromWire } from '../base/seq.ts';
import type { Bytes, Instant } from '../base/units.ts';
import { COUNTS_SHIFT, type SentRows, SentTime, TIMES_SHIFT } from '../recovery/delivery-rate.ts';

export const NO_ROW = -1;
export const ROW_SHIFT = 4;

/** words[(row << ROW_SHIFT) + SegmentWord.Seq] */
export const enum SegmentWord {
  Seq = 0,
  /** Payload bytes; a FIN counts apart. */
  Length = 1,
  /** SegmentFlag. */
  Flags = 2,
  Transmissions = 3,
  /** Where its first byte lies in the send queue. */
  Piece = 4,
  PieceSkip = 5,
  Previous = 6,
  Next = 7,
  TimePrevious = 8,
  TimeNext = 9,
  // Words 10 to 15 are SentTime.
}

export const enum SegmentFlag {
  Fin = 1,
  Push = 2,
  Sacked = 4,
  /** Marked lost; stays until acknowledged, SACKed or undone. */
  Lost = 8,
  /** A retransmission is in flight. */
  Retransmitted = 16,
  /** It was ever sent twice: no sample of the RTT, RFC 6298 §3. */
  EverRetransmitted = 32,
  /** RFC 4821: larger than the MSS, to probe the path. */
  MtuProbe = 64,
  /** The last of a chunk: what is sent again together ends here at the latest. */
  ChunkEnd = 128,
  /** RACK has called it lost, and does not look at it again until it is sent again. */
  RackLost = 256,
}

export class SegmentTable implements SentRows {
  words: Int32Array;
  /** The same buffer: SentTime, of the last transmission. */
  times: Float64Array;
  /** SentCount: noted with it. */
  counts: Int32Array;
  #freeHead = NO_ROW;
  #fresh = 0;
  #inUse = 0;

  /** @param rows to start with */
  constructor(rows: number) {
    this.words = new Int32Array(rows << ROW_SHIFT);
    this.times = new Float64Array(this.words.buffer);
    this.counts = new Int32Array(rows << COUNTS_SHIFT);
  }

  /** Of the last transmission. */
  sentNs(row: number): Instant {
    return this.times[(row << TIMES_SHIFT) + SentTime.Sent];
  }

  get inUse(): number {
    return this.#inUse;
  }

  allocate(): number {
    let row = this.#freeHead;
    if (row !== NO_ROW) this.#freeHead = this.words[(row << ROW_SHIFT) + SegmentWord.Next];
    else {
      row = this.#fresh++;
      if (this.#fresh << ROW_SHIFT > this.words.length) this.#grow();
    }
    this.#inUse++;
    return row;
  }

  release(row: number): void {
    this.words[(row << ROW_SHIFT) + SegmentWord.Next] = this.#freeHead;
    this.#freeHead = row;
    this.#inUse--;
  }

  /** Rows from `first` to `last`, which are linked in order of sequence. */
  releaseChain(first: number, last: number, count: number): void {
    this.words[(last << ROW_SHIFT) + SegmentWord.Next] = this.#freeHead;
    this.#freeHead = first;
    this.#inUse -= count;
  }

  seq(row: number): SeqNumber {
    return seqFromWire(this.words[(row << ROW_SHIFT) + SegmentWord.Seq]);
  }

  /** The sequence number after the segment, its FIN included. */
  end(row: number): SeqNumber {
    return seqAdd(this.seq(row), this.sequenceLength(row));
  }

  length(row: number): Bytes {
    return this.words[(row << ROW_SHIFT) + SegmentWord.Length];
  }

  /** SEG.LEN: payload, and 1 for a FIN. */
  sequenceLength(row: number): Bytes {
    const at = row << ROW_SHIFT;
    return this.words[at + SegmentWord.Length] + (this.words[at + SegmentWord.Flags] & 1);
  }

  flags(row: number): number {
    return this.words[(row << ROW_SHIFT) + SegmentWord.Flags];
  }

  next(row: number): number {
    return this.words[(row << ROW_SHIFT) + SegmentWord.Next];
  }

  timeNext(row: number): number {
    return this.words[(row << ROW_SHIFT) + SegmentWord.TimeNext];
  }

  #grow(): void {
    const words = new Int32Array(this.words.length * 2);
    words.set(this.words);
    this.words = words;
    this.times = new Float64Array(words.buffer);
    const counts = new Int32Array(this.counts.length * 2);
    counts.set(this.counts);
    this.counts = counts;
  }

  /** The history of one row becomes another's as well. */
  copyHistory(from: number, to: number): void {
    const times = from << TIMES_SHIFT;
    this.times.copyWithin(
      (to << TIMES_SHIFT) + SentTime.Sent,
      times + SentTime.Sent,
      times + SentTime.FirstSent + 1,
    );
    const counts = from << COUNTS_SHIFT;
    this.counts.copyWithin(to << COUNTS_SHIFT, counts, counts + (1 << COUNTS_SHIFT));
  }
}

/** A doubly linked list through TimePrevious and TimeNext. */
export class TimeList {
  head = NO_ROW;
  tail = NO_ROW;

  append(words: Int32Array, row: number): void {
    const { tail } = this;
    words[(row << ROW_SHIFT) + SegmentWord.TimePrevious] = tail;
    words[(row << ROW_SHIFT) + SegmentWord.TimeNext] = NO_ROW;
    if (tail === NO_ROW) this.head = row;
    else words[(tail << ROW_SHIFT) + SegmentWord.TimeNext] = row;
    this.tail = row;
  }

  /** Puts `row` behind `previous`, or first when that is NO_ROW. */
  insertAfter(words: Int32Array, previous: number, row: number): void {
    const next =
      previous === NO_ROW ? this.head : words[(previous << ROW_SHIFT) + SegmentWord.TimeNext];
    words[(row << ROW_SHIFT) + SegmentWord.TimePrevious] = previous;
    words[(row << ROW_SHIFT) + SegmentWord.TimeNext] = next;
    if (previous === NO_ROW) this.head = row;
    else words[(previous << ROW_SHIFT) + SegmentWord.TimeNext] = row;
    if (next === NO_ROW) this.tail = row;
    else words[(next << ROW_SHIFT) + SegmentWord.TimePrevious] = row;
  }

  remove(words: Int32Array, row: number): void {
    const previous = words[(row << ROW_SHIFT) + SegmentWord.TimePrevious];
    const next = words[(row << ROW_SHIFT) + SegmentWord.TimeNext];
    if (previous === NO_ROW) this.head = next;
    else words[(previous << ROW_SHIFT) + SegmentWord.TimeNext] = next;
    if (next === NO_ROW) this.tail = previous;
    else words[(next << ROW_SHIFT) + SegmentWord.TimePrevious] = previous;
  }
}
