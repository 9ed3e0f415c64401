/**
 * ICMP: RFC 792, RFC 1191 §4 (next-hop MTU), and ICMPv6: RFC 4443. Echo and errors have forms of
 * their own; neighbour discovery (RFC 4861 §4) and everything else is carried as its body. Errors
 * may hold an extension structure behind the quoted packet: RFC 4884 §4, whose length attribute
 * tells the two apart; senders that leave it 0 and still append one (RFC 4884 §5.5) are taken to
 * quote more.
 * Hot: check and icmpMtu. Cold: parse, emit. The ICMPv6 checksum covers a pseudo-header: callers
 * compute it.
 */
import { assert } from '../base/assert.ts';
import { viewOf } from './_bytes.ts';
import { Malformed } from './malformed.ts';

/** Byte offsets of the fields. */
export const enum IcmpField {
  Type = 0,
  Code = 1,
  Checksum = 2,
  /** Echo: identifier, 16 bits. Errors: 32 bits whose meaning depends on the type. */
  RestOfHeader = 4,
  /** Echo. */
  Sequence = 6,
  Body = 8,
}

export const ICMP_HEADER_BYTES = 8;

export const enum IcmpType {
  EchoReply = 0,
  DestinationUnreachable = 3,
  SourceQuench = 4,
  Redirect = 5,
  EchoRequest = 8,
  TimeExceeded = 11,
  ParameterProblem = 12,
}

/** Codes of IcmpType.DestinationUnreachable. */
export const enum IcmpUnreachable {
  Network = 0,
  Host = 1,
  Protocol = 2,
  Port = 3,
  FragmentationNeeded = 4,
  Prohibited = 13,
}

export const enum Icmpv6Type {
  DestinationUnreachable = 1,
  PacketTooBig = 2,
  TimeExceeded = 3,
  ParameterProblem = 4,
  EchoRequest = 128,
  EchoReply = 129,
  RouterSolicitation = 133,
  RouterAdvertisement = 134,
  NeighborSolicitation = 135,
  NeighborAdvertisement = 136,
  Redirect = 137,
}

/** IP version that carries the message. */
export type IcmpVersion = 4 | 6;

/** Length of the fixed part at `start` in bytes (8), or a reason. Reads within [start, end). */
export function checkIcmp(_view: DataView, start: number, end: number): number {
  return start + ICMP_HEADER_BYTES > end ? Malformed.Truncated : ICMP_HEADER_BYTES;
}

/**
 * MTU of the next hop in a "fragmentation needed" (RFC 1191 §4; 0 from old routers) or "packet too
 * big" (RFC 4443 §3.2) message at `at`; -1 for any other message. At most 2^31 - 1.
 */
export function icmpMtu(view: DataView, at: number, version: IcmpVersion): number {
  const typeCode = view.getUint16(at);
  if (version === 4) {
    const fragmentationNeeded =
      (IcmpType.DestinationUnreachable << 8) | IcmpUnreachable.FragmentationNeeded;
    return typeCode === fragmentationNeeded ? view.getUint16(at + IcmpField.RestOfHeader + 2) : -1;
  }
  if (typeCode >> 8 !== Icmpv6Type.PacketTooBig) return -1;
  const mtu = view.getInt32(at + IcmpField.RestOfHeader);
  return mtu < 0 ? 0x7fff_ffff : mtu;
}

interface IcmpCommon {
  readonly type: number;
  readonly code: number;
  /** Emit writes 0 when it is absent. */
  readonly checksum?: number;
}

export interface IcmpEcho extends IcmpCommon {
  readonly kind: 'echo';
  readonly identifier: number;
  readonly sequence: number;
  readonly data: Uint8Array;
}

export interface IcmpError extends IcmpCommon {
  readonly kind: 'error';
  /** Bytes 4 to 7, unsigned, without the length attribute: MTU, pointer or gateway, by type. */
  readonly parameter: number;
  /** Leading bytes of the packet that the error is about. */
  readonly quoted: Uint8Array;
  /** RFC 4884 §7; the quote then has 128 bytes or more, a multiple of 4 (ICMP) or 8 (ICMPv6). */
  readonly extensions?: Uint8Array;
}

export interface IcmpOther extends IcmpCommon {
  readonly kind: 'other';
  /** All behind the checksum. */
  readonly body: Uint8Array;
}

export type IcmpMessage = IcmpEcho | IcmpError | IcmpOther;

export function isIcmpEcho(type: number, version: IcmpVersion): boolean {
  return version === 4
    ? type === IcmpType.EchoRequest || type === IcmpType.EchoReply
    : type === Icmpv6Type.EchoRequest || type === Icmpv6Type.EchoReply;
}

/** The errors that quote the packet they are about. */
export function isIcmpError(type: number, version: IcmpVersion): boolean {
  if (version === 6) {
    return type >= Icmpv6Type.DestinationUnreachable && type <= Icmpv6Type.ParameterProblem;
  }
  switch (type) {
    case IcmpType.DestinationUnreachable:
    case IcmpType.SourceQuench:
    case IcmpType.Redirect:
    case IcmpType.TimeExceeded:
    case IcmpType.ParameterProblem:
      return true;
    default:
      return false;
  }
}

/** Types that have the length attribute (RFC 4884 §4). */
function isExtensible(type: number, version: IcmpVersion): boolean {
  return version === 6
    ? type === Icmpv6Type.DestinationUnreachable || type === Icmpv6Type.TimeExceeded
    : type === IcmpType.DestinationUnreachable ||
        type === IcmpType.TimeExceeded ||
        type === IcmpType.ParameterProblem;
}

/** Where the length attribute is, and its unit in bytes. */
const LENGTH_AT = { 4: 5, 6: 4 } as const;
const LENGTH_UNIT_BYTES = { 4: 4, 6: 8 } as const;
/** RFC 4884 §3: a quote before extensions is padded to this. */
const EXTENDED_QUOTE_BYTES_MIN = 128;

/** Reads the message in [start, end), which is what the IP lengths say. Data are copies. */
export function parseIcmp(
  bytes: Uint8Array,
  start: number,
  end: number,
  version: IcmpVersion,
): IcmpMessage | Malformed {
  const view = viewOf(bytes);
  const check = checkIcmp(view, start, end);
  if (check < 0) return check;
  const common = {
    type: view.getUint8(start + IcmpField.Type),
    code: view.getUint8(start + IcmpField.Code),
    checksum: view.getUint16(start + IcmpField.Checksum),
  };
  if (isIcmpEcho(common.type, version)) {
    return {
      kind: 'echo',
      ...common,
      identifier: view.getUint16(start + IcmpField.RestOfHeader),
      sequence: view.getUint16(start + IcmpField.Sequence),
      data: bytes.slice(start + IcmpField.Body, end),
    };
  }
  if (!isIcmpError(common.type, version)) {
    return { kind: 'other', ...common, body: bytes.slice(start + IcmpField.RestOfHeader, end) };
  }
  const body = start + IcmpField.Body;
  const parameter = view.getUint32(start + IcmpField.RestOfHeader);
  const quoteUnits = view.getUint8(start + LENGTH_AT[version]);
  if (!isExtensible(common.type, version) || quoteUnits === 0) {
    return { kind: 'error', ...common, parameter, quoted: bytes.slice(body, end) };
  }
  const quoteEnd = body + quoteUnits * LENGTH_UNIT_BYTES[version];
  if (quoteEnd > end) return Malformed.TotalLength;
  return {
    kind: 'error',
    ...common,
    parameter: (parameter & ~lengthMask(version)) >>> 0,
    quoted: bytes.slice(body, quoteEnd),
    extensions: bytes.slice(quoteEnd, end),
  };
}

/** The length attribute within the parameter word. */
function lengthMask(version: IcmpVersion): number {
  return version === 4 ? 0x00ff_0000 : 0xff00_0000;
}

/** Writes the message at `at`, where there must be room. Returns its length in bytes. */
export function emitIcmp(
  message: IcmpMessage,
  bytes: Uint8Array,
  at: number,
  version: IcmpVersion,
): number {
  const view = viewOf(bytes);
  view.setUint8(at + IcmpField.Type, message.type);
  view.setUint8(at + IcmpField.Code, message.code);
  view.setUint16(at + IcmpField.Checksum, message.checksum ?? 0);
  switch (message.kind) {
    case 'echo':
      view.setUint16(at + IcmpField.RestOfHeader, message.identifier);
      view.setUint16(at + IcmpField.Sequence, message.sequence);
      bytes.set(message.data, at + IcmpField.Body);
      return IcmpField.Body + message.data.length;
    case 'other':
      bytes.set(message.body, at + IcmpField.RestOfHeader);
      return IcmpField.RestOfHeader + message.body.length;
    case 'error':
      view.setUint32(at + IcmpField.RestOfHeader, message.parameter);
      bytes.set(message.quoted, at + IcmpField.Body);
      if (message.extensions === undefined) return IcmpField.Body + message.quoted.length;
      return emitExtensions(message, bytes, at, version);
  }
}

/** Pads the quote with zeros, states its length, and writes the extensions behind it. */
function emitExtensions(
  message: IcmpError,
  bytes: Uint8Array,
  at: number,
  version: IcmpVersion,
): number {
  const unit = LENGTH_UNIT_BYTES[version];
  const quoteUnits = Math.ceil(Math.max(message.quoted.length, EXTENDED_QUOTE_BYTES_MIN) / unit);
  assert(quoteUnits <= 255 && isExtensible(message.type, version), 'ICMP error takes extensions');
  const quoteAt = at + IcmpField.Body;
  const extensions = message.extensions ?? new Uint8Array(0);
  bytes[at + LENGTH_AT[version]] = quoteUnits;
  bytes.fill(0, quoteAt + message.quoted.length, quoteAt + quoteUnits * unit);
  bytes.set(extensions, quoteAt + quoteUnits * unit);
  return IcmpField.Body + quoteUnits * unit + extensions.length;
}
