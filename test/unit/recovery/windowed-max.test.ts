import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WindowedMax } from '../../../src/recovery/cc/bbr/windowed-max.ts';

function feed(filter: WindowedMax, at: number, value: number): number {
  filter.candidate = value;
  filter.update(at);
  return filter.best;
}

describe('the maximum of a window', () => {
  it('holds the best until it is older than the window, then the best of what came later', () => {
    const filter = new WindowedMax(10);
    expect(feed(filter, 0, 100)).toBe(100);
    expect(feed(filter, 3, 50)).toBe(100);
    expect(feed(filter, 6, 40)).toBe(100);
    expect(feed(filter, 10, 30)).toBe(100);
    expect(feed(filter, 11, 30)).toBe(50);
    expect(feed(filter, 14, 30)).toBe(40);
  });

  it('takes a new maximum at once', () => {
    const filter = new WindowedMax(10);
    feed(filter, 0, 5);
    expect(feed(filter, 1, 8)).toBe(8);
    expect(feed(filter, 2, 8)).toBe(8);
    // The newer of two equal ones counts.
    expect(feed(filter, 12, 1)).toBe(8);
    expect(feed(filter, 13, 1)).toBe(1);
  });

  it('never exceeds the true maximum, and is at least the newest sample', () => {
    const samples = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 50 })),
    );
    fc.assert(
      fc.property(samples, (list) => {
        const filter = new WindowedMax(10);
        const seen: { at: number; value: number }[] = [];
        let at = 0;
        for (const [step, value] of list) {
          at += step;
          seen.push({ at, value });
          const best = feed(filter, at, value);
          const inWindow = seen.filter((sample) => at - sample.at <= 10);
          expect(best).toBeLessThanOrEqual(Math.max(...inWindow.map((sample) => sample.value)));
          expect(best).toBeGreaterThanOrEqual(value);
        }
      }),
      { seed: 7 },
    );
  });
});
