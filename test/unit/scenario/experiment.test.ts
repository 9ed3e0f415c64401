import { describe, expect, it } from 'vitest';
import { NetError } from '../../../src/base/errors.ts';
import {
  type Experiment,
  formatTolerance,
  isWithin,
  type Measurement,
  runExperiment,
  type Tolerance,
} from '../../../src/scenario/validation/experiment.ts';
import { EXPERIMENTS, findExperiments } from '../../../src/scenario/validation/experiments.ts';

const measured = (theirs: number, ours: number, tolerance: Tolerance): Measurement => ({
  quantity: 'window',
  theirs,
  ours,
  tolerance,
});

const experiment = (firmness: Experiment['firmness'], ...rows: Measurement[]): Experiment => ({
  name: 'fixed',
  title: 'fixed numbers',
  source: 'none',
  firmness,
  method: 'none',
  seeds: [1],
  numbers: rows.length,
  run: () => rows,
});

describe('the verdict on a published number', () => {
  const near = measured(100, 104, { kind: 'relative', ratio: 0.05 });
  const far = measured(100, 106, { kind: 'relative', ratio: 0.05 });

  it('is ours to lose where the number was read in its source or computed from it', () => {
    for (const firmness of ['S', 'C'] as const) {
      const { rows } = runExperiment(experiment(firmness, near, far));
      expect(rows.map(({ verdict }) => verdict)).toEqual(['agrees', 'differs']);
    }
  });

  it('is never that ours differ where the number is quoted, from an abstract or recalled', () => {
    for (const firmness of ['Q', 'A', 'R'] as const) {
      const { rows } = runExperiment(experiment(firmness, near, far));
      expect(rows.map(({ verdict }) => verdict)).toEqual(['reported', 'reported']);
    }
  });

  it('is left out with a reason where ours measures something else', () => {
    const row = { ...far, reportedBecause: 'no recovery in the model' };
    expect(runExperiment(experiment('S', row)).rows[0]?.verdict).toBe('reported');
  });
});

describe('tolerances', () => {
  it.each<[Tolerance, number, number, string]>([
    [{ kind: 'relative', ratio: 0.03 }, 97, 103, '±3 %'],
    [{ kind: 'factor', factor: 1.25 }, 80, 125, 'factor 1.25'],
    [{ kind: 'absolute', by: 2 }, 98, 102, '±2'],
    [{ kind: 'band', min: 90, max: 95 }, 90, 95, '90 to 95'],
    [{ kind: 'band', min: 90, max: Number.POSITIVE_INFINITY }, 90, 1e9, '≥ 90'],
  ])('%j holds from %d to %d around 100', (tolerance, least, most, text) => {
    expect(isWithin(measured(100, least, tolerance))).toBe(true);
    expect(isWithin(measured(100, most, tolerance))).toBe(true);
    expect(isWithin(measured(100, least - 0.1, tolerance))).toBe(false);
    expect(isWithin(measured(100, most + 0.1, tolerance))).toBe(most === 1e9);
    expect(formatTolerance(tolerance)).toBe(text);
  });
});

describe('the experiments', () => {
  it('have distinct names, a source and seeds', () => {
    const names = EXPERIMENTS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, source, seeds, numbers } of EXPERIMENTS) {
      expect(name).toMatch(/^[a-z0-9-]+$/);
      expect(source).not.toBe('');
      expect(seeds.length).toBeGreaterThan(0);
      expect(numbers).toBeGreaterThan(0);
    }
  });

  it('are found by name, all of them without one', () => {
    expect(findExperiments([])).toBe(EXPERIMENTS);
    expect(findExperiments(['reno-response']).map(({ name }) => name)).toEqual(['reno-response']);
    expect(() => findExperiments(['vegas'])).toThrow(NetError);
  });
});
