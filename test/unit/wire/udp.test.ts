import { describe, expect, it } from 'vitest';
import { Malformed } from '../../../src/wire/malformed.ts';
import { emitUdp, parseUdp } from '../../../src/wire/udp.ts';

const HEADER = { sourcePort: 53, destinationPort: 0xc001, length: 12, checksum: 0xabcd };
const BYTES = Uint8Array.from([0x00, 0x35, 0xc0, 0x01, 0x00, 0x0c, 0xab, 0xcd]);

describe('UDP header', () => {
  it('is ports, length and checksum — RFC 768', () => {
    expect(parseUdp(BYTES, 0, 8)).toEqual(HEADER);
    const written = new Uint8Array(8);
    expect(emitUdp(HEADER, written, 0)).toBe(8);
    expect(written).toEqual(BYTES);
  });

  it('writes 0 for an absent checksum, which says that there is none — RFC 768', () => {
    const written = BYTES.slice();
    emitUdp({ sourcePort: 53, destinationPort: 0xc001, length: 12 }, written, 0);
    expect([written[6], written[7]]).toEqual([0, 0]);
  });

  it('names a length that does not hold the header', () => {
    expect(parseUdp(BYTES.with(5, 7), 0, 8)).toBe(Malformed.TotalLength);
  });
});
