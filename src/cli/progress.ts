/**
 * A progress bar on standard error for anything that takes over a second, on a terminal only. Progress is
 * bytes read of bytes there, inputs of unknown length (pipes) showing what was read, virtual time, or results.
 */
import { createRequire } from 'node:module';
import type { SingleBar } from 'cli-progress';

// The first bar loads the package: most runs are over by then, and a run cannot wait for an import().
const require = createRequire(import.meta.url);
const QUIET_MS = 1000;
const REDRAW_MS = 100;

/** What a bar counts in: how many units of progress are one of its own. */
interface ProgressUnit {
  readonly name: string;
  readonly size: number;
}
const MEGABYTES: ProgressUnit = { name: 'MB', size: 1e6 };
export const RUNS: ProgressUnit = { name: 'runs', size: 1 };
export const VIRTUAL_SECONDS: ProgressUnit = { name: 's of virtual time', size: 1e9 };
export const NUMBERS: ProgressUnit = { name: 'numbers', size: 1 };

export class Progress {
  readonly #label: string;
  readonly #total: number;
  readonly #unit: ProgressUnit;
  readonly #startedMs = Date.now();
  #bar: SingleBar | undefined;
  #drawnMs = 0;

  /** @param total 0 when it is not known */
  constructor(label: string, total: number, unit = MEGABYTES) {
    this.#label = label;
    this.#total = total;
    this.#unit = unit;
  }

  update(doneSoFar: number): void {
    if (!process.stderr.isTTY) return;
    const nowMs = Date.now();
    if (nowMs - this.#startedMs < QUIET_MS || nowMs - this.#drawnMs < REDRAW_MS) return;
    this.#drawnMs = nowMs;
    const { name, size } = this.#unit;
    const done = Math.round(doneSoFar / size);
    const total = Math.max(done, Math.round(this.#total / size));
    if (this.#bar === undefined) {
      const format = `${this.#label} {bar} {percentage}% | {value}/{total} ${name} | {left} left`;
      const options = { format, stream: process.stderr, hideCursor: true, clearOnComplete: true };
      const { Presets, SingleBar } = require('cli-progress') as typeof import('cli-progress');
      this.#bar = new SingleBar(options, Presets.shades_classic);
      this.#bar.start(total, done, { left: '?' });
    }
    this.#bar.setTotal(total);
    this.#bar.update(done, { left: timeLeft(nowMs - this.#startedMs, done, total) });
  }

  stop(): void {
    this.#bar?.stop();
  }
}

/** At the pace so far: `9 s`, `3 min 20 s`. */
function timeLeft(elapsedMs: number, done: number, total: number): string {
  if (done === 0) return '?';
  const seconds = Math.ceil((elapsedMs * (total - done)) / done / 1e3);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
