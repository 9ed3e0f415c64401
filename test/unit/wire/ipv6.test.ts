import { describe, expect, it } from 'vitest';
import { emitIpv6, type Ipv6Header, ipv6HeaderLength, parseIpv6 } from '../../../src/wire/ipv6.ts';
import { Malformed } from '../../../src/wire/malformed.ts';

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));
const ADDRESSES = '20010db8000000000000000000000001 20010db8000000000000000000000002';
const HEADER: Ipv6Header = {
  trafficClass: 0xb9,
  flowLabel: 0xabcde,
  payloadLength: 64,
  hopLimit: 63,
  source: [0x20010db8, 0, 0, 1],
  destination: [0x20010db8, 0, 0, 2],
  extensions: [],
  protocol: 6,
};

describe('IPv6 header', () => {
  it('has traffic class and flow label across its first word — RFC 8200 §3', () => {
    const data = bytes(`6b9abcde 0040 06 3f ${ADDRESSES}`);
    expect(parseIpv6(data, 0, data.length)).toEqual(HEADER);
    const written = new Uint8Array(40);
    expect(emitIpv6(HEADER, written, 0)).toBe(40);
    expect(written).toEqual(data);
  });

  it('is followed by extension headers in a chain of next headers — RFC 8200 §4.1', () => {
    const data = bytes(`6b9abcde 0040 00 3f ${ADDRESSES}
      2b 00 0502 0000 0100
      3c 00 0000 0000 0000
      33 00 0104 0000 0000
      2c 01 0000 00000100 00000007
      11 00 0001 00001234
      0035 1388`);
    const parsed = parseIpv6(data, 0, data.length) as Ipv6Header;
    expect(parsed).toEqual({
      ...HEADER,
      extensions: [
        { kind: 'opaque', protocol: 0, data: bytes('0502 0000 0100') },
        { kind: 'opaque', protocol: 43, data: bytes('0000 0000 0000') },
        { kind: 'opaque', protocol: 60, data: bytes('0104 0000 0000') },
        { kind: 'opaque', protocol: 51, data: bytes('0000 00000100 00000007') },
        { kind: 'fragment', offset: 0, moreFragments: true, identification: 0x1234 },
      ],
      protocol: 17,
    });
    expect(ipv6HeaderLength(parsed)).toBe(data.length - 4);
  });

  it('is not read on behind a fragment header whose offset is not 0 — RFC 8200 §4.5', () => {
    const data = bytes(`6b9abcde 0040 2c 3f ${ADDRESSES} 00 00 05a9 0000beef ffff ffff`);
    const parsed = parseIpv6(data, 0, data.length) as Ipv6Header;
    expect(parsed.extensions).toEqual([
      { kind: 'fragment', offset: 1448, moreFragments: true, identification: 0xbeef },
    ]);
    expect(parsed.protocol).toBe(0);
    // The smallest offset there is: 8 bytes.
    const second = parseIpv6(data.with(42, 0).with(43, 9), 0, data.length) as Ipv6Header;
    expect(second.extensions).toHaveLength(1);
  });

  it('may have 16 extension headers and no more', () => {
    const chain = (count: number) => {
      const headers = Array.from({ length: count }, (_, i) => `${i < count - 1 ? '3c' : '06'} 00`);
      const text = headers.map((header) => `${header} 0104 0000 0000`).join('');
      return bytes(`6b9abcde 0100 3c 3f ${ADDRESSES} ${text}`);
    };
    expect(parseIpv6(chain(16), 0, 40 + 128)).toMatchObject({ protocol: 6 });
    expect(parseIpv6(chain(17), 0, 40 + 136)).toBe(Malformed.TooManyHeaders);
  });

  it('is malformed where its payload length ends before the chain does', () => {
    const data = bytes(
      `6b9abcde 0008 3c 3f ${ADDRESSES} 3c 00 0104 0000 0000 06 00 0104 0000 0000`,
    );
    expect(parseIpv6(data, 0, data.length)).toBe(Malformed.TotalLength);
    expect(parseIpv6(data.with(5, 15), 0, data.length)).toBe(Malformed.TotalLength);
    expect(parseIpv6(data.with(5, 16), 0, data.length)).toMatchObject({ payloadLength: 16 });
    expect(parseIpv6(data.with(5, 0), 0, data.length)).toMatchObject({ payloadLength: 0 });
  });

  it('names a wrong version and a chain that is cut', () => {
    const data = bytes(`6b9abcde 0040 3c 3f ${ADDRESSES} 06 01 0104 0000 0000`);
    expect(parseIpv6(data, 0, data.length)).toBe(Malformed.Truncated);
    expect(parseIpv6(data.with(0, 0x4b), 0, data.length)).toBe(Malformed.Version);
  });
});
