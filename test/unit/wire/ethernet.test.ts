import { describe, expect, it } from 'vitest';
import {
  checkEthernet,
  type EthernetHeader,
  emitEthernet,
  parseEthernet,
} from '../../../src/wire/ethernet.ts';
import { Malformed } from '../../../src/wire/malformed.ts';

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));
const ADDRESSES = '0180c2000000 02ab00000001';
const HEADER: EthernetHeader = {
  destination: '01:80:c2:00:00:00',
  source: '02:ab:00:00:00:01',
  tags: [],
  etherType: 0x0800,
};

function expectHeader(hex: string, header: EthernetHeader): void {
  const data = bytes(hex);
  expect(parseEthernet(data, 0, data.length)).toEqual(header);
  const written = new Uint8Array(data.length);
  expect(emitEthernet(header, written, 0)).toBe(data.length);
  expect(written).toEqual(data);
}

describe('Ethernet header', () => {
  it('is 14 bytes, the type last', () => {
    expectHeader(`${ADDRESSES} 0800`, HEADER);
  });

  it('has 802.1Q tags between source and type: priority, drop eligible, identifier', () => {
    const tag = { etherType: 0x8100, priority: 5, dropEligible: true, vlanId: 0xabc };
    expectHeader(`${ADDRESSES} 8100 babc 86dd`, { ...HEADER, tags: [tag], etherType: 0x86dd });
  });

  it('stacks a service tag before a customer tag (802.1ad), also of the old type', () => {
    const tag = (etherType: number, vlanId: number) => ({
      etherType,
      priority: 0,
      dropEligible: false,
      vlanId,
    });
    expectHeader(`${ADDRESSES} 88a8 0064 8100 0005 0806`, {
      ...HEADER,
      tags: [tag(0x88a8, 100), tag(0x8100, 5)],
      etherType: 0x0806,
    });
    expectHeader(`${ADDRESSES} 9100 0001 0800`, { ...HEADER, tags: [tag(0x9100, 1)] });
  });

  it('has its payload type in its last two bytes, whatever the tags', () => {
    for (const tags of ['', '8100 0001', '88a8 0001 8100 0001']) {
      const data = bytes(`${ADDRESSES} ${tags} 0800 4500`);
      const view = new DataView(data.buffer);
      expect(view.getUint16(checkEthernet(view, 0, data.length) - 2)).toBe(0x0800);
    }
  });

  it('holds the length of an 802.3 frame as it is', () => {
    expectHeader(`${ADDRESSES} 0027`, { ...HEADER, etherType: 39 });
  });

  it('takes eight tags and refuses nine', () => {
    const stack = (count: number) => bytes(`${ADDRESSES} ${'8100 0001'.repeat(count)} 0800`);
    expect(parseEthernet(stack(8), 0, 46)).toMatchObject({ etherType: 0x0800 });
    expect(parseEthernet(stack(9), 0, 50)).toBe(Malformed.TooManyHeaders);
  });
});
