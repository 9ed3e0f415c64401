import { describe, expect, it } from 'vitest';
import { Codel } from '../../../src/qdisc/codel.ts';
import type { CodelConfig } from '../../../src/qdisc/codel-rows.ts';
import { Chance } from '../../support/chance.ts';
import { createNetwork, MS } from '../../support/network.ts';
import { CodelModel } from '../../support/queue-models/codel-model.ts';
import { randomLoad, serveModel } from '../../support/queue-models/model.ts';
import { ECT0, type QueueArrival, serveQueue } from '../../support/queues.ts';

const CONFIG: CodelConfig = {
  targetNs: 5 * MS,
  intervalNs: 100 * MS,
  usesEcn: false,
  ceThresholdNs: Number.MAX_SAFE_INTEGER,
};

/** 10 Mbps. */
const serviceNs = (length: number) => length * 800;

function serve(arrivals: readonly QueueArrival[], config: Partial<CodelConfig> = {}) {
  const network = createNetwork({ frames: arrivals.length + 8 });
  const events = serveQueue(
    network,
    (environment) => new Codel(environment, { ...CONFIG, ...config }),
    arrivals,
    { serviceNs },
  );
  expect(network.pool.inUse).toBe(0);
  return events;
}

/** Full frames at so many times the rate of the server, from `fromNs` on. */
const overload = (count: number, factor: number, ecn = 0, fromNs = 0): QueueArrival[] =>
  Array.from({ length: count }, (_, index) => ({
    atNs: fromNs + Math.floor((index * serviceNs(1514)) / factor),
    length: 1514,
    ecn,
  }));

describe('CoDel', () => {
  it('makes the decisions of the pseudo-code under random loads — RFC 8289 §5', () => {
    let drops = 0;
    for (let seed = 1; seed <= 24; seed++) {
      const arrivals = randomLoad(new Chance(seed), 4000, { serviceNs });
      const expected = serveModel(
        (world) => new CodelModel(world, 5 * MS, 100 * MS, 1514),
        arrivals,
        serviceNs,
      );
      expect(serve(arrivals), `seed ${seed}`).toEqual(expected);
      drops += expected.filter(({ kind }) => kind === 'dropped').length;
    }
    // The loads do drive it into its drop state.
    expect(drops).toBeGreaterThan(1000);
  });

  it('drops nothing until the sojourn time has been above the target for an interval — RFC 8289 §4.2', () => {
    const drops = serve(overload(1000, 1.2)).filter(({ kind }) => kind === 'dropped');
    const first = drops[0]?.atNs ?? 0;
    // 5 ms of queue build up in 30 ms at 1.2 times the rate; then the interval.
    expect(first).toBeGreaterThan(130 * MS);
    expect(first).toBeLessThan(134 * MS);
    // The next drop follows after interval/√1, at the next departure.
    expect((drops[1]?.atNs ?? 0) - first).toBeGreaterThanOrEqual(100 * MS);
    expect((drops[1]?.atNs ?? 0) - first).toBeLessThan(102 * MS);
  });

  it('marks ECN-capable frames instead of dropping them, and drops the others — RFC 8289 §4.2', () => {
    const marked = serve(overload(2000, 1.2, ECT0), { usesEcn: true });
    const marks = marked.filter(({ kind }) => kind === 'marked');
    expect(marks.length).toBeGreaterThan(20);
    expect(marked.filter(({ kind }) => kind === 'dropped')).toEqual([]);
    // Each is sent at the instant it is marked.
    const sentAtNs = new Map(
      marked.filter(({ kind }) => kind === 'sent').map((e) => [e.ordinal, e.atNs]),
    );
    expect(marks.every(({ ordinal, atNs }) => sentAtNs.get(ordinal) === atNs)).toBe(true);
    const plain = serve(overload(2000, 1.2), { usesEcn: true });
    expect(plain.filter(({ kind }) => kind === 'marked')).toEqual([]);
    expect(plain.filter(({ kind }) => kind === 'dropped').length).toBeGreaterThan(20);
  });

  it('forgets that it was above the target when the queue runs empty — RFC 8289 §5.6', () => {
    // 60 ms above the target, idle, again 60 ms: never a whole interval.
    const arrivals = [0, 1, 2, 3].flatMap((round) => overload(80, 3, 0, round * 200 * MS));
    expect(serve(arrivals).filter(({ kind }) => kind === 'dropped')).toEqual([]);
  });

  it('with a CE threshold, marks every ECN-capable frame that waited longer — RFC 8290 §5.2.7', () => {
    const events = serve(overload(100, 2, ECT0), { ceThresholdNs: MS, targetNs: 1000 * MS });
    const waited = new Map(overload(100, 2).map(({ atNs }, ordinal) => [ordinal, atNs]));
    for (const { ordinal, atNs } of events.filter(({ kind }) => kind === 'sent')) {
      const isMarked = events.some((e) => e.kind === 'marked' && e.ordinal === ordinal);
      expect(isMarked).toBe(atNs - (waited.get(ordinal) ?? 0) > MS);
    }
  });
});
