/**
 * Data that arrived out of order: ranges of sequence numbers with the pieces that fill them. What is here
 * already wins over what arrives again, so that pieces never overlap and joining two ranges is O(1); there
 * are as many ranges as holes. A second list keeps the ranges by their last change, newest first, which is
 * the order of SACK blocks: RFC 2018 §4. Rows of all connections share one pool.
 *
 * Search starts at the end, where new data goes, then where the last change was, where the next
 * retransmission goes. Hot: no allocation per segment.
 */
import { type SeqNumber, seqAdd, seqBefore, seqDiff, seqFromWire } from '../base/seq.ts';
import type { Bytes } from '../base/units.ts';
import { NO_PAYLOAD } from '../frame/frame-record.ts';
import type { ByteQueue, PiecePool } from './byte-queue.ts';

const NO_RANGE = -1;
const SHIFT = 3;

const enum RangeWord {
  Left = 0,
  Right = 1,
  FirstPiece = 2,
  LastPiece = 3,
  Previous = 4,
  Next = 5,
  /** Neighbours in order of change. */
  Newer = 6,
  Older = 7,
}

export class RangePool {
  words = new Int32Array(32 << SHIFT);
  readonly pieces: PiecePool;
  #freeHead = NO_RANGE;
  #fresh = 0;
  #inUse = 0;

  constructor(pieces: PiecePool) {
    this.pieces = pieces;
  }

  get inUse(): number {
    return this.#inUse;
  }

  /** Word index of an unused row. */
  allocate(): number {
    let range = this.#freeHead;
    if (range !== NO_RANGE) {
      this.#freeHead = this.words[(range << SHIFT) + RangeWord.Next];
    } else {
      range = this.#fresh++;
      if (this.#fresh << SHIFT > this.words.length) {
        const words = new Int32Array(this.words.length * 2);
        words.set(this.words);
        this.words = words;
      }
    }
    this.#inUse++;
    return range;
  }

  release(range: number): void {
    this.words[(range << SHIFT) + RangeWord.Next] = this.#freeHead;
    this.#freeHead = range;
    this.#inUse--;
  }
}

/** The out-of-order data of one connection. */
export class Reassembly {
  /** Segments that came out of order. */
  segments = 0;
  /** A duplicate to report: RFC 2883 §4. */
  hasDsack = false;
  dsackLeft: SeqNumber = seqFromWire(0);
  dsackRight: SeqNumber = seqFromWire(0);
  /** What of the last segment was here already: its first such part. */
  duplicateLeft: SeqNumber = seqFromWire(0);
  duplicateRight: SeqNumber = seqFromWire(0);
  // ACKs of this hole that went at once, and those that wait as one: tcp/ack-policy.
  holeAt: SeqNumber = seqFromWire(0);
  acksOfHole = 0;
  heldAcks = 0;
  readonly #pool: RangePool;
  #head = NO_RANGE;
  #tail = NO_RANGE;
  #newest = NO_RANGE;
  #byteLength = 0;
  #count = 0;
  #hasFin = false;
  #finEnd: SeqNumber = seqFromWire(0);

  constructor(pool: RangePool) {
    this.#pool = pool;
  }

  get byteLength(): Bytes {
    return this.#byteLength;
  }

  /** There is something for a SACK option. */
  get hasBlocks(): boolean {
    return this.#count > 0 || this.hasDsack;
  }

  /** What a segment would report, had it room. */
  get blockCount(): number {
    return this.#count + (this.hasDsack ? 1 : 0);
  }

  get rangeCount(): number {
    return this.#count;
  }

  /** Right edge of the last range. Only when there is one. */
  get end(): SeqNumber {
    return seqFromWire(this.#pool.words[(this.#tail << SHIFT) + RangeWord.Right]);
  }

  /**
   * Keeps those of `length` bytes from `left` on that are new, taking references of its own to the chunk at
   * `offset`. Returns how many are new.
   */
  insert(left: SeqNumber, length: Bytes, offset: number): Bytes {
    const words = this.#pool.words;
    const right = seqAdd(left, length);
    const before = this.#byteLength;
    let previous = this.#lastStartingBy(left);
    let cursor = left;
    if (previous !== NO_RANGE) {
      const end = seqFromWire(words[(previous << SHIFT) + RangeWord.Right]);
      if (seqBefore(cursor, end)) {
        cursor = end;
        this.#noteDuplicate(left, seqBefore(end, right) ? end : right);
      }
    }
    let isKnown = seqBefore(left, cursor);
    while (seqBefore(cursor, right)) {
      const next = this.#following(previous);
      let stop = right;
      if (next !== NO_RANGE) {
        const start = seqFromWire(this.#pool.words[(next << SHIFT) + RangeWord.Left]);
        if (seqBefore(start, stop)) {
          stop = start;
          const end = seqFromWire(this.#pool.words[(next << SHIFT) + RangeWord.Right]);
          if (!isKnown) this.#noteDuplicate(start, seqBefore(end, right) ? end : right);
          isKnown = true;
        }
      }
      const skip = seqDiff(cursor, left);
      const place = offset === NO_PAYLOAD ? NO_PAYLOAD : offset + skip;
      previous = this.#add(previous, cursor, seqDiff(stop, cursor), place);
      if (next !== NO_RANGE && this.#joins(previous, next)) this.#join(previous, next);
      cursor = seqFromWire(this.#pool.words[(previous << SHIFT) + RangeWord.Right]);
    }
    if (previous !== NO_RANGE) this.#touch(previous);
    return this.#byteLength - before;
  }

  /** Keeps the number of a FIN that lies beyond a hole, of which no text comes. False when it is here already. */
  insertFin(at: SeqNumber): boolean {
    const end = seqAdd(at, 1);
    let range = this.#lastStartingBy(at);
    const rangeEnd = (range << SHIFT) + RangeWord.Right;
    const known = range === NO_RANGE ? at : seqFromWire(this.#pool.words[rangeEnd]);
    const isNews = !seqBefore(at, known);
    if (range !== NO_RANGE && known === at) this.#pool.words[rangeEnd] = end;
    else if (isNews)
      range = this.#createAfter(range, at, 1, this.#pool.pieces.create(NO_PAYLOAD, 0));
    this.#touch(range);
    this.#hasFin = true;
    this.#finEnd = end;
    return isNews;
  }

  /** For the next ACK. One that waits already grows when the new one touches it, and is kept otherwise. */
  reportDuplicate(left: SeqNumber, right: SeqNumber): void {
    if (!this.hasDsack) {
      this.hasDsack = true;
      this.dsackLeft = left;
      this.dsackRight = right;
      return;
    }
    if (seqBefore(this.dsackRight, left) || seqBefore(right, this.dsackLeft)) return;
    if (seqBefore(left, this.dsackLeft)) this.dsackLeft = left;
    if (seqBefore(this.dsackRight, right)) this.dsackRight = right;
  }

  #noteDuplicate(left: SeqNumber, right: SeqNumber): void {
    this.duplicateLeft = left;
    this.duplicateRight = right;
  }

  /** Moves what is now in order, if `rcvNxt` has reached it, to the queue. Returns how many bytes. */
  deliver(rcvNxt: SeqNumber, queue: ByteQueue): Bytes {
    const head = this.#head;
    if (head === NO_RANGE) return 0;
    const at = head << SHIFT;
    const words = this.#pool.words;
    const left = seqFromWire(words[at + RangeWord.Left]);
    if (left !== rcvNxt) return 0;
    const right = seqFromWire(words[at + RangeWord.Right]);
    const hasFin = this.#hasFin && seqBefore(left, this.#finEnd) && !seqBefore(right, this.#finEnd);
    const length = seqDiff(right, left) - (hasFin ? 1 : 0);
    queue.appendChain(words[at + RangeWord.FirstPiece], words[at + RangeWord.LastPiece], length);
    this.#byteLength -= length;
    this.#remove(head);
    return length;
  }

  /**
   * Writes up to `max` blocks as pairs of edges to target[at …]: a duplicate first (RFC 2883 §4), then the newest
   * ranges. Returns how many.
   */
  writeSackBlocks(target: Int32Array, at: number, max: number): number {
    const words = this.#pool.words;
    let range = this.#newest;
    let count = 0;
    if (this.hasDsack) {
      this.hasDsack = false;
      target[at] = this.dsackLeft;
      target[at + 1] = this.dsackRight;
      count = 1;
    }
    while (range !== NO_RANGE && count < max) {
      target[at + 2 * count] = words[(range << SHIFT) + RangeWord.Left];
      target[at + 2 * count + 1] = words[(range << SHIFT) + RangeWord.Right];
      count++;
      range = words[(range << SHIFT) + RangeWord.Older];
    }
    return count;
  }

  clear(): void {
    while (this.#head !== NO_RANGE) {
      this.#pool.pieces.releaseChain(
        this.#pool.words[(this.#head << SHIFT) + RangeWord.FirstPiece],
      );
      this.#remove(this.#head);
    }
    this.#byteLength = 0;
    this.#hasFin = false;
    this.hasDsack = false;
  }

  /** The last range whose left edge is not beyond `left`. */
  #lastStartingBy(left: SeqNumber): number {
    const words = this.#pool.words;
    let range = this.#tail;
    if (range === NO_RANGE) return NO_RANGE;
    if (!seqBefore(left, seqFromWire(words[(range << SHIFT) + RangeWord.Left]))) return range;
    range = this.#newest;
    while (
      range !== NO_RANGE &&
      seqBefore(left, seqFromWire(words[(range << SHIFT) + RangeWord.Left]))
    ) {
      range = words[(range << SHIFT) + RangeWord.Previous];
    }
    let next = this.#following(range);
    while (
      next !== NO_RANGE &&
      !seqBefore(left, seqFromWire(words[(next << SHIFT) + RangeWord.Left]))
    ) {
      range = next;
      next = words[(range << SHIFT) + RangeWord.Next];
    }
    return range;
  }

  #following(range: number): number {
    return range === NO_RANGE ? this.#head : this.#pool.words[(range << SHIFT) + RangeWord.Next];
  }

  /** Appends new bytes to `previous` when they touch it, or makes a range after it. Returns their range. */
  #add(previous: number, left: SeqNumber, length: Bytes, offset: number): number {
    const { pieces } = this.#pool;
    if (offset !== NO_PAYLOAD) pieces.arena.retain(offset);
    this.#byteLength += length;
    const words = this.#pool.words;
    const at = previous << SHIFT;
    if (previous !== NO_RANGE && words[at + RangeWord.Right] === left) {
      words[at + RangeWord.Right] = seqAdd(left, length);
      const last = words[at + RangeWord.LastPiece];
      if (pieces.extend(last, offset, length)) return previous;
      const piece = pieces.create(offset, length);
      pieces.setNext(last, piece);
      words[at + RangeWord.LastPiece] = piece;
      return previous;
    }
    return this.#createAfter(previous, left, length, pieces.create(offset, length));
  }

  #createAfter(previous: number, left: SeqNumber, length: Bytes, piece: number): number {
    const next = this.#following(previous);
    const range = this.#pool.allocate();
    const words = this.#pool.words;
    const at = range << SHIFT;
    words[at + RangeWord.Left] = left;
    words[at + RangeWord.Right] = seqAdd(left, length);
    words[at + RangeWord.FirstPiece] = piece;
    words[at + RangeWord.LastPiece] = piece;
    words[at + RangeWord.Previous] = previous;
    words[at + RangeWord.Next] = next;
    if (previous === NO_RANGE) this.#head = range;
    else words[(previous << SHIFT) + RangeWord.Next] = range;
    if (next === NO_RANGE) this.#tail = range;
    else words[(next << SHIFT) + RangeWord.Previous] = range;
    this.#count++;
    this.#linkNewest(range);
    return range;
  }

  #joins(range: number, next: number): boolean {
    const words = this.#pool.words;
    return words[(range << SHIFT) + RangeWord.Right] === words[(next << SHIFT) + RangeWord.Left];
  }

  /** Appends `next` to the range before it. */
  #join(range: number, next: number): void {
    const words = this.#pool.words;
    const at = range << SHIFT;
    const from = next << SHIFT;
    words[at + RangeWord.Right] = words[from + RangeWord.Right];
    const last = words[at + RangeWord.LastPiece];
    this.#pool.pieces.setNext(last, words[from + RangeWord.FirstPiece]);
    words[at + RangeWord.LastPiece] = words[from + RangeWord.LastPiece];
    this.#remove(next);
  }

  /** Unlinks and releases a range; its pieces are another's now. */
  #remove(range: number): void {
    const words = this.#pool.words;
    const previous = words[(range << SHIFT) + RangeWord.Previous];
    const next = words[(range << SHIFT) + RangeWord.Next];
    if (previous === NO_RANGE) this.#head = next;
    else words[(previous << SHIFT) + RangeWord.Next] = next;
    if (next === NO_RANGE) this.#tail = previous;
    else words[(next << SHIFT) + RangeWord.Previous] = previous;
    this.#unlinkNewest(range);
    this.#count--;
    this.#pool.release(range);
  }

  #touch(range: number): void {
    this.#unlinkNewest(range);
    this.#linkNewest(range);
  }

  #linkNewest(range: number): void {
    const words = this.#pool.words;
    words[(range << SHIFT) + RangeWord.Newer] = NO_RANGE;
    words[(range << SHIFT) + RangeWord.Older] = this.#newest;
    if (this.#newest !== NO_RANGE) words[(this.#newest << SHIFT) + RangeWord.Newer] = range;
    this.#newest = range;
  }

  #unlinkNewest(range: number): void {
    const words = this.#pool.words;
    const newer = words[(range << SHIFT) + RangeWord.Newer];
    const older = words[(range << SHIFT) + RangeWord.Older];
    if (newer === NO_RANGE) this.#newest = older;
    else words[(newer << SHIFT) + RangeWord.Older] = older;
    if (older !== NO_RANGE) words[(older << SHIFT) + RangeWord.Newer] = newer;
  }
}
