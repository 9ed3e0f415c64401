/**
 * What may stand between a link header and IP besides VLAN tags: MPLS labels (RFC 3032 §2.1) and the header of a
 * PPPoE session (RFC 2516 §4, with the PPP protocol behind it). An MPLS label stack does not say what it carries;
 * the packet's first bytes must look like IP (RFC 4928 §3), or it is taken for something else.
 * Cold, and no allocation.
 */
import { EtherType } from './ethernet.ts';
import { IPV4_HEADER_BYTES } from './ipv4.ts';
import { IPV6_HEADER_BYTES, Ipv6Field } from './ipv6.ts';

const LABEL_BYTES = 4;
const LABELS_MAX = 16;
/** Of the third byte of a label: the bottom of the stack. */
const BOTTOM = 1;

/** Version and type, code, session, length; then the PPP protocol. */
const PPPOE_BYTES = 8;
const PPPOE_LENGTH_FIELD = 4;
/** Version 1, type 1, and the code of session data. */
const PPPOE_SESSION_DATA = 0x1100;
/** Version 4 and a header without options. */
const PLAIN_IPV4 = 0x45;
const PPP_IPV4 = 0x0021;
const PPP_IPV6 = 0x0057;

export function isShimEtherType(etherType: number): boolean {
  return (
    etherType === EtherType.Mpls ||
    etherType === EtherType.MplsMulticast ||
    etherType === EtherType.PppoeSession
  );
}

/** Where IP starts behind the labels or PPPoE header at `start`, or -1 when it is none. Reads below `end`. */
export function shimEnd(
  view: DataView,
  start: number,
  end: number,
  originalEnd: number,
  etherType: number,
): number {
  return etherType === EtherType.PppoeSession
    ? pppoeEnd(view, start, end)
    : labelsEnd(view, start, end, originalEnd);
}

/** The EtherType of the IP packet at `at`, by its version. */
export function etherTypeOfIp(view: DataView, at: number): number {
  const version = view.getUint8(at) >> 4;
  if (version === 4) return EtherType.Ipv4;
  return version === 6 ? EtherType.Ipv6 : -1;
}

/** Where the length field is of a PPPoE header right before the IP header at `network`; -1 when there is none. */
export function pppoeLengthAt(view: DataView, packet: number, network: number): number {
  const start = network - PPPOE_BYTES;
  const typeAt = start - 2;
  const isPppoe = typeAt >= packet && view.getUint16(typeAt) === EtherType.PppoeSession;
  return isPppoe ? start + PPPOE_LENGTH_FIELD : -1;
}

function pppoeEnd(view: DataView, start: number, end: number): number {
  const at = start + PPPOE_BYTES;
  if (at >= end || view.getUint16(start) !== PPPOE_SESSION_DATA) return -1;
  const protocol = view.getUint16(at - 2);
  const expected = protocol === PPP_IPV4 ? 4 : protocol === PPP_IPV6 ? 6 : -1;
  return view.getUint8(at) >> 4 === expected ? at : -1;
}

function labelsEnd(view: DataView, start: number, end: number, originalEnd: number): number {
  let at = start;
  for (let labels = 0; labels < LABELS_MAX && at + LABEL_BYTES <= end; labels++) {
    const isBottom = (view.getUint8(at + 2) & BOTTOM) !== 0;
    at += LABEL_BYTES;
    if (isBottom) return looksLikeIp(view, at, end, originalEnd) ? at : -1;
  }
  return -1;
}

/** An Ethernet frame could stand here as well, but not with a first byte of 0x45: that is a group address. */
function looksLikeIp(view: DataView, at: number, end: number, originalEnd: number): boolean {
  const room = originalEnd - at;
  if (at + IPV4_HEADER_BYTES > end) return false;
  const first = view.getUint8(at);
  if (first >> 4 === 4) return first === PLAIN_IPV4 || view.getUint16(at + 2) <= room;
  if (first >> 4 !== 6) return false;
  return IPV6_HEADER_BYTES + view.getUint16(at + Ipv6Field.PayloadLength) <= room;
}
