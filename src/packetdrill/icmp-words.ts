/**
 * ICMP messages by the words of scripts: types and codes of RFC 792 with the codes that RFC 1122 §3.2.2.1
 * added, and of RFC 4443. A word that the script's IP version does not have is a reason to skip.
 */
import { emitIcmp, IcmpType, Icmpv6Type } from '../wire/icmp.ts';
import type { IcmpPacket } from './script.ts';
import { Unsupported } from './stack-under-test.ts';

interface IcmpWords {
  readonly type: number;
  readonly codes: Readonly<Record<string, number>>;
}

const IPV4: Readonly<Record<string, IcmpWords>> = {
  unreachable: {
    type: IcmpType.DestinationUnreachable,
    codes: {
      net_unreachable: 0,
      host_unreachable: 1,
      protocol_unreachable: 2,
      port_unreachable: 3,
      frag_needed: 4,
      source_route_failed: 5,
      net_unknown: 6,
      host_unknown: 7,
      source_host_isolated: 8,
      net_prohibited: 9,
      host_prohibited: 10,
      net_unreachable_for_tos: 11,
      host_unreachable_for_tos: 12,
      packet_filtered: 13,
      precedence_violation: 14,
      precedence_cutoff: 15,
    },
  },
  echo_reply: { type: IcmpType.EchoReply, codes: {} },
  source_quench: { type: IcmpType.SourceQuench, codes: {} },
  redirect: { type: IcmpType.Redirect, codes: {} },
  echo_request: { type: IcmpType.EchoRequest, codes: {} },
  time_exceeded: {
    type: IcmpType.TimeExceeded,
    codes: { exceeded_in_transit: 0, exceeded_reassembly: 1 },
  },
  parameter_problem: { type: IcmpType.ParameterProblem, codes: {} },
  timestamp_request: { type: 13, codes: {} },
  timestamp_reply: { type: 14, codes: {} },
  information_request: { type: 15, codes: {} },
  information_reply: { type: 16, codes: {} },
  address_mask_request: { type: 17, codes: {} },
  address_mask_reply: { type: 18, codes: {} },
};

const IPV6: Readonly<Record<string, IcmpWords>> = {
  unreachable: {
    type: Icmpv6Type.DestinationUnreachable,
    codes: {
      no_route: 0,
      admin_prohibited: 1,
      not_neighbour: 2,
      beyond_scope: 2,
      address_unreachable: 3,
      port_unreachable: 4,
      source_policy: 5,
      reject_route: 6,
    },
  },
  packet_too_big: { type: Icmpv6Type.PacketTooBig, codes: {} },
  time_exceeded: {
    type: Icmpv6Type.TimeExceeded,
    codes: {
      exceeded_hop_limit: 0,
      exceeded_frag_time: 1,
      exceeded_in_transit: 0,
      exceeded_reassembly: 1,
    },
  },
  parameter_problem: {
    type: Icmpv6Type.ParameterProblem,
    codes: { header_field: 0, unknown_next_header: 1, unknown_option: 2 },
  },
  echo_request: { type: Icmpv6Type.EchoRequest, codes: {} },
  echo_reply: { type: Icmpv6Type.EchoReply, codes: {} },
};

/** The message behind the IP header, checksum 0. Throws Unsupported for a word that there is not. */
export function icmpMessage(packet: IcmpPacket, isIpv6: boolean, quoted: Uint8Array): Uint8Array {
  const table = isIpv6 ? IPV6 : IPV4;
  const version = isIpv6 ? 'ICMPv6' : 'ICMP';
  const words = Object.hasOwn(table, packet.type)
    ? table[packet.type]
    : numbered(/^type_(\d+)$/, packet.type);
  if (words === undefined) throw new Unsupported(`${version} type ${packet.type}`);
  const code = packet.code === undefined ? 0 : codeOf(words, packet.code);
  if (code === undefined) throw new Unsupported(`${version} code ${packet.code}`);
  const bytes = new Uint8Array(8 + quoted.length);
  const parameter = packet.mtu ?? 0;
  const { type } = words;
  emitIcmp({ kind: 'error', type, code, parameter, quoted }, bytes, 0, isIpv6 ? 6 : 4);
  return bytes;
}

function numbered(pattern: RegExp, word: string): IcmpWords | undefined {
  const type = readNumber(pattern, word);
  return type === undefined ? undefined : { type, codes: {} };
}

function codeOf({ codes }: IcmpWords, word: string): number | undefined {
  return Object.hasOwn(codes, word) ? codes[word] : readNumber(/^code_(\d+)$/, word);
}

/** Below 256, as the field is a byte. */
function readNumber(pattern: RegExp, word: string): number | undefined {
  const digits = pattern.exec(word)?.[1];
  return digits === undefined || Number(digits) > 255 ? undefined : Number(digits);
}
