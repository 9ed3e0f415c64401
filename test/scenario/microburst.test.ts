/** Microbursts of rack traffic, live and in the capture of the same run. */
import { describe, expect, it } from 'vitest';
import { analyzeCapture } from '../../src/analysis/analyze-capture.ts';
import { MemorySource } from '../../src/pcap/memory-source.ts';
import { runScenario } from '../../src/scenario/run-scenario.ts';

const SHORT = { hosts: '16', duration: '100 ms' };

describe('microburst', () => {
  it('has short bursts of a full line that a slow counter does not show', () => {
    const parameters = { hosts: '16', duration: '300 ms' };
    const { result } = runScenario({ scenario: 'microburst', parameters });
    const stream = result.bursts?.streams[0];
    const bin = (seconds: number) =>
      stream?.bins.find(({ widthSeconds }) => widthSeconds === seconds);
    expect(bin(25e-6)?.max).toBe(1);
    expect(bin(0.1)?.max).toBeLessThan(0.25);
    // Zhang et al. (IMC 2017): most bursts last at most tens of microseconds.
    expect(stream?.shortBurstShare).toBeGreaterThan(0.7);
    expect(stream?.packets).toBe(result.links[0]?.forwardedPackets);
  });

  it('finds in the capture of a run what it measured in it', async () => {
    const pieces: Uint8Array[] = [];
    const { result } = runScenario({
      scenario: 'microburst',
      parameters: SHORT,
      trace: { sink: (bytes) => pieces.push(bytes.slice()), snapLength: 96 },
    });
    const source = new MemorySource(new Uint8Array(Buffer.concat(pieces)));
    const { bursts } = await analyzeCapture(source, 'trace', undefined, { rate: 10e9 });
    expect(bursts?.streams).toHaveLength(1);
    const [live, captured] = [result.bursts?.streams[0], bursts?.streams[0]];
    expect(captured?.packets).toBe(live?.packets);
    expect(captured?.bytes).toBe(live?.bytes);
    expect(captured?.bursts).toEqual(live?.bursts);
    // Times count from another instant, so that a sum may round to the other side of a bin's edge.
    for (const [width, { bins, p99, max, busyShare }] of (captured?.bins ?? []).entries()) {
      const other = live?.bins[width];
      expect(Math.abs(bins - (other?.bins ?? 0))).toBeLessThanOrEqual(1);
      expect(Math.abs(p99 - (other?.p99 ?? 0))).toBeLessThan(0.002);
      expect(Math.abs(max - (other?.max ?? 0))).toBeLessThan(0.002);
      expect(Math.abs(busyShare - (other?.busyShare ?? 0))).toBeLessThan(0.002);
    }
  });

  it('holds its queue to a bound that can fail', () => {
    const checksAt = (bound: string) => {
      const parameters = { ...SHORT, bound };
      return runScenario({ scenario: 'microburst', parameters }).result;
    };
    const { checks, links } = checksAt('1 MiB');
    expect(checks.map(({ name, holds }) => [name, holds])).toEqual([['boundedQueue', true]]);
    const peak = links[0]?.peakQueueBytes as number;
    expect(checksAt(`${peak} B`).checks[0]?.holds).toBe(true);
    const { holds, detail } = checksAt(`${peak - 1} B`).checks[0] ?? {};
    expect(holds).toBe(false);
    expect(detail).toContain(`of switch-h1, was ${peak} bytes of ${peak - 1}`);
  });

  it('holds a buffer to a bound that can fail', async () => {
    const pieces: Uint8Array[] = [];
    const trace = { sink: (bytes: Uint8Array) => pieces.push(bytes.slice()), snapLength: 96 };
    runScenario({ scenario: 'microburst', parameters: SHORT, trace });
    const bytes = new Uint8Array(Buffer.concat(pieces));
    const holds = async (boundBytes: number) => {
      const options = { rate: 10e9, drainRate: 5e9, boundBytes };
      const { bursts } = await analyzeCapture(new MemorySource(bytes), 'trace', undefined, options);
      return bursts?.bound?.holds;
    };
    expect(await holds(1e7)).toBe(true);
    expect(await holds(2000)).toBe(false);
  });
});
