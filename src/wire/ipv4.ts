/**
 * IPv4 headers: RFC 791 §3.1, with options and fragments; the ECN field is RFC 3168 §5.
 * Hot: check and the accessors, on a header that `checkIpv4` has accepted. Cold: parse, emit.
 * It does not reassemble, and it does not verify the header checksum: see wire/verify-checksums.
 */
import { assert } from '../base/assert.ts';
import type { AddressWords } from '../base/ip-address.ts';
import {
  END_OF_OPTIONS,
  NO_OPERATION,
  optionLength,
  padToWord,
  readIpv4Address,
  viewOf,
} from './_bytes.ts';
import { checksumAdd, checksumFinish } from './checksum.ts';
import { Malformed } from './malformed.ts';

/** IANA protocol numbers: upper layers, and IPv6 extension headers, which share the space. */
export const enum IpProtocol {
  HopByHop = 0,
  Icmp = 1,
  Igmp = 2,
  Ipv4 = 4,
  Tcp = 6,
  Udp = 17,
  Ipv6 = 41,
  Routing = 43,
  Fragment = 44,
  Gre = 47,
  Esp = 50,
  AuthenticationHeader = 51,
  Icmpv6 = 58,
  NoNextHeader = 59,
  DestinationOptions = 60,
  Sctp = 132,
}

/** Byte offsets of the fields. */
export const enum Ipv4Field {
  VersionIhl = 0,
  TrafficClass = 1,
  TotalLength = 2,
  Identification = 4,
  /** Reserved, DF, MF, then the fragment offset in units of 8 bytes. */
  FlagsFragmentOffset = 6,
  Ttl = 8,
  Protocol = 9,
  Checksum = 10,
  Source = 12,
  Destination = 16,
  Options = 20,
}

/** Bits of the 16-bit field at FlagsFragmentOffset. */
export const enum Ipv4Flag {
  MoreFragments = 0x2000,
  DontFragment = 0x4000,
  /** Must be zero (RFC 791); RFC 3514 had other ideas. */
  Reserved = 0x8000,
}

export const IPV4_HEADER_BYTES = 20;
const IPV4_HEADER_BYTES_MAX = 60;
export const FRAGMENT_OFFSET_MASK = 0x1fff;
/** Fragment offsets count units of 8 bytes. */
const FRAGMENT_UNIT_BYTES = 8;

/**
 * Bytes of the header at `start` with its options, or a reason. Reads within [start, end).
 * A total length of 0 is let pass: hosts that leave segmentation to their network card show it in
 * captures.
 */
export function checkIpv4(view: DataView, start: number, end: number): number {
  if (start + IPV4_HEADER_BYTES > end) return Malformed.Truncated;
  if (view.getUint8(start) >> 4 !== 4) return Malformed.Version;
  const headerLength = ipv4HeaderLength(view, start);
  if (headerLength < IPV4_HEADER_BYTES) return Malformed.HeaderLength;
  const totalLength = view.getUint16(start + Ipv4Field.TotalLength);
  if (totalLength < headerLength && totalLength !== 0) return Malformed.TotalLength;
  return start + headerLength > end ? Malformed.Truncated : headerLength;
}

/** Length in bytes that the header at `at` states for itself. */
export function ipv4HeaderLength(view: DataView, at: number): number {
  return (view.getUint8(at + Ipv4Field.VersionIhl) & 15) << 2;
}

/** Where in the whole packet's payload this one's lies, in bytes. */
export function ipv4FragmentOffset(view: DataView, at: number): number {
  const field = view.getUint16(at + Ipv4Field.FlagsFragmentOffset);
  return (field & FRAGMENT_OFFSET_MASK) * FRAGMENT_UNIT_BYTES;
}

/** An option and its data; kind 1 (no operation) has none, kind 0 (end) is left out of lists. */
export interface Ipv4Option {
  /** Copied flag, class and number in one byte. */
  readonly kind: number;
  readonly data: Uint8Array;
}

export interface Ipv4Header {
  /** DSCP << 2 | ECN. */
  readonly trafficClass: number;
  /** Header and payload in bytes. */
  readonly totalLength: number;
  readonly identification: number;
  /** Ipv4Flag bits. */
  readonly flags: number;
  /** In bytes, a multiple of 8. */
  readonly fragmentOffset: number;
  readonly ttl: number;
  readonly protocol: number;
  /** Absent: emit computes it. */
  readonly checksum?: number;
  readonly source: AddressWords;
  readonly destination: AddressWords;
  readonly options: readonly Ipv4Option[];
}

/** Reads the header at `start`; bytes from `end` on are not there. Option data are copies. */
export function parseIpv4(bytes: Uint8Array, start: number, end: number): Ipv4Header | Malformed {
  const view = viewOf(bytes);
  const length = checkIpv4(view, start, end);
  if (length < 0) return length;
  const options = parseIpv4Options(bytes, start + Ipv4Field.Options, start + length);
  if (typeof options === 'number') return options;
  return {
    trafficClass: view.getUint8(start + Ipv4Field.TrafficClass),
    totalLength: view.getUint16(start + Ipv4Field.TotalLength),
    identification: view.getUint16(start + Ipv4Field.Identification),
    flags: view.getUint16(start + Ipv4Field.FlagsFragmentOffset) & ~FRAGMENT_OFFSET_MASK,
    fragmentOffset: ipv4FragmentOffset(view, start),
    ttl: view.getUint8(start + Ipv4Field.Ttl),
    protocol: view.getUint8(start + Ipv4Field.Protocol),
    checksum: view.getUint16(start + Ipv4Field.Checksum),
    source: readIpv4Address(view, start + Ipv4Field.Source),
    destination: readIpv4Address(view, start + Ipv4Field.Destination),
    options,
  };
}

function parseIpv4Options(bytes: Uint8Array, start: number, end: number): Ipv4Option[] | Malformed {
  const view = viewOf(bytes);
  const options: Ipv4Option[] = [];
  let at = start;
  while (at < end) {
    const length = optionLength(view, at, end);
    if (length < 0) return length;
    if (length === 0) break;
    options.push({ kind: view.getUint8(at), data: bytes.slice(at + 2, at + length) });
    at += length;
  }
  return options;
}

/**
 * Writes the header at `at`, where there must be room; options are padded with end-of-list to a
 * word. Returns its length in bytes.
 */
export function emitIpv4(header: Ipv4Header, bytes: Uint8Array, at: number): number {
  const view = viewOf(bytes);
  let next = at + Ipv4Field.Options;
  for (const option of header.options) {
    view.setUint8(next++, option.kind);
    if (option.kind === NO_OPERATION) continue;
    view.setUint8(next++, 2 + option.data.length);
    bytes.set(option.data, next);
    next += option.data.length;
  }
  const length = padToWord(next - at);
  assert(length <= IPV4_HEADER_BYTES_MAX, 'IPv4 options are at most 40 bytes');
  bytes.fill(END_OF_OPTIONS, next, at + length);
  view.setUint8(at + Ipv4Field.VersionIhl, (4 << 4) | (length >> 2));
  view.setUint8(at + Ipv4Field.TrafficClass, header.trafficClass);
  view.setUint16(at + Ipv4Field.TotalLength, header.totalLength);
  view.setUint16(at + Ipv4Field.Identification, header.identification);
  const fragmentUnits = header.fragmentOffset / FRAGMENT_UNIT_BYTES;
  view.setUint16(at + Ipv4Field.FlagsFragmentOffset, header.flags | fragmentUnits);
  view.setUint8(at + Ipv4Field.Ttl, header.ttl);
  view.setUint8(at + Ipv4Field.Protocol, header.protocol);
  view.setUint16(at + Ipv4Field.Checksum, header.checksum ?? 0);
  view.setInt32(at + Ipv4Field.Source, header.source[3]);
  view.setInt32(at + Ipv4Field.Destination, header.destination[3]);
  if (header.checksum === undefined) {
    const checksum = checksumFinish(checksumAdd(bytes, at, length, 0));
    view.setUint16(at + Ipv4Field.Checksum, checksum);
  }
  return length;
}
