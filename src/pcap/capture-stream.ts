/**
 * Joins a source of bytes and a CaptureReader: reads block by block into memory of the caller's choice and
 * carries the record that a block cuts in two over to the next block. The source decides whether reading
 * is synchronous. No I/O of its own.
 */
import { assert } from '../base/assert.ts';
import type { CaptureReader } from './capture-reader.ts';
import type { CaptureRows } from './capture-rows.ts';

/** Where bytes come from: a file, a pipe, memory. */
export interface ByteSource {
  /**
   * Reads up to `length` bytes to target[at, …) and gives their number; 0 only at the end. A promise only
   * where the source must wait. Throws or rejects with NetError.
   */
  read(target: Uint8Array, at: number, length: number): number | Promise<number>;
  /** What ended the source before its own end (a damaged gzip stream); empty for none. */
  readonly damage: string;
  close(): void;
}

export class CaptureStream {
  readonly #source: ByteSource;
  readonly #reader: CaptureReader;
  #bytes: Uint8Array = new Uint8Array(0);
  /** Bytes not decoded yet: #bytes[#start, #end). */
  #start = 0;
  #end = 0;

  constructor(source: ByteSource, reader: CaptureReader) {
    this.#source = source;
    this.#reader = reader;
  }

  /** The bytes that rows of the last `decode` point into: the last block given to `load`. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /**
   * Fills target[at, at + length) with what was left of the last block and what follows in the source.
   * Gives false at the end of the input, when the reader's `ending` is set. Decode all rows of the last
   * block first. `length` of MAX_RECORD_BYTES always suffices; less is enough while it is not below the
   * reader's requiredBytes.
   */
  load(target: Uint8Array, at: number, length: number): boolean | Promise<boolean> {
    if (this.#reader.ending !== undefined) return false;
    const left = this.#end - this.#start;
    assert(left < length, 'the block is too short for the next record');
    if (target === this.#bytes) target.copyWithin(at, this.#start, this.#end);
    else target.set(this.#bytes.subarray(this.#start, this.#end), at);
    this.#bytes = target;
    this.#start = at;
    this.#end = at + left;
    return this.#fill(at + length);
  }

  /** Appends packets of the block to `rows`; returns the new rows, 0 when the block is used up. */
  decode(rows: CaptureRows): number {
    const before = rows.count;
    this.#start += this.#reader.decode(this.#bytes, this.#start, this.#end, rows);
    return rows.count - before;
  }

  /** Reads until the block is full or the source is over. */
  #fill(limit: number): boolean | Promise<boolean> {
    const first = this.#end;
    while (this.#end < limit) {
      const got = this.#source.read(this.#bytes, this.#end, limit - this.#end);
      if (typeof got !== 'number') return this.#fillLater(got, first, limit);
      if (got === 0) return this.#hasNew(first);
      this.#end += got;
    }
    return true;
  }

  async #fillLater(pending: Promise<number>, first: number, limit: number): Promise<boolean> {
    let got = await pending;
    while (got > 0) {
      this.#end += got;
      if (this.#end === limit) return true;
      got = await this.#source.read(this.#bytes, this.#end, limit - this.#end);
    }
    return this.#hasNew(first);
  }

  #hasNew(first: number): boolean {
    if (this.#end > first) return true;
    this.#reader.finish(this.#end - this.#start, this.#source.damage);
    return false;
  }
}
