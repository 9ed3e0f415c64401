import { describe, expect, it } from 'vitest';
import { NetError } from '../../src/base/errors.ts';
import type { RunFlowResult, RunResult } from '../../src/scenario/run-result.ts';
import { type RunRequest, runScenario } from '../../src/scenario/run-scenario.ts';

/** A run of the dumbbell with these parameters. */
const run = (parameters: Record<string, string>, more: Partial<RunRequest> = {}) =>
  runScenario({ scenario: 'dumbbell', parameters, ...more });

const onlyFlow = ({ flows }: RunResult): RunFlowResult => {
  expect(flows).toHaveLength(1);
  return flows[0] as RunFlowResult;
};

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** Payload of a full frame's 1514 bytes: what a saturated link carries of its rate. */
const PAYLOAD_SHARE = 1448 / 1514;

describe('the dumbbell', () => {
  it.each(['reno', 'cubic'])('lets one %s flow fill a link whose queue holds a BDP', (cc) => {
    const { result } = run({ rate: '20 Mbps', rtt: '20 ms', duration: '20 s', cc });
    const flow = onlyFlow(result);
    // A window that never falls below the BDP keeps the link busy but for the first round trips.
    expect(flow.goodputMbps).toBeLessThanOrEqual(20 * PAYLOAD_SHARE);
    expect(flow.goodputMbps).toBeGreaterThan(0.97 * 20 * PAYLOAD_SHARE);
    expect(flow.minRttMs).toBeGreaterThanOrEqual(20);
    expect(flow.timeouts).toBe(0);
    expect(result.simulatedSeconds).toBe(20);
  });

  it('counts as many retransmissions as drops when nothing was sent again needlessly', () => {
    const { result } = run({ rate: '10 Mbps', rtt: '40 ms', duration: '20 s', cc: 'reno,cubic' });
    const { flows, links } = result;
    const retransmits = sum(flows.map((flow) => flow.retransmits));
    const spurious = sum(flows.map((flow) => flow.spuriousRetransmits));
    const drops = links[0]?.queueDrops ?? 0;
    expect(drops).toBeGreaterThan(0);
    // What was dropped in the last round trips is not sent again yet.
    expect(retransmits - spurious).toBeLessThanOrEqual(drops);
    expect(retransmits - spurious).toBeGreaterThan(0.9 * drops);
  });

  it('delivers every byte of finite flows over random loss, and ends when the last one has', () => {
    const { result } = run({ size: '2 MB', loss: '1 %', cc: 'reno,cubic', duration: '1 h' });
    for (const flow of result.flows) {
      expect(flow.deliveredBytes).toBe(2e6);
      expect(flow.fctSeconds).toBeGreaterThan(0.16);
      expect(flow.retransmits).toBeGreaterThan(0);
    }
    const last = Math.max(
      ...result.flows.map((flow) => flow.startSeconds + (flow.fctSeconds ?? 0)),
    );
    expect(result.simulatedSeconds).toBeGreaterThan(last);
    expect(result.simulatedSeconds).toBeLessThan(last + 1);
    expect(result.links[0]?.randomLosses).toBeGreaterThan(0);
  });

  it('gives the same result for the same seed, and another one for another', () => {
    const parameters = { cc: 'reno,cubic', duration: '3 s', loss: '0.1 %' };
    const first = run(parameters).result;
    expect(run(parameters).result).toEqual(first);
    expect(run(parameters, { seed: 2 }).result.fingerprint).not.toBe(first.fingerprint);
  });

  it('gives the same result with time series, with a capture, and with bytes on every link', () => {
    const parameters = { rate: '10 Mbps', cc: 'reno,cubic', duration: '3 s', loss: '1 %' };
    const { result } = run(parameters);
    const seen: Uint8Array[] = [];
    const trace = { sink: (bytes: Uint8Array) => void seen.push(bytes.slice()), snapLength: 96 };
    expect(run(parameters, { keepsSeries: true, trace }).result).toEqual(result);
    expect(seen.length).toBeGreaterThan(0);
    expect(run(parameters, { wire: 'always' }).result).toEqual(result);
  });

  it('deals controllers to flows in turn', () => {
    const { flows } = run({ cc: 'reno,cubic', flows: '5', duration: '1 s' }).result;
    expect(flows.map(({ cc }) => cc)).toEqual(['reno', 'cubic', 'reno', 'cubic', 'reno']);
  });

  it('says of hosts how long they take over a packet, which 0 switches off', () => {
    const byDefault = run({ rate: '20 Mbps', duration: '1 s' }).result;
    expect(byDefault.processingDelayMs).toBeCloseTo((1514 * 8) / 20e3, 6);
    const off = run({ rate: '20 Mbps', duration: '1 s', processing: '0 s' }).result;
    expect(off.processingDelayMs).toBe(0);
    expect(off.fingerprint).not.toBe(byDefault.fingerprint);
  });

  it.each([
    [{ rate: '20' }, 'rate: expected a rate like 20 Mbps or 1 Gbps, got "20"'],
    [{ speed: '1' }, 'parameter: expected one of rate, rtt'],
    [{ cc: 'reno,tahoe' }, 'controller: expected one of reno, cubic, '],
    [{ cc: 'reno,cubic', flows: '1' }, 'flows: expected at least 2, one per controller, got 1'],
    [{ profile: 'bsd' }, 'profile: expected linux or rfc, got "bsd"'],
  ])('says in one line what is wrong with %o', (parameters, message) => {
    expect(() => run(parameters)).toThrow(NetError);
    expect(() => run(parameters)).toThrow(message);
  });
});
