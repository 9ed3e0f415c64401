import { describe, expect, it } from 'vitest';
import { AssertionError } from '../../../src/base/assert.ts';
import { FrameFifo } from '../../../src/frame/frame-fifo.ts';
import { FramePool } from '../../../src/frame/frame-pool.ts';
import { FRAME_SHIFT, type FrameId, FrameWord, NO_FRAME } from '../../../src/frame/frame-record.ts';
import { NO_CHUNK, PayloadArena } from '../../../src/frame/payload-arena.ts';

const makePool = (capacity: number, chunks = 2) =>
  new FramePool(capacity, new PayloadArena(64, chunks));

describe('FramePool', () => {
  it('answers NO_FRAME when empty and hands released frames out again', () => {
    const pool = makePool(2);
    const first = pool.allocate();
    const second = pool.allocate();
    expect(pool.allocate()).toBe(NO_FRAME);
    expect(pool.inUse).toBe(2);
    pool.release(first);
    expect(pool.allocate()).toBe(first);
    pool.release(first);
    pool.release(second);
    expect(pool.inUse).toBe(0);
  });

  it('catches a second release of one frame', () => {
    const pool = makePool(2);
    const frame = pool.allocate();
    pool.release(frame);
    expect(() => pool.release(frame)).toThrow(AssertionError);
  });

  it('shares payload bytes between copies: the chunk lives until the last is released', () => {
    const pool = makePool(4, 1);
    const offset = pool.payloads.openChunk();
    const frame = pool.allocate();
    pool.words[(frame << FRAME_SHIFT) + FrameWord.Payload] = offset + 8;
    pool.payloads.retain(offset + 8);
    const twin = pool.copy(frame);
    pool.payloads.closeChunk(offset);
    expect(pool.payloads.openChunk()).toBe(NO_CHUNK);
    pool.release(frame);
    expect(pool.payloads.openChunk()).toBe(NO_CHUNK);
    pool.release(twin);
    expect(pool.payloads.openChunk()).toBe(offset);
  });
});

describe('FrameFifo', () => {
  it('keeps the order of arrival', () => {
    const pool = makePool(8);
    const fifo = new FrameFifo(pool.words);
    const frames = Array.from({ length: 5 }, () => pool.allocate());
    for (const frame of frames) fifo.push(frame);
    expect(fifo.count).toBe(5);
    const out: FrameId[] = [];
    for (let frame = fifo.shift(); frame !== NO_FRAME; frame = fifo.shift()) out.push(frame);
    expect(out).toEqual(frames);
    expect(fifo.count).toBe(0);
    fifo.push(frames[0] as FrameId);
    expect(fifo.head).toBe(frames[0]);
  });
});
