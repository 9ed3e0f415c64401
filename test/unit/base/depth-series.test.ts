import { describe, expect, it } from 'vitest';
import { DepthSeries } from '../../../src/base/depth-series.ts';

const MS = 1e6;

function record(series: DepthSeries, timeNs: number, level: number): void {
  series.timeNs[0] = timeNs;
  series.record(level);
}

describe('DepthSeries', () => {
  it('weights the mean of a bin by time and keeps its highest level', () => {
    const series = new DepthSeries(8);
    record(series, 0.25 * MS, 1000);
    record(series, 0.5 * MS, 3000);
    record(series, 0.5 * MS, 0);
    record(series, 1.5 * MS, 500);
    const columns = series.toColumns(2.5 * MS);
    expect(columns.binWidthNs).toBe(MS);
    expect([...columns.maxLevel]).toEqual([3000, 500, 500]);
    expect([...columns.meanLevel]).toEqual([250, 250, 500]);
    expect(series.maxLevel).toBe(3000);
    expect(series.meanLevel).toBe((0.25 * 1000 + 500) / 2.5);
  });

  it('carries a level through bins in which nothing was recorded', () => {
    const series = new DepthSeries(8);
    record(series, 0, 700);
    record(series, 3 * MS, 0);
    const columns = series.toColumns(4 * MS);
    expect([...columns.maxLevel]).toEqual([700, 700, 700, 700]);
    expect([...columns.meanLevel]).toEqual([700, 700, 700, 0]);
  });

  it('doubles its bins without changing the area, the maximum or the order', () => {
    const narrow = new DepthSeries(4096);
    const wide = new DepthSeries(16);
    let state = 99;
    let timeNs = 0;
    for (let i = 0; i < 5000; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      timeNs += state % 800_000;
      record(narrow, timeNs, state & 0xffff);
      record(wide, timeNs, state & 0xffff);
    }
    expect(wide.maxLevel).toBe(narrow.maxLevel);
    expect(wide.meanLevel / narrow.meanLevel).toBeCloseTo(1, 10);
    const fine = narrow.toColumns(timeNs);
    const coarse = wide.toColumns(timeNs);
    const perBin = coarse.binWidthNs / fine.binWidthNs;
    expect(coarse.maxLevel.length).toBe(Math.ceil(timeNs / coarse.binWidthNs));
    expect(coarse.maxLevel.length).toBeGreaterThanOrEqual(8);
    for (let bin = 0; bin < coarse.maxLevel.length - 1; bin++) {
      const part = fine.meanLevel.slice(bin * perBin, (bin + 1) * perBin);
      const mean = part.reduce((a, b) => a + b) / perBin;
      expect(coarse.meanLevel[bin] / mean).toBeCloseTo(1, 9);
      const top = fine.maxLevel.slice(bin * perBin, (bin + 1) * perBin);
      expect(coarse.maxLevel[bin]).toBe(Math.max(...top));
    }
  });

  it('takes a gap of days in one step', () => {
    const series = new DepthSeries();
    record(series, 10, 1);
    record(series, 8.64e14, 5);
    const columns = series.toColumns(8.64e14);
    expect(columns.maxLevel.length).toBeLessThanOrEqual(1024);
    expect(columns.maxLevel.length).toBeGreaterThan(512);
    expect(series.meanLevel).toBeCloseTo(1, 9);
  });

  it('gives one empty bin for a run of no length', () => {
    const columns = new DepthSeries().toColumns(0);
    expect([...columns.maxLevel]).toEqual([0]);
    expect([...columns.meanLevel]).toEqual([0]);
  });

  it('refuses a time before the last one', () => {
    const series = new DepthSeries();
    record(series, 5, 1);
    expect(() => record(series, 4, 1)).toThrow('went back');
  });
});
