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

const ECN_BITS: Readonly<Record<EcnMark, number>> = {
  noecn: 0,
  ect1: 1,
  ect0: 2,
  ect01: 2,
  ce: 3,
};
const TTL = 255;
const IP_BYTES_MAX: Bytes = 0xffff;
const TOO_LONG = 'an injected packet above 65535 bytes';
const OUR_MAC = '02:00:00:00:00:00';
const PEER_MAC = '02:00:00:00:00:01';

/** `mssBytes`: what a longer payload was merged of, as by a receiver's offload. */
export function buildSegment(
  { packet, ip }: { readonly packet: TcpPacket; readonly ip: IpInfo },
  flow: Flow,
  addresses: ScriptAddresses,
  mssBytes: Bytes | undefined,
): ArrivingPacket {
  const { start, end } = packet.sequence;
  const payloadBytes = end - start;
  if (payloadBytes > IP_BYTES_MAX) throw new Unsupported(TOO_LONG);
  const datagram = {
    transport: tcpHeader(packet, flow),
    payloadBytes,
    protocol: IpProtocol.Tcp,
    ip,
  };
  const arriving = { header: wrapInIp(datagram, addresses), payloadBytes };
  const isMerged = mssBytes !== undefined && payloadBytes > mssBytes;
  return isMerged ? { ...arriving, segmentBytes: mssBytes } : arriving;
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
  view.setUint32(
    TcpField.Sequence,
    flow.remoteToLive(packet.sequence.start, hasSyn || packet.isAbsolute),
  );
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
  { packet, ip }: { readonly packet: IcmpPacket; readonly ip: IpInfo },
  flow: Flow,
  addresses: ScriptAddresses,
): ArrivingPacket {
  const { isIpv6, local, remote } = addresses;
  const { quoted } = packet;
  const ports = new Uint8Array(8);
  const view = new DataView(ports.buffer);
  view.setUint16(0, flow.localPort);
  view.setUint16(2, flow.remotePort);
  // Without a range it is our SYN.
  view.setUint32(4, flow.localToLive(quoted?.start ?? 0));
  const quote = new Uint8Array(ipHeaderBytes(isIpv6) + ports.length);
  const ours = {
    transport: new Uint8Array(TCP_HEADER_BYTES),
    payloadBytes: quoted === undefined ? 0 : quoted.end - quoted.start,
    protocol: IpProtocol.Tcp,
    ip: NO_INFO,
  };
  quote.set(ports, emitIpHeader(ours, quote, 0, { isIpv6, local: remote, remote: local }));
  const transport = icmpMessage(packet, isIpv6, quote);
  const protocol = isIpv6 ? IpProtocol.Icmpv6 : IpProtocol.Icmp;
  const header = wrapInIp({ transport, payloadBytes: 0, protocol, ip }, addresses);
  return { header, payloadBytes: 0 };
}

const NO_INFO: IpInfo = { ecn: undefined, trafficClass: undefined, ttl: undefined };

interface Datagram {
  /** Header of the transport, or a whole message. */
  readonly transport: Uint8Array;
  readonly payloadBytes: Bytes;
  readonly protocol: number;
  readonly ip: IpInfo;
}

const ipHeaderBytes = (isIpv6: boolean): Bytes => (isIpv6 ? IPV6_HEADER_BYTES : IPV4_HEADER_BYTES);

/** Ethernet header, IP header and transport. */
function wrapInIp(datagram: Datagram, addresses: ScriptAddresses): Uint8Array {
  const { transport, payloadBytes } = datagram;
  const ipBytes = ipHeaderBytes(addresses.isIpv6);
  if (ipBytes + transport.length + payloadBytes > IP_BYTES_MAX) throw new Unsupported(TOO_LONG);
  const bytes = new Uint8Array(ETHERNET_HEADER_BYTES + ipBytes + transport.length);
  const etherType = addresses.isIpv6 ? EtherType.Ipv6 : EtherType.Ipv4;
  emitEthernet({ destination: OUR_MAC, source: PEER_MAC, tags: [], etherType }, bytes, 0);
  bytes.set(transport, emitIpHeader(datagram, bytes, ETHERNET_HEADER_BYTES, addresses));
  return bytes;
}

/** From the remote end to the local one. Returns where the header ends. */
function emitIpHeader(
  { transport, payloadBytes, protocol, ip }: Datagram,
  bytes: Uint8Array,
  at: number,
  { isIpv6, local, remote }: ScriptAddresses,
): number {
  const trafficClass = ip.trafficClass ?? (ip.ecn === undefined ? 0 : ECN_BITS[ip.ecn]);
  const common = { trafficClass, source: remote, destination: local, protocol };
  const length = transport.length + payloadBytes;
  if (isIpv6) {
    const hopLimit = ip.ttl ?? TTL;
    const header = { ...common, flowLabel: 0, payloadLength: length, hopLimit, extensions: [] };
    return at + emitIpv6(header, bytes, at);
  }
  const header = {
    ...common,
    totalLength: IPV4_HEADER_BYTES + length,
    identification: 0,
    flags: Ipv4Flag.DontFragment,
    fragmentOffset: 0,
    ttl: ip.ttl ?? TTL,
    options: [],
  };
  return at + emitIpv4(header, bytes, at);
}
