import { describe, expect, it } from 'vitest';
import { RandomSource } from '../../../src/engine/random.ts';

const draw = (source: RandomSource, count: number) =>
  Array.from({ length: count }, () => source.nextInt32());

describe('RandomSource', () => {
  it('gives the same stream for the same seed and label, another for another', () => {
    const stream = (seed: number, label: string) =>
      draw(RandomSource.fromSeed(seed).fork(label), 8).join();
    expect(stream(1, 'a')).toBe(stream(1, 'a'));
    const all = new Set([stream(1, 'a'), stream(1, 'b'), stream(2, 'a'), stream(2 ** 32 + 1, 'a')]);
    expect(all.size).toBe(4);
  });

  it('forks by label, not by what was drawn before', () => {
    const parent = RandomSource.fromSeed(7);
    const before = draw(parent.fork('link'), 4);
    draw(parent, 100);
    expect(draw(parent.fork('link'), 4)).toEqual(before);
  });

  it('is uniform over 64 bins by a chi-square test at significance 1e-4', () => {
    const source = RandomSource.fromSeed(3);
    const bins = new Array<number>(64).fill(0);
    const draws = 64_000;
    for (let i = 0; i < draws; i++) {
      const bin = Math.floor(source.nextDouble() * 64);
      bins[bin] = (bins[bin] as number) + 1;
    }
    const expected = draws / 64;
    const chiSquare = bins.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
    // Upper 1e-4 quantile of chi-square with 63 degrees of freedom (Wilson-Hilferty): 111.
    expect(chiSquare).toBeLessThan(111);
  });

  it('draws integers below a bound without bias, and exponentials with their mean', () => {
    const source = RandomSource.fromSeed(4);
    const counts = [0, 0, 0];
    for (let i = 0; i < 30_000; i++) {
      const value = source.below(3);
      counts[value] = (counts[value] as number) + 1;
    }
    // 4 standard deviations of a binomial(30000, 1/3) are 327.
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(327);
    let sum = 0;
    for (let i = 0; i < 30_000; i++) sum += source.exponential(5);
    expect(Math.abs(sum / 30_000 - 5)).toBeLessThan((4 * 5) / Math.sqrt(30_000));
  });
});
