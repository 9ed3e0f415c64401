/** Lossless switches in whole runs: incast without loss, the victims of pauses, and pauses that wait in a circle. */
import { describe, expect, it } from 'vitest';
import type { NetworkInput } from '../../src/scenario/network-schema.ts';
import type { RunResult } from '../../src/scenario/run-result.ts';
import { runScenario } from '../../src/scenario/run-scenario.ts';

const INCAST = { senders: '48', bytes: '64 KiB', buffer: '256 KiB' };

function incast(parameters: Record<string, string>): RunResult {
  return runScenario({ scenario: 'incast', parameters: { ...INCAST, ...parameters } }).result;
}

const checkOf = ({ checks }: RunResult, name: string) =>
  checks.find((check) => check.name === name);

describe('a lossless incast', () => {
  it('loses nothing and waits for no timeout where drop-tail collapses', () => {
    const lossy = incast({});
    const lossless = incast({ pfc: 'on' });
    expect(lossy.completion?.timeouts).toBeGreaterThan(0);
    expect(lossless.completion?.timeouts).toBe(0);
    expect(lossless.conservation.drops).toEqual({});
    expect(checkOf(lossless, 'lossless')?.holds).toBe(true);
    expect(lossless.completion?.goodputMbps).toBeGreaterThan(9000);
    expect(lossless.flowControl?.pauseFrames).toBeGreaterThan(10);
    const paused = lossless.flowControl?.links.flatMap(({ priorities }) => priorities) ?? [];
    expect(Math.max(...paused.map(({ pausedMs }) => pausedMs))).toBeGreaterThan(0.05);
  });

  it('fails its check when the headroom is too small, and says where', () => {
    const result = incast({ pfc: 'headroom 3 KB' });
    const check = checkOf(result, 'lossless');
    expect(check?.holds).toBe(false);
    expect(check?.detail).toMatch(/^\d+ frames of lossless .* from server \d+-switch$/);
    expect(result.conservation.drops['headroomFull']).toBe(result.flowControl?.lostPackets);
  });

  it('pauses less with marks at K and DCTCP', () => {
    const shape = { senders: '8', bytes: '2 MB', buffer: '256 KiB', pfc: 'alpha 1' };
    const alone = incast(shape);
    const marked = incast({ ...shape, cc: 'dctcp', ecnThreshold: '65 packets' });
    expect(alone.flowControl?.pauseFrames).toBeGreaterThan(20);
    expect(marked.flowControl?.pauseFrames).toBeLessThan(
      (alone.flowControl?.pauseFrames as number) / 4,
    );
    expect(marked.links[0]?.ceMarks).toBeGreaterThan(100);
  });
});

/** Two hosts behind `near` send over one link to `far`: one into a port that four others fill, one past it. */
function victims(pfc: string, dscp: { crowd: number; victim: number }): NetworkInput {
  const link = { rate: '10 Gbps', delay: '1 us', queue: '256 KiB' };
  return {
    duration: '20 ms',
    nodes: {
      one: 'host',
      victim: 'host',
      crowd: { count: 4 },
      busy: 'host',
      free: 'host',
      near: { kind: 'switch', pfc },
      far: { kind: 'switch', pfc },
    },
    links: [
      { from: 'one', to: 'near', ...link },
      { from: 'victim', to: 'near', ...link },
      { name: 'trunk', from: 'near', to: 'far', ...link },
      { from: 'crowd', to: 'far', ...link },
      { from: 'far', to: 'busy', ...link },
      { from: 'far', to: 'free', ...link },
    ],
    cc: 'cubic',
    traffic: [
      { kind: 'bulk', from: 'crowd', to: 'busy', dscp: dscp.crowd },
      { kind: 'bulk', from: 'one', to: 'busy', dscp: dscp.crowd },
      { kind: 'bulk', from: 'victim', to: 'free', dscp: dscp.victim },
    ],
  };
}

const victimMbps = (pfc: string, dscp = { crowd: 0, victim: 0 }) => {
  const { result } = runScenario({ scenario: victims(pfc, dscp) });
  expect(pfc === 'none' || result.flowControl?.lostPackets === 0).toBe(true);
  return result.flows.at(-1)?.goodputMbps as number;
};

describe('head-of-line blocking', () => {
  it('makes a victim of a flow past the congested port, in the same priority only', () => {
    const free = victimMbps('none');
    const blocked = victimMbps('buffer 256KiB');
    const apart = victimMbps('buffer 256KiB', { crowd: 24, victim: 32 });
    expect(free).toBeGreaterThan(7000);
    // The trunk is paused for `one`, which gets a share of the busy port: about as much is left of it.
    expect(blocked).toBeLessThan(free / 2);
    expect(apart).toBeGreaterThan(7000);
  });
});

/** Three switches in a circle, and flows that go two of its links each. */
function circle(duration: string): NetworkInput {
  const link = { rate: '10 Gbps', delay: '1 us', queue: '256 KiB' };
  const pfc = 'xoff 20KB xon 3028B';
  const next = ['s2', 's3', 's1'];
  return {
    duration,
    nodes: {
      h: { count: 3 },
      s: { kind: 'switch', count: 3, pfc },
    },
    links: [
      ...[1, 2, 3].map((n) => ({ from: `h${n}`, to: `s${n}`, ...link })),
      ...[1, 2, 3].map((n) => ({ from: `s${n}`, to: next[n - 1] as string, ...link })),
    ],
    // To where two steps lead, and back the same way round.
    routes: [1, 2, 3].flatMap((n) =>
      [1, 2, 3]
        .filter((to) => to !== n)
        .map((to) => ({ at: `s${n}`, to: `h${to}`, via: next[n - 1] as string })),
    ),
    traffic: [1, 2, 3].map((n) => ({
      kind: 'bulk' as const,
      from: `h${n}`,
      to: `h${((n + 1) % 3) + 1}`,
      count: 4,
    })),
  };
}

describe('pauses in a circle', () => {
  it('are found in the routes, and when they have come to a stop', () => {
    const { result } = runScenario({ scenario: circle('100 ms') });
    expect(result.flowControl?.cyclicDependency).toHaveLength(3);
    expect(result.flowControl?.deadlock).toHaveLength(3);
    expect(checkOf(result, 'deadlockFree')?.holds).toBe(false);
    // Nothing moves: ten times as long, as many bytes.
    const longer = runScenario({ scenario: circle('1 s') }).result;
    const bytes = (run: RunResult) => run.flows.reduce((sum, flow) => sum + flow.deliveredBytes, 0);
    expect(bytes(longer)).toBe(bytes(result));
  });

  it('are not there on the routes of a tree', () => {
    const { result } = runScenario({ scenario: victims('on', { crowd: 0, victim: 0 }) });
    expect(result.flowControl?.cyclicDependency).toBeNull();
    expect(checkOf(result, 'deadlockFree')?.holds).toBe(true);
  });
});

describe('a scenario file', () => {
  it.each([
    ['headroom 3 cakes', /pfc: expected one of|headroom: expected/],
    ['priorities 9', /priorities: expected all, or numbers from 0 to 7/],
    ['sideways', /pfc: expected one of/],
  ])('is told what is wrong with `pfc: %s`', (pfc, message) => {
    expect(() => runScenario({ scenario: victims(pfc, { crowd: 0, victim: 0 }) })).toThrow(message);
  });

  it('gives flow control to switches only', () => {
    const scenario = victims('on', { crowd: 0, victim: 0 });
    const wrong = {
      ...scenario,
      nodes: { ...scenario.nodes, one: { kind: 'host' as const, pfc: 'on' } },
    };
    expect(() => runScenario({ scenario: wrong })).toThrow(/nodes\.one\.pfc: expected a switch/);
  });
});
