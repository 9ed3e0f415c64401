import { describe, expect, it } from 'vitest';
import { checksumAdd, checksumFinish } from '../../../src/wire/checksum.ts';
import { createMemoryChecksum } from '../../../src/wire/checksum-wasm.ts';

/** The host's; the library of ECMAScript has no types for it. */
declare const WebAssembly: { Memory: new (limits: { initial: number }) => { buffer: ArrayBuffer } };

const memory = new WebAssembly.Memory({ initial: 3 });
const bytes = new Uint8Array(memory.buffer);
for (let at = 0; at < bytes.length; at++) bytes[at] = Math.imul(at, 0x9e3779b1) >>> 21;

describe('Internet checksum in WebAssembly', () => {
  it('is compiled, not replaced by JavaScript, on this host', () => {
    expect(String(createMemoryChecksum(memory))).toContain('[native code]');
  });

  it('equals the JavaScript one for every length up to 300 and every alignment — RFC 1071', () => {
    const add = createMemoryChecksum(memory);
    for (let start = 0; start < 17; start++) {
      for (let length = 0; length <= 300; length++) {
        const sum = (start * 7919 + length * 104_729) & 0x7fff_ffff;
        expect(checksumFinish(add(start, length, sum))).toBe(
          checksumFinish(checksumAdd(bytes, start, length, sum)),
        );
      }
    }
  });

  it('keeps the two zeros apart: ffff for bytes of zeros, 0000 for a sum of all ones — RFC 1624 §3', () => {
    const add = createMemoryChecksum(memory);
    bytes.fill(0, 0, 64).fill(0xff, 64, 128);
    expect(checksumFinish(add(0, 64, 0))).toBe(0xffff);
    expect(checksumFinish(add(64, 64, 0))).toBe(0x0000);
  });

  it('does not overflow on a super-segment of all ones, and returns a small sum', () => {
    const add = createMemoryChecksum(memory);
    bytes.fill(0xff);
    const sum = add(1, bytes.length - 1, 0x7fff_ffff);
    expect(sum).toBeLessThan(2 ** 18);
    expect(checksumFinish(sum)).toBe(
      checksumFinish(checksumAdd(bytes, 1, bytes.length - 1, 0x7fff_ffff)),
    );
  });

  it('sums with JavaScript where the host forbids compiling', () => {
    const host = globalThis as { WebAssembly?: unknown };
    const saved = host.WebAssembly;
    const expected = createMemoryChecksum(memory)(10, 99, 5);
    try {
      delete host.WebAssembly;
      expect(createMemoryChecksum(memory)(10, 99, 5) % 0xffff).toBe(expected % 0xffff);
    } finally {
      host.WebAssembly = saved;
    }
  });
});
