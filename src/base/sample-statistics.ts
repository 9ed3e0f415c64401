/**
 * Statistics of a few values from independent runs: mean with its 95 % confidence interval by Student's t,
 * prediction interval of one more value, and effect size between two samples. For results, not for packets.
 */

export interface SampleSummary {
  readonly count: number;
  readonly mean: number;
  /** Of the sample, with n - 1; 0 for fewer than two values. */
  readonly standardDeviation: number;
  /** Half of the 95 % confidence interval of the mean; null for fewer than two values. */
  readonly halfWidth95: number | null;
}

/** t of 97.5 % by degrees of freedom 1 … 30 (any table of Student's distribution). */
const T_975 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145,
  2.131, 2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048,
  2.045, 2.042,
];
const Z_975 = 1.959964;

/**
 * The 97.5 % quantile of Student's t: the table up to 30 degrees of freedom, beyond it the first terms of
 * the Cornish-Fisher expansion (Abramowitz and Stegun 26.7.5), within 0.0005.
 */
export function studentT975(degreesOfFreedom: number): number {
  const tabled = T_975[degreesOfFreedom - 1];
  if (tabled !== undefined) return tabled;
  const z3 = Z_975 ** 3;
  const first = (z3 + Z_975) / 4;
  const second = (5 * Z_975 ** 5 + 16 * z3 + 3 * Z_975) / 96;
  return Z_975 + first / degreesOfFreedom + second / degreesOfFreedom ** 2;
}

export function summarise(values: readonly number[]): SampleSummary {
  const count = values.length;
  const mean = count === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / count;
  if (count < 2) return { count, mean, standardDeviation: 0, halfWidth95: null };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const standardDeviation = Math.sqrt(squares / (count - 1));
  const halfWidth95 = (studentT975(count - 1) * standardDeviation) / Math.sqrt(count);
  return { count, mean, standardDeviation, halfWidth95 };
}

/** Gives the value of rank ⌈q · n⌉ in ascending order, 0 <= q <= 1; null without values. Sorts once for all q. */
export function nearestRanks(values: readonly number[]): (q: number) => number | null {
  const sorted = new Float64Array(values).sort();
  return (q) => sorted[Math.max(1, Math.ceil(q * sorted.length - 1e-6)) - 1] ?? null;
}

/** One of them. */
export function nearestRank(values: readonly number[], q: number): number | null {
  return nearestRanks(values)(q);
}

/** Jain, Chiu and Hawe 1984: (Σx)² / (n Σx²); null when all are 0. */
export function jainIndex(values: readonly number[]): number | null {
  const sum = values.reduce((total, value) => total + value, 0);
  const squares = values.reduce((total, value) => total + value * value, 0);
  return squares === 0 ? null : (sum * sum) / (values.length * squares);
}
