import { describe, expect, it } from 'vitest';
import { settle } from '../../../src/scenario/validation/settled-window.ts';

describe('the settled window', () => {
  it('is where a window neither grows nor shrinks, however slowly it comes there', () => {
    // A distance x from 200 becomes x - x³.
    const next = (window: number) => window - 200 * (window / 200 - 1) ** 3;
    const settled = settle(100, 300, (start) => [start, next(start)]);
    expect(Math.abs(settled - 200)).toBeLessThan(1);
  });
});
