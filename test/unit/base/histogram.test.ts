import { describe, expect, it } from 'vitest';
import { HistogramRows } from '../../../src/base/histogram.ts';

function rowOf(
  values: readonly number[],
  histogram = new HistogramRows(1),
): [HistogramRows, number] {
  const row = histogram.addRow();
  for (const value of values) {
    histogram.valueNs[0] = value;
    histogram.record(row);
  }
  return [histogram, row];
}

/** Nearest rank, by sorting. */
function rankOf(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length - 1e-6) - 1)];
}

describe('HistogramRows', () => {
  it('is exact below 64 ns', () => {
    const values = Array.from({ length: 64 }, (_, i) => 63 - i);
    const [histogram, row] = rowOf(values);
    for (const q of [0, 0.01, 0.07, 0.5, 0.95, 0.99, 1]) {
      expect(histogram.quantile(row, q)).toBe(rankOf(values, q));
    }
  });

  it('stays within 1/128 of the nearest rank from nanoseconds to eleven days', () => {
    let state = 12345;
    const values: number[] = [];
    for (let i = 0; i < 20_000; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      values.push(Math.floor(2 ** ((state / 2 ** 32) * 49.8)));
    }
    const [histogram, row] = rowOf(values);
    for (let q = 0.005; q < 1; q += 0.015) {
      const truth = rankOf(values, q);
      expect(Math.abs(histogram.quantile(row, q) - truth)).toBeLessThanOrEqual(truth / 128);
    }
    expect(histogram.quantile(row, 0)).toBe(Math.min(...values));
    expect(histogram.quantile(row, 1)).toBe(Math.max(...values));
    expect(histogram.mean(row)).toBe(values.reduce((a, b) => a + b) / values.length);
  });

  it('puts both ends of every octave into their own buckets', () => {
    for (let power = 6; power < 53; power++) {
      const below = 2 ** power - 1;
      const [histogram, row] = rowOf([0, below, 2 ** power, 2 ** 53]);
      expect(Math.abs(histogram.quantile(row, 0.5) - below)).toBeLessThanOrEqual(below / 128);
      expect(histogram.quantile(row, 0.75)).toBeGreaterThanOrEqual(2 ** power);
    }
  });

  it('keeps a value that repeats exact, and its count when another follows', () => {
    const [histogram, row] = rowOf(new Array<number>(1000).fill(20_000_001));
    expect(histogram.quantile(row, 0.5)).toBe(20_000_001);
    histogram.valueNs[0] = 40_000_000;
    histogram.record(row);
    expect(histogram.count(row)).toBe(1001);
    expect(histogram.max(row)).toBe(40_000_000);
    expect(Math.abs(histogram.quantile(row, 0.999) - 20_000_001)).toBeLessThan(20_000_001 / 128);
  });

  it('answers 0 for an empty row', () => {
    const [histogram, row] = rowOf([]);
    expect([histogram.count(row), histogram.min(row), histogram.max(row)]).toEqual([0, 0, 0]);
    expect([histogram.mean(row), histogram.quantile(row, 0.5)]).toEqual([0, 0]);
  });

  it('keeps 20,000 interleaved rows apart while both pools grow', () => {
    const histogram = new HistogramRows(1);
    const rows = 20_000;
    for (let row = 0; row < rows; row++) histogram.addRow();
    for (let round = 0; round < 5; round++) {
      for (let row = 0; row < rows; row++) {
        histogram.valueNs[0] = row + round * 1e6;
        histogram.record(row);
      }
    }
    let worst = 0;
    for (let row = 0; row < rows; row++) {
      expect(histogram.count(row)).toBe(5);
      for (let rank = 1; rank <= 5; rank++) {
        const truth = row + (rank - 1) * 1e6;
        const error = Math.abs(histogram.quantile(row, rank / 5) - truth);
        worst = Math.max(worst, error / Math.max(1, truth));
      }
    }
    expect(worst).toBeGreaterThan(0);
    expect(worst).toBeLessThanOrEqual(1 / 128);
  });

  it('merges rows as if all values had been recorded in one', () => {
    const parts = [[5, 5, 5], [], [7], [100, 2_000_000, 3e12], [5, 90]];
    const histogram = new HistogramRows(1);
    const rows = parts.map((part) => rowOf(part, histogram)[1]);
    const [, all] = rowOf(parts.flat(), histogram);
    const merged = histogram.addRow();
    for (const row of rows) histogram.merge(merged, row);
    const facts = (row: number) => [
      histogram.count(row),
      histogram.min(row),
      histogram.max(row),
      histogram.mean(row),
      ...[0.1, 0.3, 0.5, 0.7, 0.9].map((q) => histogram.quantile(row, q)),
    ];
    expect(facts(merged)).toEqual(facts(all));
    expect(facts(rows[0]).slice(0, 3)).toEqual([3, 5, 5]);
  });

  it('refuses negative values and rows that do not exist', () => {
    const [histogram, row] = rowOf([]);
    histogram.valueNs[0] = -1;
    expect(() => histogram.record(row)).toThrow('negative');
    expect(() => histogram.record(row + 1)).toThrow('row');
  });
});
