import { describe, expect, it } from 'vitest';
import { checksumAdd, checksumFinish } from '../../../src/wire/checksum.ts';
import { checkIpv4, emitIpv4, type Ipv4Header, parseIpv4 } from '../../../src/wire/ipv4.ts';
import { Malformed } from '../../../src/wire/malformed.ts';

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));
const check = (data: Uint8Array) => checkIpv4(new DataView(data.buffer), 0, data.length);

/** What the three examples share; they leave addresses and checksum open. */
const EXAMPLE: Ipv4Header = {
  trafficClass: 0,
  totalLength: 21,
  identification: 111,
  flags: 0,
  fragmentOffset: 0,
  ttl: 123,
  protocol: 1,
  source: [0, 0, 0xffff, 0x0a000001],
  destination: [0, 0, 0xffff, 0x0a000002],
  options: [],
};

describe('IPv4 header', () => {
  it('reads the minimal datagram — RFC 791 appendix A, example 1', () => {
    const data = bytes('45000015 006f0000 7b010000 0a000001 0a000002 55');
    expect(parseIpv4(data, 0, data.length)).toEqual({ ...EXAMPLE, checksum: 0 });
  });

  it('reads the two fragments of a datagram of 452 octets — RFC 791 appendix A, example 2', () => {
    const first = bytes('45000114 006f2000 77060000 0a000001 0a000002');
    const second = bytes('450000d8 006f0020 77060000 0a000001 0a000002');
    const shared = { ...EXAMPLE, ttl: 119, protocol: 6, checksum: 0 };
    expect(parseIpv4(first, 0, 20)).toEqual({ ...shared, totalLength: 276, flags: 0x2000 });
    expect(parseIpv4(second, 0, 20)).toEqual({ ...shared, totalLength: 216, fragmentOffset: 256 });
  });

  it('reads options and stops at the end of their list — RFC 791 appendix A, example 3', () => {
    const data = bytes('48000240 006f0000 7b060000 0a000001 0a000002 44040500 8304aa01 8903bb00');
    expect(parseIpv4(data, 0, data.length)).toEqual({
      ...EXAMPLE,
      totalLength: 576,
      protocol: 6,
      checksum: 0,
      options: [
        { kind: 0x44, data: bytes('0500') },
        { kind: 0x83, data: bytes('aa01') },
        { kind: 0x89, data: bytes('bb') },
      ],
    });
    expect(check(data)).toBe(32);
  });

  it('computes the checksum where none is given, over options and padding as well', () => {
    const data = new Uint8Array(60).fill(0xee);
    const options = [
      { kind: 1, data: bytes('') },
      { kind: 148, data: bytes('0000') },
    ];
    expect(emitIpv4({ ...EXAMPLE, options }, data, 3)).toBe(28);
    expect(checksumFinish(checksumAdd(data, 3, 28, 0))).toBe(0);
    expect(data.subarray(23, 31)).toEqual(bytes('01 94040000 000000'));
  });

  it('refuses to write more than 40 bytes of options — RFC 791 §3.1', () => {
    const options = Array.from({ length: 4 }, () => ({ kind: 7, data: new Uint8Array(8) }));
    const data = new Uint8Array(100);
    expect(emitIpv4({ ...EXAMPLE, options }, data, 0)).toBe(60);
    const tooMany = [...options, { kind: 1, data: bytes('') }];
    expect(() => emitIpv4({ ...EXAMPLE, options: tooMany }, data, 0)).toThrow('at most 40 bytes');
  });

  it('names what makes bytes no header', () => {
    const valid = '45000015 006f0000 7b010000 0a000001 0a000002';
    expect(check(bytes(valid))).toBe(20);
    expect(check(bytes(valid).with(3, 20))).toBe(20);
    expect(check(bytes(valid).with(3, 19))).toBe(Malformed.TotalLength);
    expect(check(bytes(valid).subarray(0, 19).slice())).toBe(Malformed.Truncated);
    expect(check(bytes(`65${valid.slice(2)}`))).toBe(Malformed.Version);
    expect(check(bytes(`44${valid.slice(2)}`))).toBe(Malformed.HeaderLength);
    expect(check(bytes(`46${valid.slice(2)}`))).toBe(Malformed.TotalLength);
    expect(check(bytes(`4600 0020 ${valid.slice(9)}`))).toBe(Malformed.Truncated);
    const option = bytes(`4600 0020 ${valid.slice(9)} 83050000`);
    expect(parseIpv4(option, 0, option.length)).toBe(Malformed.OptionLength);
  });

  it('takes a total length of 0, which a host shows that leaves segmentation to its card', () => {
    expect(check(bytes('45000000 006f4000 7b060000 0a000001 0a000002'))).toBe(20);
  });
});
