import { describe, expect, it } from 'vitest';
import { type ReorderingFacts, ReorderingRows } from '../../../src/analysis/reordering.ts';

/** Facts after arrivals of packets numbered from 1, as RFC 4737 numbers them. */
function factsOf(arrivals: readonly number[]): ReorderingFacts {
  const rows = new ReorderingRows(1);
  const row = rows.addRow();
  for (const number of arrivals) rows.onArrival(row, number - 1);
  return rows.facts(row);
}

describe('ReorderingRows', () => {
  it('finds extent 4 for a single reordered packet — RFC 4737 §7.1', () => {
    expect(factsOf([1, 2, 3, 5, 6, 7, 8, 4, 9, 10])).toEqual({
      arrivedPackets: 10,
      reorderedPackets: 1,
      reorderedRatio: 0.1,
      duplicatePackets: 0,
      extentMax: 4,
      extentMean: 4,
      lowerBoundExtents: 0,
    });
  });

  it('finds extents 1 and 2 for two packets behind one — RFC 4737 §7.2', () => {
    const facts = factsOf([1, 2, 3, 4, 7, 5, 6, 8, 9, 10]);
    expect([facts.reorderedPackets, facts.extentMax, facts.extentMean]).toEqual([2, 2, 1.5]);
  });

  it('finds extents 4, 5 and 6 for three late packets — RFC 4737 §7.3', () => {
    const facts = factsOf([1, 2, 3, 7, 8, 9, 10, 4, 5, 6, 11]);
    expect([facts.reorderedPackets, facts.extentMax, facts.extentMean]).toEqual([3, 6, 5]);
  });

  it('finds extents 2, 3 and 2 with two discontinuities — RFC 4737 §7.4', () => {
    const facts = factsOf([1, 2, 3, 6, 7, 4, 5, 8, 9, 10, 12, 13, 11, 14, 15, 16]);
    expect([facts.reorderedPackets, facts.extentMax]).toEqual([3, 3]);
    expect(facts.extentMean).toBeCloseTo(7 / 3, 12);
  });

  it('takes a loss for a discontinuity, not for reordering — RFC 4737 §3.4', () => {
    const facts = factsOf([1, 2, 5, 6, 9]);
    expect([facts.arrivedPackets, facts.reorderedPackets]).toEqual([5, 0]);
  });

  it('counts copies apart, also of a packet that was late — RFC 4737 §3.6', () => {
    const facts = factsOf([1, 1, 4, 2, 2, 4, 3, 3, 5]);
    expect(facts).toMatchObject({ arrivedPackets: 5, reorderedPackets: 2, duplicatePackets: 4 });
    expect([facts.extentMax, facts.extentMean]).toEqual([2, 1.5]);
  });

  it('gives a lower bound for a packet passed over a hundred losses ago', () => {
    const odd = Array.from({ length: 101 }, (_, i) => 2 * i + 1);
    const facts = factsOf([...odd, 2]);
    expect(facts).toMatchObject({ reorderedPackets: 1, lowerBoundExtents: 1, duplicatePackets: 0 });
    expect(facts.extentMax).toBeGreaterThan(0);
    expect(facts.extentMax).toBeLessThanOrEqual(100);
  });

  it('stays exact for packets passed over among the last fifty losses', () => {
    const odd = Array.from({ length: 5001 }, (_, i) => 2 * i + 1);
    const facts = factsOf([...odd, 10_000 - 80]);
    expect(facts).toMatchObject({ reorderedPackets: 1, lowerBoundExtents: 0, extentMax: 41 });
  });

  it('keeps rows apart', () => {
    const rows = new ReorderingRows(1);
    const first = rows.addRow();
    const second = rows.addRow();
    for (const ordinal of [0, 2, 1]) {
      rows.onArrival(first, ordinal);
      rows.onArrival(second, 2 - ordinal);
    }
    expect(rows.facts(first)).toMatchObject({ reorderedPackets: 1, extentMax: 1 });
    expect(rows.facts(second)).toMatchObject({ reorderedPackets: 2, extentMax: 2 });
  });
});
