import { describe, expect, it } from 'vitest';
import { responseFigures } from '../../../src/scenario/matrix/responsiveness.ts';

const STEP = 0.1;
const seconds = Array.from({ length: 101 }, (_, index) => index * STEP);
/** Bytes until each instant at a rate that changes. */
const delivered = (rateAt: (second: number) => number): number[] => {
  let bytes = 0;
  return seconds.map((second, index) => {
    if (index > 0) bytes += (rateAt(second) * STEP) / 8;
    return bytes;
  });
};
const RATES = [
  { atNs: 0, rate: 8e6 },
  { atNs: 5e9, rate: 16e6 },
];
const FACTS = { fromSeconds: 1, rttSeconds: 0.1, payloadShare: 1 };

describe('the answer to a change of the rate — RFC 5166 §2.2.1', () => {
  it('takes until five round trips bring nine tenths of the new capacity', () => {
    const deliveredBytes = delivered((second) => (second > 7.05 ? 15e6 : 8e6));
    const queueBytes = seconds.map(() => 0);
    const { riseMs, fallMs } = responseFigures(
      { seconds, deliveredBytes, queueBytes },
      RATES,
      FACTS,
    );
    expect(riseMs).toBeCloseTo(2000, 6);
    expect(fallMs).toBeNull();
  });

  it('is not there when a queue that drains brings it for a moment', () => {
    const deliveredBytes = delivered((second) => (second > 5 && second < 5.35 ? 16e6 : 8e6));
    const series = { seconds, deliveredBytes, queueBytes: seconds.map(() => 0) };
    expect(responseFigures(series, RATES, FACTS).riseMs).toBeNull();
  });

  it('takes until the queueing delay stays below twice its mean of before', () => {
    // 10 ms before; 200 ms after, then 5 ms for a moment, 50 ms, and 12 ms from 8 s on.
    const delayAt = (second: number): number => {
      if (second < 4.95) return 0.01;
      if (second < 5.95) return 0.2;
      if (second < 6.15) return 0.005;
      return second < 7.95 ? 0.05 : 0.012;
    };
    const rates = [
      { atNs: 0, rate: 8e6 },
      { atNs: 5e9, rate: 4e6 },
    ];
    const queueBytes = seconds.map((second) => (delayAt(second) * (second < 4.95 ? 8e6 : 4e6)) / 8);
    const series = { seconds, deliveredBytes: delivered(() => 4e6), queueBytes };
    const { fallMs, fallPeakQueueMs } = responseFigures(series, rates, FACTS);
    expect(fallMs).toBeCloseTo(3000, 6);
    expect(fallPeakQueueMs).toBeCloseTo(200, 6);
  });
});
