import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HistogramRows } from '../../../src/base/histogram.ts';
import { QueueMeter } from '../../../src/net/queue-meter.ts';

describe('QueueMeter', () => {
  it('has the mean and quantiles of a histogram that records every wait, zeros and all', () => {
    const waits = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 1e9 })), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(waits, fc.double({ min: 0, max: 1, noNaN: true }), (list, q) => {
        const meter = new QueueMeter(new HistogramRows(), false);
        const all = new HistogramRows();
        all.addRow();
        for (const wait of list) {
          all.valueNs[0] = wait;
          all.record(0);
          meter.delays.valueNs[0] = wait;
          if (wait === 0) meter.unwaitedPackets++;
          else meter.delays.record(meter.row);
        }
        expect(meter.packets).toBe(list.length);
        expect(meter.meanDelayNs).toBeCloseTo(all.mean(0), 3);
        expect(meter.quantileDelayNs(q)).toBe(all.quantile(0, q));
      }),
      { seed: 6 },
    );
  });
});
