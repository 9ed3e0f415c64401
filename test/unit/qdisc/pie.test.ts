import { describe, expect, it } from 'vitest';
import { FqPie } from '../../../src/qdisc/fq-pie.ts';
import { Pie } from '../../../src/qdisc/pie.ts';
import type { PieConfig } from '../../../src/qdisc/pie-rows.ts';
import { Chance } from '../../support/chance.ts';
import { createNetwork, MS } from '../../support/network.ts';
import { randomLoad, serveModel } from '../../support/queue-models/model.ts';
import { PieModel } from '../../support/queue-models/pie-model.ts';
import { ECT0, type QueueArrival, serveQueue } from '../../support/queues.ts';

const CONFIG: PieConfig = {
  targetNs: 15 * MS,
  updateNs: 15 * MS,
  alpha: 0.125,
  beta: 1.25,
  burstNs: 150 * MS,
  usesEcn: false,
  ecnChanceMax: 0.1,
  isDerandomized: false,
  capsGrowth: false,
};

/** 10 Mbps. */
const serviceNs = (length: number) => length * 800;

function serve(arrivals: readonly QueueArrival[], config: Partial<PieConfig>, seed = 1) {
  const network = createNetwork({ frames: arrivals.length + 8, seed });
  return serveQueue(
    network,
    (environment) => new Pie(environment, { ...CONFIG, ...config }),
    arrivals,
    { serviceNs },
  );
}

function agree(config: Partial<PieConfig>): number {
  const { usesEcn, isDerandomized, capsGrowth } = { ...CONFIG, ...config };
  let signals = 0;
  for (let seed = 1; seed <= 16; seed++) {
    const arrivals = randomLoad(new Chance(seed), 4000, { serviceNs, isEcn: usesEcn });
    const source = createNetwork({ seed }).random.fork('queue');
    const expected = serveModel(
      (world) =>
        new PieModel(world, {
          random: () => (source.nextInt32() >>> 0) * 2 ** -32,
          hasEcn: usesEcn,
          isDerandomized,
          capsAdjustment: capsGrowth,
        }),
      arrivals,
      serviceNs,
    );
    expect(serve(arrivals, config, seed), `seed ${seed}`).toEqual(expected);
    signals += expected.filter(({ kind }) => kind !== 'sent').length;
  }
  return signals;
}

/** Full frames at so many times the rate of the server. */
const overload = (count: number, factor: number, ecn = 0): QueueArrival[] =>
  Array.from({ length: count }, (_, index) => ({
    atNs: Math.floor((index * serviceNs(1514)) / factor),
    length: 1514,
    ecn,
  }));

describe('PIE', () => {
  it('makes the decisions of the pseudo-code under random loads — RFC 8033 Appendix A', () => {
    expect(agree({})).toBeGreaterThan(1000);
  });

  it('does so with ECN, derandomization and capped growth — RFC 8033 §5.1, §5.4, §5.5', () => {
    expect(agree({ usesEcn: true, isDerandomized: true, capsGrowth: true })).toBeGreaterThan(1000);
  });

  it('lets a burst of MAX_BURST in without drops — RFC 8033 §4.4', () => {
    // 150 ms at twice the rate are 247 frames; the next update after them ends the allowance.
    const drops = serve(overload(600, 2), {}).filter(({ kind }) => kind === 'dropped');
    expect(drops[0]?.atNs).toBeGreaterThanOrEqual(150 * MS);
    expect(serve(overload(240, 2), {}).some(({ kind }) => kind === 'dropped')).toBe(false);
  });

  it('brings an unresponsive overload of a third near its target — RFC 8033 §4.2', () => {
    const arrivals = overload(40_000, 1.33);
    const events = serve(arrivals, {});
    const late = events.filter(({ kind, atNs }) => kind === 'sent' && atNs > 20_000 * MS);
    const waits = late.map(({ ordinal, atNs }) => atNs - (arrivals[ordinal]?.atNs ?? 0));
    const mean = waits.reduce((sum, wait) => sum + wait, 0) / waits.length;
    expect(mean).toBeGreaterThan(10 * MS);
    expect(mean).toBeLessThan(20 * MS);
  });

  it('marks while the chance is below mark_ecnth, and drops above it — RFC 8033 §5.1', () => {
    const light = serve(overload(10_000, 1.05, ECT0), { usesEcn: true });
    expect(light.some(({ kind }) => kind === 'marked')).toBe(true);
    const heavy = serve(overload(20_000, 2, ECT0), { usesEcn: true });
    expect(heavy.filter(({ kind }) => kind === 'dropped').length).toBeGreaterThan(1000);
  });

  it('forgets the chance over a long idle time without walking through it', () => {
    const arrivals = [
      ...overload(3000, 1.5),
      { atNs: 3.6e15, length: 1514 },
      { atNs: 3.6e15, length: 1514 },
    ];
    const events = serve(arrivals, {});
    expect(events.filter(({ kind, ordinal }) => kind === 'sent' && ordinal >= 3000)).toHaveLength(
      2,
    );
  });
});

describe('FQ-PIE', () => {
  it('drops from the flow that overloads, and lets a sparse one pass', () => {
    const network = createNetwork({ frames: 60_000 });
    const arrivals: QueueArrival[] = overload(20_000, 1.5).flatMap((arrival, index) =>
      index % 20 === 0
        ? [
            { ...arrival, port: 1 },
            { ...arrival, length: 200, port: 2 },
          ]
        : [{ ...arrival, port: 1 }],
    );
    const events = serveQueue(
      network,
      (environment) => new FqPie(environment, { ...CONFIG, flows: 1024, quantumBytes: 1514 }),
      arrivals,
      { serviceNs },
    );
    const portOf = (ordinal: number) => arrivals[ordinal]?.port;
    const dropped = events.filter(({ kind }) => kind === 'dropped');
    expect(dropped.length).toBeGreaterThan(3000);
    expect(dropped.every(({ ordinal }) => portOf(ordinal) === 1)).toBe(true);
    const waits = events
      .filter(({ kind, ordinal }) => kind === 'sent' && portOf(ordinal) === 2)
      .map(({ ordinal, atNs }) => atNs - (arrivals[ordinal]?.atNs ?? 0));
    expect(Math.max(...waits)).toBeLessThanOrEqual(2 * serviceNs(1514));
  });
});
