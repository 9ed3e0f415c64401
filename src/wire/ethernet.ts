/**
 * Ethernet II frames with IEEE 802.1Q tags, stacked as in 802.1ad (QinQ). An 802.3 frame, whose
 * type field is a length (at most 1500), has a header here too; what follows it is LLC, never IP.
 *
 * The type that counts always lies in the two bytes before the payload, whatever the tags:
 *   const length = checkEthernet(view, start, end); etherType = view.getUint16(start + length - 2)
 * Hot: check. Cold: parse, emit.
 */
import { viewOf } from './_bytes.ts';
import { Malformed } from './malformed.ts';

/** IEEE 802 numbers. */
export const enum EtherType {
  Ipv4 = 0x0800,
  Arp = 0x0806,
  /** 802.1Q customer tag. */
  Vlan = 0x8100,
  Ipv6 = 0x86dd,
  Mpls = 0x8847,
  MplsMulticast = 0x8848,
  PppoeSession = 0x8864,
  /** 802.1ad service tag. */
  ServiceVlan = 0x88a8,
  /** Service tag of equipment older than 802.1ad. */
  OldServiceVlan = 0x9100,
}

/** Byte offsets of the fields. */
export const enum EthernetField {
  Destination = 0,
  Source = 6,
  Type = 12,
}

export const ETHERNET_HEADER_BYTES = 14;
export const VLAN_TAG_BYTES = 4;
/** Type fields below this are the length of an 802.3 frame (IEEE 802.3 §3.2.6). */
export const ETHERTYPE_MIN = 0x0600;
/** Deeper stacks of tags are malformed. */
const VLAN_TAGS_MAX = 8;

export function isVlanEtherType(etherType: number): boolean {
  return (
    etherType === EtherType.Vlan ||
    etherType === EtherType.ServiceVlan ||
    etherType === EtherType.OldServiceVlan
  );
}

/** Bytes of the header at `start` with its tags, or a reason. Reads within [start, end). */
export function checkEthernet(view: DataView, start: number, end: number): number {
  const typeAt = start + EthernetField.Type;
  if (typeAt + 2 > end) return Malformed.Truncated;
  const tags = checkVlanTags(view, typeAt, end);
  return tags < 0 ? tags : ETHERNET_HEADER_BYTES + tags;
}

/**
 * Length in bytes of the stack of tags whose first type field is at `typeAt` (0 without tags), or a
 * reason. Linux cooked headers end in the same type field.
 */
export function checkVlanTags(view: DataView, typeAt: number, end: number): number {
  let at = typeAt;
  while (isVlanEtherType(view.getUint16(at))) {
    at += VLAN_TAG_BYTES;
    if (at - typeAt > VLAN_TAGS_MAX * VLAN_TAG_BYTES) return Malformed.TooManyHeaders;
    if (at + 2 > end) return Malformed.Truncated;
  }
  return at - typeAt;
}

/** One 802.1Q tag (IEEE 802.1Q §9.6). */
export interface VlanTag {
  /** The type field that announces this tag: 0x8100, 0x88a8 or 0x9100. */
  readonly etherType: number;
  /** Priority code point, 0 to 7. */
  readonly priority: number;
  readonly dropEligible: boolean;
  /** 0 to 4095. */
  readonly vlanId: number;
}

export interface EthernetHeader {
  /** `02:00:00:00:00:01` */
  readonly destination: string;
  readonly source: string;
  /** Outermost first. */
  readonly tags: readonly VlanTag[];
  /** Of the payload, behind all tags; below ETHERTYPE_MIN the length of an 802.3 frame. */
  readonly etherType: number;
}

/** Reads the header that starts at `start`; bytes from `end` on are not there. */
export function parseEthernet(
  bytes: Uint8Array,
  start: number,
  end: number,
): EthernetHeader | Malformed {
  const view = viewOf(bytes);
  const length = checkEthernet(view, start, end);
  if (length < 0) return length;
  const tags: VlanTag[] = [];
  const payloadTypeAt = start + length - 2;
  for (let at = start + EthernetField.Type; at < payloadTypeAt; at += VLAN_TAG_BYTES) {
    const control = view.getUint16(at + 2);
    tags.push({
      etherType: view.getUint16(at),
      priority: control >> 13,
      dropEligible: (control & 0x1000) !== 0,
      vlanId: control & 0xfff,
    });
  }
  return {
    destination: formatMacAddress(bytes, start + EthernetField.Destination),
    source: formatMacAddress(bytes, start + EthernetField.Source),
    tags,
    etherType: view.getUint16(payloadTypeAt),
  };
}

/** Writes the header at `at`, where there must be room. Returns its length in bytes. */
export function emitEthernet(header: EthernetHeader, bytes: Uint8Array, at: number): number {
  const view = viewOf(bytes);
  writeMacAddress(header.destination, bytes, at + EthernetField.Destination);
  writeMacAddress(header.source, bytes, at + EthernetField.Source);
  let typeAt = at + EthernetField.Type;
  for (const tag of header.tags) {
    view.setUint16(typeAt, tag.etherType);
    const dropEligible = tag.dropEligible ? 0x1000 : 0;
    view.setUint16(typeAt + 2, (tag.priority << 13) | dropEligible | tag.vlanId);
    typeAt += VLAN_TAG_BYTES;
  }
  view.setUint16(typeAt, header.etherType);
  return typeAt + 2 - at;
}

/** Six bytes at `at` as `02:00:00:00:00:01`. */
export function formatMacAddress(bytes: Uint8Array, at: number): string {
  return Array.from(bytes.subarray(at, at + 6), (byte) => byte.toString(16).padStart(2, '0')).join(
    ':',
  );
}

function writeMacAddress(text: string, bytes: Uint8Array, at: number): void {
  bytes.set(
    text.split(':').map((byte) => Number.parseInt(byte, 16)),
    at,
  );
}
