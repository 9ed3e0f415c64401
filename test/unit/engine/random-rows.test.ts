import { describe, expect, it } from 'vitest';
import { RandomSource } from '../../../src/engine/random.ts';
import { RandomRows } from '../../../src/engine/random-rows.ts';

describe('RandomRows', () => {
  it('goes on in each row with the stream that was put there', () => {
    const rows = new RandomRows();
    const label = (row: number) => `stream ${row}`;
    const parent = RandomSource.fromSeed(9);
    const own = [40, 0, 7].map((row) => {
      rows.put(row, parent.fork(label(row)));
      return { row, source: parent.fork(label(row)) };
    });
    for (let draw = 0; draw < 20; draw++) {
      for (const { row, source } of own) expect(rows.nextInt32(row)).toBe(source.nextInt32());
    }
  });
});
