/**
 * A progress bar on standard error for anything that takes over a second, on a terminal only. Progress is
 * bytes read of bytes there; inputs of unknown length (pipes) show what was read.
 */
import { Presets, SingleBar } from 'cli-progress';

const QUIET_MS = 1000;
const REDRAW_MS = 100;

export class Progress {
  readonly #label: string;
  readonly #totalBytes: number;
  readonly #startedMs = Date.now();
  #bar: SingleBar | undefined;
  #drawnMs = 0;

  /** @param totalBytes 0 when it is not known */
  constructor(label: string, totalBytes: number) {
    this.#label = label;
    this.#totalBytes = totalBytes;
  }

  update(doneBytes: number): void {
    if (!process.stderr.isTTY) return;
    const nowMs = Date.now();
    if (nowMs - this.#startedMs < QUIET_MS || nowMs - this.#drawnMs < REDRAW_MS) return;
    this.#drawnMs = nowMs;
    const doneMb = Math.round(doneBytes / 1e6);
    const totalMb = Math.max(doneMb, Math.round(this.#totalBytes / 1e6));
    if (this.#bar === undefined) {
      const format = `${this.#label} {bar} {percentage}% | {value}/{total} MB | {eta_formatted} left`;
      const options = { format, stream: process.stderr, hideCursor: true, clearOnComplete: true };
      this.#bar = new SingleBar(options, Presets.shades_classic);
      this.#bar.start(totalMb, doneMb);
    }
    this.#bar.setTotal(totalMb);
    this.#bar.update(doneMb);
  }

  stop(): void {
    this.#bar?.stop();
  }
}
