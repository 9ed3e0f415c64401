/**
 * A TCP segment as the stack sent it, read back from its bytes, with everything verified that a receiver
 * would verify: header lengths, the IPv4 header checksum and the TCP checksum. Several that follow each
 * other can be joined to one, as a network card's receive offload would.
 */
import type { AddressWords } from '../base/ip-address.ts';
import type { Bytes, Instant } from '../base/units.ts';
import {
  checksumAdd,
  checksumFinish,
  pseudoHeaderIpv4Sum,
  pseudoHeaderIpv6Sum,
} from '../wire/checksum.ts';
import { ETHERNET_HEADER_BYTES, EthernetField, EtherType } from '../wire/ethernet.ts';
import { IpProtocol, parseIpv4 } from '../wire/ipv4.ts';
import { IPV6_HEADER_BYTES, parseIpv6 } from '../wire/ipv6.ts';
import { malformedText } from '../wire/malformed.ts';
import { checkTcp, TCP_FLAGS_MASK, TcpField, TcpFlag } from '../wire/tcp.ts';
import type { SentPacket } from './stack-under-test.ts';

export interface Segment {
  readonly sentNs: Instant;
  readonly isIpv6: boolean;
  readonly trafficClass: number;
  readonly ttl: number;
  readonly source: AddressWords;
  readonly destination: AddressWords;
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** Live and unsigned, as are the acknowledgment and the options. */
  readonly sequence: number;
  readonly acknowledgment: number;
  readonly flags: number;
  readonly window: number;
  readonly urgent: number;
  readonly options: Uint8Array;
  readonly payloadBytes: Bytes;
}

/** The segment, or what is wrong with the packet. */
export function readSegment(packet: SentPacket): Segment | string {
  const { header, payloadBytes } = packet;
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const isIpv6 = view.getUint16(EthernetField.Type) === EtherType.Ipv6;
  const at = ETHERNET_HEADER_BYTES;
  const ip = isIpv6 ? readIpv6(header, at) : readIpv4(header, at);
  if (typeof ip === 'string') return ip;
  if (ip.protocol !== IpProtocol.Tcp) return `IP protocol ${ip.protocol} instead of TCP`;
  const length = checkTcp(view, ip.end, header.length);
  if (length < 0) return `TCP header: ${malformedText(length)}`;
  if (ip.end + length !== header.length) return 'TCP data offset beside the end of the header';
  if (ip.payloadBytes !== length + payloadBytes) return 'IP length that is not the packet length';
  if (!isChecksumRight(header, ip.end, payloadBytes, isIpv6)) return 'bad TCP checksum';
  if (!packet.isPayloadZero) return 'payload that is not what was written';
  return {
    sentNs: packet.sentNs,
    isIpv6,
    ...ip.fields,
    sourcePort: view.getUint16(ip.end + TcpField.SourcePort),
    destinationPort: view.getUint16(ip.end + TcpField.DestinationPort),
    sequence: view.getUint32(ip.end + TcpField.Sequence),
    acknowledgment: view.getUint32(ip.end + TcpField.Acknowledgment),
    flags: view.getUint16(ip.end + TcpField.OffsetFlags) & TCP_FLAGS_MASK,
    window: view.getUint16(ip.end + TcpField.Window),
    urgent: view.getUint16(ip.end + TcpField.UrgentPointer),
    options: header.slice(ip.end + TcpField.Options),
    payloadBytes,
  };
}

interface NetworkLayer {
  readonly fields: Pick<Segment, 'trafficClass' | 'ttl' | 'source' | 'destination'>;
  readonly protocol: number;
  /** Where the transport header starts. */
  readonly end: number;
  /** Behind the IP header, as it says. */
  readonly payloadBytes: Bytes;
}

function readIpv4(bytes: Uint8Array, at: number): NetworkLayer | string {
  const ip = parseIpv4(bytes, at, bytes.length);
  if (typeof ip === 'number') return `IPv4 header: ${malformedText(ip)}`;
  const headerBytes = ((bytes[at] as number) & 15) << 2;
  if (checksumFinish(checksumAdd(bytes, at, headerBytes, 0)) !== 0) return 'bad IPv4 checksum';
  const { trafficClass, ttl, source, destination } = ip;
  return {
    fields: { trafficClass, ttl, source, destination },
    protocol: ip.protocol,
    end: at + headerBytes,
    payloadBytes: ip.totalLength - headerBytes,
  };
}

function readIpv6(bytes: Uint8Array, at: number): NetworkLayer | string {
  const ip = parseIpv6(bytes, at, bytes.length);
  if (typeof ip === 'number') return `IPv6 header: ${malformedText(ip)}`;
  const { trafficClass, hopLimit, source, destination } = ip;
  return {
    fields: { trafficClass, ttl: hopLimit, source, destination },
    protocol: ip.protocol,
    end: at + IPV6_HEADER_BYTES,
    payloadBytes: ip.payloadLength,
  };
}

/** The payload is zeros: it adds nothing but its length. */
function isChecksumRight(
  bytes: Uint8Array,
  at: number,
  payloadBytes: Bytes,
  isIpv6: boolean,
): boolean {
  const length = bytes.length - at + payloadBytes;
  const sum = isIpv6
    ? pseudoHeaderIpv6Sum(bytes, ETHERNET_HEADER_BYTES, IpProtocol.Tcp, length)
    : pseudoHeaderIpv4Sum(bytes, ETHERNET_HEADER_BYTES, IpProtocol.Tcp, length);
  return checksumFinish(checksumAdd(bytes, at, bytes.length - at, sum)) === 0;
}

/** True when `next` goes on where `first` ends, so that a receiver may see the two as one. */
export function isContinuation(first: Segment, next: Segment): boolean {
  const joins = TcpFlag.Syn | TcpFlag.Rst | TcpFlag.Fin | TcpFlag.Urg;
  return (
    (first.flags & joins) === 0 &&
    (next.flags & (TcpFlag.Syn | TcpFlag.Rst | TcpFlag.Urg)) === 0 &&
    first.sourcePort === next.sourcePort &&
    first.destinationPort === next.destinationPort &&
    next.payloadBytes > 0 &&
    (first.sequence + first.payloadBytes) >>> 0 === next.sequence
  );
}

/** Sequence number of the first, header of the last. */
export function joinSegments(first: Segment, last: Segment): Segment {
  return {
    ...last,
    sentNs: first.sentNs,
    sequence: first.sequence,
    payloadBytes: first.payloadBytes + last.payloadBytes,
  };
}
