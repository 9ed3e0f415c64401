import { describe, expect, it } from 'vitest';
import { AssertionError } from '../../../src/base/assert.ts';
import { CaptureReader } from '../../../src/pcap/capture-reader.ts';
import { CaptureRows } from '../../../src/pcap/capture-rows.ts';
import { CaptureStream } from '../../../src/pcap/capture-stream.ts';
import { MemorySource } from '../../../src/pcap/memory-source.ts';
import { buildPcap, patternBytes } from '../../support/capture-builder.ts';

const records = Array.from({ length: 50 }, (_, index) => ({
  seconds: index,
  fraction: 0,
  data: patternBytes(100 + index, index),
}));
const bytes = buildPcap(records);

/** Gives each piece in a promise. */
class SlowSource extends MemorySource {
  // @ts-expect-error A source may give promises; the class it extends happens not to.
  override async read(target: Uint8Array, at: number, length: number): Promise<number> {
    await Promise.resolve();
    return super.read(target, at, length);
  }
}

describe('CaptureStream', () => {
  it('lands packets where the caller says, block after block, carrying cut records over', () => {
    const reader = new CaptureReader('test');
    const stream = new CaptureStream(new MemorySource(bytes, 77), reader);
    const rows = new CaptureRows(64);
    const arena = new Uint8Array(1 << 16);
    let block = 0;
    while (stream.load(arena, block * 1024, 1024)) {
      const before = rows.count;
      stream.decode(rows);
      for (let row = before; row < rows.count; row++) {
        expect(rows.offset[row]).toBeGreaterThanOrEqual(block * 1024);
        expect(rows.offset[row]).toBeLessThan((block + 1) * 1024);
      }
      block++;
    }
    expect(block).toBeGreaterThan(6);
    expect(rows.count).toBe(50);
    for (const [row, { data }] of records.entries()) {
      const offset = rows.offset[row] as number;
      expect(arena.slice(offset, offset + data.length)).toEqual(data);
    }
    expect(reader.ending).toBe('complete');
  });

  it('goes on in the same block when the rows were full', () => {
    const reader = new CaptureReader('test');
    const stream = new CaptureStream(new MemorySource(bytes), reader);
    const rows = new CaptureRows(7);
    expect(stream.load(new Uint8Array(1 << 16), 0, 1 << 16)).toBe(true);
    const counts: number[] = [];
    for (let got = stream.decode(rows); got > 0; got = stream.decode(rows)) {
      counts.push(got);
      rows.clear();
    }
    expect(counts).toEqual([7, 7, 7, 7, 7, 7, 7, 1]);
  });

  it('gives promises for a source that must wait, and the same packets', async () => {
    const reader = new CaptureReader('test');
    const stream = new CaptureStream(new SlowSource(bytes, 500), reader);
    const rows = new CaptureRows(64);
    const block = new Uint8Array(1000);
    while (await stream.load(block, 0, block.length)) stream.decode(rows);
    expect([rows.count, reader.ending]).toEqual([50, 'complete']);
  });

  it('says that the source was damaged', () => {
    const reader = new CaptureReader('test');
    const source = new MemorySource(bytes);
    source.damage = 'gzip: unexpected end of file';
    const stream = new CaptureStream(source, reader);
    const rows = new CaptureRows(64);
    while (stream.load(new Uint8Array(1 << 16), 0, 1 << 16)) stream.decode(rows);
    expect([reader.ending, reader.reason]).toEqual([
      'cut',
      `ends at byte ${bytes.length}, after packet 50 (gzip: unexpected end of file)`,
    ]);
  });

  it('asserts that a block holds the record that is required', () => {
    const reader = new CaptureReader('test');
    const stream = new CaptureStream(new MemorySource(bytes), reader);
    const rows = new CaptureRows(64);
    expect(stream.load(new Uint8Array(64), 0, 64)).toBe(true);
    stream.decode(rows);
    expect(reader.requiredBytes).toBe(116);
    expect(stream.load(new Uint8Array(64), 0, 64)).toBe(true);
    expect(() => stream.load(new Uint8Array(64), 0, 64)).toThrow(AssertionError);
    expect(stream.load(new Uint8Array(117), 0, 117)).toBe(true);
    expect(stream.decode(rows)).toBe(1);
  });
});
