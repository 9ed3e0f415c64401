/**
 * Packets for tests, made the slow and obvious way: bytes as number arrays, the checksum as RFC 1071 §1
 * words it. Shares no code with src/wire, so that neither can hide the other's mistakes.
 */
import fc from 'fast-check';

export interface TcpSpec {
  sourcePort: number;
  destinationPort: number;
  sequence: number;
  acknowledgment: number;
  /** 12 bits. */
  flags: number;
  window: number;
  urgentPointer: number;
  /** A multiple of 4 bytes, at most 40. */
  options: number[];
}

export interface PacketSpec {
  vlanTags: number[];
  version: 4 | 6;
  trafficClass: number;
  ttl: number;
  identification: number;
  /** IPv4: a multiple of 4 bytes, at most 40. IPv6: lengths of destination options headers in 8-byte units. */
  options: number[];
  source: number[];
  destination: number[];
  tcp: TcpSpec;
  payload: number[];
}

export const u16 = (value: number): number[] => [(value >>> 8) & 255, value & 255];
export const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value & 0xffff)];

export function checksumOf(bytes: readonly number[]): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) {
    sum += (bytes[at] as number) * 256 + (bytes[at + 1] ?? 0);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return 0xffff - sum;
}

export function tcpBytes(spec: PacketSpec): number[] {
  const { tcp, payload } = spec;
  const offset = (5 + tcp.options.length / 4) << 12;
  const before = [
    ...u16(tcp.sourcePort),
    ...u16(tcp.destinationPort),
    ...u32(tcp.sequence),
    ...u32(tcp.acknowledgment),
    ...u16(offset | tcp.flags),
    ...u16(tcp.window),
  ];
  const after = [...u16(tcp.urgentPointer), ...tcp.options, ...payload];
  return withTransportChecksum(spec, 6, before, after);
}

/** Puts the checksum of a transport header between its two parts. */
export function withTransportChecksum(
  spec: Pick<PacketSpec, 'source' | 'destination'>,
  protocol: number,
  before: number[],
  after: number[],
): number[] {
  const length = before.length + 2 + after.length;
  const pseudo = [...spec.source, ...spec.destination, ...u32(length), ...u32(protocol)];
  return [...before, ...u16(checksumOf([...pseudo, ...before, 0, 0, ...after])), ...after];
}

/** The network-layer packet around a transport header with its payload. */
export function ipBytes(
  spec: PacketSpec,
  protocol: number,
  transport: readonly number[],
): number[] {
  return spec.version === 4
    ? ipv4Bytes(spec, protocol, transport)
    : ipv6Bytes(spec, protocol, transport);
}

function ipv4Bytes(spec: PacketSpec, protocol: number, transport: readonly number[]): number[] {
  const headerBytes = 20 + spec.options.length;
  const before = [
    0x40 | (headerBytes / 4),
    spec.trafficClass,
    ...u16((headerBytes + transport.length) & 0xffff),
    ...u16(spec.identification),
    ...u16(0x4000),
    spec.ttl,
    protocol,
  ];
  const after = [...spec.source, ...spec.destination, ...spec.options];
  return [...before, ...u16(checksumOf([...before, ...after])), ...after, ...transport];
}

function ipv6Bytes(spec: PacketSpec, protocol: number, transport: readonly number[]): number[] {
  const extensions: number[] = [];
  spec.options.forEach((units, index) => {
    const next = index + 1 < spec.options.length ? 60 : protocol;
    // One PadN option over all the room there is.
    const pad = units * 8 - 4;
    extensions.push(next, units - 1, 1, pad, ...new Array<number>(pad).fill(0));
  });
  return [
    ...u32(0x60000000 | (spec.trafficClass << 20) | 0x12345),
    ...u16((extensions.length + transport.length) & 0xffff),
    spec.options.length > 0 ? 60 : protocol,
    spec.ttl,
    ...spec.source,
    ...spec.destination,
    ...extensions,
    ...transport,
  ];
}

export function ethernetBytes(spec: PacketSpec, network: readonly number[]): number[] {
  const tags = spec.vlanTags.flatMap((tag) => [0x81, 0, ...u16(tag)]);
  const type = spec.version === 4 ? [0x08, 0x00] : [0x86, 0xdd];
  return [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, ...tags, ...type, ...network];
}

/** A whole Ethernet frame with a TCP segment, all checksums right. */
export const tcpFrame = (spec: PacketSpec): number[] =>
  ethernetBytes(spec, ipBytes(spec, 6, tcpBytes(spec)));

const bytesOf = (length: number) =>
  fc.array(fc.nat({ max: 255 }), { minLength: length, maxLength: length });

export const timestampsOption = (tsVal: number, tsEcr: number): number[] => [
  1,
  1,
  8,
  10,
  ...u32(tsVal),
  ...u32(tsEcr),
];

const tcpOptions = fc.oneof(
  fc.constant<number[]>([]),
  fc.tuple(fc.nat(), fc.nat()).map(([tsVal, tsEcr]) => timestampsOption(tsVal, tsEcr)),
  // MSS, SACK permitted, timestamps, NOP, window scale: what Linux puts on a SYN.
  fc
    .tuple(fc.nat({ max: 0xffff }), fc.nat({ max: 14 }), fc.nat())
    .map(([mss, scale, tsVal]) => [
      2,
      4,
      ...u16(mss),
      4,
      2,
      8,
      10,
      ...u32(tsVal),
      ...u32(0),
      1,
      3,
      3,
      scale,
    ]),
);

export const tcpSpecs: fc.Arbitrary<TcpSpec> = fc.record({
  sourcePort: fc.nat({ max: 0xffff }),
  destinationPort: fc.nat({ max: 0xffff }),
  sequence: fc.nat({ max: 0xffffffff }),
  acknowledgment: fc.nat({ max: 0xffffffff }),
  flags: fc.nat({ max: 0xfff }),
  window: fc.nat({ max: 0xffff }),
  urgentPointer: fc.nat({ max: 0xffff }),
  options: tcpOptions,
});

/** Packets of both versions, with and without tags and options. */
export const packetSpecs: fc.Arbitrary<PacketSpec> = fc.constantFrom<4 | 6>(4, 6).chain((version) =>
  fc.record({
    vlanTags: fc.array(fc.nat({ max: 0xffff }), { maxLength: 2 }),
    version: fc.constant(version),
    trafficClass: fc.nat({ max: 255 }),
    ttl: fc.nat({ max: 255 }),
    identification: fc.nat({ max: 0xffff }),
    options:
      version === 4
        ? fc.nat({ max: 10 }).chain((words) => bytesOf(words * 4))
        : fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }),
    source: bytesOf(version === 4 ? 4 : 16),
    destination: bytesOf(version === 4 ? 4 : 16),
    tcp: tcpSpecs,
    payload: fc.array(fc.nat({ max: 255 }), { maxLength: 64 }),
  }),
);
