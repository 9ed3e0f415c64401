import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ImpairmentConfig } from '../../src/net/impairment-config.ts';
import type { LinkConfig } from '../../src/net/link-config.ts';
import { type Arrival, MS, runThroughLink } from '../support/network.ts';

const ratio = fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true }));
const correlation = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 0.99, noNaN: true }));
const chance = fc.record({ ratio, correlation });
const half = fc.double({ min: 0, max: 0.5, noNaN: true });

const loss = fc.oneof(
  chance.map((value) => ({ kind: 'random' as const, ...value })),
  fc
    .record({ p13: half, p31: half, p32: half, p23: half, p14: half })
    .map((value) => ({ kind: 'state' as const, ...value })),
  fc
    .record({ p: ratio, r: ratio, lossInBad: ratio, lossInGood: ratio })
    .map((value) => ({ kind: 'gemodel' as const, ...value })),
);

const impairments: fc.Arbitrary<ImpairmentConfig> = fc.record(
  {
    loss,
    duplicate: chance,
    reorder: chance.chain((value) =>
      fc.integer({ min: 1, max: 6 }).map((gap) => ({ ...value, gap })),
    ),
    jitter: fc.record({
      spreadNs: fc.integer({ min: 0, max: 20 * MS }),
      distribution: fc.constantFrom(
        'uniform' as const,
        'normal' as const,
        'pareto' as const,
        'paretonormal' as const,
      ),
      correlation,
    }),
  },
  { requiredKeys: [] },
);

const changes = fc
  .array(
    fc.record(
      {
        gap: fc.integer({ min: 0, max: 5 * MS }),
        rate: fc.integer({ min: 1e5, max: 1e9 }),
        delayNs: fc.integer({ min: 0, max: 10 * MS }),
        up: fc.boolean(),
      },
      { requiredKeys: ['gap'] },
    ),
    { minLength: 1, maxLength: 8 },
  )
  .map((steps) => {
    let atNs = 0;
    return steps.map(({ gap, ...change }) => {
      atNs += gap;
      return { atNs, ...change };
    });
  });

const schedule = fc.oneof(
  fc.constant(undefined),
  changes.map((list) => ({ changes: list })),
  changes.map((list) => ({ changes: list, repeatNs: (list.at(-1)?.atNs ?? 0) + MS })),
);

type Config = Omit<LinkConfig, 'name'>;

const config: fc.Arbitrary<Config> = fc.record({
  rate: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 1e5, max: 1e9 })),
  delayNs: fc.integer({ min: 0, max: 10 * MS }),
  mtuBytes: fc.constantFrom(undefined, 1500),
  overheadBytes: fc.integer({ min: -14, max: 24 }),
  queue: fc.constantFrom({}, { bytes: 5000 }, { packets: 5 }, { bytes: 1000, packets: 0 }),
  impairments,
  schedule,
});

const arrivals = fc
  .array(
    fc.record({
      gap: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2 * MS })),
      length: fc.integer({ min: 42, max: 2000 }),
    }),
    { minLength: 1, maxLength: 100 },
  )
  .map((steps) => {
    let atNs = 0;
    return steps.map(({ gap, length }): Arrival => {
      atNs += gap;
      return { atNs, length };
    });
  });

describe('a link of any configuration', () => {
  it('conserves frames: arrived + duplicated = forwarded + dropped, and the pool is whole', () => {
    fc.assert(
      fc.property(config, arrivals, (link, list) => {
        // runThroughLink asserts the sum.
        const { network, link: built, collector } = runThroughLink(link, list);
        expect(built.insidePackets).toBe(0);
        expect(built.arrivedPackets).toBe(list.length);
        expect(built.forwardedPackets).toBe(collector.ordinals.length);
        expect(network.pool.inUse).toBe(0);
        expect(built.utilisation).toBeGreaterThanOrEqual(0);
        expect(built.utilisation).toBeLessThanOrEqual(1);
      }),
      { seed: 42, numRuns: 200 },
    );
  });

  it('gives the same fingerprint for the same seed', () => {
    fc.assert(
      fc.property(config, arrivals, fc.nat(), (link, list, seed) => {
        const digest = () => runThroughLink(link, list, { seed }).network.fingerprint.digest();
        expect(digest()).toBe(digest());
      }),
      { seed: 43, numRuns: 50 },
    );
  });

  it('delivers no frame before its serialisation and delay, and in order without jitter or reordering', () => {
    const plain = config.map(({ impairments: given, schedule: _, ...rest }): Config => {
      const { jitter: _jitter, reorder: _reorder, ...kept } = given ?? {};
      return { ...rest, impairments: kept };
    });
    fc.assert(
      fc.property(plain, arrivals, (link, list) => {
        const { collector } = runThroughLink(link, list);
        collector.ordinals.forEach((ordinal, index) => {
          const { atNs, length } = list[ordinal] as Arrival;
          const bits = Math.max(0, length + (link.overheadBytes ?? 0)) * 8;
          const earliest = atNs + (bits * 1e9) / (link.rate ?? 1) + (link.delayNs ?? 0);
          expect(collector.timesNs[index]).toBeGreaterThanOrEqual(earliest);
          expect(ordinal).toBeGreaterThanOrEqual(collector.ordinals[index - 1] ?? 0);
        });
      }),
      { seed: 44, numRuns: 100 },
    );
  });
});

describe('chance', () => {
  it('gives another fingerprint for another seed', () => {
    const link: Config = { impairments: { loss: { kind: 'random', ratio: 0.5, correlation: 0 } } };
    const list = Array.from({ length: 100 }, () => ({ atNs: 0, length: 100 }));
    const digests = [1, 2, 3, 4].map((seed) =>
      runThroughLink(link, list, { seed }).network.fingerprint.digest(),
    );
    expect(new Set(digests).size).toBe(4);
  });
});
