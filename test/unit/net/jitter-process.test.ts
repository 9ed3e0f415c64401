import { describe, expect, it } from 'vitest';
import { normalCdf } from '../../../src/base/math.ts';
import { RandomSource } from '../../../src/engine/random.ts';
import type { DelayDistribution } from '../../../src/net/impairment-config.ts';
import { JitterProcess } from '../../../src/net/jitter-process.ts';
import {
  kolmogorovTest,
  lagOneCorrelation,
  SIGNIFICANCE,
  Z_BOUND,
} from '../../support/statistics.ts';

const SPREAD_NS = 1e9;

function draw(distribution: DelayDistribution, correlation: number, count: number): number[] {
  const random = RandomSource.fromSeed(11).fork('jitter');
  const process = new JitterProcess(random, { spreadNs: SPREAD_NS, distribution, correlation });
  return Array.from({ length: count }, () => {
    process.draw();
    return process.offsetNs / SPREAD_NS;
  });
}

const paretoCdf = (x: number) => (x <= -2 / 3 ? 0 : 1 - (0.75 * x + 1.5) ** -3);
const paretoQuantile = (u: number) => ((1 - u) ** (-1 / 3) - 1.5) * (4 / 3);

/** u with (normal quantile of u) / 4 + 3/4 (pareto quantile of u, at most 4) = x, by bisection over z. */
function paretonormalCdf(x: number): number {
  let low = -8;
  let high = 8;
  for (let step = 0; step < 40; step++) {
    const z = (low + high) / 2;
    const value = z / 4 + 0.75 * Math.min(4, paretoQuantile(normalCdf(z)));
    if (value < x) low = z;
    else high = z;
  }
  return normalCdf(high);
}

/** Distribution functions below the cut at 4, in units of the stated jitter. */
const CDFS: Record<DelayDistribution, (x: number) => number> = {
  uniform: (x) => Math.min(1, Math.max(0, (x + 1) / 2)),
  normal: normalCdf,
  pareto: (x) => (x >= 4 ? 1 : paretoCdf(x)),
  paretonormal: paretonormalCdf,
};
const DISTRIBUTIONS = Object.keys(CDFS) as DelayDistribution[];

/** Samples at the cut are one value of the distribution; the others are compared below it. */
function pValue(samples: readonly number[], distribution: DelayDistribution): number {
  if (distribution !== 'pareto') return kolmogorovTest(samples, CDFS[distribution]);
  // Conditioned on lying below the cut, the distribution is continuous.
  const below = samples.filter((x) => x < 3.999);
  const total = paretoCdf(3.999);
  return kolmogorovTest(below, (x) => paretoCdf(x) / total);
}

describe('jitter', () => {
  it.each(DISTRIBUTIONS)('follows the %s distribution of tc-netem(8)', (distribution) => {
    expect(pValue(draw(distribution, 0, 20_000), distribution)).toBeGreaterThan(SIGNIFICANCE);
  });

  it.each(DISTRIBUTIONS)('keeps the %s distribution under correlation', (distribution) => {
    // Every 20th draw: 0.52^20 of the correlation is left, which is none.
    const spaced = draw(distribution, 0.5, 20 * 5000).filter((_, index) => index % 20 === 0);
    expect(pValue(spaced, distribution)).toBeGreaterThan(SIGNIFICANCE);
  });

  it.each([0.1, 0.25, 0.5, 0.9])('has the stated lag-1 correlation %d of its uniforms', (rho) => {
    const count = 200_000;
    // Bartlett: the variance of the estimate is at most (1 + 2 sum rho_k^2) / n, and |rho_k| <= r^k.
    const r = 2 * Math.sin((Math.PI * rho) / 6);
    const bound = Z_BOUND * Math.sqrt((1 + (2 * r * r) / (1 - r * r)) / count);
    expect(Math.abs(lagOneCorrelation(draw('uniform', rho, count)) - rho)).toBeLessThan(bound);
  });

  it('is uncorrelated when nothing is said', () => {
    const count = 40_000;
    const correlation = lagOneCorrelation(draw('uniform', 0, count));
    expect(Math.abs(correlation)).toBeLessThan(Z_BOUND / Math.sqrt(count));
  });

  it('stays within the cut of 4 spreads, and uniform jitter within 1', () => {
    for (const distribution of DISTRIBUTIONS) {
      const limit = distribution === 'uniform' ? 1 : 4;
      const extreme = Math.max(...draw(distribution, 0.3, 30_000).map(Math.abs));
      expect(extreme).toBeLessThanOrEqual(limit);
    }
  });
});
