import { describe, expect, it } from 'vitest';
import {
  checksumAdd,
  checksumFinish,
  checksumUpdate,
  pseudoHeaderIpv4Sum,
  pseudoHeaderIpv6Sum,
} from '../../../src/wire/checksum.ts';

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

/** The definition, without any care for speed or overflow: RFC 1071 §1. */
function checksumByDefinition(data: Uint8Array): number {
  let sum = 0n;
  for (let at = 0; at < data.length; at += 2)
    sum += BigInt(((data[at] ?? 0) << 8) | (data[at + 1] ?? 0));
  while (sum > 0xffffn) sum = (sum & 0xffffn) + (sum >> 16n);
  return Number(~sum & 0xffffn);
}

describe('Internet checksum', () => {
  it('gives ddf2 for the numerical example, and its complement in the field — RFC 1071 §3', () => {
    const data = bytes('0001 f203 f4f5 f6f7');
    expect(checksumAdd(data, 0, 8, 0) % 0xffff).toBe(0xddf2);
    expect(checksumFinish(checksumAdd(data, 0, 8, 0))).toBe(0x220d);
  });

  it('pads an odd length with a zero byte — RFC 1071 §4.1', () => {
    expect(checksumAdd(bytes('0001 f2'), 0, 3, 0)).toBe(0x0001 + 0xf200);
  });

  it('is the same in one part or in several even ones — RFC 1071 §2(A)', () => {
    const data = bytes('0001 f203 f4f5 f6f7 89');
    const sum = checksumAdd(data, 4, 5, checksumAdd(data, 0, 4, 0));
    expect(checksumFinish(sum)).toBe(checksumByDefinition(data));
  });

  it('does not overflow on the longest packet, nor on a super-segment of all ones', () => {
    for (const length of [65_535, 262_144, 1 << 22]) {
      const data = new Uint8Array(length).fill(0xff);
      const sum = checksumAdd(data, 0, length, 0x7fff_ffff);
      expect(sum).toBeLessThan(2 ** 17);
      expect(checksumFinish(checksumAdd(data, 0, length, 0))).toBe(checksumByDefinition(data));
    }
  });

  it('equals the definition for every length up to 200 and every alignment', () => {
    const data = Uint8Array.from({ length: 210 }, (_, i) => (i * 151 + (i >> 3) * 77) & 255);
    for (let start = 0; start < 9; start++) {
      for (let length = 0; length <= 200; length++) {
        const part = data.subarray(start, start + length);
        expect(checksumFinish(checksumAdd(data, start, length, 0))).toBe(
          checksumByDefinition(part),
        );
      }
    }
  });

  it('finishes with 0 over an IPv4 header whose stored checksum is right — RFC 1071 §1(3)', () => {
    const header = bytes('4500 0073 0000 4000 4011 b861 c0a8 0001 c0a8 00c7');
    expect(checksumFinish(checksumAdd(header, 0, 20, 0))).toBe(0);
    expect(checksumFinish(checksumAdd(header.with(19, 0xc6), 0, 20, 0))).not.toBe(0);
  });
});

describe('incremental update', () => {
  it('gives 0000, not ffff, for the case that RFC 1141 gets wrong — RFC 1624 §4', () => {
    expect(checksumUpdate(0xdd2f, 0x5555, 0x3285)).toBe(0x0000);
  });

  it('equals a new computation when a router decrements the TTL', () => {
    const header = bytes('4500 0073 0000 4000 4011 b861 c0a8 0001 c0a8 00c7');
    const updated = checksumUpdate(0xb861, 0x4011, 0x3f11);
    header.set([0x3f, 0x11, 0, 0], 8);
    expect(updated).toBe(checksumByDefinition(header));
  });
});

describe('pseudo-headers', () => {
  it('covers addresses, protocol and length of IPv4 — RFC 9293 §3.1', () => {
    const header = bytes('4500 0073 0000 4000 4011 b861 c0a8 0001 c0a8 00c7');
    const pseudo = bytes('c0a8 0001 c0a8 00c7 0011 005f');
    const sum = pseudoHeaderIpv4Sum(header, 0, 17, 0x5f);
    expect(checksumFinish(sum)).toBe(checksumByDefinition(pseudo));
  });

  it('covers addresses, next header and a 32-bit length of IPv6 — RFC 8200 §8.1', () => {
    const addresses = '20010db8000000000000000000000001 20010db8000000000000000000000002';
    const header = bytes(`60000000 0000 3a40 ${addresses}`);
    const pseudo = bytes(`${addresses} 00012345 0000003a`);
    const sum = pseudoHeaderIpv6Sum(header, 0, 58, 0x12345);
    expect(checksumFinish(sum)).toBe(checksumByDefinition(pseudo));
  });
});
