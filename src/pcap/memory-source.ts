/** Bytes in memory as a source: a capture that was fetched, uploaded or made in place. */
import type { ByteSource } from './capture-stream.ts';

export class MemorySource implements ByteSource {
  damage = '';
  readonly #bytes: Uint8Array;
  /** Most that one read gives. */
  readonly #readBytes: number;
  #at = 0;

  /** Borrows `bytes`. A small `readBytes` makes it behave like a slow pipe. */
  constructor(bytes: Uint8Array, readBytes: number = bytes.length + 1) {
    this.#bytes = bytes;
    this.#readBytes = readBytes;
  }

  read(target: Uint8Array, at: number, length: number): number {
    const end = Math.min(this.#at + Math.min(length, this.#readBytes), this.#bytes.length);
    target.set(this.#bytes.subarray(this.#at, end), at);
    const got = end - this.#at;
    this.#at = end;
    return got;
  }

  close(): void {}
}
