import { describe, expect, it } from 'vitest';
import { RandomSource } from '../../../src/engine/random.ts';
import type { LossConfig } from '../../../src/net/impairment-config.ts';
import { createLossProcess } from '../../../src/net/loss-process.ts';
import {
  binomialTest,
  geometricTest,
  markovMean,
  runLengths,
  SIGNIFICANCE,
  Z_BOUND,
} from '../../support/statistics.ts';

const DRAWS = 200_000;

function draw(config: LossConfig, count = DRAWS): boolean[] {
  const process = createLossProcess(RandomSource.fromSeed(7).fork('loss'), config);
  return Array.from({ length: count }, () => process.draw());
}

const countOf = (draws: readonly boolean[]) => draws.filter(Boolean).length;
const startsOf = (draws: readonly boolean[]) =>
  draws.filter((lost, index) => lost && draws[index - 1] === false).length;

describe('random loss', () => {
  it.each([0.001, 0.01, 0.3, 0.9])('loses the stated share %d of frames', (ratio) => {
    const lost = countOf(draw({ kind: 'random', ratio, correlation: 0 }));
    expect(binomialTest(lost, DRAWS, ratio)).toBeGreaterThan(SIGNIFICANCE);
  });

  it('loses frames independently: run lengths are geometric', () => {
    const runs = runLengths(draw({ kind: 'random', ratio: 0.3, correlation: 0 }));
    expect(geometricTest(runs, 0.3)).toBeGreaterThan(SIGNIFICANCE);
  });

  it('loses nothing at 0 and everything at 1', () => {
    expect(countOf(draw({ kind: 'random', ratio: 0, correlation: 0 }))).toBe(0);
    expect(countOf(draw({ kind: 'random', ratio: 1, correlation: 0.5 }))).toBe(DRAWS);
  });

  it.each([
    [0.01, 0.25],
    [0.1, 0.5],
    [0.3, 0.9],
  ])('keeps the share %d whatever the correlation %d, and has that correlation', (ratio, rho) => {
    const draws = draw({ kind: 'random', ratio, correlation: rho });
    const stay = ratio + rho * (1 - ratio);
    const start = ratio * (1 - rho);
    const chain = [
      [1 - start, start],
      [1 - stay, stay],
    ];
    const { mean, varianceTimesN } = markovMean(chain, (_, to) => to);
    expect(mean).toBeCloseTo(ratio, 9);
    expect(Math.abs(countOf(draws) / DRAWS - ratio)).toBeLessThan(
      Z_BOUND * Math.sqrt(varianceTimesN / DRAWS),
    );
    expect(geometricTest(runLengths(draws), stay)).toBeGreaterThan(SIGNIFICANCE);
    const gaps = runLengths(draws.map((lost) => !lost));
    expect(geometricTest(gaps, 1 - start)).toBeGreaterThan(SIGNIFICANCE);
    // P(two losses in a row) = ratio (ratio + rho (1 - ratio)): the autocorrelation is rho.
    const pairs = markovMean(chain, (from, to) => from * to);
    expect((pairs.mean - ratio ** 2) / (ratio * (1 - ratio))).toBeCloseTo(rho, 9);
    const observed = draws.filter((lost, index) => lost && draws[index - 1]).length / DRAWS;
    expect(Math.abs(observed - pairs.mean)).toBeLessThan(
      Z_BOUND * Math.sqrt(pairs.varianceTimesN / DRAWS),
    );
  });
});

describe('the 4-state Markov chain of netem', () => {
  it.each([
    ['all five chances', { p13: 0.02, p31: 0.25, p32: 0.3, p23: 0.6, p14: 0.01 }],
    ['isolated losses only', { p13: 0, p31: 1, p32: 0, p23: 1, p14: 0.05 }],
    ['two states', { p13: 0.01, p31: 0.2, p32: 0, p23: 1, p14: 0 }],
    ['exclusive chances that add up to one', { p13: 0.4, p31: 0.3, p32: 0.7, p23: 0.5, p14: 0.6 }],
  ])('has the stationary loss and burst rate of its chain: %s', (_, chances) => {
    const { p13, p31, p32, p23, p14 } = chances;
    // States 1 to 4: good, good within a burst, loss within a burst, isolated loss.
    const chain = [
      [1 - p13 - p14, 0, p13, p14],
      [0, 1 - p23, p23, 0],
      [p31, p32, 1 - p31 - p32, 0],
      [1, 0, 0, 0],
    ];
    const draws = draw({ kind: 'state', ...chances });
    const loss = markovMean(chain, (_from, to) => Number(to >= 2));
    expect(Math.abs(countOf(draws) / DRAWS - loss.mean)).toBeLessThan(
      Z_BOUND * Math.sqrt(loss.varianceTimesN / DRAWS),
    );
    const starts = markovMean(chain, (from, to) => Number(from < 2 && to >= 2));
    expect(Math.abs(startsOf(draws) / DRAWS - starts.mean)).toBeLessThan(
      Z_BOUND * Math.sqrt(starts.varianceTimesN / DRAWS),
    );
  });

  it('is random loss when only p13 is given: p31 = 1 - p13', () => {
    const draws = draw({ kind: 'state', p13: 0.05, p31: 0.95, p32: 0, p23: 1, p14: 0 });
    expect(binomialTest(countOf(draws), DRAWS, 0.05)).toBeGreaterThan(SIGNIFICANCE);
    expect(geometricTest(runLengths(draws), 0.05)).toBeGreaterThan(SIGNIFICANCE);
  });
});

describe('Gilbert-Elliott loss', () => {
  it('has bursts of mean 1/r and a loss share of p/(p + r) when all is lost in the bad state', () => {
    const draws = draw({ kind: 'gemodel', p: 0.01, r: 0.1, lossInBad: 1, lossInGood: 0 });
    expect(geometricTest(runLengths(draws), 0.9)).toBeGreaterThan(SIGNIFICANCE);
    const chain = [
      [0.99, 0.01],
      [0.1, 0.9],
    ];
    const { mean, varianceTimesN } = markovMean(chain, (_, to) => to);
    expect(mean).toBeCloseTo(0.01 / 0.11, 9);
    expect(Math.abs(countOf(draws) / DRAWS - mean)).toBeLessThan(
      Z_BOUND * Math.sqrt(varianceTimesN / DRAWS),
    );
  });

  it('has the share and burst rate of its hidden chain when both states lose some', () => {
    const [p, r, inBad, inGood] = [0.02, 0.2, 0.6, 0.01];
    const draws = draw({ kind: 'gemodel', p, r, lossInBad: inBad, lossInGood: inGood });
    // States: good kept, good lost, bad kept, bad lost.
    const from = (good: number) => [
      good * (1 - inGood),
      good * inGood,
      (1 - good) * (1 - inBad),
      (1 - good) * inBad,
    ];
    const chain = [from(1 - p), from(1 - p), from(r), from(r)];
    const loss = markovMean(chain, (_, to) => to % 2);
    expect(loss.mean).toBeCloseTo((r * inGood + p * inBad) / (p + r), 9);
    expect(Math.abs(countOf(draws) / DRAWS - loss.mean)).toBeLessThan(
      Z_BOUND * Math.sqrt(loss.varianceTimesN / DRAWS),
    );
    const starts = markovMean(chain, (before, to) => Number(before % 2 === 0 && to % 2 === 1));
    expect(Math.abs(startsOf(draws) / DRAWS - starts.mean)).toBeLessThan(
      Z_BOUND * Math.sqrt(starts.varianceTimesN / DRAWS),
    );
  });
});

describe('losses at stated places', () => {
  const placesOf = (draws: readonly boolean[]) =>
    draws.flatMap((lost, index) => (lost ? [index + 1] : []));

  it('takes exactly the listed frames', () => {
    expect(placesOf(draw({ kind: 'ordinals', ordinals: [1, 2, 7] }, 20))).toEqual([1, 2, 7]);
    expect(placesOf(draw({ kind: 'ordinals', ordinals: [] }, 20))).toEqual([]);
  });

  it('takes one frame in so many from the first one on', () => {
    expect(placesOf(draw({ kind: 'periodic', every: 5, first: 3 }, 20))).toEqual([3, 8, 13, 18]);
  });
});
