/**
 * Finished runs of a matrix, one JSON line each, in a file that is only appended to: whoever is interrupted
 * loses at most the line being written, and the next time every whole line is taken as done. Lines of another
 * version of the package do not count, since its results may differ.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { NetError } from '../base/errors.ts';
import type { RunRecord } from '../scenario/matrix/run-cell.ts';

interface Line {
  readonly version: string;
  readonly key: string;
  readonly record: RunRecord;
}

export class RunJournal {
  readonly #path: string | undefined;
  readonly #version: string;
  readonly #records = new Map<string, RunRecord>();

  /** @param path undefined keeps records in memory only. Throws NetError for a file that cannot be read. */
  constructor(path: string | undefined, version: string) {
    this.#path = path;
    this.#version = version;
    if (path === undefined || !existsSync(path)) return;
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (error) {
      const got = error instanceof Error ? error.message : String(error);
      throw new NetError('ERR_FILE', `${path}: expected runs of an earlier time, got ${got}`);
    }
    for (const line of text.split('\n')) this.#take(line);
    // A line that was cut off must not swallow the next one.
    if (text !== '' && !text.endsWith('\n')) appendFileSync(path, '\n');
  }

  get size(): number {
    return this.#records.size;
  }

  get(key: string): RunRecord | undefined {
    return this.#records.get(key);
  }

  /** @param isKept false: for now only, not in the file */
  add(key: string, record: RunRecord, isKept = true): void {
    this.#records.set(key, record);
    if (this.#path === undefined || !isKept) return;
    const line: Line = { version: this.#version, key, record };
    appendFileSync(this.#path, `${JSON.stringify(line)}\n`);
  }

  #take(text: string): void {
    try {
      const { version, key, record } = JSON.parse(text) as Line;
      const isWhole = typeof key === 'string' && typeof record === 'object' && record !== null;
      if (version === this.#version && isWhole) this.#records.set(key, record);
    } catch {
      // Empty, or cut off in the middle: that run is done again.
    }
  }
}
