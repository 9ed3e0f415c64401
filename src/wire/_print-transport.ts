/**
 * The part of wire/print behind the IP header: TCP with its options, and UDP; ICMP is in
 * _print-icmp. What cannot be read becomes `[|tcp]` (cut) or a reason. Cold.
 */
import { viewOf } from './_bytes.ts';
import { formatIcmp } from './_print-icmp.ts';
import { IpProtocol } from './ipv4.ts';
import { Malformed, malformedText } from './malformed.ts';
import { checkTcp, TCP_HEADER_BYTES, TcpField, TcpFlag, tcpFlags } from './tcp.ts';
import { parseTcpOptions, type TcpOption, TcpOptionKind } from './tcp-options.ts';
import { parseUdp, UDP_HEADER_BYTES } from './udp.ts';

/** An IP packet whose header has been read. */
export interface IpPacket {
  readonly version: 4 | 6;
  /** Addresses in text. */
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly bytes: Uint8Array;
  /** Where the IP payload starts. */
  readonly at: number;
  /** Where its stored bytes end. */
  readonly storedEnd: number;
  /** Where it ends by the IP lengths. */
  readonly end: number;
  readonly isLaterFragment: boolean;
}

/** `IP source > destination: …`, with ports where there are any. */
export function formatTransport(packet: IpPacket): string {
  if (packet.isLaterFragment) return addressed(packet, `ip-proto-${packet.protocol}`);
  switch (packet.protocol) {
    case IpProtocol.Tcp:
      return formatTcp(packet);
    case IpProtocol.Udp:
      return formatUdp(packet);
    case IpProtocol.Icmp:
      return addressed(packet, `ICMP ${formatIcmp(packet, 4)}`);
    case IpProtocol.Icmpv6:
      return addressed(packet, `ICMP6, ${formatIcmp(packet, 6)}`);
    default:
      return addressed(packet, `ip-proto-${packet.protocol}, length ${packet.end - packet.at}`);
  }
}

function addressed(packet: IpPacket, text: string): string {
  const label = packet.version === 4 ? 'IP' : 'IP6';
  return `${label} ${packet.source} > ${packet.destination}: ${text}`;
}

/** TCP and UDP have their ports in the same place. */
function addressedWithPorts(packet: IpPacket, text: string): string {
  const view = viewOf(packet.bytes);
  return addressed(
    {
      ...packet,
      source: `${packet.source}.${view.getUint16(packet.at)}`,
      destination: `${packet.destination}.${view.getUint16(packet.at + 2)}`,
    },
    text,
  );
}

function formatTcp(packet: IpPacket): string {
  const { at, bytes } = packet;
  const view = viewOf(bytes);
  const headerBytes = checkTcp(view, at, packet.storedEnd);
  if (headerBytes === Malformed.Truncated) return addressed(packet, '[|tcp]');
  if (headerBytes < 0) return addressedWithPorts(packet, `tcp, ${malformedText(headerBytes)}`);
  const flags = tcpFlags(view, at);
  const length = packet.end - at - headerBytes;
  let text = `Flags [${formatTcpFlags(flags)}]`;
  if (length > 0 || (flags & (TcpFlag.Syn | TcpFlag.Fin | TcpFlag.Rst)) !== 0) {
    const sequence = view.getUint32(at + TcpField.Sequence);
    text += `, seq ${sequence}`;
    if (length > 0) text += `:${(sequence + length) >>> 0}`;
  }
  if ((flags & TcpFlag.Ack) !== 0) text += `, ack ${view.getUint32(at + TcpField.Acknowledgment)}`;
  text += `, win ${view.getUint16(at + TcpField.Window)}`;
  if ((flags & TcpFlag.Urg) !== 0) text += `, urg ${view.getUint16(at + TcpField.UrgentPointer)}`;
  if (headerBytes > TCP_HEADER_BYTES) {
    const options = parseTcpOptions(bytes, at + TcpField.Options, at + headerBytes);
    const list = typeof options === 'number' ? 'bad opt' : options.map(formatTcpOption).join(',');
    text += `, options [${list}]`;
  }
  return addressedWithPorts(packet, `${text}, length ${length}`);
}

const FLAG_LETTERS: readonly (readonly [number, string])[] = [
  [TcpFlag.Fin, 'F'],
  [TcpFlag.Syn, 'S'],
  [TcpFlag.Rst, 'R'],
  [TcpFlag.Psh, 'P'],
  [TcpFlag.Ack, '.'],
  [TcpFlag.Urg, 'U'],
  [TcpFlag.Ece, 'E'],
  [TcpFlag.Cwr, 'W'],
  [TcpFlag.Ae, 'e'],
];

/** `S.`, `FP.`, `SEW`; `none` without a flag. */
export function formatTcpFlags(flags: number): string {
  const letters = FLAG_LETTERS.filter(([bit]) => (flags & bit) !== 0).map(([, letter]) => letter);
  return letters.length === 0 ? 'none' : letters.join('');
}

/** Subtypes of RFC 8684 §8. */
const MPTCP_SUBTYPES = [
  'capable',
  'join',
  'dss',
  'add-addr',
  'rem-addr',
  'prio',
  'fail',
  'fast-close',
  'tcprst',
];

function formatTcpOption(option: TcpOption): string {
  switch (option.kind) {
    case 'nop':
      return 'nop';
    case 'mss':
      return `mss ${option.mss}`;
    case 'windowScale':
      return `wscale ${option.shift}`;
    case 'sackPermitted':
      return 'sackOK';
    case 'sack': {
      const blocks = option.blocks.map(({ left, right }) => `{${left}:${right}}`);
      return `sack ${blocks.length} ${blocks.join('')}`;
    }
    case 'timestamps':
      return `TS val ${option.tsVal} ecr ${option.tsEcr}`;
    case 'fastOpen': {
      const cookie = option.cookie.length === 0 ? 'cookiereq' : `cookie ${hex(option.cookie)}`;
      return `${option.isExperimental ? 'exp-tfo' : 'tfo'} ${cookie}`;
    }
    case 'mptcp':
      return `mptcp ${2 + option.data.length} ${MPTCP_SUBTYPES[option.data[0] >> 4] ?? 'unknown'}`;
    case 'accEcn':
      return `accecn${option.order} 0x${hex(option.data)}`;
    case 'unknown':
      if (isExperiment(option.optionKind) && option.data.length >= 2) {
        return `exp-${hex(option.data.subarray(0, 2))}`;
      }
      return `unknown-${option.optionKind} 0x${hex(option.data)}`;
  }
}

/** RFC 6994: what the option is, its first two bytes say. */
function isExperiment(optionKind: number): boolean {
  return optionKind === TcpOptionKind.Experiment1 || optionKind === TcpOptionKind.Experiment2;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function formatUdp(packet: IpPacket): string {
  const header = parseUdp(packet.bytes, packet.at, packet.storedEnd);
  if (header === Malformed.Truncated) return addressed(packet, '[|udp]');
  if (typeof header === 'number') {
    return addressedWithPorts(packet, `UDP, ${malformedText(header)}`);
  }
  return addressedWithPorts(packet, `UDP, length ${header.length - UDP_HEADER_BYTES}`);
}
