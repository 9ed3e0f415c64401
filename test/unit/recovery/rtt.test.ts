import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/engine/clock.ts';
import { RandomSource } from '../../../src/engine/random.ts';
import { NO_SAMPLE } from '../../../src/recovery/congestion.ts';
import { RTT_CONFIG_LINUX, RTT_CONFIG_RFC, RttEstimator } from '../../../src/recovery/rtt.ts';

const MS = 1e6;

function setUp(config = RTT_CONFIG_RFC) {
  const clock = new VirtualClock();
  const rtt = new RttEstimator(config, clock);
  /** A sample that ends `afterMs` after the one before. */
  const sample = (rttMs: number, afterMs = 1) => {
    clock.cell[0] = clock.nowNs + afterMs * MS;
    rtt.onSample(rttMs * MS);
  };
  return { clock, rtt, sample };
}

describe('round-trip time by RFC 6298', () => {
  it('waits one second before the first sample — RFC 6298 §2.1', () => {
    const { rtt } = setUp();
    expect(rtt.rtoNs).toBe(1e9);
    expect(rtt.hasSample).toBe(false);
    const times = [rtt.latestNs, rtt.minNs, rtt.smoothedNs, rtt.varNs];
    expect(times.every((time) => time === NO_SAMPLE)).toBe(true);
  });

  it('takes R and R/2 from the first sample — RFC 6298 §2.2', () => {
    const { rtt, sample } = setUp({ ...RTT_CONFIG_RFC, rtoMinNs: 0 });
    sample(400);
    expect(rtt.smoothedNs).toBe(400 * MS);
    expect(rtt.varNs).toBe(200 * MS);
    expect(rtt.rtoNs).toBe(1200 * MS);
  });

  it('updates RTTVAR before SRTT, with 1/4 and 1/8 — RFC 6298 §2.3', () => {
    const { rtt, sample } = setUp({ ...RTT_CONFIG_RFC, rtoMinNs: 0 });
    sample(400);
    sample(480);
    // RTTVAR = 3/4 * 200 + 1/4 * |400 - 480|, SRTT = 7/8 * 400 + 1/8 * 480.
    expect(rtt.varNs).toBe(170 * MS);
    expect(rtt.smoothedNs).toBe(410 * MS);
    expect(rtt.rtoNs).toBe((410 + 4 * 170) * MS);
    expect(rtt.latestNs).toBe(480 * MS);
    expect(rtt.minNs).toBe(400 * MS);
  });

  it('rounds the RTO up to one second and down to the maximum — RFC 6298 §2.4, §2.5', () => {
    const { rtt, sample } = setUp();
    sample(10);
    expect(rtt.rtoNs).toBe(1e9);
    sample(100_000);
    expect(rtt.rtoNs).toBe(60e9);
  });

  it('puts the clock granularity under a variance of zero — RFC 6298 §4', () => {
    const { rtt, sample } = setUp({ ...RTT_CONFIG_RFC, rtoMinNs: 0, clockGranularityNs: 5 * MS });
    for (let count = 0; count < 200; count++) sample(100);
    expect(rtt.varNs).toBeLessThan(MS);
    expect(rtt.rtoNs).toBe(105 * MS);
  });

  it('doubles for each timeout up to the maximum — RFC 6298 §5.5', () => {
    const { rtt, sample } = setUp();
    sample(700);
    expect(rtt.rtoNs).toBe(2100 * MS);
    expect([0, 1, 2, 3].map((backoffs) => rtt.timeoutNs(backoffs) / MS)).toEqual([
      2100, 4200, 8400, 16800,
    ]);
    expect(rtt.timeoutNs(5)).toBe(60e9);
    expect(rtt.timeoutNs(1000)).toBe(60e9);
  });

  it('waits three seconds for data when the SYN timed out without a sample — RFC 6298 §5.7', () => {
    const { rtt, sample } = setUp();
    rtt.onSynTimedOut();
    expect(rtt.rtoNs).toBe(3e9);
    sample(100);
    expect(rtt.rtoNs).toBe(1e9);
    rtt.onSynTimedOut();
    expect(rtt.rtoNs).toBe(1e9);
  });

  it('ignores a round trip that was not measured — RFC 6298 §3', () => {
    const { rtt } = setUp();
    rtt.onSample(-1);
    expect(rtt.hasSample).toBe(false);
    expect(rtt.rtoNs).toBe(1e9);
  });

  it('forgets a minimum older than its window — RFC 8985 §6.2', () => {
    const { rtt, sample } = setUp({ ...RTT_CONFIG_RFC, minRttWindowNs: 10e9 });
    sample(20);
    for (let second = 0; second < 9; second++) sample(50, 1000);
    expect(rtt.minNs).toBe(20 * MS);
    for (let second = 0; second < 3; second++) sample(50, 1000);
    expect(rtt.minNs).toBe(50 * MS);
    sample(90, 11_000);
    expect(rtt.minNs).toBe(90 * MS);
  });

  it('has a minimum no less than that of the window and no greater than that of its half', () => {
    // A half ends with the first sample after it, here 30 ms later at most.
    const slackMs = 60;
    const { rtt, sample } = setUp({ ...RTT_CONFIG_RFC, minRttWindowNs: 1e9 });
    const random = RandomSource.fromSeed(4);
    const seen: { atMs: number; rttMs: number }[] = [];
    let atMs = 0;
    for (let count = 0; count < 2000; count++) {
      const afterMs = random.below(30);
      const rttMs = 1 + random.below(500);
      atMs += afterMs;
      seen.push({ atMs, rttMs });
      sample(rttMs, afterMs);
      const leastOf = (windowMs: number) =>
        Math.min(...seen.filter((s) => atMs - s.atMs <= windowMs).map((s) => s.rttMs));
      expect(rtt.minNs / MS).toBeGreaterThanOrEqual(leastOf(1000 + slackMs));
      expect(rtt.minNs / MS).toBeLessThanOrEqual(leastOf(500));
      if (seen.length > 200) seen.shift();
    }
  });
});

describe('round-trip time as Linux takes it', () => {
  it('has the floor of 200 ms under the variance term: 300 ms after a first sample of 100 ms', () => {
    const { rtt, sample } = setUp(RTT_CONFIG_LINUX);
    sample(100);
    expect(rtt.smoothedNs).toBe(100 * MS);
    expect(rtt.varNs).toBe(50 * MS);
    expect(rtt.rtoNs).toBe(300 * MS);
  });

  it('takes four times the variance where that is above the floor', () => {
    const { rtt, sample } = setUp(RTT_CONFIG_LINUX);
    sample(300);
    expect(rtt.rtoNs).toBe(900 * MS);
  });

  it('rounds the RTO up to whole milliseconds', () => {
    const { rtt, sample } = setUp(RTT_CONFIG_LINUX);
    sample(10.4567);
    expect(rtt.rtoNs).toBe(211 * MS);
  });

  it('lets the variance term decay a quarter a round trip, towards the floor', () => {
    const { rtt, sample } = setUp(RTT_CONFIG_LINUX);
    sample(400);
    const terms: number[] = [];
    for (let round = 0; round < 40; round++) {
      sample(400, 400);
      terms.push((rtt.rtoNs - rtt.smoothedNs) / MS);
    }
    // By hand: the deviation is 800, 600, 450, 337.5, 253.1; the first round keeps the first sample's, then a
    // quarter of the excess over the round's largest goes: 800, 712.5, 618.75, 527.3, up to milliseconds.
    expect(terms.slice(0, 4)).toEqual([800, 713, 619, 528]);
    expect(terms.at(-1)).toBeGreaterThanOrEqual(200);
    expect(terms.at(-1)).toBeLessThanOrEqual(204);
  });

  it('does not decay twice within a round trip', () => {
    const { rtt, sample } = setUp(RTT_CONFIG_LINUX);
    sample(400);
    sample(400, 400);
    const before = rtt.rtoNs;
    sample(400, 400);
    const once = rtt.rtoNs;
    expect(once).toBeLessThan(before);
    // Ten more ACKs for packets that were sent before this round began.
    for (let count = 0; count < 10; count++) sample(400, 10);
    expect(rtt.rtoNs).toBe(once);
  });

  it('lets a sudden fall of the RTT into the deviation an eighth as fast as a rise', () => {
    const rise = setUp(RTT_CONFIG_LINUX);
    const fall = setUp(RTT_CONFIG_LINUX);
    for (const { sample } of [rise, fall]) for (let n = 0; n < 60; n++) sample(500, 500);
    const settled = rise.rtt.varNs;
    rise.sample(900);
    fall.sample(100);
    const risen = rise.rtt.varNs - settled;
    const fallen = fall.rtt.varNs - settled;
    expect(risen).toBeGreaterThan(90 * MS);
    expect(fallen / risen).toBeCloseTo(1 / 8, 2);
  });

  it('survives samples of zero and of hours', () => {
    const { rtt, sample } = setUp(RTT_CONFIG_LINUX);
    sample(0);
    expect(rtt.smoothedNs).toBe(1000);
    sample(1e7);
    expect(rtt.rtoNs).toBe(120e9);
    expect(rtt.smoothedNs).toBeGreaterThan(0);
  });
});
