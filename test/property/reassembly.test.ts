import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seqAdd, seqFromWire } from '../../src/base/seq.ts';
import { NO_PAYLOAD } from '../../src/frame/frame-record.ts';
import { PayloadArena } from '../../src/frame/payload-arena.ts';
import { PayloadWriter } from '../../src/frame/payload-writer.ts';
import { ByteQueue, PiecePool } from '../../src/tcp/byte-queue.ts';
import { RangePool, Reassembly } from '../../src/tcp/reassembly.ts';
import { patternAt } from '../support/tcp-path.ts';

/** Near the wrap, so that it is crossed. */
const START = seqFromWire(0xffff_ff00);
const SPAN = 600;

const segments = fc.array(
  fc.record({
    at: fc.nat({ max: SPAN - 1 }),
    length: fc.integer({ min: 1, max: 120 }),
    isReal: fc.boolean(),
  }),
  { maxLength: 60 },
);

/** Maximal runs of what has come beyond `from`. */
function runsOf(has: readonly boolean[], from: number): [number, number][] {
  const runs: [number, number][] = [];
  for (let at = from; at < has.length; at++) {
    if (has[at] !== true) continue;
    const last = runs.at(-1);
    if (last?.[1] === at) last[1] = at + 1;
    else runs.push([at, at + 1]);
  }
  return runs;
}

describe('reassembly', () => {
  it('delivers each byte once and in order, and reports what is beyond a hole, like a bitmap — RFC 9293 §3.10.7.4, RFC 2018 §4', () => {
    fc.assert(
      fc.property(segments, (list) => {
        const arena = new PayloadArena(1 << 10, 256);
        const writer = new PayloadWriter(arena);
        const pieces = new PiecePool(arena);
        const ranges = new RangePool(pieces);
        const reassembly = new Reassembly(ranges);
        const queue = new ByteQueue(pieces);
        // 0: not there; 1: pattern; 2: zero. What came first counts.
        const model = new Array<number>(SPAN + 200).fill(0);
        const has = new Array<boolean>(SPAN + 200).fill(false);
        const blocks = new Int32Array(2 * 400);
        let next = 0;
        const got: number[] = [];
        for (const { at, length, isReal } of list) {
          const left = Math.max(at, next);
          const count = at + length - left;
          if (count <= 0) continue;
          let place = NO_PAYLOAD;
          if (isReal) {
            place = writer.reserve(count);
            arena.retain(place);
            for (let i = 0; i < count; i++) arena.bytes[place + i] = patternAt(left + i);
          }
          let fresh = 0;
          for (let i = left; i < left + count; i++) {
            if (has[i]) continue;
            has[i] = true;
            model[i] = isReal ? 1 : 2;
            fresh++;
          }
          expect(reassembly.insert(seqAdd(START, left), count, place)).toBe(fresh);
          if (place !== NO_PAYLOAD) arena.release(place);
          const delivered = reassembly.deliver(seqAdd(START, next), queue);
          next += delivered;
          const bytes = new Uint8Array(delivered);
          expect(queue.read(bytes, 0, delivered)).toBe(delivered);
          got.push(...bytes);
          const runs = runsOf(has, next);
          expect(reassembly.rangeCount).toBe(runs.length);
          const written = reassembly.writeSackBlocks(blocks, 0, 400);
          const told = Array.from({ length: written }, (_, block) => [
            ((blocks[2 * block] as number) - START) | 0,
            ((blocks[2 * block + 1] as number) - START) | 0,
          ]);
          // The first is the one that holds what came last.
          const around = runs.find(([from, to]) => from <= left && left < to);
          if (around !== undefined) expect(told[0]).toEqual(around);
          expect(told.sort((a, b) => (a[0] as number) - (b[0] as number))).toEqual(runs);
        }
        expect(next).toBe(has.indexOf(false));
        const expected = model.slice(0, next).map((kind, i) => (kind === 1 ? patternAt(i) : 0));
        expect(got).toEqual(expected);
        reassembly.clear();
        queue.clear();
        writer.close();
        expect(pieces.inUse).toBe(0);
        expect(ranges.inUse).toBe(0);
        expect(arena.freeChunkCount).toBe(256);
      }),
      { seed: 4, numRuns: 300 },
    );
  });
});
