import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AddressWords } from '../../src/base/ip-address.ts';
import { type ArpPacket, emitArp, parseArp } from '../../src/wire/arp.ts';
import { type EthernetHeader, emitEthernet, parseEthernet } from '../../src/wire/ethernet.ts';
import { emitIcmp, type IcmpMessage, parseIcmp } from '../../src/wire/icmp.ts';
import { emitIpv4, type Ipv4Header, parseIpv4 } from '../../src/wire/ipv4.ts';
import { emitIpv6, type Ipv6Header, ipv6HeaderLength, parseIpv6 } from '../../src/wire/ipv6.ts';
import {
  emitLinuxCooked,
  type LinuxCookedHeader,
  parseLinuxCooked,
} from '../../src/wire/linux-cooked.ts';
import { Malformed } from '../../src/wire/malformed.ts';
import { emitTcp, parseTcp, type TcpHeader } from '../../src/wire/tcp.ts';
import type { TcpOption } from '../../src/wire/tcp-options.ts';
import { emitUdp, parseUdp, type UdpHeader } from '../../src/wire/udp.ts';

const RUNS = { numRuns: 200, seed: 0x5eed };

const u8 = fc.integer({ min: 0, max: 0xff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const int32 = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff });
const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const bytesUpTo = (maxLength: number) => fc.uint8Array({ maxLength });
const oneOfLengths = (...lengths: number[]) => fc.constantFrom(...lengths).chain(bytesOf);

const mac = bytesOf(6).map((octets) =>
  Array.from(octets, (octet) => octet.toString(16).padStart(2, '0')).join(':'),
);
const ipv4Address: fc.Arbitrary<AddressWords> = int32.map((word) => [0, 0, 0xffff, word]);
const ipv6Address: fc.Arbitrary<AddressWords> = fc.tuple(int32, int32, int32, int32);
const vlanType = fc.constantFrom(0x8100, 0x88a8, 0x9100);

const ethernet: fc.Arbitrary<EthernetHeader> = fc.record({
  destination: mac,
  source: mac,
  tags: fc.array(
    fc.record({
      etherType: vlanType,
      priority: fc.integer({ min: 0, max: 7 }),
      dropEligible: fc.boolean(),
      vlanId: fc.integer({ min: 0, max: 4095 }),
    }),
    { maxLength: 8 },
  ),
  etherType: u16.filter((type) => ![0x8100, 0x88a8, 0x9100].includes(type)),
});

const arp: fc.Arbitrary<ArpPacket> = fc
  .tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 16 }))
  .chain(([hardware, protocol]) =>
    fc.record({
      hardwareType: u16,
      protocolType: u16,
      operation: u16,
      senderHardware: bytesOf(hardware),
      senderProtocol: bytesOf(protocol),
      targetHardware: bytesOf(hardware),
      targetProtocol: bytesOf(protocol),
    }),
  );

const ipv4: fc.Arbitrary<Ipv4Header> = fc
  .record({
    trafficClass: u8,
    totalLength: fc.integer({ min: 60, max: 0xffff }),
    identification: u16,
    flags: fc.integer({ min: 0, max: 7 }).map((bits) => bits << 13),
    fragmentOffset: fc.integer({ min: 0, max: 0x1fff }).map((units) => units * 8),
    ttl: u8,
    protocol: u8,
    checksum: u16,
    source: ipv4Address,
    destination: ipv4Address,
    options: fc.array(
      fc.oneof(
        fc.constant({ kind: 1, data: new Uint8Array(0) }),
        fc.record({ kind: fc.integer({ min: 2, max: 255 }), data: bytesUpTo(8) }),
      ),
      { maxLength: 4 },
    ),
  })
  .map((header) => header as Ipv4Header);

const ipv6Extension = fc.oneof(
  fc.record({
    kind: fc.constant('fragment' as const),
    // A later fragment ends the walk, so only the last extension may be one: see below.
    offset: fc.constant(0),
    moreFragments: fc.boolean(),
    identification: u32,
  }),
  fc.record({
    kind: fc.constant('opaque' as const),
    protocol: fc.constantFrom(0, 43, 60),
    data: oneOfLengths(6, 14, 30, 6 + 8 * 255),
  }),
  fc.record({
    kind: fc.constant('opaque' as const),
    protocol: fc.constant(51),
    data: oneOfLengths(6, 10, 22),
  }),
);
const laterFragment = fc.record({
  kind: fc.constant('fragment' as const),
  offset: fc.integer({ min: 1, max: 0x1fff }).map((units) => units * 8),
  moreFragments: fc.boolean(),
  identification: u32,
});
const isUpperLayer = (protocol: number) => ![0, 43, 44, 51, 60].includes(protocol);

const ipv6Base = {
  trafficClass: u8,
  flowLabel: fc.integer({ min: 0, max: 0xfffff }),
  payloadLength: u16,
  hopLimit: u8,
  source: ipv6Address,
  destination: ipv6Address,
};
/** The payload length counts the extension headers. */
const withExtensionBytes = (header: Ipv6Header): Ipv6Header => ({
  ...header,
  payloadLength: Math.min(0xffff, header.payloadLength + ipv6HeaderLength(header) - 40),
});
const ipv6: fc.Arbitrary<Ipv6Header> = fc
  .oneof(
    fc.record({
      ...ipv6Base,
      extensions: fc.array(ipv6Extension, { maxLength: 16 }),
      protocol: u8.filter(isUpperLayer),
    }),
    fc
      .record({
        ...ipv6Base,
        before: fc.array(ipv6Extension, { maxLength: 3 }),
        last: laterFragment,
        protocol: u8,
      })
      .map(({ before, last, ...header }) => ({ ...header, extensions: [...before, last] })),
  )
  .map(withExtensionBytes);

const cookie = oneOfLengths(0, 4, 6, 8, 10, 12, 14, 16);
const tcpOption: fc.Arbitrary<TcpOption> = fc.oneof(
  fc.constant({ kind: 'nop' as const }),
  fc.record({ kind: fc.constant('mss' as const), mss: u16 }),
  fc.record({ kind: fc.constant('windowScale' as const), shift: u8 }),
  fc.constant({ kind: 'sackPermitted' as const }),
  fc.record({
    kind: fc.constant('sack' as const),
    blocks: fc.array(fc.record({ left: u32, right: u32 }), { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ kind: fc.constant('timestamps' as const), tsVal: u32, tsEcr: u32 }),
  fc.record({ kind: fc.constant('fastOpen' as const), cookie, isExperimental: fc.boolean() }),
  fc.record({ kind: fc.constant('mptcp' as const), data: bytesUpTo(20) }),
  fc.record({
    kind: fc.constant('accEcn' as const),
    order: fc.constantFrom(0 as const, 1 as const),
    data: oneOfLengths(0, 3, 6, 9),
  }),
  fc.record({
    kind: fc.constant('unknown' as const),
    optionKind: u8.filter((kind) => ![0, 1, 2, 3, 4, 5, 8, 30, 34, 172, 174, 254].includes(kind)),
    data: bytesUpTo(12),
  }),
);
const optionBytes = new Uint8Array(400);
const fitsHeader = (options: readonly TcpOption[]) => {
  let length = 0;
  for (const option of options) {
    // Measured alone, without its padding to a word: the exact sum is at most this plus 3.
    const header = { ...EMPTY_TCP, options: [option] };
    length += emitTcp(header, optionBytes, 0) - 20;
  }
  return length <= 40;
};
const EMPTY_TCP: TcpHeader = {
  sourcePort: 0,
  destinationPort: 0,
  sequence: 0,
  acknowledgment: 0,
  flags: 0,
  window: 0,
  urgentPointer: 0,
  options: [],
};
const tcp: fc.Arbitrary<TcpHeader> = fc.record({
  sourcePort: u16,
  destinationPort: u16,
  sequence: u32,
  acknowledgment: u32,
  flags: fc.integer({ min: 0, max: 0xfff }),
  window: u16,
  checksum: u16,
  urgentPointer: u16,
  options: fc.array(tcpOption, { maxLength: 6 }).filter(fitsHeader),
});

const udp: fc.Arbitrary<UdpHeader> = fc.record({
  sourcePort: u16,
  destinationPort: u16,
  length: fc.integer({ min: 8, max: 0xffff }),
  checksum: u16,
});

const icmp = (version: 4 | 6): fc.Arbitrary<IcmpMessage> => {
  const echoTypes = version === 4 ? [0, 8] : [128, 129];
  const errorTypes = version === 4 ? [3, 4, 5, 11, 12] : [1, 2, 3, 4];
  const extensibleTypes = version === 4 ? [3, 11, 12] : [1, 3];
  const lengthMask = version === 4 ? 0xff00ffff : 0x00ffffff;
  const unit = version === 4 ? 4 : 8;
  return fc.oneof(
    fc.record({
      kind: fc.constant('echo' as const),
      type: fc.constantFrom(...echoTypes),
      code: u8,
      checksum: u16,
      identifier: u16,
      sequence: u16,
      data: bytesUpTo(80),
    }),
    fc.record({
      kind: fc.constant('error' as const),
      type: fc.constantFrom(...errorTypes),
      code: u8,
      checksum: u16,
      parameter: u32.map((word) => (word & lengthMask) >>> 0),
      quoted: bytesUpTo(80),
    }),
    fc.record({
      kind: fc.constant('error' as const),
      type: fc.constantFrom(...extensibleTypes),
      code: u8,
      checksum: u16,
      parameter: u32.map((word) => (word & lengthMask) >>> 0),
      quoted: fc.integer({ min: 128 / unit, max: 255 }).chain((units) => bytesOf(units * unit)),
      extensions: bytesUpTo(40),
    }),
    fc.record({
      kind: fc.constant('other' as const),
      type: u8.filter((type) => !echoTypes.includes(type) && !errorTypes.includes(type)),
      code: u8,
      checksum: u16,
      body: fc.uint8Array({ minLength: 4, maxLength: 80 }),
    }),
  );
};

const linuxCooked = (version: 1 | 2): fc.Arbitrary<LinuxCookedHeader> =>
  fc
    .record({
      packetType: version === 1 ? u16 : u8,
      arpHardwareType: u16,
      interfaceIndex: version === 1 ? fc.constant(0) : u32,
      addressLength: fc.integer({ min: 0, max: 20 }),
      protocol: u16,
      address: bytesOf(8),
    })
    .map((header) => ({
      ...header,
      version,
      address: header.address.slice(0, Math.min(8, header.addressLength)),
    }));

interface Codec<T> {
  readonly name: string;
  readonly values: fc.Arbitrary<T>;
  readonly parse: (bytes: Uint8Array, start: number, end: number) => T | Malformed;
  readonly emit: (value: T, bytes: Uint8Array, at: number) => number;
  /** The format has no length of its own: a shorter end is a shorter message. */
  readonly endsWithBytes?: true;
}

// The compiler checks each codec against its own type; the table holds them without it.
const codec = <T>(entry: Codec<T>) => entry as unknown as Codec<unknown>;
const codecs: readonly Codec<unknown>[] = [
  codec({ name: 'Ethernet', values: ethernet, parse: parseEthernet, emit: emitEthernet }),
  codec({ name: 'ARP', values: arp, parse: parseArp, emit: emitArp }),
  codec({ name: 'IPv4', values: ipv4, parse: parseIpv4, emit: emitIpv4 }),
  codec({ name: 'IPv6', values: ipv6, parse: parseIpv6, emit: emitIpv6 }),
  codec({ name: 'TCP', values: tcp, parse: parseTcp, emit: emitTcp }),
  codec({ name: 'UDP', values: udp, parse: parseUdp, emit: emitUdp }),
  ...([4, 6] as const).map((version) =>
    codec<IcmpMessage>({
      name: version === 4 ? 'ICMP' : 'ICMPv6',
      values: icmp(version),
      parse: (bytes, start, end) => parseIcmp(bytes, start, end, version),
      emit: (message, bytes, at) => emitIcmp(message, bytes, at, version),
      endsWithBytes: true,
    }),
  ),
  ...([1, 2] as const).map((version) =>
    codec<LinuxCookedHeader>({
      name: `Linux cooked v${version}`,
      values: linuxCooked(version),
      parse: (bytes, start, end) => parseLinuxCooked(bytes, start, end, version),
      emit: emitLinuxCooked,
    }),
  ),
];

/** Room for the longest header (17 extension headers of 2 KiB), and where in it the header starts. */
const room = new Uint8Array(40_000);
const AT = 5;

/** The emitted bytes in a buffer that ends with them, so that reading further would throw. */
function emitExactly(entry: Codec<unknown>, value: unknown): Uint8Array {
  room.fill(0xa5);
  const length = entry.emit(value, room, AT);
  expect(room[AT - 1]).toBe(0xa5);
  expect(room[AT + length]).toBe(0xa5);
  return room.slice(AT, AT + length);
}

describe.each(codecs)('$name codec', (entry) => {
  it('reads back exactly what it wrote, and writes nothing around it', () => {
    fc.assert(
      fc.property(entry.values, (value) => {
        const bytes = emitExactly(entry, value);
        expect(entry.parse(bytes, 0, bytes.length)).toEqual(value);
      }),
      RUNS,
    );
  });

  it('says truncated, and reads nothing beyond, at every shorter length of a valid header', () => {
    fc.assert(
      fc.property(entry.values, (value) => {
        const bytes = emitExactly(entry, value);
        for (let length = 0; length < Math.min(bytes.length, 300); length++) {
          const parsed = entry.parse(bytes.slice(0, length), 0, length);
          if (entry.endsWithBytes !== true) expect(parsed).toBe(Malformed.Truncated);
          // The same answer when the missing bytes are there but belong to somebody else.
          expect(entry.parse(bytes, 0, length)).toEqual(parsed);
        }
      }),
      { ...RUNS, numRuns: 30 },
    );
  });

  it('gives an object or a named reason for any bytes, and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        const parsed = entry.parse(bytes, 0, bytes.length);
        expect(typeof parsed === 'number' ? parsed : -1).toBeLessThan(0);
      }),
      { ...RUNS, numRuns: 500 },
    );
  });

  it('takes valid headers with one byte changed', () => {
    fc.assert(
      fc.property(entry.values, fc.nat(), u8, (value, position, octet) => {
        const bytes = emitExactly(entry, value);
        bytes[position % bytes.length] = octet;
        const parsed = entry.parse(bytes, 0, bytes.length);
        expect(['object', 'number']).toContain(typeof parsed);
      }),
      RUNS,
    );
  });
});
