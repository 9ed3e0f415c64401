import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DropReason } from '../../../src/engine/drop-reason.ts';
import { DeliveryTrace } from '../../../src/net/delivery-trace.ts';
import { Link } from '../../../src/net/link.ts';
import type { LinkConfig } from '../../../src/net/link-config.ts';
import {
  type Arrival,
  ArrivalSource,
  Collector,
  captureFrame,
  constantRate,
  createNetwork,
  MS,
  runThroughLink,
} from '../../support/network.ts';

const at = (atNs: number, length = 1000): Arrival => ({ atNs, length });

function dropsOf(run: ReturnType<typeof runThroughLink>, reason: DropReason): number {
  return run.network.dropCount(run.link.place, reason);
}

describe('a queue limit that counts the unsent part of the frame in transmission', () => {
  // A frame of 1000 bytes takes 1 ms.
  const link = { rate: 8e6, queue: { bytes: 2500, countsUnsent: true } };

  it('has no room until enough of that frame has left', () => {
    // Before the third frame are 2000 bytes, less one a microsecond.
    const early = runThroughLink(link, [at(0), at(0), at(0.499 * MS)]);
    expect(dropsOf(early, DropReason.QueueFull)).toBe(1);
    const late = runThroughLink(link, [at(0), at(0), at(0.5 * MS)]);
    expect(dropsOf(late, DropReason.QueueFull)).toBe(0);
    expect(late.link.meter.peakBytes).toBe(1500);
  });

  it('is refused where rate or queue can change', () => {
    expect(() => runThroughLink({ ...link, isSwitchable: true }, [])).toThrow('a constant rate');
  });
});

describe('serialisation', () => {
  it('carries the part of a nanosecond: 64 bytes at 100 Gb/s take 5.12 ns, so 25 of them 128 ns', () => {
    const { collector, link } = runThroughLink({ rate: 100e9 }, constantRate(25, 0, 64));
    const exact = Array.from({ length: 25 }, (_, index) => Math.ceil((index + 1) * 5.12 - 1e-9));
    expect(collector.timesNs).toEqual(exact);
    expect(link.utilisation).toBe(1);
  });

  it('is exact to the nanosecond against arithmetic in integers of any size', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4e11 }), lengths, (rate, list) => {
        const arrivals = list.map((length) => at(0, length));
        let bits = 0n;
        const expected = list.map((length) => {
          bits += BigInt(length) * 8n;
          return Number((bits * 1_000_000_000n + BigInt(rate) - 1n) / BigInt(rate));
        });
        // Beyond 2^53 ns a time is no exact double.
        fc.pre((expected.at(-1) as number) < Number.MAX_SAFE_INTEGER);
        expect(runThroughLink({ rate }, arrivals).collector.timesNs).toEqual(expected);
      }),
      { seed: 3, numRuns: 100 },
    );
  });

  it('takes no time on an unlimited link, which therefore never queues', () => {
    const run = runThroughLink({ delayNs: 7, queue: { packets: 0 } }, constantRate(20, 0, 1500));
    expect(run.collector.timesNs).toEqual(new Array(20).fill(7));
  });

  it('counts the overhead in time and not in the queue limit', () => {
    const arrivals = [at(0), at(0), at(0), at(0)];
    const run = runThroughLink({ rate: 8e6, overheadBytes: 24, queue: { bytes: 2000 } }, arrivals);
    expect(run.collector.timesNs).toEqual([1.024, 2.048, 3.072].map((ms) => ms * MS));
    expect(dropsOf(run, DropReason.QueueFull)).toBe(1);
    const bare = runThroughLink({ rate: 8e6, overheadBytes: -14 }, [at(0)]);
    expect(bare.collector.timesNs).toEqual([0.986 * MS]);
  });

  it('sends a frame whose overhead eats it up in no time, not in less', () => {
    expect(
      runThroughLink({ rate: 8e6, overheadBytes: -60 }, [at(5, 42)]).collector.timesNs,
    ).toEqual([5]);
  });
});

describe('the queue of a link', () => {
  it('counts the frames that wait, not the one in transmission', () => {
    const run = runThroughLink({ rate: 8e6, queue: { packets: 2 } }, constantRate(5, 0, 1000));
    expect(run.collector.ordinals).toEqual([0, 1, 2]);
    expect(run.link.meter.peakBytes).toBe(2000);
  });

  it('frees the place of a frame at the instant its transmission starts', () => {
    // The second frame starts at 1 ms: an arrival just before finds it waiting, one at 1 ms does not.
    const queue = { packets: 1 };
    const before = runThroughLink({ rate: 8e6, queue }, [at(0), at(0), at(MS - 1)]);
    expect(before.collector.ordinals).toEqual([0, 1]);
    const then = runThroughLink({ rate: 8e6, queue }, [at(0), at(0), at(MS)]);
    expect(then.collector.ordinals).toEqual([0, 1, 2]);
  });

  it('measures waits from arrival to start of transmission', () => {
    const { meter } = runThroughLink({ rate: 8e6 }, [at(0), at(0), at(0.5 * MS)]).link;
    expect(meter.meanDelayNs).toBe((0 + MS + 1.5 * MS) / 3);
    expect(meter.quantileDelayNs(1)).toBe(1.5 * MS);
  });

  it('records its depth over time when asked', () => {
    const arrivals = [at(0), at(0), at(0)];
    const { link } = runThroughLink({ rate: 8e6, recordsDepth: true }, arrivals);
    const { binWidthNs, maxLevel, meanLevel } = link.queueDepth() ?? {};
    expect(binWidthNs).toBe(MS);
    // Two wait for the first ms, one for the second.
    expect([...(meanLevel ?? [])]).toEqual([2000, 1000, 0]);
    // The level a bin begins with is one of its levels.
    expect([...(maxLevel ?? [])]).toEqual([2000, 2000, 1000]);
    expect(link.meanQueueBytes).toBe(1000);
    expect(runThroughLink({ rate: 8e6 }, arrivals).link.queueDepth()).toBeUndefined();
  });
});

describe('a link', () => {
  it('drops frames whose network-layer packet is longer than its MTU', () => {
    const run = runThroughLink({ mtuBytes: 1500 }, [at(0, 1514), at(0, 1515), at(0, 60)]);
    expect(run.collector.ordinals).toEqual([0, 2]);
    expect(dropsOf(run, DropReason.MtuExceeded)).toBe(1);
  });

  it('counts neither VLAN tags nor padding of a captured frame to its MTU', () => {
    const network = createNetwork();
    const collector = new Collector(network);
    const link = new Link(network, { name: 'link', mtuBytes: 40 });
    link.connect(collector);
    const packet = [0x45, 0, 0, 40, ...new Array<number>(36).fill(0)];
    const macs = new Array<number>(12).fill(2);
    const padding = new Array<number>(6).fill(0);
    link.deliver(captureFrame(network, [...macs, 0x81, 0, 0, 7, 8, 0, ...packet, ...padding]));
    packet[3] = 41;
    link.deliver(captureFrame(network, [...macs, 8, 0, ...packet, 0]));
    network.scheduler.runUntil(MS);
    expect(collector.timesNs.length).toBe(1);
    expect(network.dropCount(link.place, DropReason.MtuExceeded)).toBe(1);
  });

  it('reports busy time over elapsed time as its utilisation', () => {
    const network = createNetwork();
    const link = new Link(network, { name: 'link', rate: 8e6 });
    link.connect(new Collector(network));
    new ArrivalSource(network, [at(0), at(4 * MS)], link);
    network.scheduler.runUntil(0.5 * MS);
    expect(link.utilisation).toBe(1);
    network.scheduler.runUntil(10 * MS);
    expect(link.utilisation).toBe(0.2);
  });

  it('refuses configurations that make no sense in one line', () => {
    const network = createNetwork();
    let number = 0;
    const build = (config: Omit<LinkConfig, 'name'>) => () =>
      new Link(network, { name: `link${number++}`, ...config });
    expect(build({ rate: 0 })).toThrow('link link0: rate: expected 1 to 10^13 bits/s');
    expect(build({ delayNs: -1 })).toThrow('delay: expected whole nanoseconds from 0, got -1');
    expect(build({ queue: { bytes: -1 } })).toThrow('queue: expected a limit from 0, got -1');
    expect(
      build({ impairments: { loss: { kind: 'random', ratio: 1.1, correlation: 0 } } }),
    ).toThrow('loss: expected a share from 0 to 1, got 1.1');
    expect(build({ impairments: { duplicate: { ratio: 0.1, correlation: 1 } } })).toThrow(
      'duplicate correlation: expected a share from 0 to below 1, got 1',
    );
    expect(
      build({
        impairments: { loss: { kind: 'state', p13: 0.7, p14: 0.4, p31: 1, p32: 0, p23: 1 } },
      }),
    ).toThrow('loss p13 + p14: expected at most 1');
    expect(build({ schedule: { changes: [{ atNs: 5 }, { atNs: 3 }] } })).toThrow(
      'schedule: expected a time from 5 ns on, got 3',
    );
    expect(build({ schedule: { changes: [{ atNs: 5 }], repeatNs: 5 } })).toThrow(
      'schedule: expected repeat after 5 ns, got 5',
    );
    new Link(network, { name: 'twice' });
    expect(() => new Link(network, { name: 'twice' })).toThrow('expected a name used only once');
  });
});

describe('a schedule', () => {
  it('serves the rest of a frame in transmission at the new rate', () => {
    const changes = [{ atNs: 0.5 * MS, rate: 1e6 }];
    const run = runThroughLink({ rate: 8e6, schedule: { changes } }, [at(0), at(0)]);
    // Half of the first frame at 8 Mb/s, half at 1 Mb/s, the second frame at 1 Mb/s.
    expect(run.collector.timesNs).toEqual([4.5 * MS, 12.5 * MS]);
    expect(run.link.utilisation).toBe(1);
  });

  it('conserves work over many changes of rate, to the nanosecond', () => {
    const steps = fc.array(
      fc.record({ gap: fc.integer({ min: 1, max: MS }), rate: fc.integer({ min: 1e6, max: 1e9 }) }),
      { minLength: 1, maxLength: 30 },
    );
    fc.assert(
      fc.property(steps, fc.integer({ min: 60, max: 65_000 }), (list, length) => {
        let atNs = 0;
        const changes = list.map(({ gap, rate }) => {
          atNs += gap;
          return { atNs, rate };
        });
        // The whole frame's work in bits x 10^9, done rate after rate.
        let left = BigInt(length) * 8_000_000_000n;
        let now = 0n;
        let rate = 50_000_000n;
        for (const change of changes) {
          const done = (BigInt(change.atNs) - now) * rate;
          if (done >= left) break;
          left -= done;
          now = BigInt(change.atNs);
          rate = BigInt(change.rate);
        }
        const expected = Number(now + (left + rate - 1n) / rate);
        const run = runThroughLink({ rate: 50e6, schedule: { changes } }, [at(0, length)]);
        expect(run.collector.timesNs).toEqual([expected]);
      }),
      { seed: 5, numRuns: 200 },
    );
  });

  it('drops the frame in transmission, the queue and arrivals while down; the line delivers', () => {
    const changes = [
      { atNs: 2.5 * MS, up: false },
      { atNs: 5 * MS, up: true },
    ];
    const arrivals = [at(0), at(0), at(0), at(0), at(3 * MS), at(5 * MS)];
    const run = runThroughLink({ rate: 8e6, delayNs: 10 * MS, schedule: { changes } }, arrivals);
    expect(run.collector.ordinals).toEqual([0, 1, 5]);
    expect(run.collector.timesNs).toEqual([11 * MS, 12 * MS, 16 * MS]);
    expect(dropsOf(run, DropReason.LinkDown)).toBe(3);
    expect(run.link.utilisation).toBe(3.5 / 16);
  });

  it('lets a frame that ends at the instant of a change end before it', () => {
    const changes = [{ atNs: MS, up: false }];
    const run = runThroughLink({ rate: 8e6, schedule: { changes } }, [at(0), at(0)]);
    expect(run.collector.ordinals).toEqual([0]);
  });

  it('applies a change before the arrivals of its instant', () => {
    const changes = [{ atNs: MS, up: false }];
    const run = runThroughLink({ schedule: { changes } }, [at(MS - 1), at(MS)]);
    expect(run.collector.ordinals).toEqual([0]);
  });

  it('changes the delay of frames that enter the line from then on, so that they may overtake', () => {
    const changes = [{ atNs: 3 * MS, delayNs: MS }];
    const run = runThroughLink({ delayNs: 10 * MS, schedule: { changes } }, [at(0), at(3 * MS)]);
    expect(run.collector.ordinals).toEqual([1, 0]);
    expect(run.collector.timesNs).toEqual([4 * MS, 10 * MS]);
  });

  it('repeats, keeps what a repetition does not say, and costs nothing while nobody sends', () => {
    const schedule = {
      changes: [
        { atNs: 0, up: true },
        { atNs: 2 * MS, rate: 4e6, up: true },
        { atNs: 8 * MS, up: false },
      ],
      repeatNs: 10 * MS,
    };
    const hour = 3600e9;
    const arrivals = [at(0), at(9 * MS), at(10 * MS), at(hour + 9 * MS), at(hour + 10 * MS)];
    const run = runThroughLink({ rate: 8e6, schedule }, arrivals);
    expect(run.collector.ordinals).toEqual([0, 2, 4]);
    // 8 Mb/s in the first repetition until 2 ms; 4 Mb/s ever after.
    expect(run.collector.timesNs).toEqual([MS, 12 * MS, hour + 12 * MS]);
    expect(run.events).toBeLessThan(30);
  });

  it('remembers what an earlier repetition said, although nobody was there to see it', () => {
    const schedule = {
      changes: [
        { atNs: 0, delayNs: MS },
        { atNs: 5 * MS, rate: 4e6 },
      ],
      repeatNs: 10 * MS,
    };
    const hour = 3600e9;
    const { collector } = runThroughLink({ rate: 8e6, schedule }, [at(hour)]);
    expect(collector.timesNs).toEqual([hour + 2 * MS + MS]);
  });

  it('ends with the traffic although it repeats for ever', () => {
    const schedule = { changes: [{ atNs: 0, rate: 8e6 }], repeatNs: 1000 };
    expect(runThroughLink({ schedule }, [at(0)]).collector.timesNs).toEqual([MS]);
  });

  it('takes an unlimited rate up and down', () => {
    const changes = [
      { atNs: 0.5 * MS, rate: Number.POSITIVE_INFINITY },
      { atNs: 2 * MS, rate: 8e6 },
    ];
    const run = runThroughLink({ rate: 8e6, schedule: { changes } }, [at(0), at(0), at(2 * MS)]);
    expect(run.collector.timesNs).toEqual([0.5 * MS, 0.5 * MS, 3 * MS]);
  });
});

describe('setUp', () => {
  it('takes a switchable link down and up', () => {
    const network = createNetwork();
    const collector = new Collector(network);
    const link = new Link(network, { name: 'link', rate: 8e6, isSwitchable: true });
    link.connect(collector);
    new ArrivalSource(network, [at(0), at(0), at(MS), at(3 * MS)], link);
    network.scheduler.runUntil(0.5 * MS);
    link.setUp(false);
    expect(link.isUp).toBe(false);
    network.scheduler.runUntil(2 * MS);
    link.setUp(true);
    network.scheduler.runUntil(9 * MS);
    link.assertConserved();
    expect(collector.ordinals).toEqual([3]);
    expect(network.dropCount(link.place, DropReason.LinkDown)).toBe(3);
  });

  it('gives opportunities of a trace back that an aborted frame would have used', () => {
    const network = createNetwork();
    const collector = new Collector(network);
    const trace = DeliveryTrace.parse('trace', '10\n20\n30\n');
    const link = new Link(network, { name: 'link', trace, isSwitchable: true });
    link.connect(collector);
    // Needs the opportunities of 10, 20 and 30 ms, and is dropped at 15 ms.
    new ArrivalSource(network, [at(0, 4000), at(16 * MS, 1514)], link);
    network.scheduler.runUntil(15 * MS);
    link.setUp(false);
    link.setUp(true);
    network.scheduler.runUntil(60 * MS);
    link.assertConserved();
    expect(collector.ordinals).toEqual([1]);
    expect(collector.timesNs).toEqual([20 * MS]);
  });

  it('is refused by a link that was not built for it', () => {
    const link = new Link(createNetwork(), { name: 'link' });
    expect(() => link.setUp(false)).toThrow('not switchable');
  });
});
