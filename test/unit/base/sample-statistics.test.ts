import { describe, expect, it } from 'vitest';
import {
  jainIndex,
  nearestRank,
  studentT975,
  summarise,
} from '../../../src/base/sample-statistics.ts';

describe('statistics of a few values', () => {
  it('has the 97.5 % quantiles of Student beyond its table: NIST/SEMATECH handbook 1.3.6.7.2', () => {
    const tabled = { 1: 12.706, 10: 2.228, 30: 2.042, 40: 2.021, 60: 2.0, 99: 1.984, 1000: 1.962 };
    for (const [degrees, quantile] of Object.entries(tabled)) {
      expect(Math.abs(studentT975(Number(degrees)) - quantile)).toBeLessThan(0.001);
    }
  });

  it('covers the mean of a normal sample in 95 % of samples', () => {
    let state = 12345;
    const uniform = () => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return (state + 0.5) / 2 ** 32;
    };
    const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    let covered = 0;
    for (let trial = 0; trial < 4000; trial++) {
      const { mean, halfWidth95 } = summarise([normal(), normal(), normal(), normal(), normal()]);
      if (Math.abs(mean) <= (halfWidth95 as number)) covered++;
    }
    // Five standard deviations of a binomial around 3800.
    expect(Math.abs(covered - 3800)).toBeLessThan(69);
  });

  it('says nothing about the spread of one value', () => {
    expect(summarise([4])).toEqual({ count: 1, mean: 4, standardDeviation: 0, halfWidth95: null });
    expect(summarise([2, 4]).standardDeviation).toBeCloseTo(Math.SQRT2, 12);
  });

  it('takes the nearest rank, and Jain of equal and of lonely flows', () => {
    expect(nearestRank([3, 1, 2, 4], 0.5)).toBe(2);
    expect(nearestRank([3, 1, 2, 4], 0.99)).toBe(4);
    expect(nearestRank([], 0.5)).toBeNull();
    expect(jainIndex([5, 5, 5])).toBeCloseTo(1, 12);
    expect(jainIndex([9, 0, 0])).toBeCloseTo(1 / 3, 12);
    expect(jainIndex([0, 0])).toBeNull();
  });
});
