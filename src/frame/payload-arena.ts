/**
 * Payload bytes of a run: one buffer in equal chunks, inside a WebAssembly.Memory where there is one, so
 * that checksums run in place (wire/checksum-wasm). A chunk counts the frames that point into it and
 * is reused when the count is back at 0 and nobody fills it, so bytes are never copied while they travel.
 * Files are read straight into a chunk, and frames point at their bytes where they landed.
 *
 * Hot. Offsets are byte offsets from the arena's start, at most 2^31 - 1.
 */
import { assert } from '../base/assert.ts';

export const NO_CHUNK = -1;

const PAGE_BYTES = 65_536;

/** What is used here of the host's WebAssembly; the pure layers compile without its types. */
declare const WebAssembly:
  | undefined
  | { Memory: new (limits: { initial: number; maximum: number }) => { buffer: ArrayBuffer } };

/** Memory that is committed page by page as it is touched. */
function reserveMemory(bytes: number): { readonly buffer: ArrayBuffer } {
  const pages = Math.ceil(bytes / PAGE_BYTES);
  if (typeof WebAssembly === 'undefined') return { buffer: new ArrayBuffer(pages * PAGE_BYTES) };
  return new WebAssembly.Memory({ initial: pages, maximum: pages });
}

export class PayloadArena {
  /** The memory that `bytes` covers; it never grows. */
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly chunkBytes: number;
  readonly #shift: number;
  /** Frames in each chunk, plus one while it is being filled. */
  readonly #counts: Int32Array;
  readonly #freeChunks: Int32Array;
  #freeCount = 0;
  #freshChunk = 0;

  /**
   * @param chunkBytes a power of two, at least the largest single payload
   * @param chunkCount chunks; memory is touched only as chunks come into use
   */
  constructor(chunkBytes: number, chunkCount: number) {
    this.#shift = 31 - Math.clz32(chunkBytes);
    assert(1 << this.#shift === chunkBytes, 'chunk size is a power of two');
    assert(chunkBytes * chunkCount < 2 ** 31, 'arena is below 2 GiB');
    this.memory = reserveMemory(chunkBytes * chunkCount);
    this.bytes = new Uint8Array(this.memory.buffer);
    this.view = new DataView(this.memory.buffer);
    this.chunkBytes = chunkBytes;
    this.#counts = new Int32Array(chunkCount);
    this.#freeChunks = new Int32Array(chunkCount);
  }

  /** Chunks that could be taken now. */
  get freeChunkCount(): number {
    return this.#freeCount + this.#counts.length - this.#freshChunk;
  }

  /** Byte offset of an empty chunk, held by the caller until closeChunk; NO_CHUNK when all are in use. */
  openChunk(): number {
    let chunk: number;
    // Last freed first: it is still in cache.
    if (this.#freeCount > 0) chunk = this.#freeChunks[--this.#freeCount];
    else if (this.#freshChunk < this.#counts.length) chunk = this.#freshChunk++;
    else return NO_CHUNK;
    this.#counts[chunk] = 1;
    return chunk * this.chunkBytes;
  }

  /** Ends the filler's hold on the chunk at `offset`; frames that point into it keep it alive. */
  closeChunk(offset: number): void {
    this.release(offset);
  }

  /** One more frame points at `offset`. */
  retain(offset: number): void {
    const chunk = offset >>> this.#shift;
    this.#counts[chunk] = this.#counts[chunk] + 1;
  }

  /** One frame fewer points at `offset`. */
  release(offset: number): void {
    const chunk = offset >>> this.#shift;
    const count = this.#counts[chunk] - 1;
    assert(count >= 0, 'a payload is released twice');
    this.#counts[chunk] = count;
    if (count === 0) this.#freeChunks[this.#freeCount++] = chunk;
  }
}
