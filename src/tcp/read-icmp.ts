/** An ICMP error that has arrived as TCP takes it: what kind, and which segment of ours it quotes. Cold. */
import type { AddressWords } from '../base/ip-address.ts';
import { seqFromWire } from '../base/seq.ts';
import { ETHERNET_HEADER_BYTES } from '../wire/ethernet.ts';
import { IcmpType, Icmpv6Type, icmpMtu, parseIcmp } from '../wire/icmp.ts';
import { IPV4_HEADER_BYTES, IpProtocol, Ipv4Field, parseIpv4 } from '../wire/ipv4.ts';
import { IPV6_HEADER_BYTES, Ipv6Field, parseIpv6 } from '../wire/ipv6.ts';
import { packetMemory } from '../wire/packet-memory.ts';
import { TcpField } from '../wire/tcp.ts';
import { type IcmpError, IcmpErrorKind } from './icmp-errors.ts';

/** ICMP quotes 8 bytes of it at least (RFC 792): ports and sequence number. */
const QUOTED_TCP_BYTES = 8;

/**
 * Undefined when the Ethernet frame is no ICMP error that quotes enough of a TCP segment. Headers are without
 * options.
 */
export function readIcmpError(
  packet: Uint8Array,
  isIpv6: boolean,
  intern: (address: AddressWords) => number,
): IcmpError | undefined {
  if (!isIcmp(packet, isIpv6)) return undefined;
  const at = ETHERNET_HEADER_BYTES + (isIpv6 ? IPV6_HEADER_BYTES : IPV4_HEADER_BYTES);
  const message = parseIcmp(packet, at, packet.length, isIpv6 ? 6 : 4);
  if (typeof message === 'number' || message.kind !== 'error') return undefined;
  const { quoted } = message;
  const ip = isIpv6 ? parseIpv6(quoted, 0, quoted.length) : parseIpv4(quoted, 0, quoted.length);
  const tcp = isIpv6 ? IPV6_HEADER_BYTES : IPV4_HEADER_BYTES;
  if (typeof ip === 'number' || quoted.length < tcp + QUOTED_TCP_BYTES) return undefined;
  const quotedProtocolAt = isIpv6 ? Ipv6Field.NextHeader : Ipv4Field.Protocol;
  if (quoted[quotedProtocolAt] !== IpProtocol.Tcp) return undefined;
  const kind = isIpv6
    ? kindOfIcmpv6(message.type, message.code)
    : kindOfIcmp(message.type, message.code);
  if (kind === undefined) return undefined;
  const { view } = packetMemory(quoted);
  return {
    kind,
    localAddress: intern(ip.source),
    remoteAddress: intern(ip.destination),
    localPort: view.getUint16(tcp + TcpField.SourcePort),
    remotePort: view.getUint16(tcp + TcpField.DestinationPort),
    sequence: seqFromWire(view.getUint32(tcp + TcpField.Sequence)),
    mtu: Math.max(0, icmpMtu(packetMemory(packet).view, at, isIpv6 ? 6 : 4)),
  };
}

/** RFC 1812 §5.2.7.1: later codes have no meaning. */
const UNREACHABLE_CODE_MAX = 15;

/** The Ethernet frame holds ICMP of its IP version, whatever the message is. */
export function isIcmp(packet: Uint8Array, isIpv6: boolean): boolean {
  const at = ETHERNET_HEADER_BYTES + (isIpv6 ? Ipv6Field.NextHeader : Ipv4Field.Protocol);
  return packet[at] === (isIpv6 ? IpProtocol.Icmpv6 : IpProtocol.Icmp);
}

/** RFC 1122 §3.2.2.1; what is prohibited cannot be reached. */
const UNREACHABLE: Readonly<Record<number, IcmpErrorKind>> = {
  0: IcmpErrorKind.NetworkUnreachable,
  2: IcmpErrorKind.ProtocolUnreachable,
  3: IcmpErrorKind.PortUnreachable,
  4: IcmpErrorKind.PacketTooBig,
  5: IcmpErrorKind.SourceRouteFailed,
  6: IcmpErrorKind.NetworkUnreachable,
  7: IcmpErrorKind.HostUnknown,
  8: IcmpErrorKind.HostIsolated,
  9: IcmpErrorKind.NetworkUnreachable,
  11: IcmpErrorKind.NetworkUnreachable,
};

function kindOfIcmp(type: number, code: number): IcmpErrorKind | undefined {
  if (type === IcmpType.SourceQuench) return IcmpErrorKind.SourceQuench;
  if (type === IcmpType.TimeExceeded) return IcmpErrorKind.TimeExceeded;
  if (type === IcmpType.ParameterProblem) return IcmpErrorKind.ParameterProblem;
  if (type !== IcmpType.DestinationUnreachable || code > UNREACHABLE_CODE_MAX) return undefined;
  return UNREACHABLE[code] ?? IcmpErrorKind.HostUnreachable;
}

function kindOfIcmpv6(type: number, code: number): IcmpErrorKind | undefined {
  if (type === Icmpv6Type.PacketTooBig) return IcmpErrorKind.PacketTooBig;
  if (type === Icmpv6Type.TimeExceeded) return IcmpErrorKind.TimeExceeded;
  if (type === Icmpv6Type.ParameterProblem) return IcmpErrorKind.ParameterProblem;
  if (type !== Icmpv6Type.DestinationUnreachable) return undefined;
  if (code === 4) return IcmpErrorKind.PortUnreachable;
  return code === 0 ? IcmpErrorKind.NetworkUnreachable : IcmpErrorKind.HostUnreachable;
}
