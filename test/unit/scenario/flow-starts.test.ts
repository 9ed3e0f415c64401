import { describe, expect, it } from 'vitest';
import { RandomSource } from '../../../src/engine/random.ts';
import { ControllerRegistry } from '../../../src/recovery/cc/controllers.ts';
import { drawStarts, startIntervals } from '../../../src/scenario/validation/linux/flow-starts.ts';
import type { LinuxRecord } from '../../../src/scenario/validation/linux/linux-record.ts';
import { runAsRecorded } from '../../../src/scenario/validation/linux/linux-run.ts';

/** A recording of one of our runs whose clock began so long before the test. */
function recordWith(startSeconds: number, cc = 'reno'): LinuxRecord {
  const conditions = { rateMbps: 20, rttMs: 40, queueBytes: 100_000, seconds: 1 };
  const flows = [{ cc }];
  const run = runAsRecorded(
    { ...conditions, flows },
    ControllerRegistry.withBuiltIns(),
    undefined,
    1,
  );
  const { samples } = run.flows[0] as (typeof run.flows)[number];
  return {
    ...conditions,
    name: 'ours',
    repeat: 1,
    loss: 0,
    link: { forward: 1, queueDrops: 0, peakQueueBytes: 0, over1ms: 0 },
    flows: run.flows.map((flow) => ({ ...flow, cc })),
    sampleColumns: ['t', 'flow', 'cwnd', 'bytesAcked'],
    samples: samples.seconds.map((t, index) => [
      t + startSeconds,
      0,
      samples.cwndSegments[index] as number,
      samples.ackedBytes[index] as number,
    ]),
  };
}

describe('the start of a recorded flow', () => {
  it('is read from what was acknowledged at its first samples, to a few milliseconds', () => {
    const [interval] = startIntervals(recordWith(0.123)) ?? [];
    const { least = 0, most = 0 } = interval ?? {};
    expect(least).toBeGreaterThan(0.123 - 0.025);
    expect(most).toBeLessThan(0.123 + 0.025);
    expect(least).toBeLessThanOrEqual(most);
  });

  it('reckons with the larger first window of BBR, which the cookie has grown', () => {
    const [interval] = startIntervals(recordWith(0.123, 'bbr')) ?? [];
    const { least = 1, most = 0 } = interval ?? {};
    // By a first window of ten it would have begun a round trip before.
    expect(least).toBeLessThan(0.123);
    expect(most).toBeGreaterThan(0.123 - 0.005);
    expect(most).toBeLessThan(0.123 + 0.025);
  });

  it('is drawn within what is known, against the first flow', () => {
    const intervals = [
      { least: 0.02, most: 0.03 },
      { least: 0.07, most: 0.09 },
    ];
    for (let seed = 1; seed < 50; seed++) {
      const [first = 1, second = 0] = drawStarts(intervals, 2, RandomSource.fromSeed(seed));
      expect(first).toBeGreaterThanOrEqual(0);
      expect(first).toBeLessThan(1e-3);
      expect(second - first).toBeGreaterThan(0.04);
      expect(second - first).toBeLessThan(0.07);
    }
    const [first = 1, ...later] = drawStarts(undefined, 3, RandomSource.fromSeed(1));
    expect(later[0]).toBeCloseTo(first + 0.1, 9);
    expect(later[1]).toBeCloseTo(first + 0.2, 9);
  });
});

describe('the end of a recorded flow', () => {
  it('leaves the link to a flow that began later', () => {
    const starts = [0, 3].map((seconds) => ({ least: seconds, most: seconds }));
    const conditions = { rateMbps: 10, rttMs: 20, queueBytes: 50_000, seconds: 4 };
    const flows = [{ cc: 'reno' }, { cc: 'reno' }];
    const run = runAsRecorded(
      { ...conditions, flows, starts },
      ControllerRegistry.withBuiltIns(),
      undefined,
      1,
    );
    const { seconds, ackedBytes } = (run.flows[1] as (typeof run.flows)[number]).samples;
    const at = (time: number) => ackedBytes[seconds.indexOf(time)] as number;
    // Alone from about its first second on.
    expect(((at(4) - at(2)) * 8) / 2e6).toBeGreaterThan(9);
  });
});
