/**
 * Goodput of flows over time, from their delivered bytes at equal steps: fairness in bins, variation, and
 * how long flows take to share. Pure arithmetic on the series of a run. Cold.
 */
import { jainIndex, nearestRank, summarise } from '../../base/sample-statistics.ts';

/** Of the fair share, that a flow may be off while flows are said to share. */
const SHARE_TOLERANCE = 0.2;

export class GoodputSeries {
  readonly #stepSeconds: number;
  /** Delivered bytes by flow and step, from the start of the window. */
  readonly #delivered: readonly (readonly number[])[];

  /** @param delivered bytes so far, one row a flow, one column a step */
  constructor(stepSeconds: number, delivered: readonly (readonly number[])[]) {
    this.#stepSeconds = stepSeconds;
    this.#delivered = delivered;
  }

  /** Bytes of each flow (row) in bins of about `binSeconds`, whole bins only. */
  bins(binSeconds: number): number[][] {
    const width = Math.max(1, Math.round(binSeconds / this.#stepSeconds));
    return this.#delivered.map((row) => {
      const bins: number[] = [];
      for (let end = width; end < row.length; end += width) {
        bins.push((row[end] as number) - (row[end - width] as number));
      }
      return bins;
    });
  }

  /** Median over bins of Jain's index. */
  medianJain(binSeconds: number): number | null {
    const rows = this.bins(binSeconds);
    const count = rows[0]?.length ?? 0;
    const indices: number[] = [];
    for (let bin = 0; bin < count; bin++) {
      const jain = jainIndex(rows.map((row) => row[bin] as number));
      if (jain !== null) indices.push(jain);
    }
    return nearestRank(indices, 0.5);
  }

  /** Mean over flows of the coefficient of variation of their bins. */
  meanVariation(binSeconds: number): number | null {
    const variations = this.bins(binSeconds).flatMap((row) => {
      const { count, mean, standardDeviation } = summarise(row);
      return count < 2 || mean === 0 ? [] : [standardDeviation / mean];
    });
    return variations.length === 0 ? null : summarise(variations).mean;
  }

  /**
   * Seconds from `fromSeconds` of the series until all flows stay within 20 % of the fair share for `holdSeconds`,
   * each moment being the mean over as long from then on, so that one who passes by the share does not count; null when
   * they never do.
   */
  convergence(fromSeconds: number, holdSeconds: number): number | null {
    const hold = Math.max(1, Math.round(holdSeconds / this.#stepSeconds));
    const first = Math.ceil(fromSeconds / this.#stepSeconds);
    const steps = this.#delivered[0]?.length ?? 0;
    let since = first;
    for (let step = first; step + hold < steps; step++) {
      if (!this.#isShared(step, step + hold)) since = step + 1;
      else if (step - since >= hold) return (since - first) * this.#stepSeconds;
    }
    return null;
  }

  #isShared(from: number, to: number): boolean {
    const shares = this.#delivered.map((row) => (row[to] as number) - (row[from] as number));
    const fair = summarise(shares).mean;
    return fair > 0 && shares.every((share) => Math.abs(share - fair) <= SHARE_TOLERANCE * fair);
  }
}
