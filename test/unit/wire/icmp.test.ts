import { describe, expect, it } from 'vitest';
import {
  emitIcmp,
  type IcmpError,
  type IcmpMessage,
  type IcmpVersion,
  icmpMtu,
  parseIcmp,
} from '../../../src/wire/icmp.ts';
import { Malformed } from '../../../src/wire/malformed.ts';

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));
const QUOTE = '45000028 00010000 40060000 0a000001 0a000002 c0010050 00000001';

function expectMessage(hex: string, version: IcmpVersion, message: IcmpMessage): void {
  const data = bytes(hex);
  expect(parseIcmp(data, 0, data.length, version)).toEqual(message);
  const written = new Uint8Array(data.length);
  expect(emitIcmp(message, written, 0, version)).toBe(data.length);
  expect(written).toEqual(data);
}

function mtuOf(hex: string, version: IcmpVersion): number {
  return icmpMtu(new DataView(bytes(hex).buffer), 0, version);
}

describe('ICMP message', () => {
  it('echoes an identifier, a sequence number and data — RFC 792', () => {
    expectMessage('08 00 1234 0001 0002 616263', 4, {
      kind: 'echo',
      type: 8,
      code: 0,
      checksum: 0x1234,
      identifier: 1,
      sequence: 2,
      data: bytes('616263'),
    });
  });

  it('tells the MTU of the next hop where fragmentation is needed — RFC 1191 §4', () => {
    expectMessage(`03 04 0000 0000 0578 ${QUOTE}`, 4, {
      kind: 'error',
      type: 3,
      code: 4,
      checksum: 0,
      parameter: 1400,
      quoted: bytes(QUOTE),
    });
    expect(mtuOf('03 04 0000 0000 0578', 4)).toBe(1400);
    expect(mtuOf('03 03 0000 0000 0578', 4)).toBe(-1);
    expect(mtuOf('08 04 0000 0000 0578', 4)).toBe(-1);
  });

  it('tells where extensions start behind a padded quote — RFC 4884 §4.2', () => {
    const padded = QUOTE.replaceAll(' ', '').padEnd(256, '0');
    const extensions = '2000 dead 0008 0101 00010101';
    const message: IcmpError = {
      kind: 'error',
      type: 11,
      code: 0,
      checksum: 0,
      parameter: 0,
      quoted: bytes(padded),
      extensions: bytes(extensions),
    };
    expectMessage(`0b 00 0000 00 20 0000 ${padded} ${extensions}`, 4, message);
    // A quote that is too short is padded to 128 bytes: RFC 4884 §3.
    const written = new Uint8Array(300).fill(0xee);
    const length = emitIcmp({ ...message, quoted: bytes(QUOTE) }, written, 0, 4);
    expect(parseIcmp(written, 0, length, 4)).toEqual(message);
  });

  it('names a length attribute that points behind the message — RFC 4884 §4.1', () => {
    const data = bytes(`03 00 0000 00 20 0000 ${QUOTE}`);
    expect(parseIcmp(data, 0, data.length, 4)).toBe(Malformed.TotalLength);
  });

  it('takes the same byte of a redirect for its gateway address — RFC 792', () => {
    expectMessage(`05 01 0000 0a200003 ${QUOTE}`, 4, {
      kind: 'error',
      type: 5,
      code: 1,
      checksum: 0,
      parameter: 0x0a200003,
      quoted: bytes(QUOTE),
    });
  });

  it('carries what it does not know as its body', () => {
    const message: IcmpMessage = {
      kind: 'other',
      type: 13,
      code: 0,
      checksum: 0,
      body: bytes('0001000200000003'),
    };
    expectMessage('0d 00 0000 0001 0002 00000003', 4, message);
  });
});

describe('ICMPv6 message', () => {
  it('says that a packet is too big, with a 32-bit MTU — RFC 4443 §3.2', () => {
    expectMessage('02 00 0000 00000500 60000000', 6, {
      kind: 'error',
      type: 2,
      code: 0,
      checksum: 0,
      parameter: 1280,
      quoted: bytes('60000000'),
    });
    expect(mtuOf('02 00 0000 00000500', 6)).toBe(1280);
    expect(mtuOf('02 00 0000 ffffffff', 6)).toBe(2 ** 31 - 1);
    expect(mtuOf('03 04 0000 00000500', 6)).toBe(-1);
  });

  it('counts the length of a quote before extensions in 8 bytes — RFC 4884 §4.5', () => {
    const padded = ''.padEnd(256, 'ab');
    expectMessage(`03 00 0000 10 000000 ${padded} 20000000`, 6, {
      kind: 'error',
      type: 3,
      code: 0,
      checksum: 0,
      parameter: 0,
      quoted: bytes(padded),
      extensions: bytes('20000000'),
    });
  });

  it('carries neighbour discovery as its body — RFC 4861 §4.3', () => {
    const body = '00000000 fe800000000000000000000000000001 01 01 020000000001';
    expectMessage(`87 00 0000 ${body}`, 6, {
      kind: 'other',
      type: 135,
      code: 0,
      checksum: 0,
      body: bytes(body),
    });
  });
});
