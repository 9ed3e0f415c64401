import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/engine/clock.ts';
import { UNPACED } from '../../../src/recovery/congestion.ts';
import {
  derivePacingRate,
  PACING_GAINS_LINUX,
  PACING_GAINS_RFC,
  Pacer,
  sendQuantumAt,
} from '../../../src/recovery/pacer.ts';

const MS = 1e6;

/** A sender with data and window without end: departure times (ns) of `count` packets. */
function sendBacklogged(count: number, bytes: number, rate: number, quantum: number): number[] {
  const clock = new VirtualClock();
  const pacer = new Pacer(clock);
  const departures: number[] = [];
  while (departures.length < count) {
    clock.cell[0] = Math.max(clock.nowNs, pacer.eligibleAtNs);
    departures.push(clock.nowNs);
    pacer.onSent(bytes, rate, quantum);
  }
  return departures;
}

describe('pacer', () => {
  it('spaces packets by their size over the rate — RFC 9002 §7.7', () => {
    // 1250 bytes at 1.25 MB/s take a millisecond.
    const departures = sendBacklogged(6, 1250, 1.25e6, 1);
    expect(departures).toEqual([0, 1, 2, 3, 4, 5].map((ms) => ms * MS));
  });

  it('keeps the rate over a long time though instants are whole nanoseconds', () => {
    // 1000 bytes at 3 GB/s take 333.33 ns.
    const departures = sendBacklogged(30_001, 1000, 3e9, 1);
    expect(departures.at(-1)).toBe(10_000_000);
  });

  it('lets a quantum leave back to back and then waits for all of it', () => {
    const departures = sendBacklogged(6, 1000, 1e6, 3000);
    expect(departures).toEqual([0, 0, 0, 3, 3, 3].map((ms) => ms * MS));
  });

  it('charges a late packet less, at most half, and saves no more credit than that', () => {
    const clock = new VirtualClock();
    const pacer = new Pacer(clock);
    pacer.onSent(1000, 1e6, 1);
    clock.cell[0] = 1.2 * MS;
    pacer.onSent(1000, 1e6, 1);
    expect(pacer.eligibleAtNs).toBe(2 * MS);
    clock.cell[0] = 100 * MS;
    pacer.onSent(1000, 1e6, 1);
    expect(pacer.eligibleAtNs).toBe(100.5 * MS);
  });

  it('spreads the credit of a late burst over all of its packets', () => {
    const clock = new VirtualClock();
    const pacer = new Pacer(clock);
    clock.cell[0] = 10 * MS;
    pacer.onSent(1000, 1e6, 4000);
    for (let packet = 1; packet < 4; packet++) pacer.onSent(1000, 1e6, 4000);
    expect(pacer.eligibleAtNs).toBe(12 * MS);
  });

  it('takes what comes after a burst that was cut short for a burst of its own', () => {
    const clock = new VirtualClock();
    const pacer = new Pacer(clock);
    pacer.onSent(1000, 1e6, 4000);
    expect(pacer.eligibleAtNs).toBe(0);
    pacer.endBurst();
    expect(pacer.eligibleAtNs).toBe(1 * MS);
  });

  it('does not hold back what is not paced', () => {
    const clock = new VirtualClock();
    const pacer = new Pacer(clock);
    clock.cell[0] = 5 * MS;
    pacer.onSent(1500, UNPACED, 3000);
    expect(pacer.eligibleAtNs).toBeLessThanOrEqual(clock.nowNs);
  });
});

describe('derived pacing', () => {
  it('sends the window in a round trip with a margin — RFC 9002 §7.7', () => {
    expect(derivePacingRate(100_000, 50_000, 100 * MS, PACING_GAINS_RFC)).toBe(1.25e6);
    expect(derivePacingRate(100_000, 50_000, 100 * MS, PACING_GAINS_LINUX)).toBe(1.2e6);
  });

  it('sends twice the window below half of ssthresh, as Linux does', () => {
    expect(derivePacingRate(24_999, 50_000, 100 * MS, PACING_GAINS_LINUX)).toBe(499_980);
    expect(derivePacingRate(25_000, 50_000, 100 * MS, PACING_GAINS_LINUX)).toBe(300_000);
  });

  it('does not pace before the first round trip is measured', () => {
    expect(derivePacingRate(14_600, 1e9, -1, PACING_GAINS_RFC)).toBe(UNPACED);
  });

  it('takes a millisecond for a quantum, two segments to 64 KiB — draft-ietf-ccwg-bbr §5.6.3', () => {
    expect(sendQuantumAt(1e6, 1460)).toBe(2920);
    expect(sendQuantumAt(20e6, 1460)).toBe(20_000);
    expect(sendQuantumAt(1e9, 1460)).toBe(65_536);
    expect(sendQuantumAt(UNPACED, 1460)).toBe(65_536);
  });
});
