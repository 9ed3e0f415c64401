import { describe, expect, it } from 'vitest';
import { ControllerRegistry } from '../../src/recovery/cc/controllers.ts';
import { fitStarts } from '../../src/scenario/validation/linux/fit-starts.ts';
import { parseLinuxRecord } from '../../src/scenario/validation/linux/linux-record.ts';
import { runAsRecorded } from '../../src/scenario/validation/linux/linux-run.ts';

const registry = ControllerRegistry.withBuiltIns();
const CONDITIONS = { rateMbps: 20, rttMs: 40, queueBytes: 100_000, seconds: 1 };
/** Of the recording's clock against ours. */
const CLOCK_SECONDS = 0.02;

/** A recording of flows that began so many seconds after the first, sampled every 50 ms of one clock. */
function recordOf(ccs: readonly string[], offsets: readonly number[]) {
  const starts = offsets.map((at) => ({ least: at, most: at }));
  const flows = ccs.map((cc) => ({ cc }));
  const run = runAsRecorded(
    { ...CONDITIONS, flows, starts, samplesPerSecond: 1000 },
    registry,
    undefined,
    7,
  );
  const origin = run.flows[0]?.startedSeconds ?? 0;
  const samples = run.flows.flatMap(({ samples: own, startedSeconds }, index) => {
    const rows: number[][] = [];
    for (let t = 0.05; t < 0.8; t += 0.05) {
      const at = Math.floor((t - CLOCK_SECONDS + origin - startedSeconds) * 1000);
      if (at < 0) continue;
      rows.push([t, index, own.cwndSegments[at] as number, own.ackedBytes[at] as number]);
    }
    return rows;
  });
  const text = JSON.stringify({
    ...CONDITIONS,
    name: 'own',
    repeat: 1,
    loss: 0,
    link: { forward: 1000, queueDrops: 0, peakQueueBytes: 1, over1ms: 0 },
    flows: run.flows.map((flow, index) => ({
      cc: ccs[index],
      goodputMbps: flow.goodputMbps,
      retransmits: flow.retransmits,
      meanRttMs: 50,
    })),
    sampleColumns: ['t', 'flow', 'cwnd', 'bytesAcked'],
    samples,
  });
  return parseLinuxRecord('own.json', text);
}

describe('starts of competing flows', () => {
  it.each([
    [['cubic', 'cubic'], 0.066],
    [['cubic', 'bbr'], 0.04],
  ])('of %j are found where they were, %f s apart', (ccs, offset) => {
    const [first, second] = fitStarts(recordOf(ccs, [0, offset]), registry) ?? [];
    expect(first?.least).toBe(first?.most);
    const origin = first?.least ?? 0;
    expect(second?.least ?? 1).toBeLessThan(origin + offset + 0.005);
    expect(second?.most ?? 0).toBeGreaterThan(origin + offset - 0.005);
    expect((second?.most ?? 1) - (second?.least ?? 0)).toBeLessThan(0.02);
  });

  it('are left to the samples of a single flow', () => {
    expect(fitStarts(recordOf(['reno'], [0]), registry)).toHaveLength(1);
  });
});
