import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dissect } from '../../src/wire/dissect.ts';
import { LinkLayer } from '../../src/wire/link-layer.ts';
import { ADDRESS_WORDS, DissectStatus, PacketColumns } from '../../src/wire/packet-columns.ts';
import { packetSpecs, tcpFrame } from '../support/packets.ts';

const SEED = 0x5eed;
const LINK_LAYERS = [
  LinkLayer.Ethernet,
  LinkLayer.LinuxCooked,
  LinkLayer.LinuxCooked2,
  LinkLayer.Null,
  LinkLayer.Loop,
  LinkLayer.Raw,
  LinkLayer.RawIpv4,
  LinkLayer.RawIpv6,
  LinkLayer.Unsupported,
] as const;

type Row = Record<string, number | number[]>;

/** Every column of a row, read through the public windows. */
function readRow(columns: PacketColumns, row: number): Row {
  const result: Row = {};
  for (const [name, column] of Object.entries(columns)) {
    if (name === 'cells' || name === 'octets' || !ArrayBuffer.isView(column)) continue;
    const cells = column as unknown as number[];
    result[name] =
      name === 'addresses'
        ? [...cells.slice(row * ADDRESS_WORDS, (row + 1) * ADDRESS_WORDS)]
        : (cells[row] as number);
  }
  return result;
}

const columns = new PacketColumns(4);

/** Dissects a packet that fills its view: a read outside it throws. `dirt` is what the row held before. */
function rowOf(packet: Uint8Array, originalLength: number, layer: LinkLayer, dirt = 0): Row {
  columns.cells.fill(dirt * 0x01010101);
  columns.octets.fill(dirt);
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  dissect(view, 0, packet.length, originalLength, layer, columns, 1);
  return readRow(columns, 1);
}

/** The same packet in the middle of a buffer of `guard` bytes. */
function guardedRow(
  packet: Uint8Array,
  originalLength: number,
  layer: LinkLayer,
  guard: number,
): Row {
  const buffer = new Uint8Array(packet.length + 256).fill(guard);
  buffer.set(packet, 128);
  dissect(new DataView(buffer.buffer), 128, packet.length, originalLength, layer, columns, 1);
  return readRow(columns, 1);
}

function checkAnyBytes(packet: Uint8Array, originalLength: number, layer: LinkLayer): Row {
  const row = rowOf(packet, originalLength, layer, 0);
  expect(rowOf(packet, originalLength, layer, 0xff)).toEqual(row);
  expect(guardedRow(packet, originalLength, layer, 0x45)).toEqual(row);
  expect(guardedRow(packet, originalLength, layer, 0xff)).toEqual(row);
  expect(row['networkOffset']).toBeLessThan(Math.max(packet.length, 0));
  expect(row['transportOffset']).toBeLessThan(Math.max(packet.length, 0));
  expect(row['payloadLength']).toBeGreaterThanOrEqual(0);
  return row;
}

describe('dissect', () => {
  it('gives a row for any bytes of any link layer that nothing outside the packet changes', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 120 }),
      // Headers that start as IP, so that the deeper parsers are reached.
      fc
        .tuple(fc.constantFrom(0x45, 0x46, 0x4f, 0x60), fc.uint8Array({ maxLength: 120 }))
        .map(([first, rest]) => Uint8Array.of(first, ...rest)),
    );
    fc.assert(
      fc.property(
        bytes,
        fc.constantFrom(...LINK_LAYERS),
        fc.nat({ max: 70000 }),
        (packet, layer, longer) => {
          checkAnyBytes(packet, packet.length + longer, layer);
          checkAnyBytes(packet, 0, layer);
        },
      ),
      { seed: SEED, numRuns: 400 },
    );
  });

  it('stays inside every truncation of a packet with bits flipped', () => {
    const flips = fc.array(fc.tuple(fc.nat({ max: 120 }), fc.nat({ max: 255 })), { maxLength: 4 });
    fc.assert(
      fc.property(packetSpecs, flips, (spec, changes) => {
        const packet = Uint8Array.from(tcpFrame(spec));
        for (const [at, mask] of changes) {
          if (at < packet.length) packet[at] = (packet[at] as number) ^ mask;
        }
        for (let length = 0; length <= packet.length; length += 1 + (length % 3)) {
          checkAnyBytes(packet.subarray(0, length), packet.length, LinkLayer.Ethernet);
        }
      }),
      { seed: SEED, numRuns: 40 },
    );
  });

  it('reads back every field that a packet was made from — RFC 791, RFC 8200, RFC 9293', () => {
    fc.assert(
      fc.property(packetSpecs, fc.nat({ max: 3 }), (spec, padding) => {
        const frame = tcpFrame(spec);
        const packet = Uint8Array.from([...frame, ...new Array<number>(padding).fill(0xaa)]);
        const row = rowOf(packet, packet.length, LinkLayer.Ethernet);
        const { tcp } = spec;
        expect(row).toMatchObject({
          status: DissectStatus.Ok,
          networkOffset: 14 + 4 * spec.vlanTags.length,
          vlan: spec.vlanTags[0] ?? -1,
          ipVersion: spec.version,
          protocol: 6,
          trafficClass: spec.trafficClass,
          ttl: spec.ttl,
          identification: spec.version === 4 ? spec.identification : 0,
          isFragment: 0,
          sourcePort: tcp.sourcePort,
          destinationPort: tcp.destinationPort,
          sequence: tcp.sequence | 0,
          acknowledgment: tcp.acknowledgment | 0,
          tcpFlags: tcp.flags,
          window: tcp.window,
          payloadLength: spec.payload.length,
          wireLength: packet.length,
          transportOffset: frame.length - spec.payload.length - tcp.options.length - 20,
          hasTimestamps: tcp.options.length > 0 ? 1 : 0,
        });
        const isSyn = (tcp.flags & 2) !== 0;
        if (tcp.options.length === 20 && isSyn) {
          expect(row['mss']).toBe(((tcp.options[2] as number) << 8) | (tcp.options[3] as number));
          expect(row['windowScale']).toBe(tcp.options[19]);
        } else {
          expect([row['mss'], row['windowScale']]).toEqual([-1, -1]);
        }
      }),
      { seed: SEED, numRuns: 200 },
    );
  });

  it('reports a cut header as truncated and keeps what was stored', () => {
    fc.assert(
      fc.property(packetSpecs, fc.nat(), (spec, cut) => {
        const frame = Uint8Array.from(tcpFrame(spec));
        const headers = frame.length - spec.payload.length;
        const length = cut % (headers - 1);
        const row = rowOf(frame.subarray(0, length), frame.length, LinkLayer.Ethernet);
        expect(row['status']).toBe(DissectStatus.Truncated);
        const tcpHeader = headers - spec.tcp.options.length;
        expect(row['sourcePort']).toBe(length >= tcpHeader ? spec.tcp.sourcePort : -1);
        expect(row['wireLength']).toBe(frame.length);
      }),
      { seed: SEED, numRuns: 200 },
    );
  });
});
