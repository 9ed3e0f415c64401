/**
 * A level over time (the depth of a queue in bytes, say) in constant memory, whatever the length of the run:
 * a fixed number of bins, each with the highest level and the time-weighted mean. Bins start narrow; when
 * the run outgrows them neighbours are merged and the width doubles, so a finished series has between half
 * of the bins and all of them. A level holds until the next record. Hot: record() allocates nothing.
 */
import { assert } from './assert.ts';
import { type Duration, type Instant, UNSET_ZERO } from './units.ts';

const BINS = 1024;
const FIRST_WIDTH_NS: Duration = 1e6;

/** One entry a bin; bin i covers [i, i + 1) * binWidthNs of the run, the last one up to its end. */
export interface DepthColumns {
  readonly binWidthNs: Duration;
  readonly maxLevel: Float64Array;
  /** Time-weighted. */
  readonly meanLevel: Float64Array;
}

export class DepthSeries {
  /** Write the time here, then call record(): no double crosses the call. Times must not go back. */
  readonly timeNs = new Float64Array(1);

  readonly #bins: number;
  readonly #max: Float64Array;
  /** Level × ns in the bin. */
  readonly #area: Float64Array;
  /** 0: end of what is recorded; 1: end of its bin; 2: bin width. Cells, so that no double is boxed. */
  readonly #ns = new Float64Array(3);
  #bin = 0;
  /** Before the first record -0; + 0 makes 0 of it. */
  #level: number = UNSET_ZERO;

  /** The level is 0 at time 0. `bins` must be even. */
  constructor(bins = BINS, firstWidthNs: Duration = FIRST_WIDTH_NS) {
    assert(bins >= 2 && bins % 2 === 0, 'depth series needs an even number of bins');
    this.#bins = bins;
    this.#max = new Float64Array(bins);
    this.#area = new Float64Array(bins);
    this.#ns[1] = firstWidthNs;
    this.#ns[2] = firstWidthNs;
  }

  /** From the time in `timeNs` on, the level is `level` (an integer >= 0). */
  record(level: number): void {
    const ns = this.#ns;
    assert(this.timeNs[0] >= ns[0], 'depth series time went back');
    if (this.timeNs[0] >= ns[1]) this.#advanceBins();
    const bin = this.#bin;
    this.#area[bin] += this.#level * (this.timeNs[0] - ns[0]);
    ns[0] = this.timeNs[0];
    if (level > this.#max[bin]) this.#max[bin] = level;
    this.#level = level;
  }

  /** Fills bins with the current level up to the start of the bin that holds `timeNs`. */
  #advanceBins(): void {
    const ns = this.#ns;
    const time = this.timeNs[0];
    while (time >= ns[2] * this.#bins) this.#mergeNeighbours();
    while (time >= ns[1]) {
      this.#area[this.#bin] += this.#level * (ns[1] - ns[0]);
      ns[0] = ns[1];
      ns[1] = ns[1] + ns[2];
      this.#bin++;
      this.#max[this.#bin] = this.#level + 0;
    }
  }

  #mergeNeighbours(): void {
    const max = this.#max;
    const area = this.#area;
    const half = this.#bins / 2;
    for (let bin = 0; bin < half; bin++) {
      max[bin] = Math.max(max[2 * bin], max[2 * bin + 1]);
      area[bin] = area[2 * bin] + area[2 * bin + 1];
    }
    max.fill(0, half);
    area.fill(0, half);
    this.#ns[2] = this.#ns[2] * 2;
    this.#bin >>= 1;
    this.#ns[1] = (this.#bin + 1) * this.#ns[2];
  }

  /** Highest level ever recorded. */
  get maxLevel(): number {
    return this.#max.reduce((a, b) => Math.max(a, b));
  }

  /** Time-weighted mean from 0 to the last record; 0 for an empty run. */
  get meanLevel(): number {
    const end = this.#ns[0];
    return end === 0 ? 0 : this.#area.reduce((a, b) => a + b) / end;
  }

  /** The series up to `endNs`, the end of the run; the current level is taken to last until then. */
  toColumns(endNs: Instant): DepthColumns {
    this.timeNs[0] = endNs;
    this.record(this.#level);
    const width = this.#ns[2];
    // A bin that starts exactly at the end covers no time.
    const count = Math.max(1, endNs === this.#bin * width ? this.#bin : this.#bin + 1);
    const meanLevel = this.#area.slice(0, count);
    for (let bin = 0; bin < count; bin++) {
      const covered = Math.min(width, endNs - bin * width);
      meanLevel[bin] = covered > 0 ? meanLevel[bin] / covered : this.#level + 0;
    }
    return { binWidthNs: width, maxLevel: this.#max.slice(0, count), meanLevel };
  }
}
