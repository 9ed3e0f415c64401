/** Prague with AccECN over DualPI2, end to end: what L4S promises (RFC 9330 §1), and that the wire form changes nothing. */
import { describe, expect, it } from 'vitest';
import { runScenario } from '../../src/scenario/run-scenario.ts';

const PATH = {
  rate: '100 Mbps',
  rtt: '20 ms',
  queue: '1000 packets',
  qdisc: 'dualpi2',
  ecn: 'on',
};

const run = (parameters: Record<string, string>, wire: 'lazy' | 'always' = 'lazy') =>
  runScenario({ scenario: 'dumbbell', parameters: { ...PATH, ...parameters }, wire }).result;

describe('Prague over DualPI2', () => {
  it('waits a millisecond where CUBIC beside it waits for the classic target, and shares', () => {
    const { flows, links } = run({ cc: 'prague,cubic', duration: '15 s' });
    const [prague, cubic] = flows;
    if (prague === undefined || cubic === undefined) throw new Error('two flows');
    // The path without queues, with what hosts take over a packet: 20.2 ms.
    expect(prague.meanRttMs).toBeLessThan(21.5);
    expect(prague.p99RttMs).toBeLessThan(23);
    // The target of the classic queue is 15 ms, RFC 9332 appendix A.1.
    expect(cubic.meanRttMs).toBeGreaterThan(28);
    expect(cubic.meanRttMs).toBeLessThan(40);
    // Rates of equal windows: 20.8 to 33 ms of round trip, RFC 9332 §2.1.
    const ratio = prague.goodputMbps / cubic.goodputMbps;
    expect(ratio).toBeGreaterThan(0.8);
    expect(ratio).toBeLessThan(2.2);
    expect(prague.retransmits + cubic.retransmits).toBe(0);
    expect(links[0]?.utilisation).toBeGreaterThan(0.97);
  });

  it('uses the link alone, and shares it evenly with its like', () => {
    const { flows, links, fairness } = run({ cc: 'prague,prague', duration: '12 s' });
    expect(links[0]?.utilisation).toBeGreaterThan(0.95);
    expect(links[0]?.meanQueueDelayMs).toBeLessThan(1.2);
    expect(fairness.jain).toBeGreaterThan(0.95);
    expect(flows.every(({ retransmits }) => retransmits === 0)).toBe(true);
  });

  it.each(['linux', 'rfc'])('is the same when every segment is bytes on the way: %s', (profile) => {
    const parameters = {
      cc: 'prague,cubic',
      ecn: 'accecn',
      loss: '0.5 %',
      rate: '20 Mbps',
      duration: '2 s',
      profile,
    };
    const lazy = run(parameters);
    expect(lazy.links[0]?.ceMarks).toBeGreaterThan(0);
    expect(run(parameters, 'always').fingerprint).toBe(lazy.fingerprint);
  });
});
