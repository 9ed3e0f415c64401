import { describe, expect, it } from 'vitest';
import { RandomSource } from '../../../src/engine/random.ts';
import { DeliveryTrace } from '../../../src/net/delivery-trace.ts';
import { cellularTraces } from '../../support/cellular.ts';
import { naiveTraceLink } from '../../support/naive-trace-link.ts';
import { type Arrival, MS, runThroughLink } from '../../support/network.ts';

const parse = (text: string) => DeliveryTrace.parse('trace.up', text);
const stampsOf = (text: string) => text.trim().split(/\s+/).map(Number);

describe('the reader of delivery traces', () => {
  it('reads one stamp a line, and repeats after the last', () => {
    const trace = parse('0\n5\r\n5\n\n20\n');
    expect([...trace.stampsNs]).toEqual([0, 5 * MS, 5 * MS, 20 * MS]);
    expect(trace.periodNs).toBe(20 * MS);
    expect(trace.meanBitsPerSecond).toBe((4 * 1504 * 8) / 0.02);
  });

  it.each([
    ['5\nfast\n', 'trace.up line 2: expected a whole millisecond from 5 on, got "fast"'],
    ['5\n\n4\n', 'trace.up line 3: expected a whole millisecond from 5 on, got "4"'],
    ['1.5\n', 'trace.up line 1: expected a whole millisecond from 0 on, got "1.5"'],
    ['-1\n', 'line 1'],
    ['99999999999\n', 'line 1'],
    ['0\n0\n', 'trace.up: expected a delivery trace that lasts at least 1 ms, got'],
    ['', 'trace.up: expected a delivery trace that lasts at least 1 ms, got'],
  ])('names the line that is wrong: %j', (text, message) => {
    expect(() => parse(text)).toThrow(message);
  });
});

describe('a link with a trace', () => {
  /** 1504 bytes as the trace counts: one opportunity. */
  const FULL = 1514;
  const run = (text: string, arrivals: Arrival[], queue = {}) =>
    runThroughLink({ trace: parse(text), queue }, arrivals);

  it('sends a frame at the first opportunity after its arrival, not at one of that instant', () => {
    const arrivals = [0, 3, 5, 7].map((ms) => ({ atNs: ms * MS, length: FULL }));
    expect(run('3\n5\n6\n10\n', arrivals).collector.timesNs).toEqual(
      [3, 5, 6, 10].map((t) => t * MS),
    );
  });

  it('gives what a frame leaves of an opportunity to the next one, and loses what nobody wants', () => {
    // 752 bytes each: two to an opportunity.
    const half = 762;
    const together = [0, 0, 0].map((atNs) => ({ atNs, length: half }));
    expect(run('1\n2\n3\n', together).collector.timesNs).toEqual([1, 1, 2].map((t) => t * MS));
    const apart = [
      { atNs: 0, length: half },
      { atNs: MS, length: half },
    ];
    expect(run('1\n2\n3\n', apart).collector.timesNs).toEqual([MS, 2 * MS]);
  });

  it('sends a frame of several opportunities with the one that finishes it', () => {
    const arrivals = [
      { atNs: 0, length: 10 + 2 * 1504 + 1 },
      { atNs: 0, length: 10 + 1503 },
      { atNs: 0, length: 10 + 1 },
    ];
    expect(run('1\n2\n7\n9\n', arrivals).collector.timesNs).toEqual([7, 7, 9].map((t) => t * MS));
  });

  it('counts a frame as waiting until its first opportunity', () => {
    const arrivals = [0, 0, 0].map((atNs) => ({ atNs, length: FULL }));
    expect(run('1\n2\n3\n', arrivals, { packets: 2 }).collector.ordinals).toEqual([0, 1]);
    expect(run('1\n2\n3\n', arrivals, { packets: 0 }).collector.ordinals).toEqual([]);
  });

  it('makes no event for opportunities that find nothing', () => {
    const hour = 3600e9;
    const { events, collector } = run('1\n', [{ atNs: hour, length: FULL }]);
    expect(collector.timesNs).toEqual([hour + MS]);
    expect(events).toBe(2);
  });

  it('reports bytes used over bytes offered as its utilisation', () => {
    const { link } = run('1\n2\n3\n4\n', [{ atNs: 2 * MS, length: 10 + 1504 + 752 }]);
    expect(link.utilisation).toBe((1504 + 752) / (4 * 1504));
  });

  const random = RandomSource.fromSeed(99);
  function randomArrivals(count: number, meanGapNs: number): Arrival[] {
    let atNs = 0;
    return Array.from({ length: count }, () => {
      // A third come on a whole ms, a third together with the one before.
      const kind = random.below(3);
      if (kind > 0) atNs += Math.floor(random.exponential(meanGapNs));
      if (kind === 1) atNs = Math.ceil(atNs / MS) * MS;
      return { atNs, length: 42 + random.below(3000) };
    });
  }

  it('agrees with a naive simulation of random traces', () => {
    for (let round = 0; round < 60; round++) {
      let stamp = 0;
      const stamps = Array.from({ length: 1 + random.below(30) }, () => {
        stamp += random.below(3) === 0 ? random.below(12) : 0;
        return stamp;
      });
      stamps.push(stamp + 1 + random.below(3));
      const arrivals = randomArrivals(150, 2 * MS);
      const packets = random.below(2) === 0 ? random.below(8) : 1e6;
      const { collector } = run(stamps.join('\n'), arrivals, { packets });
      const naive = naiveTraceLink(stamps, arrivals, packets);
      expect(collector.ordinals).toEqual(naive.ordinals);
      expect(collector.timesNs).toEqual(naive.timesNs);
    }
  });

  for (const { name, text } of cellularTraces()) {
    it(`agrees with a naive simulation of ${name}`, () => {
      const arrivals = randomArrivals(3000, 3 * MS);
      const { collector } = run(text, arrivals, { packets: 60 });
      const naive = naiveTraceLink(stampsOf(text), arrivals, 60);
      expect(collector.ordinals).toEqual(naive.ordinals);
      expect(collector.timesNs).toEqual(naive.timesNs);
    });

    // The longest recordings take a second each and say no more.
    it.skipIf(text.length > 400_000)(
      `carries exactly the mean rate of ${name} when saturated`,
      () => {
        const trace = parse(text);
        // A frame of exactly one opportunity for each stamp of the recording, all there at time 0.
        const arrivals = Array.from(trace.stampsNs, () => ({ atNs: 0, length: FULL }));
        const { collector, link } = run(text, arrivals);
        // Those of ms 0 precede the arrivals, and come again at the end of the first repetition.
        const later = trace.stampsNs.filter((stamp) => stamp > 0);
        const early = trace.stampsNs.filter((stamp) => stamp === 0).map(() => trace.periodNs);
        expect(collector.timesNs).toEqual([...later, ...early]);
        const bits = link.forwardedPackets * 1504 * 8;
        expect((bits * 1e9) / trace.periodNs).toBeCloseTo(trace.meanBitsPerSecond, 3);
      },
    );
  }
});
