import { describe, expect, it } from 'vitest';
import { dissect } from '../../../src/wire/dissect.ts';
import { LinkLayer } from '../../../src/wire/link-layer.ts';
import { PacketColumns } from '../../../src/wire/packet-columns.ts';
import { packetMemory } from '../../../src/wire/packet-memory.ts';
import { CANNOT_SPLIT, SegmentSplitter } from '../../../src/wire/split-segment.ts';
import { ChecksumVerdict, verifyChecksums } from '../../../src/wire/verify-checksums.ts';
import {
  ipBytes,
  type PacketSpec,
  tcpBytes,
  timestampsOption,
  u16,
  u32,
} from '../../support/packets.ts';

const PAYLOAD = Array.from({ length: 70_000 }, (_, at) => (at * 7) & 255);
const V4: PacketSpec = {
  vlanTags: [],
  version: 4,
  trafficClass: 0,
  ttl: 64,
  identification: 0xfffe,
  options: [],
  source: [192, 0, 2, 1],
  destination: [192, 0, 2, 2],
  tcp: {
    sourcePort: 1024,
    destinationPort: 80,
    sequence: 0xfffffff0,
    acknowledgment: 2,
    flags: 0x18,
    window: 512,
    urgentPointer: 0,
    options: timestampsOption(5, 6),
  },
  payload: PAYLOAD,
};
const V6: PacketSpec = {
  ...V4,
  version: 6,
  source: [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  destination: [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2],
};

const SOURCE = 0;
const TARGET = 80_000;
const columns = new PacketColumns(1);

/** Splits a raw IP packet by an MTU of 1500. Gives the pieces, or what begin returned. */
const splitRaw = (packet: readonly number[]) => splitPacket(packet, LinkLayer.Raw, 0);

function splitPacket(
  packet: readonly number[],
  layer: LinkLayer,
  network: number,
): number[][] | number {
  const memory = packetMemory(new Uint8Array(100_000));
  memory.bytes.set(packet, SOURCE);
  const { length } = packet;
  dissect(memory.view, SOURCE, length, length, layer, columns, 0);
  const splitter = new SegmentSplitter(memory, 1500);
  const count = splitter.begin(SOURCE, length, length, columns, 0, 0);
  if (count < 2) return count;
  return Array.from({ length: count }, (_, piece) => {
    splitter.emit(piece, TARGET);
    const end = TARGET + splitter.capturedLength(piece);
    expect(verifyChecksums(memory, TARGET + network, end, end)).toBe(ChecksumVerdict.Good);
    return Array.from(memory.bytes.slice(TARGET, end));
  });
}

function payloadOf(pieces: number[][] | number, headerBytes: number): number[] {
  if (typeof pieces === 'number') throw new Error('no pieces');
  return pieces.flatMap((piece) => piece.slice(headerBytes));
}

describe('SegmentSplitter', () => {
  it('goes by the length of the capture where IPv4 cannot count it, or says 0', () => {
    const packet = ipBytes(V4, 6, tcpBytes(V4));
    const pieces = splitRaw(packet);
    expect(pieces).toHaveLength(Math.ceil(70_000 / 1448));
    expect(payloadOf(pieces, 52)).toEqual(PAYLOAD);
    packet.splice(2, 2, 0, 0);
    expect(payloadOf(splitRaw(packet), 52)).toEqual(PAYLOAD);
  });

  it('lets identification and sequence number wrap — RFC 791 §3.1, RFC 9293 §3.4', () => {
    const pieces = splitRaw(ipBytes(V4, 6, tcpBytes(V4))) as number[][];
    const identifications = pieces.slice(0, 4).map((piece) => piece.slice(4, 6));
    expect(identifications).toEqual([u16(0xfffe), u16(0xffff), u16(0), u16(1)]);
    expect(pieces[1]?.slice(24, 28)).toEqual(u32(1448 - 16));
  });

  it('drops the urgent pointer from the piece that begins where it points — RFC 9293 §3.1', () => {
    const tcp = { ...V4.tcp, flags: 0x038, urgentPointer: 1448 };
    const spec = { ...V4, tcp, payload: PAYLOAD.slice(0, 2000) };
    const pieces = splitRaw(ipBytes(spec, 6, tcpBytes(spec))) as number[][];
    const flagsAndPointer = pieces.map((piece) => [piece[33], ...piece.slice(38, 40)]);
    expect(flagsAndPointer).toEqual([
      [0x030, ...u16(1448)],
      [0x018, 0, 0],
    ]);
  });

  it('leaves the jumbo header of a host out of the pieces — RFC 2675', () => {
    const transport = tcpBytes(V6);
    const jumbo = [6, 0, 0xc2, 4, ...u32(8 + transport.length)];
    const packet = ipBytes(V6, 0, [...jumbo, ...transport]);
    packet.splice(4, 2, 0, 0);
    const pieces = splitRaw(packet);
    expect(payloadOf(pieces, 72)).toEqual(PAYLOAD);
    expect((pieces as number[][]).every((piece) => piece[6] === 6)).toBe(true);
  });

  it('gives each piece behind PPPoE the length of its own — RFC 2516 §4', () => {
    const link = [...new Array<number>(12).fill(2), 0x88, 0x64, 0x11, 0, 0, 9, 0xff, 0xff, 0, 0x21];
    const spec = { ...V4, payload: PAYLOAD.slice(0, 3000) };
    const packet = [...link, ...ipBytes(spec, 6, tcpBytes(spec))];
    const pieces = splitPacket(packet, LinkLayer.Ethernet, link.length) as number[][];
    expect(payloadOf(pieces, link.length + 52)).toEqual(spec.payload);
    const lengths = pieces.map((piece) => piece.slice(18, 20));
    expect(lengths).toEqual([u16(1502), u16(1502), u16(52 + 104 + 2)]);
  });

  it('leaves alone what fits, and cannot split fragments and other transports', () => {
    const small = { ...V4, payload: PAYLOAD.slice(0, 1448) };
    expect(splitRaw(ipBytes(small, 6, tcpBytes(small)))).toBe(1);
    const datagram = [...u16(53), ...u16(53), ...u16(2008), 0, 0, ...PAYLOAD.slice(0, 2000)];
    expect(splitRaw(ipBytes(V4, 17, datagram))).toBe(CANNOT_SPLIT);
    expect(splitRaw(ipBytes(V4, 17, datagram.slice(0, 1000)))).toBe(1);
    const large = { ...V4, payload: PAYLOAD.slice(0, 3000) };
    const fragment = ipBytes(large, 6, tcpBytes(large));
    fragment[6] = 0x20;
    expect(splitRaw(fragment)).toBe(CANNOT_SPLIT);
  });

  it('does not believe lengths that no host makes: a record of few bytes is no million packets', () => {
    const memory = packetMemory(Uint8Array.from(ipBytes(V4, 6, tcpBytes(V4)).slice(0, 96)));
    const splitter = new SegmentSplitter(memory, 1500);
    const begin = (originalLength: number) => {
      dissect(memory.view, 0, 96, originalLength, LinkLayer.Raw, columns, 0);
      return splitter.begin(0, 96, originalLength, columns, 0, 0);
    };
    expect(begin(52 + 512 * 1024)).toBe(Math.ceil((512 * 1024) / 1448));
    expect(begin(2 ** 31 - 1)).toBe(CANNOT_SPLIT);
  });

  it('cannot split for an MTU that has no room for the headers', () => {
    const memory = packetMemory(Uint8Array.from(ipBytes(V4, 6, tcpBytes(V4))));
    const { length } = memory.bytes;
    dissect(memory.view, 0, length, length, LinkLayer.Raw, columns, 0);
    const splitter = new SegmentSplitter(memory, 52);
    expect(splitter.begin(0, length, length, columns, 0, 0)).toBe(CANNOT_SPLIT);
  });
});
