import { describe, expect, it } from 'vitest';
import { DualPi2 } from '../../../src/qdisc/dual-pi2.ts';
import { Chance } from '../../support/chance.ts';
import { createNetwork, MS } from '../../support/network.ts';
import { DualPi2Model } from '../../support/queue-models/dual-pi2-model.ts';
import { randomLoad, serveModel } from '../../support/queue-models/model.ts';
import { type QueueArrival, serveQueue } from '../../support/queues.ts';

const CONFIG = {
  targetNs: 15 * MS,
  updateNs: 16 * MS,
  rttNsMax: 100 * MS,
  coupling: 2,
  rampStartNs: 0.8 * MS,
  rampNs: 0.4 * MS,
};
const ECT1 = 1;
/** 40 Mbps, whose 250 ms are the limit. */
const serviceNs = (length: number) => length * 200;
const LIMIT_BYTES = 1_250_000;

function serve(arrivals: readonly QueueArrival[]) {
  const network = createNetwork({ frames: arrivals.length + 8 });
  return serveQueue(network, (environment) => new DualPi2(environment, CONFIG), arrivals, {
    serviceNs,
    environment: { limits: { bytes: LIMIT_BYTES } },
  });
}

/** Full frames at a multiple of the server's rate. */
const load = (count: number, factor: number, ecn: number): QueueArrival[] =>
  Array.from({ length: count }, (_, index) => ({
    atNs: Math.floor((index * serviceNs(1514)) / factor),
    length: 1514,
    ecn,
  }));

const merged = (...loads: QueueArrival[][]) => loads.flat().sort((a, b) => a.atNs - b.atNs);

describe('DualPI2', () => {
  it('makes the decisions of the pseudo-code under random loads — RFC 9332 Appendix A', () => {
    const counts = { marked: 0, dropped: 0, sent: 0 };
    for (let seed = 1; seed <= 12; seed++) {
      const arrivals = randomLoad(new Chance(seed), 4000, { serviceNs, isEcn: true });
      const expected = serveModel(
        (world) => new DualPi2Model(world, LIMIT_BYTES),
        arrivals,
        serviceNs,
      );
      expect(serve(arrivals), `seed ${seed}`).toEqual(expected);
      for (const { kind } of expected) counts[kind]++;
    }
    expect(counts.marked).toBeGreaterThan(1000);
    expect(counts.dropped).toBeGreaterThan(300);
  });

  it('serves L4S frames past a standing Classic queue — RFC 9332 §2.5.1', () => {
    const arrivals = merged(load(4000, 1.02, 0), load(200, 0.05, ECT1));
    const waits = serve(arrivals)
      .filter(({ kind, ordinal }) => kind === 'sent' && arrivals[ordinal]?.ecn === ECT1)
      .map(({ ordinal, atNs }) => atNs - (arrivals[ordinal]?.atNs ?? 0));
    expect(waits).toHaveLength(200);
    // The frame in transmission, and now and then the share of Classic.
    expect(Math.max(...waits)).toBeLessThanOrEqual(2 * serviceNs(1514));
  });

  it('couples: L4S frames are marked at k times the root of the Classic chance — RFC 9332 §2.1', () => {
    const arrivals = merged(load(60_000, 1.05, 0), load(5000, 0.0875, ECT1));
    const late = serve(arrivals).filter(({ atNs }) => atNs > 10_000 * MS);
    const count = (kind: string, ecn: number) =>
      late.filter((event) => event.kind === kind && arrivals[event.ordinal]?.ecn === ecn).length;
    const classic = count('dropped', 0) / (count('dropped', 0) + count('sent', 0));
    const marked = count('marked', ECT1) / count('sent', ECT1);
    expect(classic).toBeGreaterThan(0.05);
    expect(marked / (2 * Math.sqrt(classic))).toBeGreaterThan(0.9);
    expect(marked / (2 * Math.sqrt(classic))).toBeLessThan(1.1);
    expect(count('dropped', ECT1)).toBe(0);
  });

  it('drops L4S frames too under overload that does not respond — RFC 9332 §4.2', () => {
    const events = serve(load(40_000, 2, ECT1));
    const late = events.filter(({ atNs }) => atNs > 3000 * MS);
    const dropped = late.filter(({ kind }) => kind === 'dropped').length;
    const sent = late.filter(({ kind }) => kind === 'sent').length;
    expect(dropped / sent).toBeGreaterThan(0.9);
    expect(dropped / sent).toBeLessThan(1.1);
  });
});
