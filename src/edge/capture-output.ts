/**
 * A file that capture writers write to. Every piece is written whole before the next one is gathered, and
 * writers hand over whole records, so a run that fails leaves a capture that can be read.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { NetError } from '../base/errors.ts';

/** Creates or empties a file; `write` is the sink of a capture writer. */
export class CaptureOutput {
  readonly #path: string;
  readonly #file: number;
  /** Bytes written so far. */
  bytesWritten = 0;

  /** Throws NetError when the file cannot be created. */
  constructor(path: string) {
    this.#path = path;
    this.#file = this.#try(() => openSync(path, 'w'));
  }

  /** Writes all of `bytes`. Throws NetError, for instance when the disk is full. */
  readonly write = (bytes: Uint8Array): void => {
    let at = 0;
    while (at < bytes.length) {
      const from = at;
      at += this.#try(() => writeSync(this.#file, bytes, from, bytes.length - from));
    }
    this.bytesWritten += bytes.length;
  };

  close(): void {
    closeSync(this.#file);
  }

  #try<Result>(action: () => Result): Result {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof Error && 'syscall' in error)) throw error;
      const message = `${this.#path}: expected to write a capture, got ${error.message}`;
      throw new NetError('ERR_OUTPUT', message);
    }
  }
}
