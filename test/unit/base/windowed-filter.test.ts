import { describe, expect, it } from 'vitest';
import { WindowedFilter } from '../../../src/base/windowed-filter.ts';
import { RandomSource } from '../../../src/engine/random.ts';

describe('windowed minimum and maximum', () => {
  it('has no best value before the first sample and after a reset', () => {
    const filter = new WindowedFilter('min', 10);
    expect(filter.value).toBe(Number.POSITIVE_INFINITY);
    filter.update(7, 0);
    expect(filter.value).toBe(7);
    filter.reset();
    expect(filter.value).toBe(Number.POSITIVE_INFINITY);
    expect(new WindowedFilter('max', 10).value).toBe(Number.NEGATIVE_INFINITY);
  });

  it('keeps the best value exactly as long as the window', () => {
    const filter = new WindowedFilter('min', 10);
    filter.update(3, 100);
    for (let time = 101; time <= 110; time++) filter.update(5, time);
    expect(filter.value).toBe(3);
    filter.update(5, 111);
    expect(filter.value).toBe(5);
  });

  it('starts anew after a silence longer than the window', () => {
    const filter = new WindowedFilter('max', 10);
    filter.update(9, 0);
    filter.update(8, 4);
    filter.update(2, 30);
    expect(filter.value).toBe(2);
  });

  it('is exact for values that only rise or only fall', () => {
    const minimum = new WindowedFilter('min', 50);
    const maximum = new WindowedFilter('max', 50);
    for (let time = 0; time < 300; time++) {
      minimum.update(1000 - time, time);
      maximum.update(time, time);
      expect(minimum.value).toBe(1000 - time);
      expect(maximum.value).toBe(time);
    }
  });

  it('answers with a sample of the window that is no better than the true best and no worse than the newest', () => {
    const random = RandomSource.fromSeed(5);
    const window = 40;
    const filter = new WindowedFilter('min', window);
    const seen: { value: number; time: number }[] = [];
    let exact = 0;
    let time = 0;
    for (let step = 0; step < 4000; step++) {
      time += random.below(4);
      const value = random.below(1000);
      seen.push({ value, time });
      filter.update(value, time);
      const inWindow = seen.filter((sample) => time - sample.time <= window).map((s) => s.value);
      const best = Math.min(...inWindow);
      expect(inWindow).toContain(filter.value);
      expect(filter.value).toBeGreaterThanOrEqual(best);
      expect(filter.value).toBeLessThanOrEqual(value);
      if (filter.value === best) exact++;
    }
    expect(exact / 4000).toBeGreaterThan(0.8);
  });
});
