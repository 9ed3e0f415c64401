/** The matrix as a whole: cells, measures after the warm-up, harm, failures; without workers. */
import { describe, expect, it } from 'vitest';
import { ControllerRegistry } from '../../src/recovery/cc/controllers.ts';
import type { CongestionController } from '../../src/recovery/congestion.ts';
import { type MatrixInput, parseMatrix } from '../../src/scenario/matrix/matrix-file.ts';
import { keyOf } from '../../src/scenario/matrix/matrix-plan.ts';
import { assembleMatrix, type MatrixResult } from '../../src/scenario/matrix/matrix-result.ts';
import { type RunRecord, runCell } from '../../src/scenario/matrix/run-cell.ts';
import { allRuns } from '../../src/scenario/matrix/solo-runs.ts';

const BASE: MatrixInput = {
  name: 'test',
  controllers: ['cubic', 'reno'],
  paths: { slow: { rate: '10 Mbps', rtt: '20 ms', queue: '1 bdp' } },
  loads: { two: { flows: 2, duration: '6 s', stagger: '0 s' } },
  seeds: 2,
  warmup: '2 s',
};

function run(input: MatrixInput, controllers = ControllerRegistry.withBuiltIns()): MatrixResult {
  const spec = parseMatrix('test', input);
  const records = new Map<string, RunRecord>();
  for (const each of allRuns(spec)) records.set(keyOf(each), runCell(each, controllers));
  return assembleMatrix(spec, (each) => records.get(keyOf(each)));
}

describe('a matrix', () => {
  it('has a cell for each controller, path and load, with figures that agree with each other', () => {
    const { cells } = run(BASE);
    expect(cells.map(({ controller }) => controller)).toEqual(['cubic', 'reno']);
    for (const { runs, failures, metrics } of cells) {
      expect([runs, failures.length]).toEqual([2, 0]);
      expect(metrics.utilisation?.mean).toBeGreaterThan(0.95);
      expect(metrics.utilisation?.mean).toBeLessThanOrEqual(1.0001);
      // A full segment of 1448 bytes is 1514 on the line, and 10 Mbit/s are full.
      expect(metrics.goodputMbps?.mean).toBeCloseTo((10 * 1448) / 1514, 0);
      // The queue of 1 BDP, 25 kB, holds 16 frames of 1514 bytes: behind the rest of one that is leaving, 20.59 ms.
      expect(metrics.queueDelayMaxMs?.mean).toBeLessThanOrEqual(20.6);
      expect(metrics.queueDelayP50Ms?.mean).toBeLessThanOrEqual(
        metrics.queueDelayP99Ms?.mean as number,
      );
      // The queue's 20 ms, and a delayed ACK of 40 ms.
      expect(metrics.rttOverBaseP99Ms?.mean).toBeLessThan(61);
      expect(metrics.jain?.mean).toBeGreaterThan(0.5);
      expect(metrics.markRatio?.mean).toBe(0);
    }
    expect(cells[0]?.differences).toBeUndefined();
    expect(cells[1]?.differences?.goodputMbps?.pairs).toBe(2);
  });

  it('does not measure the warm-up: the peak of slow start is in the queue only without one', () => {
    const input = { ...BASE, controllers: ['reno'], loads: { one: { flows: 1, duration: '7 s' } } };
    const path = { long: { rate: '10 Mbps', rtt: '100 ms', queue: '3 bdp' } };
    const lossOf = (warmup: string) =>
      run({ ...input, paths: path, warmup }).cells[0]?.metrics.lossRatio?.mean as number;
    expect(lossOf('0 s')).toBeGreaterThan(0);
    expect(lossOf('4 s')).toBe(0);
  });

  it('says what controllers in company lose against being alone', () => {
    const mixed = { name: 'both', cc: 'cubic,reno' };
    const { cells } = run({ ...BASE, controllers: [{ name: 'cubic', cc: 'cubic' }, mixed] });
    expect(cells[0]?.harm).toBeUndefined();
    const harm = cells[1]?.harm ?? {};
    expect(Object.keys(harm)).toEqual(['cubic', 'reno']);
    // Two flows that fill one link lose the goodput of one alone between them.
    const lost = Object.values(harm).reduce((sum, { mean }) => sum + mean, 0);
    expect(lost).toBeCloseTo(1, 1);
  });

  it('measures latency under load by a probe, and the answer to a change of the rate', () => {
    const path = { rate: '10 Mbps', rtt: '40 ms', queue: '2 bdp' };
    const paths = {
      steady: path,
      // Before the change the queue is short, since one BDP of a quarter of the rate is all it has.
      falls: { ...path, steps: '5 Mbps at 8 s, 10 Mbps at 14 s' },
    };
    const loads = { one: { flows: 1, duration: '20 s' } };
    const { cells } = run({ ...BASE, controllers: ['reno', 'vegas'], paths, loads, seeds: 1 });
    const [reno, vegas, renoFalls, vegasFalls] = cells.map(({ metrics }) => metrics);
    // The probe waits in the queue like every frame, and Vegas keeps it short.
    const under = reno?.latencyUnderLoadP50Ms?.mean as number;
    expect(Math.abs(under - (reno?.queueDelayP50Ms?.mean as number))).toBeLessThan(4);
    expect(vegas?.latencyUnderLoadP95Ms?.mean).toBeLessThan(under);
    expect(reno?.riseMs).toBeUndefined();
    expect(vegasFalls?.fallMs?.mean).toBeGreaterThan(0);
    expect(vegasFalls?.fallPeakQueueMs?.mean).toBeLessThan(160.1);
    expect(renoFalls?.riseMs?.mean).toBeGreaterThanOrEqual(0);
    // Of what there is while it is less, nearly all is used.
    expect(renoFalls?.utilisation?.mean).toBeGreaterThan(0.97);
    expect(renoFalls?.utilisation?.mean).toBeLessThan(1.01);
  });

  it('sets goodput against a path without the loss', () => {
    const paths = {
      clean: BASE.paths['slow'] as object,
      lossy: { ...BASE.paths['slow'], loss: '3 %' },
    };
    const input = { ...BASE, controllers: ['reno'], paths, reference: 'clean' } as MatrixInput;
    const { cells } = run(input);
    expect(cells[0]?.robustness).toBeUndefined();
    expect(cells[1]?.robustness?.mean).toBeCloseTo(
      (cells[1]?.metrics.goodputMbps?.mean as number) /
        (cells[0]?.metrics.goodputMbps?.mean as number),
      1,
    );
  });

  it('gives flows RTTs of their own, which Reno shares by', () => {
    const loads = { two: { flows: 2, duration: '20 s', rtts: '20 ms,80 ms' } };
    const { cells } = run({ ...BASE, controllers: ['reno'], loads, seeds: 1 });
    expect(cells[0]?.metrics.rttFairness?.mean).toBeGreaterThan(1.5);
  });

  it('goes on when a controller misbehaves, and the cell says so', () => {
    const controllers = ControllerRegistry.withBuiltIns();
    controllers.add({
      name: 'broken',
      description: 'throws',
      parameters: [],
      create: () => () =>
        new Proxy({} as CongestionController, {
          get: () => {
            throw new Error('no window today');
          },
        }),
    });
    const { cells } = run({ ...BASE, controllers: ['cubic', 'broken'] }, controllers);
    expect(cells[0]?.failures).toEqual([]);
    expect(cells[1]?.runs).toBe(0);
    expect(cells[1]?.failures.map(({ seed }) => seed)).toEqual([1, 2]);
    expect(cells[1]?.failures[0]?.reason).toContain('no window today');
  });

  it.each([
    [{ ...BASE, controllers: [] }, /controllers/],
    [{ ...BASE, baseline: 'bbr9' }, /baseline: expected one of cubic, reno, got "bbr9"/],
    [{ ...BASE, paths: { p: { rate: 'fast' } } }, /paths\.p: rate: expected .* got "fast"/],
    [{ ...BASE, reference: 'fast' }, /reference: expected one of slow, got "fast"/],
    [{ ...BASE, loads: { l: { flow: 1 } } }, /loads\.l: parameter: expected one of .* got "flow"/],
    [{ ...BASE, scenario: 'dumbell' }, /expected one of .*dumbbell.* got "dumbell"/],
    [{ ...BASE, controllers: ['reno', 'reno'] }, /each name once, got "reno"/],
  ])('refuses mistakes before anything runs: %#', (input, says) => {
    expect(() => parseMatrix('test', input)).toThrow(says);
  });
});
