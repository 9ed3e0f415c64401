/**
 * UDP headers: RFC 768. Hot: check. Cold: parse, emit.
 * Jumbograms, whose length field is 0 (RFC 2675 §4), are malformed here.
 */
import { viewOf } from './_bytes.ts';
import { Malformed } from './malformed.ts';

/** Byte offsets of the fields. */
export const enum UdpField {
  SourcePort = 0,
  DestinationPort = 2,
  /** Header and payload in bytes. */
  Length = 4,
  /** 0: not computed (IPv4 only). A computed 0 is sent as 0xffff. */
  Checksum = 6,
}

export const UDP_HEADER_BYTES = 8;

/** Length of the header at `start` in bytes (8), or a reason. Reads within [start, end). */
export function checkUdp(view: DataView, start: number, end: number): number {
  if (start + UDP_HEADER_BYTES > end) return Malformed.Truncated;
  const length = view.getUint16(start + UdpField.Length);
  return length < UDP_HEADER_BYTES ? Malformed.TotalLength : UDP_HEADER_BYTES;
}

export interface UdpHeader {
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** Header and payload in bytes. */
  readonly length: number;
  /** It covers a pseudo-header and the payload, so emit writes 0 when it is absent. */
  readonly checksum?: number;
}

/** Reads the header that starts at `start`; bytes from `end` on are not there. */
export function parseUdp(bytes: Uint8Array, start: number, end: number): UdpHeader | Malformed {
  const view = viewOf(bytes);
  const check = checkUdp(view, start, end);
  if (check < 0) return check;
  return {
    sourcePort: view.getUint16(start + UdpField.SourcePort),
    destinationPort: view.getUint16(start + UdpField.DestinationPort),
    length: view.getUint16(start + UdpField.Length),
    checksum: view.getUint16(start + UdpField.Checksum),
  };
}

/** Writes the header at `at`, where there must be room. Returns its length in bytes. */
export function emitUdp(header: UdpHeader, bytes: Uint8Array, at: number): number {
  const view = viewOf(bytes);
  view.setUint16(at + UdpField.SourcePort, header.sourcePort);
  view.setUint16(at + UdpField.DestinationPort, header.destinationPort);
  view.setUint16(at + UdpField.Length, header.length);
  view.setUint16(at + UdpField.Checksum, header.checksum ?? 0);
  return UDP_HEADER_BYTES;
}
