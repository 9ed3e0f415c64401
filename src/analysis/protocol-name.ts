/** Names of IANA protocol numbers and EtherTypes as people write them; numbers without a name show as numbers. */
import { FlowKind } from './flow-record.ts';

const IP_PROTOCOLS: Readonly<Record<number, string>> = {
  1: 'ICMP',
  2: 'IGMP',
  4: 'IPv4 in IP',
  6: 'TCP',
  17: 'UDP',
  33: 'DCCP',
  41: 'IPv6 in IP',
  47: 'GRE',
  50: 'ESP',
  51: 'AH',
  58: 'ICMPv6',
  89: 'OSPF',
  103: 'PIM',
  112: 'VRRP',
  132: 'SCTP',
  136: 'UDP-Lite',
};

const ETHER_TYPES: Readonly<Record<number, string>> = {
  2048: 'unreadable IPv4',
  2054: 'ARP',
  33024: 'VLAN',
  34525: 'unreadable IPv6',
  34887: 'MPLS',
  34915: 'PPPoE discovery',
  34916: 'PPPoE session',
  34958: '802.1X',
  35020: 'LLDP',
  35045: 'MACsec',
  35063: 'PTP',
};

/** What FlowWord.Ports holds in both halves for FlowKind.Link, when it is no EtherType. */
export const enum NoEtherType {
  /** No link header that says what follows. */
  Unknown = 0,
  /** An 802.3 frame: its type field is a length (IEEE 802.3 §3.2.6). */
  Ieee8023 = 1,
}

/** `TCP`, `ICMPv6`, `ARP`, `IP protocol 200`, `EtherType 0x88b5`. */
export function protocolName(kind: FlowKind, number: number): string {
  if (kind !== FlowKind.Link) return IP_PROTOCOLS[number] ?? `IP protocol ${number}`;
  if (number === NoEtherType.Unknown) return 'not IP';
  if (number === NoEtherType.Ieee8023) return '802.3';
  return ETHER_TYPES[number] ?? `EtherType 0x${number.toString(16).padStart(4, '0')}`;
}
