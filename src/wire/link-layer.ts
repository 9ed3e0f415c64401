/**
 * Link-layer header types of captures, by their LINKTYPE_ numbers (the registry of the tcpdump group,
 * draft-gharris-opsawg-pcap §8.2): which of them we read, what people call them, how long their headers are.
 * The headers themselves are read by wire/dissect; a capture of any other type ends in a named error.
 */
import { ETHERNET_HEADER_BYTES } from './ethernet.ts';

/** The values are LINKTYPE_ numbers. */
export const enum LinkLayer {
  Unsupported = -1,
  /** BSD loopback: a 4-byte address family in the byte order of the capturing host. */
  Null = 0,
  Ethernet = 1,
  /** A bare IPv4 or IPv6 packet, told apart by its version. */
  Raw = 101,
  /** OpenBSD loopback: like Null, in network byte order. */
  Loop = 108,
  LinuxCooked = 113,
  RawIpv4 = 228,
  RawIpv6 = 229,
  LinuxCooked2 = 276,
}

/** The link layer of a capture's LINKTYPE_ (or platform DLT_) number, or Unsupported. */
export function linkLayerFromLinkType(linkType: number): LinkLayer {
  switch (linkType) {
    case LinkLayer.Null:
    case LinkLayer.Ethernet:
    case LinkLayer.Raw:
    case LinkLayer.Loop:
    case LinkLayer.LinuxCooked:
    case LinkLayer.RawIpv4:
    case LinkLayer.RawIpv6:
    case LinkLayer.LinuxCooked2:
      return linkType;
    case 12: // DLT_RAW of most systems, found in files of old writers
    case 14: // DLT_RAW of OpenBSD
      return LinkLayer.Raw;
    default:
      return LinkLayer.Unsupported;
  }
}

/** Link types that people meet and that are not read. */
const UNREAD_NAMES: Readonly<Record<number, string>> = {
  6: 'token ring',
  9: 'PPP',
  50: 'PPP in HDLC framing',
  51: 'PPPoE without Ethernet',
  104: 'Cisco HDLC',
  105: 'IEEE 802.11',
  127: 'IEEE 802.11 with radiotap header',
  189: 'Linux USB',
  192: 'PPI',
  195: 'IEEE 802.15.4',
  201: 'Bluetooth HCI H4',
  220: 'Linux USB, memory-mapped',
  249: 'USBPcap',
};

/** What people call a LINKTYPE_ number, for messages and tables. */
export function linkTypeName(linkType: number): string {
  switch (linkLayerFromLinkType(linkType)) {
    case LinkLayer.Null:
    case LinkLayer.Loop:
      return 'null/loopback';
    case LinkLayer.Ethernet:
      return 'Ethernet';
    case LinkLayer.Raw:
      return 'raw IP';
    case LinkLayer.RawIpv4:
      return 'raw IPv4';
    case LinkLayer.RawIpv6:
      return 'raw IPv6';
    case LinkLayer.LinuxCooked:
      return 'Linux cooked v1';
    case LinkLayer.LinuxCooked2:
      return 'Linux cooked v2';
    default:
      return UNREAD_NAMES[linkType] ?? `link type ${linkType}`;
  }
}

/** Bytes of the fixed link header, VLAN tags not included; 0 for raw IP and unsupported types. */
export function linkHeaderBytes(layer: LinkLayer): number {
  switch (layer) {
    case LinkLayer.Ethernet:
      return ETHERNET_HEADER_BYTES;
    case LinkLayer.LinuxCooked:
      return 16;
    case LinkLayer.LinuxCooked2:
      return 20;
    case LinkLayer.Null:
    case LinkLayer.Loop:
      return 4;
    default:
      return 0;
  }
}
