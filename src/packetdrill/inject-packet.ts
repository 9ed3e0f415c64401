/**
 * Bytes of the packets that a script injects: Ethernet, IPv4 or IPv6, then TCP with the options as written,
 * or an ICMP error that quotes a segment of ours. Payload is zeros and stays a length.
 */
import type { Bytes } from '../base/units.ts';
import { ETHERNET_HEADER_BYTES, EtherType, emitEthernet } from '../wire/ethernet.ts';
import { emitIpv4, IPV4_HEADER_BYTES, IpProtocol, Ipv4Flag } from '../wire/ipv4.ts';
import { emitIpv6, IPV6_HEADER_BYTES } from '../wire/ipv6.ts';
import { TCP_HEADER_BYTES, TcpField, TcpFlag } from '../wire/tcp.ts';
import type { ScriptAddresses } from './addresses.ts';
import type { Flow } from './flow.ts';
import { icmpMessage } from './icmp-words.ts';
import { optionBytes } from './option-bytes.ts';
import type { EcnMark, IcmpPacket, IpInfo, TcpPacket } from './script.ts';
import { type ArrivingPacket, Unsupported } from './stack-under-test.ts';

const ECN_BITS: Readonly<Record<EcnMark, number>> = { noecn: 0, ect1: 1, ect0: 2, ce: 3 };
const TTL = 255;

/** One packet, or several when `mssBytes` splits the payload. */
export function buildSegments(
  packet: TcpPacket,
  ip: IpInfo,
  flow: Flow,
  addresses: ScriptAddresses,
  mssBytes: Bytes | undefined,
): ArrivingPacket[] {
  const { start, end } = packet.sequence;
  const step = mssBytes ?? Math.max(1, end - start);
  const packets: ArrivingPacket[] = [];
  let at = start;
  do {
    const next = Math.min(end, at + step);
    // Only the last segment of a merged packet ends the data.
    const flags = next < end ? packet.flags & ~(TcpFlag.Fin | TcpFlag.Psh) : packet.flags;
    const piece = { ...packet, flags, sequence: { start: at, end: next } };
    packets.push(buildSegment(piece, ip, flow, addresses));
    at = next;
  } while (at < end);
  return packets;
}

function buildSegment(
  packet: TcpPacket,
  ip: IpInfo,
  flow: Flow,
  addresses: ScriptAddresses,
): ArrivingPacket {
  const payloadBytes = packet.sequence.end - packet.sequence.start;
  const tcp = tcpHeader(packet, flow);
  const header = wrapInIp(tcp, payloadBytes, IpProtocol.Tcp, ip, addresses);
  return { header, payloadBytes };
}

function tcpHeader(packet: TcpPacket, flow: Flow): Uint8Array {
  const hasSyn = (packet.flags & TcpFlag.Syn) !== 0;
  const hasAck = (packet.flags & TcpFlag.Ack) !== 0;
  const options = optionBytes(packet.options === 'any' ? [] : packet.options, {
    sequence: (scripted) => flow.localToLive(scripted),
    tsVal: (scripted) => scripted,
    tsEcr: (scripted) => (scripted === 0 ? 0 : flow.timestamps.toLive(scripted)),
  });
  const length = TCP_HEADER_BYTES + options.length;
  if (length > 60) throw new Unsupported('more than 40 bytes of TCP options');
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint16(TcpField.SourcePort, packet.ports?.source ?? flow.remotePort);
  view.setUint16(TcpField.DestinationPort, packet.ports?.destination ?? flow.localPort);
  view.setUint32(TcpField.Sequence, flow.remoteToLive(packet.sequence.start, hasSyn));
  const ack = packet.ack ?? 0;
  const hasNumber = hasAck || packet.ack !== undefined;
  view.setUint32(TcpField.Acknowledgment, hasNumber ? flow.localToLive(ack) : 0);
  view.setUint16(TcpField.OffsetFlags, ((length >> 2) << 12) | packet.flags);
  view.setUint16(TcpField.Window, packet.window ?? 0);
  view.setUint16(TcpField.UrgentPointer, packet.urgent ?? 0);
  bytes.set(options, TcpField.Options);
  return bytes;
}

/** The error quotes the IP header of our packet and 8 bytes of its TCP header, as RFC 792 has it. */
export function buildIcmp(
  packet: IcmpPacket,
  ip: IpInfo,
  flow: Flow,
  addresses: ScriptAddresses,
): ArrivingPacket {
  const { isIpv6, local, remote } = addresses;
  const sequence =
    packet.quoted === undefined ? flow.lastSequence : flow.localToLive(packet.quoted.start);
  const quotedBytes = packet.quoted === undefined ? 0 : packet.quoted.end - packet.quoted.start;
  const ports = new Uint8Array(8);
  const view = new DataView(ports.buffer);
  view.setUint16(0, flow.localPort);
  view.setUint16(2, flow.remotePort);
  view.setUint32(4, sequence);
  const quote = new Uint8Array((isIpv6 ? IPV6_HEADER_BYTES : IPV4_HEADER_BYTES) + ports.length);
  const payload = TCP_HEADER_BYTES + quotedBytes;
  const ours = { isIpv6, local: remote, remote: local };
  const at = emitIpHeader(quote, 0, payload, IpProtocol.Tcp, NO_INFO, ours);
  quote.set(ports, at);
  const message = icmpMessage(packet, isIpv6, quote);
  const protocol = isIpv6 ? IpProtocol.Icmpv6 : IpProtocol.Icmp;
  return { header: wrapInIp(message, 0, protocol, ip, addresses), payloadBytes: 0 };
}

const NO_INFO: IpInfo = { ecn: undefined, trafficClass: undefined, ttl: undefined };

function wrapInIp(
  transport: Uint8Array,
  payloadBytes: Bytes,
  protocol: number,
  ip: IpInfo,
  addresses: ScriptAddresses,
): Uint8Array {
  const ipBytes = addresses.isIpv6 ? IPV6_HEADER_BYTES : IPV4_HEADER_BYTES;
  const length = transport.length + payloadBytes;
  if (ipBytes + length > 0xffff) throw new Unsupported('an injected packet above 65535 bytes');
  const bytes = new Uint8Array(ETHERNET_HEADER_BYTES + ipBytes + transport.length);
  emitEthernet(
    {
      destination: '02:00:00:00:00:00',
      source: '02:00:00:00:00:01',
      tags: [],
      etherType: addresses.isIpv6 ? EtherType.Ipv6 : EtherType.Ipv4,
    },
    bytes,
    0,
  );
  const at = emitIpHeader(bytes, ETHERNET_HEADER_BYTES, length, protocol, ip, addresses);
  bytes.set(transport, at);
  return bytes;
}

/** From the remote end to the local one. Returns where the header ends. */
function emitIpHeader(
  bytes: Uint8Array,
  at: number,
  length: Bytes,
  protocol: number,
  ip: IpInfo,
  { isIpv6, local, remote }: ScriptAddresses,
): number {
  const trafficClass = ip.trafficClass ?? (ip.ecn === undefined ? 0 : ECN_BITS[ip.ecn]);
  const common = { trafficClass, source: remote, destination: local, protocol };
  if (isIpv6) {
    const hopLimit = ip.ttl ?? TTL;
    emitIpv6(
      { ...common, flowLabel: 0, payloadLength: length, hopLimit, extensions: [] },
      bytes,
      at,
    );
    return at + IPV6_HEADER_BYTES;
  }
  emitIpv4(
    {
      ...common,
      totalLength: IPV4_HEADER_BYTES + length,
      identification: 0,
      flags: Ipv4Flag.DontFragment,
      fragmentOffset: 0,
      ttl: ip.ttl ?? TTL,
      options: [],
    },
    bytes,
    at,
  );
  return at + IPV4_HEADER_BYTES;
}
