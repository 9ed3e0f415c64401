/**
 * Whether the checksums of a captured IP packet are right: the IPv4 header's (RFC 791 §3.1), then that of
 * TCP (RFC 9293 §3.1), UDP (RFC 768, RFC 8200 §8.1), ICMP (RFC 792) or ICMPv6 (RFC 4443 §2.3). It tells
 * which of the frames that a path corrupted a receiver would take for good.
 *
 * Hosts with checksum offload capture their own segments with unfinished checksums; these count as bad.
 * It looks into no tunnel, verifies no authentication header, and knows no Mobile IPv6 home addresses
 * (RFC 6275 §6.3), whose packets it calls bad. Hot: no allocation per packet.
 */
import { checksumFinish, pseudoHeaderIpv4Sum, pseudoHeaderIpv6Sum } from './checksum.ts';
import {
  FRAGMENT_OFFSET_MASK,
  IPV4_HEADER_BYTES,
  IpProtocol,
  Ipv4Field,
  Ipv4Flag,
  ipv4HeaderLength,
} from './ipv4.ts';
import { IPV6_HEADER_BYTES, Ipv6Field, Ipv6FragmentField, ipv6ExtensionLength } from './ipv6.ts';
import type { PacketMemory } from './packet-memory.ts';

/** The first layer that is wrong, or why there is no answer. */
export const enum ChecksumVerdict {
  /** Every checksum there is is right, and the transport has one. */
  Good = 0,
  BadIpv4Header = 1,
  BadTcp = 2,
  BadUdp = 3,
  BadIcmp = 4,
  BadIcmpv6 = 5,
  /** Cut by the snap length, a fragment, a transport without a checksum, or none that we know. */
  Unverifiable = 6,
  NotIp = 7,
}

export function isBadChecksum(verdict: ChecksumVerdict): boolean {
  return verdict >= ChecksumVerdict.BadIpv4Header && verdict <= ChecksumVerdict.BadIcmpv6;
}

/**
 * Judges the packet whose IP header is at `network`, of which bytes up to `end` are stored, and which ended
 * at `originalEnd` before the snap length cut it. All are offsets in `memory`; any bytes are taken.
 */
export function verifyChecksums(
  memory: PacketMemory,
  network: number,
  end: number,
  originalEnd: number,
): ChecksumVerdict {
  if (network < 0 || network >= end) return ChecksumVerdict.NotIp;
  switch (memory.view.getUint8(network) >> 4) {
    case 4:
      return verifyIpv4(memory, network, end, originalEnd);
    case 6:
      return verifyIpv6(memory, network, end, originalEnd);
    default:
      return ChecksumVerdict.NotIp;
  }
}

function verifyIpv4(
  memory: PacketMemory,
  network: number,
  end: number,
  originalEnd: number,
): ChecksumVerdict {
  if (network + IPV4_HEADER_BYTES > end) return ChecksumVerdict.Unverifiable;
  const { bytes, view } = memory;
  const headerLength = ipv4HeaderLength(view, network);
  if (headerLength < IPV4_HEADER_BYTES) return ChecksumVerdict.BadIpv4Header;
  const start = network + headerLength;
  if (start > end) return ChecksumVerdict.Unverifiable;
  if (checksumFinish(memory.checksum(network, headerLength, 0)) !== 0) {
    return ChecksumVerdict.BadIpv4Header;
  }
  const fragment = view.getUint16(network + Ipv4Field.FlagsFragmentOffset);
  // Length 0, or more than 16 bits can count: see wire/dissect.
  const totalLength = view.getUint16(network + Ipv4Field.TotalLength);
  const room = originalEnd - network;
  const packetEnd = network + (totalLength === 0 || room > 0xffff ? room : totalLength);
  const isFragment = (fragment & (FRAGMENT_OFFSET_MASK | Ipv4Flag.MoreFragments)) !== 0;
  if (isFragment || packetEnd > end) return ChecksumVerdict.Unverifiable;
  const protocol = view.getUint8(network + Ipv4Field.Protocol);
  const length = transportLength(view, start, packetEnd, protocol);
  if (length < 0 || protocol === IpProtocol.Icmpv6) return ChecksumVerdict.Unverifiable;
  // RFC 768: no checksum was made.
  const isAbsent = protocol === IpProtocol.Udp && view.getUint16(start + 6) === 0;
  if (isAbsent) return ChecksumVerdict.Unverifiable;
  const pseudo =
    protocol === IpProtocol.Icmp ? 0 : pseudoHeaderIpv4Sum(bytes, network, protocol, length);
  return verifyTransport(memory, start, length, pseudo, protocol);
}

function verifyIpv6(
  memory: PacketMemory,
  network: number,
  end: number,
  originalEnd: number,
): ChecksumVerdict {
  let at = network + IPV6_HEADER_BYTES;
  if (at > end) return ChecksumVerdict.Unverifiable;
  const { bytes, view } = memory;
  const payloadLength = view.getUint16(network + Ipv6Field.PayloadLength);
  const packetEnd = payloadLength === 0 ? originalEnd : at + payloadLength;
  if (packetEnd > end) return ChecksumVerdict.Unverifiable;
  let protocol = view.getUint8(network + Ipv6Field.NextHeader);
  for (let headers = 0; headers < EXTENSION_HEADERS_MAX; headers++) {
    const step = ipv6ExtensionLength(view, protocol, at, packetEnd);
    if (step === 0) break;
    if (step < 0 || isDetour(view, at, protocol)) return ChecksumVerdict.Unverifiable;
    protocol = view.getUint8(at);
    at += step;
  }
  const length = transportLength(view, at, packetEnd, protocol);
  if (length < 0 || protocol === IpProtocol.Icmp) return ChecksumVerdict.Unverifiable;
  // A zero UDP checksum is wrong here like any other wrong value: RFC 8200 §8.1.
  return verifyTransport(
    memory,
    at,
    length,
    pseudoHeaderIpv6Sum(bytes, network, protocol, length),
    protocol,
  );
}

/** More are malformed: see wire/ipv6. */
const EXTENSION_HEADERS_MAX = 16;

/** A fragment of a larger packet, or one still under way to another destination (segments left). */
function isDetour(view: DataView, at: number, protocol: number): boolean {
  if (protocol === IpProtocol.Fragment) {
    // All but the two reserved bits: RFC 8200 §4.5. An atomic fragment (RFC 6946) is whole.
    return (view.getUint16(at + Ipv6FragmentField.OffsetMore) & 0xfff9) !== 0;
  }
  return protocol === IpProtocol.Routing && view.getUint8(at + 3) !== 0;
}

/** Bytes that the checksum of `protocol` covers, or -1: header not there, or no checksum that we know. */
function transportLength(
  view: DataView,
  start: number,
  packetEnd: number,
  protocol: number,
): number {
  const length = packetEnd - start;
  switch (protocol) {
    case IpProtocol.Tcp:
      return length >= 20 ? length : -1;
    case IpProtocol.Udp: {
      if (length < 8) return -1;
      // Its own length counts, unless it is a jumbogram's 0 (RFC 2675 §4).
      const own = view.getUint16(start + 4);
      if (own === 0) return length;
      return own >= 8 && own <= length ? own : -1;
    }
    case IpProtocol.Icmp:
    case IpProtocol.Icmpv6:
      return length >= 4 ? length : -1;
    default:
      return -1;
  }
}

function verifyTransport(
  memory: PacketMemory,
  start: number,
  length: number,
  pseudoHeaderSum: number,
  protocol: number,
): ChecksumVerdict {
  if (checksumFinish(memory.checksum(start, length, pseudoHeaderSum)) === 0) {
    return ChecksumVerdict.Good;
  }
  switch (protocol) {
    case IpProtocol.Tcp:
      return ChecksumVerdict.BadTcp;
    case IpProtocol.Udp:
      return ChecksumVerdict.BadUdp;
    case IpProtocol.Icmp:
      return ChecksumVerdict.BadIcmp;
    default:
      return ChecksumVerdict.BadIcmpv6;
  }
}
