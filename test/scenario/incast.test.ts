/** Incast: the collapse of many servers that answer at once, its cures, and hosts that share one TCP. */
import { describe, expect, it } from 'vitest';
import { analyzeCapture } from '../../src/analysis/analyze-capture.ts';
import { MemorySource } from '../../src/pcap/memory-source.ts';
import type { RunResult } from '../../src/scenario/run-result.ts';
import { runScenario } from '../../src/scenario/run-scenario.ts';

/** 47 servers of 256 KiB at 1 Gbit/s: what Vasudevan et al. (SIGCOMM 2009) looked at. */
const PAPER = {
  senders: '47',
  bytes: '256 KiB',
  rate: '1 Gbps',
  delay: '25 us',
  buffer: '64 KiB',
};

function run(parameters: Record<string, string>, seed = 1): RunResult {
  return runScenario({ scenario: 'incast', parameters, seed }).result;
}

const completionOf = (result: RunResult) => {
  const { completion } = result;
  if (completion === undefined) throw new Error('no completion');
  return completion;
};

describe('incast', () => {
  it('collapses with an RTOmin of 200 ms and comes near line rate with 200 us', () => {
    const collapsed = completionOf(run(PAPER));
    const cured = completionOf(run({ ...PAPER, rtoMin: '200 us' }));
    for (const { flows, completed } of [collapsed, cured])
      expect([flows, completed]).toEqual([47, 47]);
    // Whoever loses a whole window waits for 200 ms, while the link is idle.
    expect(collapsed.lastMs).toBeGreaterThan(200);
    expect(cured.goodputMbps).toBeGreaterThan(800);
    expect((cured.goodputMbps as number) / (collapsed.goodputMbps as number)).toBeGreaterThan(4);
  });

  it('loses nothing where the buffer holds all initial windows', () => {
    const result = run({ senders: '32', bytes: '14480 B', buffer: '1 MiB', processing: '0 s' });
    expect(result.links[0]?.queueDrops).toBe(0);
    expect(completionOf(result).timeouts).toBe(0);
    // 32 responses of ten full segments, one behind the other.
    const lineMs = (32 * 10 * 1514 * 8) / 10e9 / 1e-3;
    expect(completionOf(result).lastMs).toBeGreaterThan(lineMs);
    expect(completionOf(result).lastMs).toBeLessThan(lineMs * 1.1 + 0.1);
  });

  it('is spread by jitter: the first responses come early', () => {
    const together = completionOf(run({ ...PAPER, rtoMin: '10 ms' }));
    const spread = completionOf(run({ ...PAPER, rtoMin: '10 ms', jitter: '20 ms' }));
    expect(spread.firstMs).toBeLessThan(together.firstMs as number);
  });

  it('is the same for the same seed, with bytes made at every hop too, and not for another', () => {
    const small = { senders: '16', bytes: '32 KiB', buffer: '64 KiB', rtoMin: '10 ms' };
    const first = run(small);
    expect(run(small).fingerprint).toBe(first.fingerprint);
    expect(run(small, 2).fingerprint).not.toBe(first.fingerprint);
    const always = runScenario({ scenario: 'incast', parameters: small, seed: 1, wire: 'always' });
    expect(always.result.fingerprint).toBe(first.fingerprint);
  });

  it('keeps the queue near K with DCTCP and step marking, and loses nothing', () => {
    const shape = { senders: '8', bytes: '2 MB', rate: '10 Gbps', buffer: '1 MiB' };
    const dctcp = run({ ...shape, cc: 'dctcp', ecnThreshold: '65 packets' });
    const reno = run({ ...shape, cc: 'reno' });
    expect(dctcp.links[0]?.ceMarks).toBeGreaterThan(100);
    expect(dctcp.links[0]?.queueDrops).toBe(0);
    expect(dctcp.links[0]?.meanQueueDelayMs).toBeLessThan(
      (reno.links[0]?.meanQueueDelayMs as number) / 2,
    );
    expect(completionOf(dctcp).goodputMbps).toBeGreaterThan(8000);
  });

  it('lets the one congested port of a shared buffer have α/(1 + α) of it', () => {
    const shape = { senders: '64', bytes: '128 KiB', buffer: '1 MiB' };
    for (const [sharedBuffer, share] of [
      ['1', 1 / 2],
      ['8', 8 / 9],
      ['abm 1', 1 / 2],
    ] as const) {
      const peak = run({ ...shape, sharedBuffer }).links[0]?.peakQueueBytes as number;
      expect(Math.abs(peak / (share * 1024 * 1024) - 1)).toBeLessThan(0.01);
    }
  });

  it('records the buffer at its port over time', () => {
    const parameters = { senders: '16', bytes: '64 KiB', buffer: '128 KiB' };
    const { result, series } = runScenario({ scenario: 'incast', parameters, keepsSeries: true });
    const depth = series?.links[0]?.depth;
    expect(Math.max(...(depth?.maxBytes ?? []))).toBe(result.links[0]?.peakQueueBytes);
    expect(result.links[0]?.peakQueueBytes).toBeLessThanOrEqual(128 * 1024);
    expect(result.links[0]?.peakQueueBytes).toBeGreaterThan(127 * 1024);
  });

  it.each(['zeros', 'pattern'])(
    'is captured on both sides of the queue, with %s',
    async (payload) => {
      const pieces: Uint8Array[] = [];
      const { result } = runScenario({
        scenario: 'incast',
        parameters: { senders: '4', bytes: '32 KiB', payload },
        trace: { sink: (bytes) => pieces.push(bytes.slice()), snapLength: 0 },
      });
      const bytes = new Uint8Array(Buffer.concat(pieces));
      const { capture } = await analyzeCapture(new MemorySource(bytes), 'trace');
      const [before, behind] = capture.interfaces.map(({ packets }) => packets);
      const forwarded = result.links[0]?.forwardedPackets ?? 0;
      expect([before, behind]).toEqual([forwarded, forwarded]);
      // The pattern is in the file: few of its bytes are zeros.
      const zeros = bytes.reduce((count, byte) => count + (byte === 0 ? 1 : 0), 0) / bytes.length;
      expect(zeros > 0.5).toBe(payload === 'zeros');
    },
  );
});
