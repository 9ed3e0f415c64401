/**
 * IPv6 headers: RFC 8200 §3 and §4. A walk steps over the extension headers hop-by-hop, routing,
 * fragment, destination options, authentication (RFC 4302 §2); the walk is bounded.
 * Hot: check, accessors and the step of the walk. Cold: parse, emit.
 * Options inside extension headers and jumbograms (RFC 2675) are carried as bytes, not interpreted.
 */
import { assert } from '../base/assert.ts';
import type { AddressWords } from '../base/ip-address.ts';
import { readIpv6Address, viewOf, writeIpv6Address } from './_bytes.ts';
import { IpProtocol } from './ipv4.ts';
import { Malformed } from './malformed.ts';

/** Byte offsets of the fields. */
export const enum Ipv6Field {
  /** Version 4 bits, traffic class 8, flow label 20. */
  VersionClassLabel = 0,
  PayloadLength = 4,
  NextHeader = 6,
  HopLimit = 7,
  Source = 8,
  Destination = 24,
}

/** Byte offsets in the fragment header (RFC 8200 §4.5). */
export const enum Ipv6FragmentField {
  NextHeader = 0,
  /** Offset in bytes in the upper 13 bits, two reserved bits, the M flag. */
  OffsetMore = 2,
  Identification = 4,
}

export const IPV6_HEADER_BYTES = 40;
export const IPV6_FRAGMENT_HEADER_BYTES = 8;
/** More extension headers than this are malformed; RFC 8200 §4.1 recommends at most seven. */
const EXTENSION_HEADERS_MAX = 16;
/** RFC 8200 §4.5: 13 bits that count 8 bytes, above 3 others, so that in place they are bytes. */
const FRAGMENT_OFFSET_BYTES_MASK = 0xfff8;
const FRAGMENT_MORE = 1;

/** Length of the fixed header at `start` in bytes (40), or a reason. Reads within [start, end). */
export function checkIpv6(view: DataView, start: number, end: number): number {
  if (start + IPV6_HEADER_BYTES > end) return Malformed.Truncated;
  return view.getUint8(start) >> 4 === 6 ? IPV6_HEADER_BYTES : Malformed.Version;
}

/** Traffic class (DSCP << 2 | ECN) of the header at `at`. */
export function ipv6TrafficClass(view: DataView, at: number): number {
  return (view.getUint16(at + Ipv6Field.VersionClassLabel) >> 4) & 0xff;
}

/**
 * One step of the walk to the upper layer: the length in bytes of the extension header of kind
 * `protocol` at `at`, 0 when `protocol` is none, or a reason. The next kind is the header's first
 * byte. Walkers bound their steps, and stop behind a fragment header whose offset is not 0: what
 * follows is no header.
 */
export function ipv6ExtensionLength(
  view: DataView,
  protocol: number,
  at: number,
  end: number,
): number {
  if (!isIpv6Extension(protocol)) return 0;
  if (at + IPV6_FRAGMENT_HEADER_BYTES > end) return Malformed.Truncated;
  let length = IPV6_FRAGMENT_HEADER_BYTES;
  const lengthField = view.getUint8(at + 1);
  // RFC 4302 §2.2 counts words of 4 bytes minus 2, the others units of 8 bytes behind the first.
  if (protocol === IpProtocol.AuthenticationHeader) length = (lengthField + 2) << 2;
  else if (protocol !== IpProtocol.Fragment) length = (lengthField + 1) << 3;
  return at + length > end ? Malformed.Truncated : length;
}

function isIpv6Extension(protocol: number): boolean {
  switch (protocol) {
    case IpProtocol.HopByHop:
    case IpProtocol.Routing:
    case IpProtocol.Fragment:
    case IpProtocol.AuthenticationHeader:
    case IpProtocol.DestinationOptions:
      return true;
    default:
      return false;
  }
}

export interface Ipv6FragmentHeader {
  readonly kind: 'fragment';
  /** In bytes, a multiple of 8. */
  readonly offset: number;
  readonly moreFragments: boolean;
  readonly identification: number;
}

/** Any other extension header: its bytes behind next header and length. */
export interface Ipv6OpaqueHeader {
  readonly kind: 'opaque';
  readonly protocol: number;
  /** 6 + 8n bytes; an authentication header 6 + 4n. */
  readonly data: Uint8Array;
}

export interface Ipv6Header {
  /** DSCP << 2 | ECN. */
  readonly trafficClass: number;
  readonly flowLabel: number;
  /** All that follows the fixed header in bytes, extension headers included. */
  readonly payloadLength: number;
  readonly hopLimit: number;
  readonly source: AddressWords;
  readonly destination: AddressWords;
  readonly extensions: readonly (Ipv6FragmentHeader | Ipv6OpaqueHeader)[];
  /** What follows the last extension header; in a later fragment, what its first one carries. */
  readonly protocol: number;
}

/** Length of the header with its extension headers in bytes. */
export function ipv6HeaderLength(header: Ipv6Header): number {
  let length = IPV6_HEADER_BYTES;
  for (const extension of header.extensions) {
    length +=
      extension.kind === 'fragment' ? IPV6_FRAGMENT_HEADER_BYTES : 2 + extension.data.length;
  }
  return length;
}

/** Reads the headers that start at `start`; bytes from `end` on are not there. Data are copies. */
export function parseIpv6(bytes: Uint8Array, start: number, end: number): Ipv6Header | Malformed {
  const view = viewOf(bytes);
  const check = checkIpv6(view, start, end);
  if (check < 0) return check;
  const extensions: (Ipv6FragmentHeader | Ipv6OpaqueHeader)[] = [];
  let protocol = view.getUint8(start + Ipv6Field.NextHeader);
  let at = start + IPV6_HEADER_BYTES;
  let isLaterFragment = false;
  while (!isLaterFragment) {
    const length = ipv6ExtensionLength(view, protocol, at, end);
    if (length < 0) return length;
    if (length === 0) break;
    if (extensions.length === EXTENSION_HEADERS_MAX) return Malformed.TooManyHeaders;
    if (protocol === IpProtocol.Fragment) {
      const fragment = parseFragmentHeader(view, at);
      isLaterFragment = fragment.offset > 0;
      extensions.push(fragment);
    } else {
      extensions.push({ kind: 'opaque', protocol, data: bytes.slice(at + 2, at + length) });
    }
    protocol = view.getUint8(at);
    at += length;
  }
  const payloadLength = view.getUint16(start + Ipv6Field.PayloadLength);
  const extensionBytes = at - start - IPV6_HEADER_BYTES;
  // 0: a jumbogram, or a host that leaves segmentation to its network card.
  if (extensionBytes > payloadLength && payloadLength !== 0) return Malformed.TotalLength;
  return {
    trafficClass: ipv6TrafficClass(view, start),
    flowLabel: view.getUint32(start + Ipv6Field.VersionClassLabel) & 0xfffff,
    payloadLength,
    hopLimit: view.getUint8(start + Ipv6Field.HopLimit),
    source: readIpv6Address(view, start + Ipv6Field.Source),
    destination: readIpv6Address(view, start + Ipv6Field.Destination),
    extensions,
    protocol,
  };
}

function parseFragmentHeader(view: DataView, at: number): Ipv6FragmentHeader {
  const offsetMore = view.getUint16(at + Ipv6FragmentField.OffsetMore);
  return {
    kind: 'fragment',
    offset: offsetMore & FRAGMENT_OFFSET_BYTES_MASK,
    moreFragments: (offsetMore & FRAGMENT_MORE) !== 0,
    identification: view.getUint32(at + Ipv6FragmentField.Identification),
  };
}

/** Writes the headers at `at`, where there must be room. Returns their length in bytes. */
export function emitIpv6(header: Ipv6Header, bytes: Uint8Array, at: number): number {
  const view = viewOf(bytes);
  const classLabel = (header.trafficClass << 20) | header.flowLabel;
  view.setInt32(at + Ipv6Field.VersionClassLabel, (6 << 28) | classLabel);
  view.setUint16(at + Ipv6Field.PayloadLength, header.payloadLength);
  view.setUint8(at + Ipv6Field.HopLimit, header.hopLimit);
  writeIpv6Address(view, at + Ipv6Field.Source, header.source);
  writeIpv6Address(view, at + Ipv6Field.Destination, header.destination);
  let nextHeaderAt = at + Ipv6Field.NextHeader;
  let next = at + IPV6_HEADER_BYTES;
  for (const extension of header.extensions) {
    const isFragment = extension.kind === 'fragment';
    view.setUint8(nextHeaderAt, isFragment ? IpProtocol.Fragment : extension.protocol);
    nextHeaderAt = next;
    next += isFragment
      ? emitFragmentHeader(extension, view, next)
      : emitOpaqueHeader(extension, bytes, next);
  }
  view.setUint8(nextHeaderAt, header.protocol);
  return next - at;
}

function emitFragmentHeader(header: Ipv6FragmentHeader, view: DataView, at: number): number {
  view.setUint8(at + 1, 0);
  const more = header.moreFragments ? FRAGMENT_MORE : 0;
  view.setUint16(at + Ipv6FragmentField.OffsetMore, header.offset | more);
  view.setUint32(at + Ipv6FragmentField.Identification, header.identification);
  return IPV6_FRAGMENT_HEADER_BYTES;
}

function emitOpaqueHeader(header: Ipv6OpaqueHeader, bytes: Uint8Array, at: number): number {
  const length = 2 + header.data.length;
  const isAuthentication = header.protocol === IpProtocol.AuthenticationHeader;
  assert(length >= 8 && length % (isAuthentication ? 4 : 8) === 0, 'extension header is padded');
  bytes[at + 1] = isAuthentication ? (length >> 2) - 2 : (length >> 3) - 1;
  bytes.set(header.data, at + 2);
  return length;
}
