import { describe, expect, it } from 'vitest';
import type { VirtualClock } from '../../../src/engine/clock.ts';
import { DropReason } from '../../../src/engine/drop-reason.ts';
import { NO_FRAME } from '../../../src/frame/frame-record.ts';
import { Red, type RedConfig } from '../../../src/qdisc/red.ts';
import { createNetwork } from '../../support/network.ts';
import { CE, ECT0, ecnOf, environmentOf, flowFrame } from '../../support/queues.ts';
import { chiSquareTest, SIGNIFICANCE } from '../../support/statistics.ts';

const CONFIG: RedConfig = {
  unit: 'packets',
  min: 5,
  max: 15,
  weight: 0.002,
  probability: 0.1,
  isGentle: true,
  isAdaptive: false,
  targetNs: 5e6,
  usesEcn: false,
  averagePacketBytes: 1000,
};

/** A queue held at one length: a frame in, and one out when it was taken. */
function holdQueue(length: number, config: Partial<RedConfig>, ecn = 0) {
  const network = createNetwork({ seed: 5 });
  const environment = environmentOf(network, { rate: 8e6 });
  const red = new Red(environment, { ...CONFIG, ...config });
  const clock = network.clock as VirtualClock;
  const offer = () => {
    const frame = flowFrame(network, { length: 1000, ordinal: 0, ecn });
    if (!red.enqueue(frame)) return 'dropped';
    return ecnOf(network, frame) === CE ? 'marked' : 'taken';
  };
  const take = () => {
    const frame = red.dequeue();
    if (frame !== NO_FRAME) network.pool.release(frame);
  };
  for (let tries = 0; red.backlogPackets < length && tries < 100; tries++) offer();
  const step = () => {
    const outcome = offer();
    if (red.backlogPackets > length) take();
    return outcome;
  };
  return { network, place: environment.place, red, clock, step, take, offer };
}

/** Frames between one drop and the next, at a queue held at this length for long. */
function gapsAt(length: number, count: number, config: Partial<RedConfig> = {}): number[] {
  const { step } = holdQueue(length, config);
  for (let index = 0; index < 20_000; index++) step();
  const gaps: number[] = [];
  let gap = 0;
  while (gaps.length < count) {
    gap++;
    if (step() !== 'dropped') continue;
    gaps.push(gap);
    gap = 0;
  }
  return gaps.slice(1);
}

describe('RED', () => {
  it('averages the queue as an exponentially weighted mean — Floyd and Jacobson 1993 §4', () => {
    const { red, step } = holdQueue(4, { weight: 0.01 });
    const before = red.average;
    for (let index = 0; index < 500; index++) step();
    expect(red.average).toBeCloseTo(4 - (4 - before) * 0.99 ** 500, 9);
  });

  it('drops nothing below the lower threshold, whatever the queue is for a moment', () => {
    const { red, step, offer, network, place } = holdQueue(4, {});
    for (let index = 0; index < 5000; index++) step();
    for (let index = 0; index < 30; index++) expect(offer()).toBe('taken');
    expect(red.average).toBeLessThan(5);
    expect(network.dropsAt(place)).toBe(0);
  });

  it('spaces drops uniformly over 1 to 1/p_b - 1 arrivals — Floyd and Jacobson 1993, figure 2', () => {
    // Held at 10: p_b is halfway to max_p, 0.05. A drop sets count to 0, and the next arrival makes it 1.
    const gaps = gapsAt(10, 8000);
    const observed = new Array<number>(19).fill(0);
    for (const gap of gaps) observed[gap - 1] = (observed[gap - 1] as number) + 1;
    expect(Math.max(...gaps)).toBeLessThanOrEqual(19);
    const expected = observed.map(() => gaps.length / 19);
    expect(chiSquareTest(observed, expected)).toBeGreaterThan(SIGNIFICANCE);
  });

  it('drops with max_p at the upper threshold and ever more up to twice that, when gentle', () => {
    const meanGap = (length: number) => {
      const gaps = gapsAt(length, 3000);
      return gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    };
    // Uniform over 1 … 1/p_b - 1: mean 5 with a deviation of 2.6/√3000. With p_b = 0.64 at 24 every frame.
    expect(meanGap(15)).toBeGreaterThan(5 - 4 * 0.048);
    expect(meanGap(15)).toBeLessThan(5 + 4 * 0.048);
    expect(meanGap(18)).toBeLessThan(meanGap(15));
    expect(meanGap(24)).toBe(1);
  });

  it('marks ECN-capable frames on the slope, and drops even them above it — RFC 3168 §7', () => {
    const slope = holdQueue(10, { usesEcn: true }, ECT0);
    const above = holdQueue(20, { usesEcn: true, weight: 0.5, isGentle: false, max: 12 }, ECT0);
    for (let index = 0; index < 20_000; index++) slope.step();
    expect(slope.network.markCount(slope.place)).toBeGreaterThan(500);
    expect(slope.network.dropsAt(slope.place)).toBe(0);
    expect(above.offer()).toBe('dropped');
    expect(above.network.dropCount(above.place, DropReason.Aqm)).toBeGreaterThan(0);
  });

  it('forgets the average over an idle time as over so many small packets', () => {
    const { red, clock, step, take, offer } = holdQueue(4, { weight: 0.01 });
    for (let index = 0; index < 1000; index++) step();
    const before = red.average;
    for (let index = 0; index < 6; index++) take();
    // 1000 bytes take 1 ms at 8 Mbit/s: 200 packets' worth.
    clock.cell[0] += 200e6;
    offer();
    expect(red.average).toBeCloseTo(before * 0.99 ** 200 * 0.99, 9);
  });

  it('when adaptive, moves max_p until the average is halfway — Floyd, Gummadi and Shenker 2001 §4', () => {
    const high = holdQueue(14, { isAdaptive: true });
    const low = holdQueue(6, { isAdaptive: true });
    const middle = holdQueue(10, { isAdaptive: true });
    for (const { clock, step } of [high, low, middle]) {
      for (let index = 0; index < 5000; index++) {
        clock.cell[0] += 2e6;
        step();
      }
    }
    // 20 steps of half a second, of which those with the average out of the middle fifth count.
    expect(high.red.probability).toBeGreaterThan(0.2);
    expect(low.red.probability).toBeLessThan(0.03);
    expect(middle.red.probability).toBeGreaterThan(low.red.probability);
    expect(middle.red.probability).toBeLessThan(high.red.probability);
  });
});
