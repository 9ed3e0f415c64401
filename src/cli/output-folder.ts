/** The folder of `--out`: made when missing; files of an earlier run are replaced. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { NetError } from '../base/errors.ts';
import { CaptureOutput } from '../edge/capture-output.ts';

export class OutputFolder {
  readonly #path: string;
  readonly #files: string[] = [];
  #trace: CaptureOutput | undefined;

  /** Throws NetError when the folder cannot be made. */
  constructor(path: string) {
    this.#path = path;
    if (path === '') throw NetError.value('--out', 'a folder to write to', path);
    this.#try(() => makeFolder(resolve(path)));
  }

  /** Creates trace.pcapng and gives its sink. */
  openTrace(): (bytes: Uint8Array) => void {
    this.#trace = new CaptureOutput(this.#file('trace.pcapng'));
    return this.#trace.write;
  }

  closeTrace(): void {
    this.#trace?.close();
  }

  /** Where a file of this name is; the caller writes it. */
  pathOf(name: string): string {
    return this.#file(name);
  }

  writeJson(name: string, value: unknown): void {
    const text = `${JSON.stringify(value, undefined, 2)}\n`;
    this.#try(() => writeFileSync(this.#file(name), text));
  }

  /** `out: result.json, …` */
  describe(): string {
    return `in ${this.#path}: ${this.#files.join(', ')}`;
  }

  #file(name: string): string {
    this.#files.push(name);
    return join(this.#path, name);
  }

  #try(action: () => void): void {
    try {
      action();
    } catch (error) {
      const got = error instanceof Error ? error.message : String(error);
      throw new NetError(
        'ERR_OUTPUT',
        `--out ${this.#path}: expected a folder to write to, got ${got}`,
      );
    }
  }
}

/** Makes a folder and its ancestors. Node's own `recursive` never ends where a file system refuses (/proc). */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path);
}
