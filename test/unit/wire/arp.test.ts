import { describe, expect, it } from 'vitest';
import { ArpOperation, type ArpPacket, emitArp, parseArp } from '../../../src/wire/arp.ts';
import { Malformed } from '../../../src/wire/malformed.ts';

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));
const REQUEST: ArpPacket = {
  hardwareType: 1,
  protocolType: 0x0800,
  operation: ArpOperation.Request,
  senderHardware: bytes('020000000001'),
  senderProtocol: bytes('0a000001'),
  targetHardware: bytes('000000000000'),
  targetProtocol: bytes('0a000002'),
};
const REQUEST_BYTES = bytes(`0001 0800 06 04 0001
  020000000001 0a000001 000000000000 0a000002`);

describe('ARP packet', () => {
  it('is 28 bytes for Ethernet and IPv4, sender before target — RFC 826', () => {
    expect(parseArp(REQUEST_BYTES, 0, 28)).toEqual(REQUEST);
    const written = new Uint8Array(28);
    expect(emitArp(REQUEST, written, 0)).toBe(28);
    expect(written).toEqual(REQUEST_BYTES);
  });

  it('has addresses as long as its two length fields say — RFC 826', () => {
    const data = bytes('0006 0800 08 04 0002 0102030405060708 0a000001 1112131415161718 0a000002');
    expect(parseArp(data, 0, data.length)).toMatchObject({
      senderHardware: bytes('0102030405060708'),
      targetHardware: bytes('1112131415161718'),
      targetProtocol: bytes('0a000002'),
    });
    expect(parseArp(data.with(4, 9), 0, data.length)).toBe(Malformed.Truncated);
  });
});
