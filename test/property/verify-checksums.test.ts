import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packetMemory } from '../../src/wire/packet-memory.ts';
import { ChecksumVerdict, verifyChecksums } from '../../src/wire/verify-checksums.ts';
import { ipBytes, packetSpecs, tcpBytes } from '../support/packets.ts';

const SEED = 0x5eed;

describe('verifyChecksums', () => {
  it('finds every packet good that was made right, and every single flipped bit of its segment — RFC 1071', () => {
    fc.assert(
      fc.property(packetSpecs, fc.nat(), (spec, bit) => {
        const segment = tcpBytes(spec);
        const packet = Uint8Array.from(ipBytes(spec, 6, segment));
        const memory = packetMemory(packet);
        const verdict = () => verifyChecksums(memory, 0, packet.length, packet.length);
        expect(verdict()).toBe(ChecksumVerdict.Good);
        const at = packet.length - segment.length + ((bit >> 3) % segment.length);
        packet[at] = (packet[at] as number) ^ (1 << (bit & 7));
        expect(verdict()).toBe(ChecksumVerdict.BadTcp);
      }),
      { seed: SEED, numRuns: 200 },
    );
  });

  it('finds every flipped bit of an IPv4 header behind the version — RFC 791 §3.1', () => {
    const v4 = packetSpecs.filter(({ version }) => version === 4);
    fc.assert(
      fc.property(v4, fc.nat(), (spec, bit) => {
        const packet = Uint8Array.from(ipBytes(spec, 6, tcpBytes(spec)));
        const at = (bit >> 3) % (20 + spec.options.length);
        // The version is the upper half of the first byte; its lower half is the header length.
        const mask = at === 0 ? 1 << (bit & 3) : 1 << (bit & 7);
        packet[at] = (packet[at] as number) ^ mask;
        const verdict = verifyChecksums(packetMemory(packet), 0, packet.length, packet.length);
        const isLonger = at === 0 && ((packet[0] as number) & 15) * 4 > packet.length;
        // A longer header takes in payload, whose sum may by chance be right: not in these runs.
        expect(verdict).toBe(
          isLonger ? ChecksumVerdict.Unverifiable : ChecksumVerdict.BadIpv4Header,
        );
      }),
      { seed: SEED, numRuns: 200 },
    );
  });

  it('takes any bytes and any truncation without reading outside them', () => {
    const bytes = fc
      .tuple(fc.constantFrom(0x45, 0x46, 0x60), fc.uint8Array({ maxLength: 90 }))
      .map(([first, rest]) => Uint8Array.of(first, ...rest));
    fc.assert(
      fc.property(bytes, fc.nat({ max: 70_000 }), (packet, longer) => {
        for (let end = 0; end <= packet.length; end++) {
          // A view of just these bytes throws at a read outside them.
          const verdict = verifyChecksums(
            packetMemory(packet.subarray(0, end)),
            0,
            end,
            end + longer,
          );
          expect(verdict).toBeGreaterThanOrEqual(ChecksumVerdict.Good);
        }
      }),
      { seed: SEED, numRuns: 100 },
    );
  });
});
