/**
 * One line of text for a packet, in the manner of `tcpdump -nn -t -S`: link layer and IP here, what
 * IP carries in _print-transport. Sequence numbers are absolute; VLAN tags, the fragment's place
 * and the reason why a header makes no sense are shown without being asked for. It knows no
 * application protocol, and no time.
 * Cold: strings and objects.
 */
import { formatIpAddress } from '../base/ip-address.ts';
import { readIpv4Address, viewOf } from './_bytes.ts';
import { formatTransport, type IpPacket } from './_print-transport.ts';
import { ArpOperation, type ArpPacket, parseArp } from './arp.ts';
import {
  checkVlanTags,
  ETHERTYPE_MIN,
  EtherType,
  formatMacAddress,
  VLAN_TAG_BYTES,
} from './ethernet.ts';
import { Ipv4Flag, ipv4HeaderLength, parseIpv4 } from './ipv4.ts';
import { IPV6_HEADER_BYTES, type Ipv6FragmentHeader, ipv6HeaderLength, parseIpv6 } from './ipv6.ts';
import { LinkLayer, linkHeaderBytes } from './link-layer.ts';
import { etherTypeOfIp, isShimEtherType, shimEnd } from './link-shim.ts';
import { malformedText } from './malformed.ts';

/**
 * Text of the packet bytes[start, end), of which its capture may have cut the end. Any bytes are
 * taken.
 */
export function formatPacket(
  bytes: Uint8Array,
  start: number,
  end: number,
  linkLayer: LinkLayer,
): string {
  const view = viewOf(bytes);
  const at = start + linkHeaderBytes(linkLayer);
  if (at >= end) return '[|link layer]';
  switch (linkLayer) {
    case LinkLayer.Ethernet:
    case LinkLayer.LinuxCooked:
      return formatTagged(bytes, at - 2, end);
    case LinkLayer.LinuxCooked2:
      return formatNetwork(bytes, at, end, view.getUint16(start));
    case LinkLayer.Null:
    case LinkLayer.Loop:
    case LinkLayer.Raw:
    case LinkLayer.RawIpv4:
    case LinkLayer.RawIpv6: {
      // An address family would say no more: its numbers differ from system to system.
      const isIpv6 = view.getUint8(at) >> 4 === 6;
      return formatNetwork(bytes, at, end, isIpv6 ? EtherType.Ipv6 : EtherType.Ipv4);
    }
    default:
      return `unsupported link layer, length ${end - start}`;
  }
}

/** From the type field at `typeAt` on, behind which VLAN tags may stand. */
function formatTagged(bytes: Uint8Array, typeAt: number, end: number): string {
  const view = viewOf(bytes);
  const tagBytes = checkVlanTags(view, typeAt, end);
  if (tagBytes < 0) return `vlan, ${malformedText(tagBytes)}`;
  let vlans = '';
  for (let at = typeAt + 2; at < typeAt + tagBytes; at += VLAN_TAG_BYTES) {
    vlans += `vlan ${view.getUint16(at) & 0xfff}, `;
  }
  const payloadTypeAt = typeAt + tagBytes;
  return vlans + formatNetwork(bytes, payloadTypeAt + 2, end, view.getUint16(payloadTypeAt));
}

function formatNetwork(bytes: Uint8Array, at: number, end: number, etherType: number): string {
  switch (etherType) {
    case EtherType.Ipv4:
      return formatIpv4(bytes, at, end);
    case EtherType.Ipv6:
      return formatIpv6(bytes, at, end);
    case EtherType.Arp:
      return formatArp(bytes, at, end);
  }
  if (isShimEtherType(etherType)) {
    const view = viewOf(bytes);
    const ip = shimEnd(view, at, end, end, etherType);
    if (ip >= 0) {
      const shim = formatShim(view, at, ip, etherType);
      return `${shim} ${formatNetwork(bytes, ip, end, etherTypeOfIp(view, ip))}`;
    }
  }
  if (etherType < ETHERTYPE_MIN) return `802.3, length ${etherType}`;
  return `ethertype 0x${etherType.toString(16).padStart(4, '0')}, length ${end - at}`;
}

/** The PPPoE header or labels of view[at, end). */
function formatShim(view: DataView, at: number, end: number, etherType: number): string {
  if (etherType === EtherType.PppoeSession) {
    return `PPPoE  [ses 0x${view.getUint16(at + 2).toString(16)}]`;
  }
  let text = 'MPLS';
  for (let label = at; label < end; label += 4) {
    const word = view.getUint32(label);
    const bottom = (word & 0x100) === 0 ? '' : ', [S]';
    text += ` (label ${word >>> 12}, tc ${(word >>> 9) & 7}${bottom}, ttl ${word & 255})`;
  }
  return text;
}

function formatIpv4(bytes: Uint8Array, at: number, end: number): string {
  const header = parseIpv4(bytes, at, end);
  if (typeof header === 'number') return `IP, ${malformedText(header)}`;
  // 0: the sender left cutting to its network card.
  const packetEnd = header.totalLength === 0 ? end : at + header.totalLength;
  const more = (header.flags & Ipv4Flag.MoreFragments) !== 0;
  const packet: IpPacket = {
    version: 4,
    source: formatIpAddress(header.source),
    destination: formatIpAddress(header.destination),
    protocol: header.protocol,
    bytes,
    at: at + ipv4HeaderLength(viewOf(bytes), at),
    storedEnd: Math.min(end, packetEnd),
    end: packetEnd,
    isLaterFragment: header.fragmentOffset > 0,
  };
  if (!more && !packet.isLaterFragment) return formatTransport(packet);
  const place = `${packetEnd - packet.at}@${header.fragmentOffset}${more ? '+' : ''}`;
  return `${formatTransport(packet)} (frag ${header.identification}:${place})`;
}

function formatIpv6(bytes: Uint8Array, at: number, end: number): string {
  const header = parseIpv6(bytes, at, end);
  if (typeof header === 'number') return `IP6, ${malformedText(header)}`;
  const transportAt = at + ipv6HeaderLength(header);
  // 0: a jumbogram, or cutting left to the network card.
  const packetEnd =
    header.payloadLength === 0 ? end : at + IPV6_HEADER_BYTES + header.payloadLength;
  const fragment = header.extensions.find(
    (extension): extension is Ipv6FragmentHeader => extension.kind === 'fragment',
  );
  const packet: IpPacket = {
    version: 6,
    source: formatIpAddress(header.source),
    destination: formatIpAddress(header.destination),
    protocol: header.protocol,
    bytes,
    at: transportAt,
    storedEnd: Math.min(end, packetEnd),
    end: packetEnd,
    isLaterFragment: fragment !== undefined && fragment.offset > 0,
  };
  if (fragment === undefined) return formatTransport(packet);
  const place = `${packetEnd - transportAt}@${fragment.offset}${fragment.moreFragments ? '+' : ''}`;
  return `${formatTransport(packet)} (frag ${fragment.identification}:${place})`;
}

function formatArp(bytes: Uint8Array, at: number, end: number): string {
  const packet = parseArp(bytes, at, end);
  if (typeof packet === 'number') return `ARP, ${malformedText(packet)}`;
  const length = end - at;
  const isIpv4 = packet.protocolType === EtherType.Ipv4 && packet.senderProtocol.length === 4;
  if (!isIpv4) return `ARP, operation ${packet.operation}, length ${length}`;
  return `ARP, ${formatArpOperation(packet)}, length ${length}`;
}

function formatArpOperation(packet: ArpPacket): string {
  const sender = formatIpAddress(readIpv4Address(viewOf(packet.senderProtocol), 0));
  const target = formatIpAddress(readIpv4Address(viewOf(packet.targetProtocol), 0));
  switch (packet.operation) {
    case ArpOperation.Request:
      return `Request who-has ${target} tell ${sender}`;
    case ArpOperation.Reply:
      return `Reply ${sender} is-at ${formatMacAddress(packet.senderHardware, 0)}`;
    default:
      return `operation ${packet.operation} ${sender} to ${target}`;
  }
}
