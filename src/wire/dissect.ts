/**
 * The hot parser of captures: the headers of one packet into one row of PacketColumns. This file reads
 * link headers (Ethernet with VLAN tags, Linux cooked, raw, loopback; MPLS and PPPoE by link-shim), IPv4
 * (RFC 791) and IPv6 with its extension headers (RFC 8200); _dissect-transport reads what they carry.
 *
 * Any bytes are taken: every read lies in the packet, every walk is bounded, what is wrong becomes a
 * DissectStatus. It looks into no tunnel and no quoted packet, and it verifies no checksum
 * (wire/verify-checksums). Hot: no allocation per packet.
 */
import { MAPPED_PREFIX } from '../base/ip-address.ts';
import { clearTransport, dissectTransport, missing } from './_dissect-transport.ts';
import {
  ETHERNET_HEADER_BYTES,
  EthernetField,
  EtherType,
  isVlanEtherType,
  VLAN_TAG_BYTES,
} from './ethernet.ts';
import { FRAGMENT_OFFSET_MASK, IPV4_HEADER_BYTES, IpProtocol, Ipv4Flag } from './ipv4.ts';
import { IPV6_HEADER_BYTES, Ipv6Field, Ipv6FragmentField, ipv6ExtensionLength } from './ipv6.ts';
import { LinkLayer, linkHeaderBytes } from './link-layer.ts';
import { etherTypeOfIp, isShimEtherType, shimEnd } from './link-shim.ts';
import {
  ADDRESS_WORDS,
  Cell,
  DissectStatus,
  FragmentKind,
  Octet,
  type PacketColumns,
} from './packet-columns.ts';

const VLAN_TAGS_MAX = 8;
const EXTENSION_HEADERS_MAX = 16;
/** What a cell holds; a capture may state as much. */
const WIRE_LENGTH_MAX = 2 ** 31 - 1;

/**
 * Reads the packet at view[offset, offset + capturedLength), which must lie in the view, into row `row` of
 * `columns`. `originalLength` is the packet's length before the snap length cut it. All lengths in bytes.
 */
export function dissect(
  view: DataView,
  offset: number,
  capturedLength: number,
  originalLength: number,
  linkLayer: LinkLayer,
  columns: PacketColumns,
  row: number,
): void {
  const cells = columns.cells;
  const end = offset + capturedLength;
  const originalEnd = offset + Math.max(originalLength, capturedLength);
  let network = offset + ETHERNET_HEADER_BYTES;
  let etherType = -1;
  if (linkLayer === LinkLayer.Ethernet && network < end) {
    etherType = view.getUint16(offset + EthernetField.Type);
  }
  if (etherType === EtherType.Ipv4 || etherType === EtherType.Ipv6) {
    cells[Cell.EtherType + row] = etherType;
    cells[Cell.Vlan + row] = -1;
    cells[Cell.NetworkOffset + row] = ETHERNET_HEADER_BYTES;
    cells[Cell.WireLength + row] = originalEnd - offset;
  } else {
    network = dissectLink(view, offset, end, originalEnd, linkLayer, columns, row);
    etherType = cells[Cell.EtherType + row];
  }
  columns.octets[Octet.Status + row] =
    etherType === EtherType.Ipv4
      ? dissectIpv4(view, offset, network, end, originalEnd, columns, row)
      : dissectOther(view, offset, network, end, originalEnd, columns, row);
}

/** Link headers other than Ethernet right before IP. Returns where the network layer starts. */
function dissectLink(
  view: DataView,
  offset: number,
  end: number,
  originalEnd: number,
  linkLayer: LinkLayer,
  columns: PacketColumns,
  row: number,
): number {
  const cells = columns.cells;
  let network = offset + linkHeaderBytes(linkLayer);
  let etherType = network < end ? readEtherType(view, offset, linkLayer) : -1;
  const wireLength = ETHERNET_HEADER_BYTES + Math.max(originalEnd - network, 0);
  cells[Cell.WireLength + row] = Math.min(wireLength, WIRE_LENGTH_MAX);
  cells[Cell.Vlan + row] = -1;
  if (isVlanEtherType(etherType)) {
    network = skipVlanTags(view, network, end, columns, row);
    etherType = view.getUint16(network - 2);
  }
  if (isShimEtherType(etherType)) {
    const start = shimEnd(view, network, end, originalEnd, etherType);
    if (start >= 0) {
      network = start;
      etherType = etherTypeOfIp(view, start);
    }
  }
  cells[Cell.EtherType + row] = etherType;
  cells[Cell.NetworkOffset + row] = etherType >= 0 && network < end ? network - offset : -1;
  return network;
}

/** The EtherType of the fixed link header at `offset`, -1 for a loopback family that is no IP. */
function readEtherType(view: DataView, offset: number, linkLayer: LinkLayer): number {
  switch (linkLayer) {
    case LinkLayer.Ethernet:
      return view.getUint16(offset + EthernetField.Type);
    case LinkLayer.LinuxCooked:
      return view.getUint16(offset + 14);
    case LinkLayer.LinuxCooked2:
      return view.getUint16(offset);
    case LinkLayer.Null:
    case LinkLayer.Loop:
      return etherTypeOfFamily(view.getInt32(offset));
    case LinkLayer.Raw:
    case LinkLayer.RawIpv4:
    case LinkLayer.RawIpv6:
      return etherTypeOfIp(view, offset);
    default:
      return -1;
  }
}

/** Address families are small, so a word of the other byte order shows in its high half. */
function etherTypeOfFamily(word: number): number {
  const family = (word & 0xffff) === 0 ? ((word >>> 8) & 0xff00) | (word >>> 24) : word;
  switch (family) {
    case 2: // AF_INET everywhere
      return EtherType.Ipv4;
    case 10: // AF_INET6 of Linux; NetBSD and OpenBSD; FreeBSD; macOS
    case 24:
    case 28:
    case 30:
      return EtherType.Ipv6;
    default:
      return -1;
  }
}

/** Returns where the tags that are wholly stored end; the EtherType lies in the two bytes before. */
function skipVlanTags(
  view: DataView,
  start: number,
  end: number,
  columns: PacketColumns,
  row: number,
): number {
  let at = start;
  for (let tags = 0; tags < VLAN_TAGS_MAX && at + VLAN_TAG_BYTES <= end; tags++) {
    if (!isVlanEtherType(view.getUint16(at - 2))) break;
    if (tags === 0) columns.cells[Cell.Vlan + row] = view.getUint16(at);
    at += VLAN_TAG_BYTES;
  }
  return at;
}

/** IPv6, or a packet whose network layer is no IP or is not stored. */
function dissectOther(
  view: DataView,
  offset: number,
  network: number,
  end: number,
  originalEnd: number,
  columns: PacketColumns,
  row: number,
): DissectStatus {
  const etherType = columns.cells[Cell.EtherType + row];
  if (etherType === EtherType.Ipv6) {
    return dissectIpv6(view, offset, network, end, originalEnd, columns, row);
  }
  clearNetwork(columns, row);
  const needed = network + (isVlanEtherType(etherType) ? VLAN_TAG_BYTES : 1);
  return needed > end ? missing(needed, originalEnd) : DissectStatus.NotIp;
}

/**
 * Hosts that leave segmentation to their network card show packets before they are cut: with length 0, or
 * with one that does not count beyond 16 bits. The capture's own length then is the only one.
 */
function dissectIpv4(
  view: DataView,
  offset: number,
  network: number,
  end: number,
  originalEnd: number,
  columns: PacketColumns,
  row: number,
): DissectStatus {
  if (network + IPV4_HEADER_BYTES > end) {
    clearNetwork(columns, row);
    return missing(network + IPV4_HEADER_BYTES, originalEnd);
  }
  const first = view.getInt32(network);
  const headerBytes = (first >>> 22) & 60;
  const totalLength = first & 0xffff;
  const room = originalEnd - network;
  const length = totalLength === 0 || room > 0xffff ? room : totalLength;
  if (first >>> 28 !== 4 || headerBytes < IPV4_HEADER_BYTES || length < headerBytes) {
    clearNetwork(columns, row);
    return DissectStatus.Malformed;
  }
  writeIpv4(view, network, columns, row);
  const packetEnd = network + length;
  const status =
    columns.octets[Octet.IsFragment + row] === FragmentKind.Later
      ? clearTransport(columns, row, length - headerBytes, DissectStatus.Ok)
      : dissectTransport(
          view,
          offset,
          network + headerBytes,
          Math.min(end, packetEnd),
          packetEnd,
          columns,
          row,
        );
  return length > room ? DissectStatus.Malformed : status;
}

function writeIpv4(view: DataView, network: number, columns: PacketColumns, row: number): void {
  const cells = columns.cells;
  const octets = columns.octets;
  const second = view.getInt32(network + 4);
  const third = view.getInt32(network + 8);
  octets[Octet.IpVersion + row] = 4;
  octets[Octet.TrafficClass + row] = view.getUint8(network + 1);
  octets[Octet.Ttl + row] = third >>> 24;
  octets[Octet.Protocol + row] = (third >>> 16) & 0xff;
  octets[Octet.IsFragment + row] = fragmentKind(
    (second & FRAGMENT_OFFSET_MASK) !== 0,
    (second & Ipv4Flag.MoreFragments) !== 0,
  );
  cells[Cell.Identification + row] = second >>> 16;
  const source = Cell.Addresses + row * ADDRESS_WORDS;
  cells[source] = 0;
  cells[source + 1] = 0;
  cells[source + 2] = MAPPED_PREFIX;
  cells[source + 3] = view.getInt32(network + 12);
  cells[source + 4] = 0;
  cells[source + 5] = 0;
  cells[source + 6] = MAPPED_PREFIX;
  cells[source + 7] = view.getInt32(network + 16);
}

function fragmentKind(isLater: boolean, hasMore: boolean): FragmentKind {
  if (isLater) return FragmentKind.Later;
  return hasMore ? FragmentKind.First : FragmentKind.Whole;
}

/** Payload length 0 is a jumbogram (RFC 2675) or an unfinished packet as in dissectIpv4. */
function dissectIpv6(
  view: DataView,
  offset: number,
  network: number,
  end: number,
  originalEnd: number,
  columns: PacketColumns,
  row: number,
): DissectStatus {
  const start = network + IPV6_HEADER_BYTES;
  if (start > end || view.getUint8(network) >> 4 !== 6) {
    clearNetwork(columns, row);
    return start > end ? missing(start, originalEnd) : DissectStatus.Malformed;
  }
  writeIpv6(view, network, columns, row);
  const room = originalEnd - start;
  const payloadLength = view.getUint16(network + Ipv6Field.PayloadLength);
  const nextHeader = columns.octets[Octet.Protocol + row];
  const isUnknown = payloadLength === 0 && nextHeader !== IpProtocol.NoNextHeader;
  const length = isUnknown ? room : payloadLength;
  const packetEnd = start + length;
  const storedEnd = Math.min(end, packetEnd);
  const status = dissectExtensionHeaders(view, offset, start, storedEnd, packetEnd, columns, row);
  return length > room ? DissectStatus.Malformed : status;
}

function writeIpv6(view: DataView, network: number, columns: PacketColumns, row: number): void {
  const cells = columns.cells;
  const octets = columns.octets;
  octets[Octet.IpVersion + row] = 6;
  octets[Octet.TrafficClass + row] = view.getUint16(network) >>> 4;
  octets[Octet.Protocol + row] = view.getUint8(network + Ipv6Field.NextHeader);
  octets[Octet.Ttl + row] = view.getUint8(network + Ipv6Field.HopLimit);
  octets[Octet.IsFragment + row] = FragmentKind.Whole;
  cells[Cell.Identification + row] = 0;
  const source = Cell.Addresses + row * ADDRESS_WORDS;
  for (let word = 0; word < ADDRESS_WORDS; word++) {
    cells[source + word] = view.getInt32(network + Ipv6Field.Source + (word << 2));
  }
}

/** Walks to the upper layer (RFC 8200 §4.1), whose protocol replaces the next header in its column. */
function dissectExtensionHeaders(
  view: DataView,
  offset: number,
  start: number,
  end: number,
  packetEnd: number,
  columns: PacketColumns,
  row: number,
): DissectStatus {
  const octets = columns.octets;
  let at = start;
  for (let headers = 0; headers <= EXTENSION_HEADERS_MAX; headers++) {
    const kind = octets[Octet.Protocol + row];
    const length = ipv6ExtensionLength(view, kind, at, end);
    if (length === 0) return dissectTransport(view, offset, at, end, packetEnd, columns, row);
    if (length < 0) {
      return clearTransport(columns, row, packetEnd - at, missing(end + 1, packetEnd));
    }
    octets[Octet.Protocol + row] = view.getUint8(at);
    at += length;
    if (kind === IpProtocol.Fragment) {
      const fragment = dissectFragment(view, at - length, columns, row);
      if (fragment === FragmentKind.Later) {
        return clearTransport(columns, row, packetEnd - at, DissectStatus.Ok);
      }
    }
  }
  return clearTransport(columns, row, packetEnd - at, DissectStatus.Malformed);
}

/** RFC 8200 §4.5. */
function dissectFragment(
  view: DataView,
  at: number,
  columns: PacketColumns,
  row: number,
): FragmentKind {
  const offsetMore = view.getUint16(at + Ipv6FragmentField.OffsetMore);
  const kind = fragmentKind(offsetMore >= 8, (offsetMore & 1) !== 0);
  columns.cells[Cell.Identification + row] = view.getInt32(at + Ipv6FragmentField.Identification);
  columns.octets[Octet.IsFragment + row] = kind;
  return kind;
}

function clearNetwork(columns: PacketColumns, row: number): void {
  const octets = columns.octets;
  octets[Octet.IpVersion + row] = 0;
  octets[Octet.Protocol + row] = 0;
  octets[Octet.TrafficClass + row] = 0;
  octets[Octet.Ttl + row] = 0;
  octets[Octet.IsFragment + row] = FragmentKind.Whole;
  const cells = columns.cells;
  cells[Cell.Identification + row] = 0;
  const source = Cell.Addresses + row * ADDRESS_WORDS;
  cells.fill(0, source, source + ADDRESS_WORDS);
  clearTransport(columns, row, 0, DissectStatus.NotIp);
}
