import { describe, expect, it } from 'vitest';
import {
  CookedPacketType,
  emitLinuxCooked,
  type LinuxCookedHeader,
  parseLinuxCooked,
} from '../../../src/wire/linux-cooked.ts';

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));

function expectHeader(hex: string, header: LinuxCookedHeader): void {
  const data = bytes(hex);
  expect(parseLinuxCooked(data, 0, data.length, header.version)).toEqual(header);
  const written = new Uint8Array(data.length).fill(0xee);
  expect(emitLinuxCooked(header, written, 0)).toBe(data.length);
  expect(written).toEqual(data);
}

describe('Linux cooked header', () => {
  const shared = { arpHardwareType: 1, addressLength: 6, address: bytes('020000000001') };

  it('is 16 bytes in version 1, the protocol last', () => {
    expectHeader('0004 0001 0006 020000000001 0000 0800', {
      ...shared,
      version: 1,
      packetType: CookedPacketType.FromUs,
      interfaceIndex: 0,
      protocol: 0x0800,
    });
  });

  it('is 20 bytes in version 2, the protocol first, with the interface', () => {
    expectHeader('86dd 0000 00000007 0001 00 06 020000000001 0000', {
      ...shared,
      version: 2,
      packetType: CookedPacketType.ToUs,
      interfaceIndex: 7,
      protocol: 0x86dd,
    });
  });

  it('holds eight bytes of a longer address', () => {
    const header = parseLinuxCooked(bytes('0000 0020 0014 0102030405060708 0800'), 0, 16, 1);
    expect(header).toMatchObject({ addressLength: 20, address: bytes('0102030405060708') });
  });
});
