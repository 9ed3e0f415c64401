import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DropReason } from '../../src/engine/drop-reason.ts';
import { Link } from '../../src/net/link.ts';
import { QDISCS } from '../../src/scenario/qdisc-catalog.ts';
import { parseQdisc } from '../../src/scenario/qdisc-spec.ts';
import { Chance } from '../support/chance.ts';
import { Collector, createNetwork, MS } from '../support/network.ts';
import { randomLoad } from '../support/queue-models/model.ts';
import { flowSource, type QueueArrival } from '../support/queues.ts';

/** Every discipline with its defaults, and some in a form of their own. */
const TEXTS = [
  ...QDISCS.map(({ name }) => name),
  'fifo drop head',
  'codel ecn ce_threshold 1ms',
  'fq_codel flows 2 quantum 300B noecn',
  'red ecn adaptive',
  'red min 3KB max 9KB nogentle',
];

/** 10 Mbps. */
const RATE = 10e6;
const serviceNs = (length: number) => length * 800;

function run(text: string, arrivals: readonly QueueArrival[], packets: number, stopNs: number) {
  const network = createNetwork({ frames: arrivals.length + 8, seed: 3 });
  const collector = new Collector(network);
  const link = new Link(network, {
    name: 'link',
    rate: RATE,
    delayNs: MS,
    queue: { packets },
    discipline: parseQdisc(text)?.create,
    isSwitchable: true,
  });
  link.connect(collector);
  flowSource(network, arrivals, link);
  network.scheduler.runUntil(stopNs);
  link.assertConserved();
  const queued = link.backlogPackets;
  expect(queued).toBeLessThanOrEqual(packets);
  return { network, link, collector, queued };
}

const load = fc.record({
  seed: fc.nat(),
  packets: fc.constantFrom(1, 2, 10, 100, 1000),
  flows: fc.constantFrom(1, 3, 50),
  stopMs: fc.integer({ min: 0, max: 400 }),
});

describe.each(TEXTS)('%s', (text) => {
  it('conserves frames at any time: arrived = forwarded + drops by reason + inside', () => {
    fc.assert(
      fc.property(load, ({ seed, packets, flows, stopMs }) => {
        const arrivals = randomLoad(new Chance(seed), 600, { serviceNs, isEcn: true, flows });
        const { network, link, collector } = run(text, arrivals, packets, stopMs * MS);
        // Down drops the queue with another reason, and everything goes on.
        if (seed % 3 === 0) {
          link.setUp(false);
          expect(link.backlogPackets).toBe(0);
          link.assertConserved();
          link.setUp(true);
        }
        network.scheduler.runUntil(Number.MAX_SAFE_INTEGER);
        link.assertConserved();
        const dropped = network.dropsAt(link.place);
        expect(link.arrivedPackets).toBe(arrivals.length);
        expect(collector.ordinals.length + dropped).toBe(arrivals.length);
        expect([link.backlogPackets, link.backlogBytes, link.insidePackets]).toEqual([0, 0, 0]);
        expect(network.pool.inUse).toBe(0);
        const reasons = [
          DropReason.QueueFull,
          DropReason.Aqm,
          DropReason.Policed,
          DropReason.LinkDown,
        ];
        const known = reasons.reduce(
          (sum, reason) => sum + network.dropCount(link.place, reason),
          0,
        );
        expect(known).toBe(dropped);
        // No frame twice, and none marked that was not ECN-capable.
        expect(new Set(collector.ordinals).size).toBe(collector.ordinals.length);
        for (const [index, ordinal] of collector.ordinals.entries()) {
          const sent = arrivals[ordinal]?.ecn ?? 0;
          const came = ((collector.metas[index] as number) >>> 8) & 3;
          expect(came === sent || (came === 3 && sent !== 0)).toBe(true);
        }
      }),
      { seed: 60, numRuns: 12 },
    );
  });

  it('keeps the order within a flow, and gives the same run for the same seed', () => {
    const arrivals = randomLoad(new Chance(7), 3000, { serviceNs, isEcn: true, flows: 5 });
    const runs = [0, 1].map(() => run(text, arrivals, 200, Number.MAX_SAFE_INTEGER));
    expect(runs[0]?.network.fingerprint.digest()).toBe(runs[1]?.network.fingerprint.digest());
    const last = new Map<number, number>();
    for (const ordinal of runs[0]?.collector.ordinals ?? []) {
      const port = arrivals[ordinal]?.port ?? 0;
      expect(ordinal).toBeGreaterThan(last.get(port) ?? -1);
      last.set(port, ordinal);
    }
  });
});
