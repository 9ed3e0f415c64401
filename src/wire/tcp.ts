/**
 * TCP headers: RFC 9293 §3.1. Options are in wire/tcp-options.
 * Hot: check and the accessors, on a header that `checkTcp` has accepted. Cold: parse, emit.
 */
import { viewOf } from './_bytes.ts';
import { Malformed } from './malformed.ts';
import { emitTcpOptions, parseTcpOptions, type TcpOption } from './tcp-options.ts';

/** The 12 bits after the data offset; three of them are reserved. */
export const enum TcpFlag {
  Fin = 0x001,
  Syn = 0x002,
  Rst = 0x004,
  Psh = 0x008,
  Ack = 0x010,
  Urg = 0x020,
  /** RFC 3168 §6.1. */
  Ece = 0x040,
  Cwr = 0x080,
  /** RFC 9768; the NS bit of RFC 3540 before. */
  Ae = 0x100,
}

/** Byte offsets of the fields. */
export const enum TcpField {
  SourcePort = 0,
  DestinationPort = 2,
  Sequence = 4,
  Acknowledgment = 8,
  /** Data offset in words in the upper 4 bits, 12 bits of flags. */
  OffsetFlags = 12,
  Window = 14,
  Checksum = 16,
  UrgentPointer = 18,
  Options = 20,
}

export const TCP_HEADER_BYTES = 20;
export const TCP_FLAGS_MASK = 0xfff;

/**
 * Length of the header at `start` with its options in bytes, or a reason. Reads within [start,
 * end).
 */
export function checkTcp(view: DataView, start: number, end: number): number {
  if (start + TCP_HEADER_BYTES > end) return Malformed.Truncated;
  const headerLength = tcpHeaderLength(view, start);
  if (headerLength < TCP_HEADER_BYTES) return Malformed.HeaderLength;
  return start + headerLength > end ? Malformed.Truncated : headerLength;
}

/** Length in bytes that the header at `at` states for itself. */
export function tcpHeaderLength(view: DataView, at: number): number {
  return (view.getUint8(at + TcpField.OffsetFlags) >> 4) << 2;
}

/** The 12 flag bits of the header at `at`. */
export function tcpFlags(view: DataView, at: number): number {
  return view.getUint16(at + TcpField.OffsetFlags) & TCP_FLAGS_MASK;
}

export interface TcpHeader {
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** Unsigned. */
  readonly sequence: number;
  readonly acknowledgment: number;
  /** TcpFlag bits, 12 of them. */
  readonly flags: number;
  /** As in the field, not scaled. */
  readonly window: number;
  /** It covers a pseudo-header and the payload, so emit writes 0 when it is absent. */
  readonly checksum?: number;
  readonly urgentPointer: number;
  readonly options: readonly TcpOption[];
}

/** Reads the header that starts at `start`; bytes from `end` on are not there. */
export function parseTcp(bytes: Uint8Array, start: number, end: number): TcpHeader | Malformed {
  const view = viewOf(bytes);
  const length = checkTcp(view, start, end);
  if (length < 0) return length;
  const options = parseTcpOptions(bytes, start + TcpField.Options, start + length);
  if (typeof options === 'number') return options;
  return {
    sourcePort: view.getUint16(start + TcpField.SourcePort),
    destinationPort: view.getUint16(start + TcpField.DestinationPort),
    sequence: view.getUint32(start + TcpField.Sequence),
    acknowledgment: view.getUint32(start + TcpField.Acknowledgment),
    flags: tcpFlags(view, start),
    window: view.getUint16(start + TcpField.Window),
    checksum: view.getUint16(start + TcpField.Checksum),
    urgentPointer: view.getUint16(start + TcpField.UrgentPointer),
    options,
  };
}

/** Writes the header at `at`, where there must be room. Returns its length in bytes. */
export function emitTcp(header: TcpHeader, bytes: Uint8Array, at: number): number {
  const view = viewOf(bytes);
  const length = TCP_HEADER_BYTES + emitTcpOptions(header.options, bytes, at + TcpField.Options);
  view.setUint16(at + TcpField.SourcePort, header.sourcePort);
  view.setUint16(at + TcpField.DestinationPort, header.destinationPort);
  view.setUint32(at + TcpField.Sequence, header.sequence);
  view.setUint32(at + TcpField.Acknowledgment, header.acknowledgment);
  view.setUint16(at + TcpField.OffsetFlags, ((length >> 2) << 12) | header.flags);
  view.setUint16(at + TcpField.Window, header.window);
  view.setUint16(at + TcpField.Checksum, header.checksum ?? 0);
  view.setUint16(at + TcpField.UrgentPointer, header.urgentPointer);
  return length;
}
