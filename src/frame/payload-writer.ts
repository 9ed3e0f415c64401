/**
 * Room for payload bytes that are made during the run: pieces of a split segment, a corrupted frame's
 * own copy. Fills one chunk of the arena after the other; a chunk lives as long as frames point into it.
 * Hot: no allocation.
 */
import { assert } from '../base/assert.ts';
import { NO_PAYLOAD } from './frame-record.ts';
import { NO_CHUNK, type PayloadArena } from './payload-arena.ts';

export class PayloadWriter {
  readonly #arena: PayloadArena;
  #chunk = NO_CHUNK;
  #used = 0;

  constructor(arena: PayloadArena) {
    this.#arena = arena;
  }

  /**
   * Offset of `length` bytes in the arena, or NO_PAYLOAD when it is full. The frame that will point there
   * retains the offset before the next call: an unretained place may be reused.
   */
  reserve(length: number): number {
    const arena = this.#arena;
    assert(length <= arena.chunkBytes, 'a payload is longer than a chunk');
    if (this.#chunk === NO_CHUNK || this.#used + length > arena.chunkBytes) {
      if (this.#chunk !== NO_CHUNK) arena.closeChunk(this.#chunk);
      this.#chunk = arena.openChunk();
      this.#used = 0;
      if (this.#chunk === NO_CHUNK) return NO_PAYLOAD;
    }
    const offset = this.#chunk + this.#used;
    this.#used += length;
    return offset;
  }

  /** Gives the unfinished chunk back at the end of a run. */
  close(): void {
    if (this.#chunk !== NO_CHUNK) this.#arena.closeChunk(this.#chunk);
    this.#chunk = NO_CHUNK;
  }
}
