/**
 * Bytes that wait to be sent, to be put in order or to be read: chains of pieces, each a place in the
 * payload arena or a length alone, which stands for zeros. Nothing is copied in here; a piece holds one
 * reference to its chunk. Rows of all connections share one pool.
 *
 * Hot: no allocation per segment; the pool's columns double when they are full.
 */
import { assert } from '../base/assert.ts';
import type { Bytes } from '../base/units.ts';
import { NO_PAYLOAD } from '../frame/frame-record.ts';
import type { PayloadArena } from '../frame/payload-arena.ts';

export const NO_PIECE = -1;

const SHIFT = 2;
export const enum PieceWord {
  /** Place in the arena, or NO_PAYLOAD. */
  Offset = 0,
  Length = 1,
  Next = 2,
}

/** Longer runs of zeros are several pieces, so that acknowledged ones can be dropped. */
const ZERO_PIECE_BYTES_MAX = 1 << 20;

export class PiecePool {
  words = new Int32Array(64 << SHIFT);
  readonly arena: PayloadArena;
  #freeHead = NO_PIECE;
  #fresh = 0;
  #inUse = 0;

  constructor(arena: PayloadArena) {
    this.arena = arena;
  }

  get inUse(): number {
    return this.#inUse;
  }

  /** A piece that takes over the caller's reference to the chunk. */
  create(offset: number, length: Bytes): number {
    let piece = this.#freeHead;
    if (piece !== NO_PIECE) this.#freeHead = this.words[(piece << SHIFT) + PieceWord.Next];
    else piece = this.#takeFresh();
    this.#inUse++;
    const at = piece << SHIFT;
    this.words[at + PieceWord.Offset] = offset;
    this.words[at + PieceWord.Length] = length;
    this.words[at + PieceWord.Next] = NO_PIECE;
    return piece;
  }

  /** Drops the piece and its reference. */
  release(piece: number): void {
    const at = piece << SHIFT;
    const offset = this.words[at + PieceWord.Offset];
    if (offset !== NO_PAYLOAD) this.arena.release(offset);
    this.words[at + PieceWord.Next] = this.#freeHead;
    this.#freeHead = piece;
    this.#inUse--;
  }

  releaseChain(head: number): void {
    let piece = head;
    while (piece !== NO_PIECE) {
      const next = this.words[(piece << SHIFT) + PieceWord.Next];
      this.release(piece);
      piece = next;
    }
  }

  offset(piece: number): number {
    return this.words[(piece << SHIFT) + PieceWord.Offset];
  }

  length(piece: number): Bytes {
    return this.words[(piece << SHIFT) + PieceWord.Length];
  }

  next(piece: number): number {
    return this.words[(piece << SHIFT) + PieceWord.Next];
  }

  setNext(piece: number, next: number): void {
    this.words[(piece << SHIFT) + PieceWord.Next] = next;
  }

  /**
   * True when the bytes at `offset` simply continue the piece, which then covers them: the caller drops its
   * own reference.
   */
  extend(piece: number, offset: number, length: Bytes): boolean {
    const at = piece << SHIFT;
    const own = this.words[at + PieceWord.Offset];
    const ownLength = this.words[at + PieceWord.Length];
    if (own === NO_PAYLOAD) {
      if (offset !== NO_PAYLOAD || ownLength + length > ZERO_PIECE_BYTES_MAX) return false;
    } else if (offset !== own + ownLength || offset % this.arena.chunkBytes === 0) {
      return false;
    }
    this.words[at + PieceWord.Length] = ownLength + length;
    if (offset !== NO_PAYLOAD) this.arena.release(offset);
    return true;
  }

  /** True when `length` bytes that start `skip` bytes into `piece` are all lengths only. */
  isZeros(piece: number, skip: Bytes, length: Bytes): boolean {
    let from = piece;
    for (let left = length + skip; left > 0; from = this.next(from)) {
      if (this.offset(from) !== NO_PAYLOAD) return false;
      left -= this.length(from);
    }
    return true;
  }

  /**
   * Copies `length` bytes that start `skip` bytes into `piece` and run on through its successors to
   * target[at …]. Zeros are written as such.
   */
  copyOut(piece: number, skip: Bytes, target: Uint8Array, at: number, length: Bytes): void {
    let from = piece;
    let within = skip;
    let to = at;
    let left = length;
    while (left > 0) {
      const count = Math.min(left, this.length(from) - within);
      const offset = this.offset(from);
      if (offset === NO_PAYLOAD) target.fill(0, to, to + count);
      else copyBytes(this.arena.bytes, offset + within, target, to, count);
      to += count;
      left -= count;
      within = 0;
      from = this.next(from);
    }
  }

  #takeFresh(): number {
    if ((this.#fresh + 1) << SHIFT > this.words.length) {
      const words = new Int32Array(this.words.length * 2);
      words.set(this.words);
      this.words = words;
    }
    return this.#fresh++;
  }
}

/** Byte by byte: a subarray would allocate, and runs are at most a segment long. */
function copyBytes(
  source: Uint8Array,
  from: number,
  target: Uint8Array,
  to: number,
  count: number,
): void {
  if (source === target) {
    target.copyWithin(to, from, from + count);
    return;
  }
  for (let index = 0; index < count; index++) target[to + index] = source[from + index];
}

/** One direction's queue of one connection. */
export class ByteQueue {
  readonly #pool: PiecePool;
  #head = NO_PIECE;
  #tail = NO_PIECE;
  /** Bytes of the head piece that are gone already. */
  #headSkip = 0;
  #byteLength = 0;

  constructor(pool: PiecePool) {
    this.#pool = pool;
  }

  get byteLength(): Bytes {
    return this.#byteLength;
  }

  get head(): number {
    return this.#head;
  }

  get tail(): number {
    return this.#tail;
  }

  get headSkip(): Bytes {
    return this.#headSkip;
  }

  /** Takes over one reference to the chunk at `offset` unless it is NO_PAYLOAD. */
  append(offset: number, length: Bytes): void {
    this.#byteLength += length;
    if (this.#tail !== NO_PIECE && this.#pool.extend(this.#tail, offset, length)) return;
    this.#link(this.#pool.create(offset, length));
  }

  /** Any number of zeros, as lengths only. */
  appendZeros(length: Bytes): void {
    let left = length;
    while (left > 0) {
      const count = Math.min(left, ZERO_PIECE_BYTES_MAX);
      this.append(NO_PAYLOAD, count);
      left -= count;
    }
  }

  /** Takes over a whole chain of `length` bytes. */
  appendChain(head: number, tail: number, length: Bytes): void {
    const offset = this.#pool.offset(head);
    if (head === tail && offset === NO_PAYLOAD) {
      this.append(NO_PAYLOAD, length);
      this.#pool.release(head);
      return;
    }
    this.#byteLength += length;
    this.#link(head);
    this.#tail = tail;
  }

  /** Drops the first `length` bytes if they do not reach the end of a piece; else false, and nothing is done. */
  discardWithin(length: Bytes): boolean {
    const left = this.#headSkip + length;
    if (this.#head === NO_PIECE || left >= this.#pool.length(this.#head)) return false;
    this.#headSkip = left;
    this.#byteLength -= length;
    return true;
  }

  /** Drops the first `length` bytes. */
  discard(length: Bytes): void {
    assert(length <= this.#byteLength, 'more bytes are dropped than there are');
    this.#byteLength -= length;
    let left = this.#headSkip + length;
    while (this.#head !== NO_PIECE) {
      const whole = this.#pool.length(this.#head);
      // The tail piece may still be extended: it goes only when something follows, or all is empty.
      if (left < whole) break;
      const next = this.#pool.next(this.#head);
      this.#pool.release(this.#head);
      this.#head = next;
      left -= whole;
    }
    if (this.#head === NO_PIECE) this.#tail = NO_PIECE;
    this.#headSkip = left;
  }

  /** Moves up to `max` bytes to target[at …]. Returns how many. */
  read(target: Uint8Array, at: number, max: Bytes): Bytes {
    const count = Math.min(max, this.#byteLength);
    if (count === 0) return 0;
    this.#pool.copyOut(this.#head, this.#headSkip, target, at, count);
    this.discard(count);
    return count;
  }

  clear(): void {
    this.#pool.releaseChain(this.#head);
    this.#head = NO_PIECE;
    this.#tail = NO_PIECE;
    this.#headSkip = 0;
    this.#byteLength = 0;
  }

  #link(piece: number): void {
    if (this.#tail === NO_PIECE) this.#head = piece;
    else this.#pool.setNext(this.#tail, piece);
    this.#tail = piece;
  }
}
