/** The folder of `--out`: made when missing; files of an earlier run are replaced. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { NetError } from '../base/errors.ts';
import { CaptureOutput } from '../edge/capture-output.ts';

export class OutputFolder {
  readonly #path: string;
  readonly #files: string[] = [];
  readonly #outputs: CaptureOutput[] = [];

  /** Throws NetError when the folder cannot be made. */
  constructor(path: string) {
    this.#path = path;
    if (path === '') throw NetError.value('--out', 'a folder to write to', path);
    this.#try(() => makeFolder(resolve(path)));
  }

  /** Creates trace.pcapng and gives its sink. */
  openTrace(): (bytes: Uint8Array) => void {
    return this.#open('trace.pcapng');
  }

  /** Creates queue-events.csv and gives its sink. */
  openQueueEvents(): (bytes: Uint8Array) => void {
    return this.#open('queue-events.csv');
  }

  /** Closes what was opened. */
  close(): void {
    for (const output of this.#outputs.splice(0)) output.close();
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

  #open(name: string): (bytes: Uint8Array) => void {
    const output = new CaptureOutput(this.#file(name));
    this.#outputs.push(output);
    return output.write;
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

/** The sink of `--queue-events`. Throws NetError when there is no folder for it. */
export function openQueueEvents(
  isAsked: boolean | undefined,
  output: OutputFolder | undefined,
): ((bytes: Uint8Array) => void) | undefined {
  if (isAsked !== true) return undefined;
  if (output === undefined) {
    throw new NetError('ERR_OPTIONS', '--queue-events: expected --out DIR beside it, got none');
  }
  return output.openQueueEvents();
}

/** Makes a folder and its ancestors. Node's own `recursive` never ends where a file system refuses (/proc). */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path);
}
