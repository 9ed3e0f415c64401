import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeliveryTrace } from '../../src/net/delivery-trace.ts';
import type { LinkConfig } from '../../src/net/link-config.ts';
import { Fifo } from '../../src/qdisc/fifo.ts';
import { type Arrival, constantRate, MS, runThroughLink } from '../support/network.ts';

/** Gaps that often are 0 or equal to a serialisation time, so that ties are common. */
const arrivals = fc
  .array(
    fc.record({
      gap: fc.oneof(
        fc.constantFrom(0, 0, 1, 1000, 12_000, 12_112, 120_000),
        fc.integer({ min: 0, max: 3 * MS }),
      ),
      length: fc.oneof(fc.constantFrom(60, 1514, 1514), fc.integer({ min: 42, max: 9000 })),
    }),
    { minLength: 1, maxLength: 120 },
  )
  .map((steps) => {
    let atNs = 0;
    return steps.map(({ gap, length }): Arrival => {
      atNs += gap;
      return { atNs, length };
    });
  });

const trace = fc
  .array(fc.constantFrom(0, 0, 0, 1, 1, 2, 7), { minLength: 1, maxLength: 40 })
  .map((gaps) => {
    let stamp = 0;
    const lines = gaps.map((gap) => {
      stamp += gap;
      return `${stamp}\n`;
    });
    return DeliveryTrace.parse('trace', `${lines.join('')}${stamp + 1}\n`);
  });

const limits = fc.oneof(
  fc.constant({}),
  fc.record({ bytes: fc.integer({ min: 0, max: 20_000 }) }),
  fc.record({ packets: fc.integer({ min: 0, max: 10 }) }),
  fc.record({
    bytes: fc.integer({ min: 0, max: 20_000 }),
    packets: fc.integer({ max: 10, min: 0 }),
  }),
);

const config: fc.Arbitrary<Omit<LinkConfig, 'name'>> = fc
  .record({
    medium: fc.oneof(
      fc.record({ rate: fc.constantFrom(1, 7, 999_999_937, 1e6, 1e9, 3e9, 1e11, Infinity) }),
      fc.record({ rate: fc.integer({ min: 1e5, max: 1e9 }) }),
      fc.record({ trace }),
    ),
    delayNs: fc.constantFrom(0, 1, 12_112, 5 * MS),
    overheadBytes: fc.integer({ min: -60, max: 60 }),
    processingDelayNs: fc.constantFrom(0, 0, 1, 12_112, 3 * MS),
    queue: limits,
  })
  .map(({ medium, ...rest }) => ({ ...medium, ...rest }));

function outcome(link: Omit<LinkConfig, 'name'>, list: readonly Arrival[]) {
  const run = runThroughLink(link, list);
  const { meter } = run.link;
  return {
    ordinals: run.collector.ordinals,
    timesNs: run.collector.timesNs,
    fingerprint: run.network.fingerprint.digest(),
    peakBytes: meter.peakBytes,
    meanWaitNs: meter.meanDelayNs,
    maxWaitNs: meter.delays.max(meter.row),
    utilisation: run.link.utilisation,
    depth: meter.depth?.maxLevel,
  };
}

/** A line of parts that adds nothing: what has one is not a row. */
const NO_JITTER: LinkConfig['impairments'] = {
  jitter: { spreadNs: 0, correlation: 0, distribution: 'uniform' },
};

describe('the forms of a link', () => {
  it('are the same as a row and as parts that know departures, also where unsent bytes count', () => {
    const rate = fc.constantFrom(7, 999_999_937, 1e6, 1e9, 3e9, 1e11, Infinity);
    const counting = fc
      .tuple(config, rate, fc.boolean())
      .map(([link, bits, countsUnsent]): Omit<LinkConfig, 'name'> => {
        const { trace: _, processingDelayNs: __, ...rest } = { trace: undefined, ...link };
        return { ...rest, rate: bits, queue: { ...link.queue, countsUnsent } };
      });
    fc.assert(
      fc.property(counting, arrivals, (link, list) => {
        const row = outcome({ ...link, recordsDepth: true }, list);
        const parts = outcome({ ...link, recordsDepth: true, impairments: NO_JITTER }, list);
        expect(parts).toEqual(row);
      }),
      { seed: 43, numRuns: 300 },
    );
  });

  it('make the same drops, departures, waits and fingerprint from the same arrivals', () => {
    fc.assert(
      fc.property(config, arrivals, (link, list) => {
        const foreseen = outcome({ ...link, recordsDepth: true }, list);
        const evented = outcome(
          {
            ...link,
            recordsDepth: true,
            discipline: (environment) => new Fifo(environment),
          },
          list,
        );
        expect(evented).toEqual(foreseen);
      }),
      { seed: 41, numRuns: 300 },
    );
  });

  it('costs one event a frame where nothing can change, and two where something can', () => {
    const list = constantRate(100, MS, 1000);
    // One arrival event a frame is the source's.
    expect(runThroughLink({ rate: 1e6, delayNs: 3 }, list).events).toBe(200);
    expect(runThroughLink({ rate: 1e6, delayNs: 3, isSwitchable: true }, list).events).toBe(300);
  });
});
