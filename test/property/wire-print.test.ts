import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LinkLayer } from '../../src/wire/link-layer.ts';
import { formatPacket } from '../../src/wire/print.ts';

const linkLayer = fc.constantFrom(
  LinkLayer.Unsupported,
  LinkLayer.Null,
  LinkLayer.Ethernet,
  LinkLayer.Raw,
  LinkLayer.LinuxCooked,
  LinkLayer.LinuxCooked2,
);
const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));

/** Starts of packets that lead deep into the printer; random bytes rarely do. */
const start = fc.constantFrom(
  '45000064000000004006000000000000000000000050138800000001000000026012ffff00000000020405b4',
  '4500006400000000400600000000000000000000005013880000000100000002f012ffff00000000',
  '450000640000000040010000000000000000000003040000000005784500',
  '4500006400002000401100000000000000000000003500350064',
  `600000000064003c${'00'.repeat(32)}3c000104000000002c0001040000000006000001`,
  `6000000000640640${'00'.repeat(32)}005013880000000100000002a012ffff`,
  `6000000000643a40${'00'.repeat(32)}870000000000`,
  `6000000000643a40${'00'.repeat(32)}0104000000000000600000000014113f`,
);

describe('text of a packet', () => {
  it('is one line for any bytes of any link layer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), linkLayer, (packet, layer) => {
        expect(formatPacket(packet, 0, packet.length, layer)).toMatch(/^[\x20-\x7e]+$/);
      }),
      { numRuns: 500, seed: 0x5eed },
    );
  });

  it('is one line for valid starts with any rest, cut anywhere, and does not read behind its end', () => {
    const rest = fc.uint8Array({ maxLength: 60 });
    fc.assert(
      fc.property(start, rest, fc.nat(), rest, (head, tail, cut, after) => {
        const packet = Uint8Array.from([...bytes(head), ...tail]);
        const end = 1 + (cut % packet.length);
        const text = formatPacket(packet.slice(0, end), 0, end, LinkLayer.Raw);
        expect(text).toMatch(/^IP6?[\x20-\x7e]+$/);
        const followed = Uint8Array.from([...packet.subarray(0, end), ...after]);
        expect(formatPacket(followed, 0, end, LinkLayer.Raw)).toBe(text);
      }),
      { numRuns: 500, seed: 0x5eed },
    );
  });
});
