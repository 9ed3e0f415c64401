import { describe, expect, it } from 'vitest';
import { sipHash } from '../../../src/base/siphash.ts';

const KEY = Int32Array.from([0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c]);

function hash(words: number[]): string {
  const result = new Int32Array(2);
  sipHash(KEY, Int32Array.from(words), words.length, result);
  return [result[1], result[0]]
    .map((half) => ((half as number) >>> 0).toString(16).padStart(8, '0'))
    .join('');
}

describe('sipHash', () => {
  it('gives the values of the reference for inputs of 0, 4, 8 and 12 bytes — Aumasson and Bernstein 2012', () => {
    expect(hash([])).toBe('726fdb47dd0e0e31');
    expect(hash([0x03020100])).toBe('cf2794e0277187b7');
    expect(hash([0x03020100, 0x07060504])).toBe('93f5f5799a932462');
    expect(hash([0x03020100, 0x07060504, 0x0b0a0908])).toBe('751e8fbc860ee5fb');
  });
});
