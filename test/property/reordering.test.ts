import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReorderingRows } from '../../src/analysis/reordering.ts';

/** The definitions of RFC 4737 §3.3, §3.6 and §4.2.3 as they are written. */
function naiveFacts(arrivals: readonly number[]) {
  const distinct = arrivals.filter((ordinal, at) => arrivals.indexOf(ordinal) === at);
  const extents = distinct.flatMap((ordinal, i) => {
    const j = distinct.findIndex((earlier) => earlier > ordinal);
    return j >= 0 && j < i ? [i - j] : [];
  });
  return {
    arrivedPackets: distinct.length,
    reorderedPackets: extents.length,
    reorderedRatio: distinct.length === 0 ? 0 : extents.length / distinct.length,
    duplicatePackets: arrivals.length - distinct.length,
    extentMax: Math.max(0, ...extents),
    extentMean: extents.length === 0 ? 0 : extents.reduce((a, b) => a + b) / extents.length,
  };
}

function factsOf(arrivals: readonly number[]) {
  const rows = new ReorderingRows(1);
  const row = rows.addRow();
  for (const ordinal of arrivals) rows.onArrival(row, ordinal);
  const { lowerBoundExtents, ...facts } = rows.facts(row);
  return { lowerBoundExtents, facts };
}

describe('ReorderingRows against the definition', () => {
  it('agrees on any arrivals, with losses and copies — RFC 4737 §4.2.3', () => {
    // At most 60 ordinals, so that no more gaps are missing than are kept.
    const arrivals = fc.array(fc.nat(60), { maxLength: 120 });
    fc.assert(
      fc.property(arrivals, (ordinals) => {
        const { lowerBoundExtents, facts } = factsOf(ordinals);
        expect(lowerBoundExtents).toBe(0);
        expect(facts).toEqual(naiveFacts(ordinals));
      }),
      { seed: 4737, numRuns: 300 },
    );
  });

  it('agrees on long streams with jitter, loss and copies', () => {
    const packet = fc.record({
      jitter: fc.nat(30),
      isLost: fc.nat(49).map((n) => n === 0),
      copyDelay: fc.option(fc.nat(30), { freq: 20 }),
    });
    fc.assert(
      fc.property(fc.array(packet, { minLength: 300, maxLength: 500 }), (packets) => {
        const events = packets.flatMap(({ jitter, isLost, copyDelay }, ordinal) => [
          ...(isLost ? [] : [{ time: ordinal + jitter, ordinal }]),
          ...(copyDelay === null ? [] : [{ time: ordinal + copyDelay, ordinal }]),
        ]);
        const ordinals = events.sort((a, b) => a.time - b.time).map(({ ordinal }) => ordinal);
        const { lowerBoundExtents, facts } = factsOf(ordinals);
        expect(lowerBoundExtents).toBe(0);
        expect(facts).toEqual(naiveFacts(ordinals));
      }),
      { seed: 4737, numRuns: 30 },
    );
  });

  it('never overstates an extent when it has forgotten gaps', () => {
    const arrivals = fc.uniqueArray(fc.nat(2000), { minLength: 200, maxLength: 400 });
    fc.assert(
      fc.property(arrivals, (ordinals) => {
        const { facts } = factsOf(ordinals);
        const naive = naiveFacts(ordinals);
        expect(facts.reorderedPackets).toBe(naive.reorderedPackets);
        expect(facts.extentMean).toBeLessThanOrEqual(naive.extentMean);
        expect(facts.extentMax).toBeLessThanOrEqual(naive.extentMax);
      }),
      { seed: 4737, numRuns: 50 },
    );
  });
});
