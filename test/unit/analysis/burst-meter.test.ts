import { describe, expect, it } from 'vitest';
import { BIN_WIDTHS_NS, BurstMeter } from '../../../src/analysis/burst-meter.ts';
import { Chance } from '../../support/chance.ts';

/** 10 Gbit/s: 0.8 ns a byte, so 1250 bytes take 1 µs. */
const RATE = 10e9;
const BURST_WIDTH = BIN_WIDTHS_NS.indexOf(25_000);

type Packet = readonly [timeNs: number, length: number];

function measure(packets: readonly Packet[], drainRate = RATE): BurstMeter {
  const meter = new BurstMeter(RATE, drainRate);
  for (const [timeNs, length] of packets) {
    meter.timeNs[0] = timeNs;
    meter.add(length);
  }
  meter.finish();
  return meter;
}

/** Busy intervals laid out one after the other, and every bin looked at by itself. */
function naive(packets: readonly Packet[]) {
  const intervals: [number, number][] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const [timeNs, length] of packets) {
    const from = Math.max(end, timeNs - length * 0.8);
    end = from + length * 0.8;
    intervals.push([from, end]);
  }
  const first = intervals[0]?.[0] ?? 0;
  const shares = (widthNs: number) => {
    const bins = new Array<number>(Math.max(1, Math.ceil((end - first) / widthNs))).fill(0);
    for (const [from, to] of intervals) {
      for (let bin = Math.floor((from - first) / widthNs); bin * widthNs < to - first; bin++) {
        const low = Math.max(from - first, bin * widthNs);
        const high = Math.min(to - first, (bin + 1) * widthNs);
        if (bin < bins.length) bins[bin] = (bins[bin] as number) + (high - low) / widthNs;
      }
    }
    return bins;
  };
  const bursts: number[] = [];
  let run = 0;
  for (const share of [...shares(25_000), 0]) {
    if (share > 0.5) run++;
    else if (run > 0) {
      bursts.push(run * 25_000);
      run = 0;
    }
  }
  return { shares, bursts };
}

describe('bursts', () => {
  it('has the bins and bursts of a count by hand, for random packets', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const chance = new Chance(seed);
      const packets: Packet[] = [];
      let timeNs = 5_000;
      for (let index = 0; index < 1500; index++) {
        // Trains of packets back to back, and silences of up to 200 µs.
        timeNs += chance.below(10) === 0 ? chance.below(200_000) : chance.below(1500);
        packets.push([timeNs, 60 + chance.below(1455)]);
      }
      const meter = measure(packets);
      const model = naive(packets);
      for (const width of [1, BURST_WIDTH, 4]) {
        const shares = model.shares(BIN_WIDTHS_NS[width] as number);
        expect(meter.binCount(width)).toBe(shares.length);
        expect(meter.largest(width)).toBeCloseTo(Math.max(...shares), 6);
        const busy = shares.filter((share) => share > 0.501).length / shares.length;
        const half = shares.filter((share) => share > 0.499).length / shares.length;
        expect(meter.busyShare(width)).toBeGreaterThanOrEqual(busy - 1e-9);
        expect(meter.busyShare(width)).toBeLessThanOrEqual(half + 1e-9);
        const sorted = [...shares].sort((a, b) => a - b);
        const p90 = sorted[Math.ceil(0.9 * sorted.length - 1e-6) - 1] as number;
        expect(Math.abs(meter.quantile(width, 0.9) - p90)).toBeLessThan(0.0011);
      }
      expect(meter.lengths.count(0), `seed ${seed}`).toBe(model.bursts.length);
      expect(meter.lengths.max(0)).toBe(Math.max(...model.bursts));
    }
  });

  it('shows what a counter of a second hides', () => {
    // 100 packets at line rate, 100 µs together, every 100 ms.
    const packets: Packet[] = [];
    for (let burst = 0; burst < 20; burst++) {
      for (let index = 1; index <= 100; index++) packets.push([burst * 1e8 + index * 1000, 1250]);
    }
    const meter = measure(packets);
    expect(meter.largest(BURST_WIDTH)).toBe(1);
    expect(meter.largest(BIN_WIDTHS_NS.length - 1)).toBeCloseTo(0.001, 6);
    expect([meter.lengths.count(0), meter.lengths.count(1)]).toEqual([20, 19]);
    expect(meter.lengths.max(0)).toBe(100_000);
  });

  it('finds the buffer that a slower port needs', () => {
    // 100 packets at 10 Gbit/s into a port of 2.5 Gbit/s: three quarters have to wait.
    const packets = Array.from({ length: 100 }, (_, index): Packet => [(index + 1) * 1000, 1250]);
    const peak = measure(packets, 2.5e9).peakBufferBytes;
    // The last one arrives whole, and 99 µs have drained 312.5 bytes each.
    expect(peak).toBeCloseTo(100 * 1250 - 99 * 312.5, 6);
    expect(measure(packets, 10e9).peakBufferBytes).toBeCloseTo(1250, 6);
  });

  it('survives no packet, one packet, and stamps that go back', () => {
    expect(measure([]).durationNs).toBe(0);
    expect(measure([[0, 1000]]).binCount(0)).toBe(1);
    const back = measure([
      [10_000, 1250],
      [5_000, 1250],
    ]);
    expect(back.durationNs).toBe(2000);
  });
});
