import { describe, expect, it } from 'vitest';
import { NetError } from '../../src/base/errors.ts';
import { ControllerRegistry } from '../../src/recovery/cc/controllers.ts';
import { compareWithLinux } from '../../src/scenario/validation/linux/linux-agreement.ts';
import {
  comparePrediction,
  compareRetransmits,
  compareRtt,
} from '../../src/scenario/validation/linux/linux-bars.ts';
import {
  type LinuxRecord,
  lossesOfFlows,
  parseLinuxRecord,
} from '../../src/scenario/validation/linux/linux-record.ts';
import { runAsRecorded } from '../../src/scenario/validation/linux/linux-run.ts';
import { windowError } from '../../src/scenario/validation/linux/window-curve.ts';

const registry = ControllerRegistry.withBuiltIns();
const CONDITIONS = { rateMbps: 20, rttMs: 40, queueBytes: 100_000, seconds: 1 };

/** A recording whose figures are those of a run of ours. */
function recordOf(ccs: readonly string[], loss = 0, lossOrdinals?: number[]): LinuxRecord {
  const flows = ccs.map((cc) => ({ cc }));
  const pattern = lossOrdinals && { kind: 'ordinals' as const, ordinals: lossOrdinals };
  const run = runAsRecorded({ ...CONDITIONS, flows }, registry, pattern, 1);
  return {
    ...CONDITIONS,
    name: ccs.join('-'),
    repeat: 1,
    loss,
    ...(lossOrdinals && { lossOrdinals }),
    link: { forward: 1000, queueDrops: 0, peakQueueBytes: run.peakQueueBytes, over1ms: 0 },
    flows: run.flows.map((flow, index) => ({ ...flow, cc: ccs[index] as string })),
    sampleColumns: ['t', 'flow', 'cwnd', 'bytesAcked'],
    samples: run.flows.flatMap(({ samples }, index) =>
      samples.seconds.map((t, at) => [
        t + 0.1 + 0.1 * index,
        index,
        samples.cwndSegments[at] as number,
        samples.ackedBytes[at] as number,
      ]),
    ),
  };
}

const verdictsOf = (...records: LinuxRecord[]) =>
  compareWithLinux(records, { registry }).map(({ verdict }) => verdict);

/** The record with a changed figure of its first flow. */
const changed = (record: LinuxRecord, change: Partial<LinuxRecord['flows'][number]>) => ({
  ...record,
  flows: record.flows.map((flow, index) => (index === 0 ? { ...flow, ...change } : flow)),
});

describe('agreement with recordings', () => {
  const reno = recordOf(['reno']);
  const { goodputMbps, meanRttMs, retransmits } = reno.flows[0] as LinuxRecord['flows'][number];

  it('finds a run of ours to agree with itself, its window curve too', () => {
    const [result] = compareWithLinux([reno], { registry });
    expect(result).toMatchObject({ name: 'reno', repeat: 1, verdict: 'agrees' });
    expect(result?.flows[0]?.cwndError).toBeLessThan(0.05);
    const pair = compareWithLinux([recordOf(['reno', 'cubic'])], { registry });
    expect(pair[0]?.flows.map(({ share }) => share?.verdict)).toEqual(['agrees', 'agrees']);
  });

  it('finds each figure that is too far away', () => {
    for (const change of [
      { goodputMbps: goodputMbps * 1.05 },
      { meanRttMs: meanRttMs * 1.08 },
      { retransmits: retransmits * 2 + 30 },
    ]) {
      expect(verdictsOf(changed(reno, change))).toEqual(['differs']);
    }
  });

  it('is never tighter than the distance of two recordings', () => {
    const near = changed(reno, { goodputMbps: goodputMbps * 0.99 });
    const far = { ...changed(reno, { goodputMbps: goodputMbps * 1.05 }), repeat: 2 };
    expect(verdictsOf(near, far)).toEqual(['agrees', 'agrees']);
    // Another link is no repeat, whatever its name.
    expect(verdictsOf(far, { ...reno, queueBytes: 50_000 })[0]).toBe('differs');
  });

  it('judges shares of flows in competition, within ten points', () => {
    const pair = recordOf(['reno', 'reno']);
    const first = pair.flows[0]?.goodputMbps as number;
    expect(verdictsOf(changed(pair, { goodputMbps: first / 3 }))).toEqual(['differs']);
  });

  it('imposes the recorded losses, and predicts from chance', () => {
    const lossy = recordOf(['cubic'], 0.01, [60, 170, 171, 420, 900]);
    const [result] = compareWithLinux([lossy], { registry });
    const flow = result?.flows[0];
    expect(flow?.goodputMbps.verdict).toBe('agrees');
    expect(flow?.goodputPrediction?.halfWidthRatio).toBeGreaterThan(0);
  });

  it('shows a recording whose link was late, or whose controller is unknown, without a verdict', () => {
    expect(verdictsOf({ ...reno, link: { ...reno.link, over1ms: 51 } })).toEqual(['not judged']);
    expect(verdictsOf(changed(reno, { cc: 'illinois' }))).toEqual(['not judged']);
  });
});

describe('a recording', () => {
  it('gives losses as ordinals of the flows alone', () => {
    const record = {
      ...recordOf(['reno']),
      lossOrdinals: [2, 5, 9],
      controlOrdinals: [1, 2, 3, 7],
    };
    // 4, 5, 6, 8, 9 are the flows' frames 1 to 5; frame 2 was not theirs.
    expect(lossesOfFlows(record)).toEqual([2, 5]);
  });

  it('is refused in one line that names file and field', () => {
    expect(() => parseLinuxRecord('a.json', 'x')).toThrow(NetError);
    const text = JSON.stringify({ ...recordOf(['reno']), rateMbps: 'fast' });
    expect(() => parseLinuxRecord('a.json', text)).toThrow(/^a\.json: rateMbps: /);
  });
});

describe('the bars', () => {
  it('are the stated ones', () => {
    expect(compareRtt([100], 105).verdict).toBe('agrees');
    expect(compareRtt([100], 105.1).verdict).toBe('differs');
    expect(compareRetransmits([100], 150).verdict).toBe('agrees');
    expect(compareRetransmits([100], 151).verdict).toBe('differs');
    expect(compareRetransmits([10], 30).verdict).toBe('agrees');
    expect(compareRetransmits([10, 60], 60).verdict).toBe('agrees');
  });

  it('predict by Student: 20 values of standard deviation 1 give 2.093 √1.05', () => {
    const values = Array.from({ length: 20 }, (_, index) => 100 + (index % 2 === 0 ? 1 : -1));
    const scaled = values.map((value) => 100 + (value - 100) * Math.sqrt(19 / 20));
    const { mean, most } = comparePrediction(100, scaled);
    expect(mean).toBeCloseTo(100, 9);
    expect(most - mean).toBeCloseTo(2.093 * Math.sqrt(1.05), 9);
    expect(comparePrediction(103, scaled).verdict).toBe('differs');
  });
});

describe('the error of a window curve', () => {
  const seconds = Array.from({ length: 100 }, (_, index) => index / 20);
  const flow = (scale: number, shift: number) => ({
    seconds: seconds.map((value) => value + shift),
    cwndSegments: seconds.map((value) => scale * (10 + value)),
    ackedBytes: seconds.map((value) => 1000 * value * value + 39),
  });

  it('is 0 for the same curve on another clock, and the relative distance else', () => {
    expect(windowError(flow(1, 0.13), flow(1, 0))).toBeLessThan(0.01);
    expect(windowError(flow(1, 0), flow(1.2, 0))).toBeCloseTo(0.2, 2);
  });
});
