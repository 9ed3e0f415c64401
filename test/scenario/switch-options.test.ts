/** Options of switches in whole runs: forwarding, balance among paths, shared memory, pauses. */
import { describe, expect, it } from 'vitest';
import { jainIndex } from '../../src/base/sample-statistics.ts';
import type { NetworkInput } from '../../src/scenario/network-schema.ts';
import type { RunResult } from '../../src/scenario/run-result.ts';
import { runScenario } from '../../src/scenario/run-scenario.ts';

const run = (scenario: string, parameters: Record<string, string>): RunResult =>
  runScenario({ scenario, parameters }).result;

/** How evenly the links from leaves to spines are used. */
const evenness = ({ links }: RunResult): number =>
  jainIndex(
    links
      .filter(({ name }) => /^leaf\d+-spine/.test(name))
      .map(({ forwardedPackets }) => forwardedPackets),
  ) as number;

const overtakings = ({ flows }: RunResult): number =>
  flows.reduce((sum, flow) => sum + flow.spuriousRetransmits, 0);

describe('switches of a fabric', () => {
  it('balance by flow, by flowlet and by packet', () => {
    const shape = { hosts: '4', leaves: '2', size: '400 kB', fabric: '5 Gbps', duration: '50 ms' };
    const [ecmp, flowlet, spray] = ['ecmp', 'flowlet 20 us', 'spray'].map((balance) =>
      run('leaf-spine', { ...shape, balance }),
    ) as [RunResult, RunResult, RunResult];
    for (const { completion } of [ecmp, flowlet, spray]) expect(completion?.completed).toBe(8);
    expect(evenness(spray)).toBeGreaterThan(0.99);
    expect(evenness(flowlet)).toBeGreaterThan(evenness(ecmp));
    expect(evenness(ecmp)).toBeLessThan(0.9);
    expect(overtakings(ecmp)).toBe(0);
    expect(spray.completion?.lastMs).toBeLessThan(ecmp.completion?.lastMs as number);
  });

  it('cut through: a short response on an idle fabric is there sooner by a frame a switch', () => {
    const shape = { size: '1000 B', flows: '1', processing: '0 s', rate: '1 Gbps', k: '4' };
    const [stored, cut] = ['store-and-forward', 'cut-through'].map(
      (forwarding) => run('fat-tree', { ...shape, forwarding }).completion?.lastMs as number,
    ) as [number, number];
    // SYN, SYN-ACK and data, of which only the data is much longer than the header.
    const switches = 5;
    const saved = switches * ((1066 - 54) * 8 + 2 * (74 - 54) * 8);
    expect(Math.abs((stored - cut) * 1e6 - saved)).toBeLessThan(20);
  });

  it('share their memory, or pause who sends too much', () => {
    const shape = {
      hosts: '24',
      pattern: 'incast',
      size: '128 KB',
      queue: '64 KiB',
      duration: '2 s',
    };
    const shared = run('star', { ...shape, sharedBuffer: '1536 KiB alpha 1' });
    const lossless = run('star', { ...shape, pfc: 'on' });
    const drops = ({ links }: RunResult) => links.reduce((sum, link) => sum + link.queueDrops, 0);
    const short = { ...shape, size: '32 KB' };
    expect(drops(run('star', short))).toBeGreaterThan(50);
    expect(drops(run('star', { ...short, sharedBuffer: '1536 KiB alpha 1' }))).toBe(0);
    expect(drops(lossless)).toBe(0);
    expect(lossless.checks.map(({ holds }) => holds)).toEqual([true, true]);
    const port = shared.links.find(({ name }) => name === 'switch-h1');
    expect(Math.abs((port?.peakQueueBytes as number) / (768 * 1024) - 1)).toBeLessThan(0.01);
    expect(() => run('star', { ...shape, pfc: 'on', sharedBuffer: '1 MiB' })).toThrow(/no pfc/);
  });

  it('have their options in a file as well', () => {
    const link = { rate: '1 Gbps', delay: '1 us' };
    const file: NetworkInput = {
      duration: '50 ms',
      nodes: {
        a: 'host',
        b: 'host',
        s: { kind: 'switch', forwarding: 'cut-through 64 B', sharedBuffer: '1 MiB abm 0.5' },
        t: { kind: 'switch', count: 2, balance: 'flowlet 50 us' },
        u: 'switch',
      },
      links: [
        { from: 'a', to: 's', ...link },
        { from: 's', to: 't', ...link },
        { from: 't', to: 'u', ...link },
        { from: 'u', to: 'b', ...link },
      ],
      traffic: [{ kind: 'bulk', from: 'a', to: 'b', size: '100 kB' }],
    };
    expect(runScenario({ scenario: file }).result.completion?.completed).toBe(1);
    const wrong = (text: string) => ({
      ...file,
      nodes: { ...file.nodes, u: { kind: 'switch' as const, balance: text } },
    });
    expect(() => runScenario({ scenario: wrong('flowlets') })).toThrow(
      /nodes\.u\.balance: expected ecmp, spray, flowlet/,
    );
  });
});
