import { describe, expect, it } from 'vitest';
import { RandomSource } from '../../../src/engine/random.ts';
import { drawPermutation, poissonArrivals } from '../../../src/traffic/arrivals.ts';
import {
  constantSize,
  DATA_MINING,
  EmpiricalSizes,
  SIZE_DISTRIBUTIONS,
  WEB_SEARCH,
} from '../../../src/traffic/size-distribution.ts';
import { kolmogorovTest, SIGNIFICANCE } from '../../support/statistics.ts';

describe('a distribution of sizes', () => {
  it('is read along straight lines between its points', () => {
    const sizes = new EmpiricalSizes('two lines', [
      [0, 0],
      [100, 0.5],
      [1100, 1],
    ]);
    expect(sizes.quantile(0)).toBe(0);
    expect(sizes.quantile(0.25)).toBe(50);
    expect(sizes.quantile(0.5)).toBe(100);
    expect(sizes.quantile(0.75)).toBe(600);
    expect(sizes.quantile(1)).toBe(1100);
    expect(sizes.meanBytes).toBe(0.5 * 50 + 0.5 * 600);
  });

  it.each(SIZE_DISTRIBUTIONS.map((sizes) => [sizes.name, sizes] as const))(
    'draws %s by its own cumulative function',
    (_, sizes) => {
      const random = RandomSource.fromSeed(7);
      const draws = Array.from({ length: 20_000 }, () => sizes.draw(random));
      const { quantile } = sizes as EmpiricalSizes;
      const cdf = (bytes: number) => {
        let [low, high] = [0, 1];
        for (let step = 0; step < 50; step++) {
          const middle = (low + high) / 2;
          if (quantile.call(sizes, middle) < bytes) low = middle;
          else high = middle;
        }
        return low;
      };
      // Half a byte: draws are rounded.
      expect(kolmogorovTest(draws, (bytes) => cdf(bytes + 0.5))).toBeGreaterThan(SIGNIFICANCE);
      expect(Math.min(...draws)).toBeGreaterThanOrEqual(1);
    },
  );

  it('has the proportions that the papers tell of', () => {
    expect(WEB_SEARCH.meanBytes / 1e6).toBeCloseTo(1.71, 2);
    expect(WEB_SEARCH.quantile(0.7)).toBe(1e6);
    expect(DATA_MINING.quantile(0.5)).toBe(1100);
    // Of 1 GB flows at the far end comes most of the mean.
    expect(DATA_MINING.meanBytes).toBeGreaterThan(1e7);
  });
});

describe('arrivals', () => {
  it('come at the stated rate, with exponential times between them', () => {
    const arrivals = poissonArrivals(RandomSource.fromSeed(3), {
      meanIntervalNs: 1e6,
      startNs: 0,
      endNs: 20e9,
      countMax: Number.POSITIVE_INFINITY,
      sizes: constantSize(10),
      pair: () => [0, 1],
    });
    // Five standard deviations of a Poisson count of 20,000.
    expect(Math.abs(arrivals.length - 20_000)).toBeLessThan(5 * Math.sqrt(20_000));
    const gaps = arrivals.map(({ startNs }, n) => startNs - (arrivals[n - 1]?.startNs ?? 0));
    const p = kolmogorovTest(gaps, (ns) => 1 - Math.exp(-(ns + 0.5) / 1e6));
    expect(p).toBeGreaterThan(SIGNIFICANCE);
  });

  it('end with their count', () => {
    const config = {
      meanIntervalNs: 1e6,
      startNs: 5e9,
      endNs: 20e9,
      countMax: 7,
      sizes: WEB_SEARCH,
      pair: () => [0, 1] as const,
    };
    const arrivals = poissonArrivals(RandomSource.fromSeed(3), config);
    expect(arrivals).toHaveLength(7);
    expect(arrivals[0]?.startNs).toBeGreaterThan(5e9);
  });

  it('pair every host with another one in a permutation, each once', () => {
    for (let seed = 0; seed < 50; seed++) {
      const pairs = drawPermutation(RandomSource.fromSeed(seed), 2 + (seed % 9));
      expect(pairs.every(([from, to]) => from !== to)).toBe(true);
      expect(new Set(pairs.map(([, to]) => to)).size).toBe(pairs.length);
    }
  });
});
