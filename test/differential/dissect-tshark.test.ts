import { describe, expect, it } from 'vitest';
import { formatIpAddress } from '../../src/base/ip-address.ts';
import { dissect } from '../../src/wire/dissect.ts';
import { LinkLayer, linkLayerFromLinkType } from '../../src/wire/link-layer.ts';
import {
  ADDRESS_WORDS,
  DissectStatus,
  FragmentKind,
  PacketColumns,
} from '../../src/wire/packet-columns.ts';
import { captureFiles, captureName, loadCapture } from '../support/captures.ts';
import { outerProtocols, tsharkFields, tsharkVersion } from '../support/tshark.ts';

const FIELDS = [
  'frame.protocols',
  'vlan.id',
  'ip.src',
  'ip.dst',
  'ip.ttl',
  'ip.proto',
  'ip.id',
  'ip.dsfield',
  'ip.len',
  'ip.hdr_len',
  'ip.flags.mf',
  'ip.frag_offset',
  'ipv6.src',
  'ipv6.dst',
  'ipv6.hlim',
  'ipv6.tclass',
  'ipv6.fraghdr.offset',
  'ipv6.fraghdr.more',
  'tcp.srcport',
  'tcp.dstport',
  'tcp.seq_raw',
  'tcp.ack_raw',
  'tcp.flags',
  'tcp.window_size_value',
  'tcp.options.timestamp.tsval',
  'tcp.options.timestamp.tsecr',
  'tcp.options.mss_val',
  'tcp.options.wscale.shift',
  'tcp.len',
  'tcp.hdr_len',
  'udp.srcport',
  'udp.dstport',
  'udp.length',
  'icmp.ident',
  'icmpv6.echo.identifier',
] as const;
type Fields = Record<(typeof FIELDS)[number], string>;

/** What both sides are brought to. */
interface Facts {
  network: string;
  vlan: number;
  source: string;
  destination: string;
  ttl: number;
  trafficClass: number;
  identification: number;
  fragment: FragmentKind;
  transport: string;
  ports: string;
  sequence: number;
  acknowledgment: number;
  flags: number;
  window: number;
  timestamps: string;
  mss: number;
  windowScale: number;
  payloadLength: number | undefined;
}

const numberOr = (text: string, absent: number): number => (text === '' ? absent : Number(text));

/**
 * The bytes behind the TCP header by the IP length. tshark's own figure stops at the frame's end, also in
 * frames that say they are shorter than their packet (zeek__tcp_reassembly.pcap, where sequence numbers agree
 * with the IP length).
 */
function tcpPayloadLength(fields: Fields): number {
  if (fields['ip.len'] === '') return Number(fields['tcp.len']);
  return Number(fields['ip.len']) - Number(fields['ip.hdr_len']) - Number(fields['tcp.hdr_len']);
}

function tsharkFacts(fields: Fields): Facts {
  const [network, next] = outerProtocols(fields['frame.protocols']);
  const transport = ['tcp', 'udp', 'icmp', 'icmpv6'].includes(next) ? next : '';
  const isV4 = network === 'ip';
  const isTcp = transport === 'tcp';
  const offset = Number(fields[isV4 ? 'ip.frag_offset' : 'ipv6.fraghdr.offset']);
  const more = fields[isV4 ? 'ip.flags.mf' : 'ipv6.fraghdr.more'];
  const hasMore = more === '1' || more === 'True';
  const isFirst = hasMore ? FragmentKind.First : FragmentKind.Whole;
  const fragment = offset > 0 ? FragmentKind.Later : isFirst;
  const tcp = (field: keyof Fields, absent: number) =>
    isTcp ? numberOr(fields[field], absent) : absent;
  const tsVal = isTcp ? fields['tcp.options.timestamp.tsval'] : '';
  const isSyn = (tcp('tcp.flags', 0) & 2) !== 0;
  const identifier = fields[transport === 'icmp' ? 'icmp.ident' : 'icmpv6.echo.identifier'];
  const byTransport: Record<string, [string, number]> = {
    tcp: [`${fields['tcp.srcport']} ${fields['tcp.dstport']}`, tcpPayloadLength(fields)],
    udp: [`${fields['udp.srcport']} ${fields['udp.dstport']}`, Number(fields['udp.length']) - 8],
    icmp: [identifier === '' ? '-1 -1' : `${Number(identifier)} 0`, -1],
    icmpv6: [identifier === '' ? '-1 -1' : `${Number(identifier)} 0`, -1],
  };
  const [ports, payloadLength] = byTransport[transport] ?? ['-1 -1', -1];
  return {
    network,
    vlan: numberOr(fields['vlan.id'], -1),
    source: fields[isV4 ? 'ip.src' : 'ipv6.src'],
    destination: fields[isV4 ? 'ip.dst' : 'ipv6.dst'],
    ttl: Number(fields[isV4 ? 'ip.ttl' : 'ipv6.hlim']),
    trafficClass: Number(fields[isV4 ? 'ip.dsfield' : 'ipv6.tclass']),
    identification: isV4 ? Number(fields['ip.id']) : -1,
    fragment,
    transport,
    ports,
    sequence: tcp('tcp.seq_raw', 0) | 0,
    acknowledgment: tcp('tcp.ack_raw', 0) | 0,
    flags: tcp('tcp.flags', 0),
    window: tcp('tcp.window_size_value', 0),
    timestamps: tsVal === '' ? '' : `${tsVal} ${fields['tcp.options.timestamp.tsecr']}`,
    mss: isSyn ? tcp('tcp.options.mss_val', -1) : -1,
    windowScale: isSyn ? tcp('tcp.options.wscale.shift', -1) : -1,
    payloadLength:
      fragment === FragmentKind.Whole && payloadLength >= 0 ? payloadLength : undefined,
  };
}

const TRANSPORT_NAMES: Record<number, string> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmpv6' };

function columnFacts(columns: PacketColumns, row: number): Facts {
  const at = (column: Int32Array | Uint8Array) => column[row] as number;
  const isV4 = at(columns.ipVersion) === 4;
  const transport =
    at(columns.transportOffset) < 0 ? '' : (TRANSPORT_NAMES[at(columns.protocol)] as string);
  const isWhole = at(columns.isFragment) === FragmentKind.Whole;
  return {
    network: isV4 ? 'ip' : at(columns.ipVersion) === 6 ? 'ipv6' : '',
    vlan: at(columns.vlan) < 0 ? -1 : at(columns.vlan) & 0xfff,
    source: formatIpAddress(columns.addresses, row * ADDRESS_WORDS),
    destination: formatIpAddress(columns.addresses, row * ADDRESS_WORDS + 4),
    ttl: at(columns.ttl),
    trafficClass: at(columns.trafficClass),
    identification: isV4 ? at(columns.identification) : -1,
    fragment: at(columns.isFragment),
    transport,
    ports: `${at(columns.sourcePort)} ${at(columns.destinationPort)}`,
    sequence: at(columns.sequence),
    acknowledgment: at(columns.acknowledgment),
    flags: at(columns.tcpFlags),
    window: at(columns.window),
    timestamps:
      at(columns.hasTimestamps) === 0
        ? ''
        : `${at(columns.tsVal) >>> 0} ${at(columns.tsEcr) >>> 0}`,
    mss: at(columns.mss),
    windowScale: at(columns.windowScale),
    payloadLength:
      isWhole && (transport === 'tcp' || transport === 'udp')
        ? at(columns.payloadLength)
        : undefined,
  };
}

const version = tsharkVersion();
if (version === undefined) console.warn('tshark is not installed: dissect is not compared with it');

describe.skipIf(version === undefined)('dissect, beside tshark', () => {
  it.each(captureFiles().map((path) => [captureName(path), path]))(
    'reads the same fields of every packet of %s',
    (_name, path) => {
      const { bytes, rows, linkType } = loadCapture(path);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const expected = tsharkFields(path, FIELDS);
      expect(rows.count).toBe(expected.length);
      const columns = new PacketColumns(1);
      for (const [packet, fields] of expected.entries()) {
        dissect(
          view,
          rows.offset[packet] as number,
          rows.capturedLength[packet] as number,
          rows.originalLength[packet] as number,
          linkLayerFromLinkType(linkType(packet)),
          columns,
          0,
        );
        if (linkLayerFromLinkType(linkType(packet)) === LinkLayer.Unsupported) {
          expect(columns.status[0], `packet ${packet + 1}`).toBe(DissectStatus.NotIp);
          continue;
        }
        const theirs = tsharkFacts(fields);
        if (theirs.network === '') expect(columns.ipVersion[0], `packet ${packet + 1}`).toBe(0);
        else expect(columnFacts(columns, 0), `packet ${packet + 1}`).toEqual(theirs);
      }
    },
  );
});
