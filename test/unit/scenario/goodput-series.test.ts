import { describe, expect, it } from 'vitest';
import { GoodputSeries } from '../../../src/scenario/matrix/goodput-series.ts';

/** Delivered bytes at steps, from the bytes of each step. */
const totals = (steps: readonly number[]): number[] => {
  let total = 0;
  return [0, ...steps.map((bytes) => (total += bytes))];
};
const repeat = (value: number, count: number): number[] => new Array(count).fill(value);

describe('goodput over time', () => {
  it('adds steps to whole bins', () => {
    const series = new GoodputSeries(0.1, [totals([1, 2, 3, 4, 5])]);
    expect(series.bins(0.2)).toEqual([[3, 7]]);
    expect(series.bins(0.1)).toEqual([[1, 2, 3, 4, 5]]);
  });

  it('finds when two flows begin to share within 20 % for a second', () => {
    // The second flow takes half from step 30 on; a tenth before that.
    const first = totals([...repeat(9, 30), ...repeat(5, 40)]);
    const second = totals([...repeat(1, 30), ...repeat(5, 40)]);
    const seconds = new GoodputSeries(0.1, [first, second]).convergence(1, 1) as number;
    // A second that begins at step 28 has 2 of its 10 steps before the change: 58 to 42, within 20 %.
    // The one that begins at step 27 has 3: 62 to 38, which is not.
    expect(seconds).toBeCloseTo(2.8 - 1, 9);
  });

  it('does not take a flow that passes by its share for one that has it', () => {
    // From a tenth to nine tenths within two seconds, and then there.
    const rising = Array.from({ length: 60 }, (_, step) => Math.min(9, 1 + step * 0.4));
    const falling = rising.map((bytes) => 10 - bytes);
    expect(new GoodputSeries(0.1, [totals(rising), totals(falling)]).convergence(0, 1)).toBeNull();
  });

  it('finds no sharing where there is none', () => {
    const unfair = new GoodputSeries(0.1, [totals(repeat(9, 50)), totals(repeat(1, 50))]);
    expect(unfair.convergence(0, 1)).toBeNull();
    expect(unfair.medianJain(1)).toBeCloseTo(100 / (2 * 82), 9);
  });

  it('varies not at all at a constant rate, and by 1 where every other bin is empty', () => {
    const steady = new GoodputSeries(1, [totals(repeat(7, 20))]);
    expect(steady.meanVariation(1)).toBe(0);
    const onOff = new GoodputSeries(1, [totals(Array.from({ length: 2000 }, (_, at) => at % 2))]);
    expect(onOff.meanVariation(1)).toBeCloseTo(1, 2);
  });
});
