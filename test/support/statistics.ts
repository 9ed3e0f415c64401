/**
 * Bounds for tests of chance: what a correct process exceeds once in 10,000 seeds. Seeds are fixed, so a
 * test passes always or never; the bound is computed from the stated process, not from its output.
 */

export const SIGNIFICANCE = 1e-4;
/** Two-sided quantile of the standard normal at SIGNIFICANCE. */
export const Z_BOUND = 3.8906;

function logGamma(x: number): number {
  // Stirling's series, after stepping up to where it converges.
  if (x < 12) return logGamma(x + 1) - Math.log(x);
  const inverse = 1 / x;
  const series = inverse / 12 - inverse ** 3 / 360 + inverse ** 5 / 1260 - inverse ** 7 / 1680;
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series;
}

/** P(X >= x) of the chi-square distribution. */
export function chiSquareTail(x: number, degrees: number): number {
  const a = degrees / 2;
  const z = x / 2;
  if (z === 0) return 1;
  if (z < a + 1) {
    // Series of the lower incomplete gamma function.
    let term = 1 / a;
    let sum = term;
    for (let n = 1; term > sum * 1e-16; n++) {
      term *= z / (a + n);
      sum += term;
    }
    return 1 - sum * Math.exp(-z + a * Math.log(z) - logGamma(a));
  }
  // Continued fraction of the upper one (Lentz).
  let b = z + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let h = d;
  for (let n = 1; n < 1000; n++) {
    const an = -n * (n - a);
    b += 2;
    d = 1 / (an * d + b);
    c = b + an / c;
    h *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return h * Math.exp(-z + a * Math.log(z) - logGamma(a));
}

/** P-value of counts against expected counts; cells that expect fewer than 5 are joined with the next. */
export function chiSquareTest(observed: readonly number[], expected: readonly number[]): number {
  let statistic = 0;
  let cells = 0;
  let o = 0;
  let e = 0;
  let left = expected.reduce((sum, value) => sum + value, 0);
  for (const [index, value] of expected.entries()) {
    o += observed[index] as number;
    e += value;
    left -= value;
    if (e < 5 || (left > 0 && left < 5)) continue;
    statistic += (o - e) ** 2 / e;
    cells++;
    o = 0;
    e = 0;
  }
  return chiSquareTail(statistic, cells - 1);
}

/** Two-sided p-value of `successes` among `trials` of chance `p`, exact. */
export function binomialTest(successes: number, trials: number, p: number): number {
  const logTerm = (k: number) =>
    logGamma(trials + 1) -
    logGamma(k + 1) -
    logGamma(trials - k + 1) +
    k * Math.log(p) +
    (trials - k) * Math.log(1 - p);
  const isLow = successes < trials * p;
  let tail = 0;
  for (let k = successes; k >= 0 && k <= trials; k += isLow ? -1 : 1) {
    const term = Math.exp(logTerm(k));
    tail += term;
    if (term < tail * 1e-12) break;
  }
  return Math.min(1, 2 * tail);
}

/** P-value of independent samples against a continuous distribution function (Kolmogorov's limit). */
export function kolmogorovTest(samples: readonly number[], cdf: (x: number) => number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const n = sorted.length;
  let distance = 0;
  sorted.forEach((x, index) => {
    const f = cdf(x);
    distance = Math.max(distance, f - index / n, (index + 1) / n - f);
  });
  const lambda = Math.sqrt(n) * distance;
  let sum = 0;
  for (let k = 1; k < 100; k++) sum += (-1) ** (k - 1) * Math.exp(-2 * k * k * lambda * lambda);
  return Math.min(1, 2 * sum);
}

/**
 * A function of the steps of a stationary Markov chain: its mean, and the variance of the mean of n steps
 * times n for large n. `transitions[i][j]` is P(i to j), `value(i, j)` the function.
 */
export function markovMean(
  transitions: readonly (readonly number[])[],
  value: (from: number, to: number) => number,
): { mean: number; varianceTimesN: number } {
  const states = transitions.map((_, index) => index);
  const p = (i: number, j: number) => transitions[i]?.[j] as number;
  const sum = (f: (state: number) => number) => states.reduce((total, s) => total + f(s), 0);
  let pi = states.map(() => 1 / states.length);
  for (let step = 0; step < 20_000; step++) {
    // A lazy step has the same stationary distribution and no period.
    pi = states.map((j) => (pi[j] as number) / 2 + sum((i) => (pi[i] as number) * p(i, j)) / 2);
  }
  const expectFrom = (i: number) => sum((j) => p(i, j) * value(i, j));
  const mean = sum((i) => (pi[i] as number) * expectFrom(i));
  let variance = sum((i) => (pi[i] as number) * sum((j) => p(i, j) * value(i, j) ** 2)) - mean ** 2;
  let ahead = states.map(expectFrom);
  for (let lag = 1; lag < 5000; lag++) {
    const product = sum(
      (i) => (pi[i] as number) * sum((j) => p(i, j) * value(i, j) * (ahead[j] as number)),
    );
    variance += 2 * (product - mean ** 2);
    ahead = states.map((i) => sum((j) => p(i, j) * (ahead[j] as number)));
  }
  return { mean, varianceTimesN: variance };
}

/** Lengths of the runs of `true`, without an unfinished one at the end. */
export function runLengths(draws: readonly boolean[]): number[] {
  const runs: number[] = [];
  let length = 0;
  for (const draw of draws) {
    if (draw) length++;
    else if (length > 0) {
      runs.push(length);
      length = 0;
    }
  }
  return runs;
}

/** P-value of run lengths against the geometric distribution P(k) = (1 - stay) stay^(k - 1). */
export function geometricTest(runs: readonly number[], stay: number): number {
  const cells = Math.max(...runs) + 1;
  const observed = new Array<number>(cells).fill(0);
  for (const run of runs) observed[run - 1] = (observed[run - 1] as number) + 1;
  const expected = observed.map((_, index) =>
    index === cells - 1 ? runs.length * stay ** index : runs.length * (1 - stay) * stay ** index,
  );
  return chiSquareTest(observed, expected);
}

export function lagOneCorrelation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  let above = 0;
  let below = 0;
  for (const [index, value] of values.entries()) {
    below += (value - mean) ** 2;
    if (index > 0) above += (value - mean) * ((values[index - 1] as number) - mean);
  }
  return above / below;
}
