import { describe, expect, it } from 'vitest';
import { cbrt, exp, log, normalCdf, power } from '../../../src/base/math.ts';

const relative = (ours: number, theirs: number) => Math.abs(ours - theirs) / Math.abs(theirs);

describe('deterministic elementary functions', () => {
  it('agrees with the engine within a few units in the last place', () => {
    for (let i = -300; i <= 300; i++) {
      const x = i * 2.347;
      if (x > -700 && x < 709) expect(relative(exp(x), Math.exp(x))).toBeLessThan(1e-14);
      const y = (i + 301) ** 3 * 1.7e-7 * 10 ** (i / 5);
      expect(Math.abs(log(y) - Math.log(y))).toBeLessThan(
        1e-15 * Math.max(1, Math.abs(Math.log(y))) * 2,
      );
      expect(relative(power(y, 0.75), y ** 0.75)).toBeLessThan(1e-13);
    }
  });

  it('takes cube roots within an ulp or two, and those of cubes exactly', () => {
    for (let i = -300; i <= 300; i++) {
      const x = (i + 301.5) * 1.37 * 10 ** i;
      expect(relative(cbrt(x), Math.cbrt(x))).toBeLessThan(5e-16);
      expect(cbrt(-x)).toBe(-cbrt(x));
    }
    for (let root = 0; root <= 2000; root++) expect(cbrt(root ** 3)).toBe(root);
    expect(relative(cbrt(5e-324), Math.cbrt(5e-324))).toBeLessThan(1e-15);
    expect(cbrt(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
    expect(cbrt(Number.NaN)).toBeNaN();
  });

  it('handles the ends of the range', () => {
    expect(log(0)).toBe(Number.NEGATIVE_INFINITY);
    expect(log(-1)).toBeNaN();
    expect(log(Number.NaN)).toBeNaN();
    expect(log(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
    expect(relative(log(5e-324), Math.log(5e-324))).toBeLessThan(1e-15);
    expect(exp(710)).toBe(Number.POSITIVE_INFINITY);
    expect(exp(-800)).toBe(0);
    expect(exp(0)).toBe(1);
    expect(relative(exp(709.7), Math.exp(709.7))).toBeLessThan(1e-13);
    expect(exp(Number.NaN)).toBeNaN();
  });

  it('gives the normal distribution its tabulated values', () => {
    // Abramowitz and Stegun, table 26.1.
    expect(normalCdf(0)).toBe(0.5);
    expect(normalCdf(1)).toBeCloseTo(0.841344746068543, 14);
    expect(normalCdf(-1.96)).toBeCloseTo(0.02499789514822, 14);
    expect(normalCdf(3)).toBeCloseTo(0.99865010196837, 14);
    expect(normalCdf(9)).toBe(1);
    expect(normalCdf(-9)).toBe(0);
  });
});
