/**
 * The part of wire/print that puts ICMP and ICMPv6 messages into words, with the facts of the
 * quoted packet that an error is about. Cold.
 */
import { formatIpAddress } from '../base/ip-address.ts';
import { readIpv4Address, readIpv6Address, viewOf } from './_bytes.ts';
import type { IpPacket } from './_print-transport.ts';
import {
  type IcmpError,
  type IcmpMessage,
  IcmpType,
  IcmpUnreachable,
  type IcmpVersion,
  Icmpv6Type,
  icmpMtu,
  parseIcmp,
} from './icmp.ts';
import { checkIpv4, IpProtocol, Ipv4Field } from './ipv4.ts';
import { checkIpv6, Ipv6Field } from './ipv6.ts';
import { malformedText } from './malformed.ts';

/** The message of that version in the packet, and its length. */
export function formatIcmp(packet: IpPacket, version: IcmpVersion): string {
  const { at, bytes, storedEnd } = packet;
  const message = parseIcmp(bytes, at, storedEnd, version);
  const length = `length ${packet.end - at}`;
  if (typeof message === 'number') return `${malformedText(message)}, ${length}`;
  const mtu = icmpMtu(viewOf(bytes), at, version);
  const words = version === 4 ? describeIcmpv4(message, mtu) : describeIcmpv6(message, mtu);
  return `${words}, ${length}`;
}

function describeIcmpv4(message: IcmpMessage, mtu: number): string {
  if (message.kind === 'echo') {
    const word = message.type === IcmpType.EchoRequest ? 'request' : 'reply';
    return `echo ${word}, id ${message.identifier}, seq ${message.sequence}`;
  }
  if (message.kind === 'other') return `type-${message.type}`;
  switch (message.type) {
    case IcmpType.DestinationUnreachable:
      return describeUnreachable(message, mtu);
    case IcmpType.TimeExceeded:
      return message.code === 0 ? 'time exceeded in-transit' : 'ip reassembly time exceeded';
    case IcmpType.Redirect: {
      const gateway = formatIpAddress([0, 0, 0xffff, message.parameter]);
      return `redirect ${quoteOf(message, 4).destination} to ${gateway}`;
    }
    case IcmpType.SourceQuench:
      return 'source quench';
    default:
      return `parameter problem - octet ${message.parameter >>> 24}`;
  }
}

function describeUnreachable(message: IcmpError, mtu: number): string {
  const { destination, protocol, port } = quoteOf(message, 4);
  switch (message.code) {
    case IcmpUnreachable.Network:
      return `net ${destination} unreachable`;
    case IcmpUnreachable.Host:
      return `host ${destination} unreachable`;
    case IcmpUnreachable.Protocol:
      return `${destination} protocol ${protocol} unreachable`;
    case IcmpUnreachable.Port:
      return `${destination} ${protocolName(protocol)} port ${port} unreachable`;
    case IcmpUnreachable.FragmentationNeeded:
      return `${destination} unreachable - need to frag${mtu > 0 ? ` (mtu ${mtu})` : ''}`;
    case IcmpUnreachable.Prohibited:
      return `host ${destination} unreachable - admin prohibited filter`;
    default:
      return `${destination} unreachable - code ${message.code}`;
  }
}

/** RFC 4443 §3.1. */
const ICMPV6_UNREACHABLE = [
  'unreachable route',
  'unreachable prohibited',
  'beyond scope',
  'unreachable address',
  'unreachable port',
  'failed source address policy',
  'reject route',
];
const CODE_PORT = 4;

function describeIcmpv6(message: IcmpMessage, mtu: number): string {
  if (message.kind === 'echo') {
    const word = message.type === Icmpv6Type.EchoRequest ? 'request' : 'reply';
    return `echo ${word}, id ${message.identifier}, seq ${message.sequence}`;
  }
  if (message.kind === 'other') return describeDiscovery(message.type, message.body);
  const { destination, protocol, port } = quoteOf(message, 6);
  switch (message.type) {
    case Icmpv6Type.DestinationUnreachable: {
      const code = ICMPV6_UNREACHABLE[message.code] ?? `code ${message.code}`;
      const about =
        message.code === CODE_PORT
          ? `${destination} ${protocolName(protocol)} port ${port}`
          : destination;
      return `destination unreachable, ${code} ${about}`;
    }
    case Icmpv6Type.PacketTooBig:
      return `packet too big, mtu ${mtu}`;
    case Icmpv6Type.TimeExceeded: {
      const where = message.code === 0 ? 'in-transit' : '(reassembly)';
      return `time exceeded ${where} for ${destination}`;
    }
    default:
      return `parameter problem, code ${message.code} - octet ${message.parameter}`;
  }
}

/** RFC 4861 §4; targets lie behind 4 reserved bytes. */
function describeDiscovery(type: number, body: Uint8Array): string {
  const target =
    body.length >= 20 ? formatIpAddress(readIpv6Address(viewOf(body), 4)) : '[|address]';
  switch (type) {
    case Icmpv6Type.RouterSolicitation:
      return 'router solicitation';
    case Icmpv6Type.RouterAdvertisement:
      return 'router advertisement';
    case Icmpv6Type.NeighborSolicitation:
      return `neighbor solicitation, who has ${target}`;
    case Icmpv6Type.NeighborAdvertisement:
      return `neighbor advertisement, tgt is ${target}`;
    case Icmpv6Type.Redirect:
      return `redirect, to ${target}`;
    default:
      return `type-${type}`;
  }
}

interface Quote {
  readonly destination: string;
  readonly protocol: number;
  readonly port: number;
}

/** Where the packet that the error quotes was going; extension headers in it are not followed. */
function quoteOf(message: IcmpError, version: IcmpVersion): Quote {
  const { quoted } = message;
  const view = viewOf(quoted);
  const headerBytes =
    version === 4 ? checkIpv4(view, 0, quoted.length) : checkIpv6(view, 0, quoted.length);
  if (headerBytes < 0) return { destination: '[|ip]', protocol: -1, port: -1 };
  return {
    destination: formatIpAddress(
      version === 4
        ? readIpv4Address(view, Ipv4Field.Destination)
        : readIpv6Address(view, Ipv6Field.Destination),
    ),
    protocol: quoted[version === 4 ? Ipv4Field.Protocol : Ipv6Field.NextHeader],
    port: headerBytes + 4 <= quoted.length ? view.getUint16(headerBytes + 2) : -1,
  };
}

function protocolName(protocol: number): string {
  if (protocol === IpProtocol.Tcp) return 'tcp';
  return protocol === IpProtocol.Udp ? 'udp' : String(protocol);
}
