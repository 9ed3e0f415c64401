/**
 * Header bytes of built frames, whose record is the truth: Ethernet, IPv4 (RFC 791) or IPv6 (RFC 8200),
 * then TCP (RFC 9293), UDP (RFC 768), ICMP or ICMPv6 echo (RFC 792, RFC 4443 §4), with fresh checksums.
 * The payload is not copied: a length-only payload stands for zeros, which add nothing to a checksum, and
 * one in the arena is summed where it lies. wire/decode is the way back.
 *
 * Built frames are never fragmented (Don't Fragment is set), have no IP options, flow label or urgent data,
 * and carry of TCP's options those of BuiltExtra and timestamps. Link addresses are made up from the index
 * of the IP address: 02:00 (locally administered) and four bytes. Hot: no allocation per frame.
 */
import { assert } from '../base/assert.ts';
import type { AddressTable } from '../frame/address-table.ts';
import type { FramePool } from '../frame/frame-pool.ts';
import {
  AccEcnShift,
  BuiltExtra,
  FastOpenForm,
  FRAME_SHIFT,
  type FrameId,
  FrameWord,
  MetaBit,
  MetaShift,
  NO_PAYLOAD,
  SACK_COUNT_MASK,
} from '../frame/frame-record.ts';
import { checksumFinish, pseudoHeaderIpv4Sum, pseudoHeaderIpv6Sum } from './checksum.ts';
import { ETHERNET_HEADER_BYTES, EthernetField, EtherType } from './ethernet.ts';
import { ICMP_HEADER_BYTES, IcmpField } from './icmp.ts';
import { IPV4_HEADER_BYTES, IpProtocol, Ipv4Field, Ipv4Flag } from './ipv4.ts';
import { IPV6_HEADER_BYTES, Ipv6Field } from './ipv6.ts';
import type { PacketMemory } from './packet-memory.ts';
import { TCP_HEADER_BYTES, TcpField, TcpFlag } from './tcp.ts';
import {
  ACC_ECN_FIELD_BYTES,
  accEcnWord,
  FAST_OPEN_MAGIC,
  TcpOptionKind,
  TcpOptionLength,
  TIMESTAMPS_ALIGNED,
} from './tcp-options.ts';
import { UDP_HEADER_BYTES, UdpField } from './udp.ts';

/** Locally administered: the second bit of the first byte. */
const MAC_PREFIX = 0x0200;
/** No built header is longer: tagless Ethernet, IPv6, TCP with all its options. */
export const ENCODED_HEADER_BYTES_MAX = 14 + 40 + 60;

/**
 * Writes the headers of a built frame to `target` at `at`, where there must be ENCODED_HEADER_BYTES_MAX of
 * room. Returns their length in bytes; the payload follows them on the wire. Real payloads lie in `payloads`,
 * the memory of the pool's arena.
 */
export function encodeFrame(
  pool: FramePool,
  addresses: AddressTable,
  frame: FrameId,
  target: PacketMemory,
  at: number,
  payloads: PacketMemory = target,
): number {
  const record = frame << FRAME_SHIFT;
  const meta = pool.words[record + FrameWord.Meta];
  assert((meta & (MetaBit.Captured | MetaBit.NotIp)) === 0, 'only built IP frames are encoded');
  const isIpv6 = (meta & MetaBit.Ipv6) !== 0;
  const network = at + ETHERNET_HEADER_BYTES;
  const transport = network + (isIpv6 ? IPV6_HEADER_BYTES : IPV4_HEADER_BYTES);
  const protocol = (meta >>> MetaShift.Protocol) & 0xff;
  const headerEnd = transport + writeTransport(pool, record, protocol, target.view, transport);
  const packetEnd = headerEnd + pool.words[record + FrameWord.PayloadLength];
  assert(packetEnd - network <= 0xffff, 'a built packet is at most 65535 bytes');
  writeEthernet(pool.words, record, target.view, at);
  if (isIpv6) writeIpv6(pool.words, record, addresses, target.view, network, packetEnd);
  else writeIpv4(pool.words, record, addresses, target, network, packetEnd);
  if (headerEnd > transport) {
    writeChecksum(pool.words, record, target, payloads, network, transport, headerEnd);
  }
  return headerEnd - at;
}

function writeEthernet(words: Int32Array, record: number, view: DataView, at: number): void {
  const isIpv6 = (words[record + FrameWord.Meta] & MetaBit.Ipv6) !== 0;
  view.setUint16(at + EthernetField.Destination, MAC_PREFIX);
  view.setInt32(at + EthernetField.Destination + 2, words[record + FrameWord.Dst]);
  view.setUint16(at + EthernetField.Source, MAC_PREFIX);
  view.setInt32(at + EthernetField.Source + 2, words[record + FrameWord.Src]);
  view.setUint16(at + EthernetField.Type, isIpv6 ? EtherType.Ipv6 : EtherType.Ipv4);
}

function writeIpv4(
  words: Int32Array,
  record: number,
  addresses: AddressTable,
  target: PacketMemory,
  network: number,
  packetEnd: number,
): void {
  const { view } = target;
  const meta = words[record + FrameWord.Meta];
  const table = addresses.words;
  const source = (words[record + FrameWord.Src] << 2) + 3;
  const destination = (words[record + FrameWord.Dst] << 2) + 3;
  view.setUint8(network + Ipv4Field.VersionIhl, 0x45);
  view.setUint8(network + Ipv4Field.TrafficClass, meta >>> MetaShift.TrafficClass);
  view.setUint16(network + Ipv4Field.TotalLength, packetEnd - network);
  view.setUint16(network + Ipv4Field.Identification, words[record + FrameWord.Identification]);
  view.setUint16(network + Ipv4Field.FlagsFragmentOffset, Ipv4Flag.DontFragment);
  view.setUint8(network + Ipv4Field.Ttl, meta >>> MetaShift.Ttl);
  view.setUint8(network + Ipv4Field.Protocol, meta >>> MetaShift.Protocol);
  view.setUint16(network + Ipv4Field.Checksum, 0);
  view.setInt32(network + Ipv4Field.Source, table[source]);
  view.setInt32(network + Ipv4Field.Destination, table[destination]);
  const sum = target.checksum(network, IPV4_HEADER_BYTES, 0);
  view.setUint16(network + Ipv4Field.Checksum, checksumFinish(sum));
}

function writeIpv6(
  words: Int32Array,
  record: number,
  addresses: AddressTable,
  view: DataView,
  network: number,
  packetEnd: number,
): void {
  const meta = words[record + FrameWord.Meta];
  const table = addresses.words;
  const source = words[record + FrameWord.Src] << 2;
  const destination = words[record + FrameWord.Dst] << 2;
  const trafficClass = (meta >>> MetaShift.TrafficClass) & 0xff;
  view.setInt32(network + Ipv6Field.VersionClassLabel, (6 << 28) | (trafficClass << 20));
  view.setUint16(network + Ipv6Field.PayloadLength, packetEnd - network - IPV6_HEADER_BYTES);
  view.setUint8(network + Ipv6Field.NextHeader, meta >>> MetaShift.Protocol);
  view.setUint8(network + Ipv6Field.HopLimit, meta >>> MetaShift.Ttl);
  for (let word = 0; word < 4; word++) {
    view.setInt32(network + Ipv6Field.Source + (word << 2), table[source + word]);
    view.setInt32(network + Ipv6Field.Destination + (word << 2), table[destination + word]);
  }
}

/** Writes the transport header with its checksum 0. Returns its length; 0 for a protocol we know none of. */
function writeTransport(
  pool: FramePool,
  record: number,
  protocol: number,
  view: DataView,
  at: number,
): number {
  const words = pool.words;
  const ports = words[record + FrameWord.Ports];
  switch (protocol) {
    case IpProtocol.Tcp:
      return writeTcp(pool, record, view, at);
    case IpProtocol.Udp:
      view.setInt32(at, ports);
      view.setUint16(
        at + UdpField.Length,
        UDP_HEADER_BYTES + words[record + FrameWord.PayloadLength],
      );
      view.setUint16(at + UdpField.Checksum, 0);
      return UDP_HEADER_BYTES;
    case IpProtocol.Icmp:
    case IpProtocol.Icmpv6:
      view.setUint16(at + IcmpField.Type, ports >>> 16);
      view.setUint16(at + IcmpField.Checksum, 0);
      view.setUint16(at + IcmpField.RestOfHeader, ports);
      view.setUint16(at + IcmpField.Sequence, words[record + FrameWord.Seq]);
      return ICMP_HEADER_BYTES;
    default:
      return 0;
  }
}

function writeTcp(pool: FramePool, record: number, view: DataView, at: number): number {
  const words = pool.words;
  const end = writeTcpOptions(pool, record, view, at + TCP_HEADER_BYTES);
  const length = end - at;
  assert(length <= 60, 'TCP options are at most 40 bytes');
  const flagsWindow = words[record + FrameWord.FlagsWindow];
  view.setInt32(at, words[record + FrameWord.Ports]);
  view.setInt32(at + TcpField.Sequence, words[record + FrameWord.Seq]);
  view.setInt32(at + TcpField.Acknowledgment, words[record + FrameWord.Ack]);
  view.setInt32(at + TcpField.OffsetFlags, ((length >> 2) << 28) | (flagsWindow & 0xfffffff));
  view.setInt32(at + TcpField.Checksum, 0); // and the urgent pointer
  return length;
}

/** In the order and with the padding of Linux, which scripts and middleboxes know. Returns where they end. */
function writeTcpOptions(pool: FramePool, record: number, view: DataView, start: number): number {
  const words = pool.words;
  if (((words[record + FrameWord.FlagsWindow] >>> 16) & TcpFlag.Syn) !== 0) {
    return writeSynOptions(pool, record, view, start);
  }
  const meta = words[record + FrameWord.Meta];
  let at = start;
  if ((meta & MetaBit.HasTimestamps) !== 0) {
    view.setInt32(at, TIMESTAMPS_ALIGNED);
    at = writeTimestamps(words, record, view, at + 4);
  }
  if ((meta & MetaBit.HasSack) !== 0) {
    at = writeAccEcn(pool.extraWords, record, view, at);
    at = writeSack(pool.extraWords, record, view, at);
  }
  return at;
}

function writeTimestamps(words: Int32Array, record: number, view: DataView, at: number): number {
  view.setInt32(at, words[record + FrameWord.TsVal]);
  view.setInt32(at + 4, words[record + FrameWord.TsEcr]);
  return at + 8;
}

const NOP = TcpOptionKind.NoOperation;
const NOP_NOP = (NOP << 8) | NOP;
const SACK_PERMITTED = (TcpOptionKind.SackPermitted << 8) | TcpOptionLength.SackPermitted;
const TIMESTAMPS = (TcpOptionKind.Timestamps << 8) | TcpOptionLength.Timestamps;

/** MSS, SACK permitted in the place of the timestamps' padding, timestamps, AccECN, window scale, Fast Open. */
function writeSynOptions(pool: FramePool, record: number, view: DataView, start: number): number {
  const extra = pool.extraWords;
  const hasTimestamps = (pool.words[record + FrameWord.Meta] & MetaBit.HasTimestamps) !== 0;
  const isSackPermitted = extra[record + BuiltExtra.IsSackPermitted] !== 0;
  let at = start;
  const mss = extra[record + BuiltExtra.Mss];
  if (mss >= 0) {
    view.setUint8(at, TcpOptionKind.MaximumSegmentSize);
    view.setUint8(at + 1, TcpOptionLength.MaximumSegmentSize);
    view.setUint16(at + 2, mss);
    at += 4;
  }
  if (hasTimestamps) {
    view.setUint16(at, isSackPermitted ? SACK_PERMITTED : NOP_NOP);
    view.setUint16(at + 2, TIMESTAMPS);
    at = writeTimestamps(pool.words, record, view, at + 4);
  }
  if ((pool.words[record + FrameWord.Meta] & MetaBit.HasSack) !== 0) {
    at = writeAccEcn(extra, record, view, at);
  }
  if (!hasTimestamps && isSackPermitted) {
    view.setUint16(at, NOP_NOP);
    view.setUint16(at + 2, SACK_PERMITTED);
    at += 4;
  }
  const windowScale = extra[record + BuiltExtra.WindowScale];
  if (windowScale >= 0) {
    view.setUint8(at, NOP);
    view.setUint8(at + 1, TcpOptionKind.WindowScale);
    view.setUint8(at + 2, TcpOptionLength.WindowScale);
    view.setUint8(at + 3, windowScale);
    at += 4;
  }
  return writeFastOpen(extra, record, view, at);
}

/** RFC 7413 §4.1.1, padded to a word. */
function writeFastOpen(extra: Int32Array, record: number, view: DataView, start: number): number {
  const form = extra[record + BuiltExtra.FastOpen];
  if (form === FastOpenForm.Absent) return start;
  const length = extra[record + BuiltExtra.FastOpenLength];
  let at = start + 2;
  if (form === FastOpenForm.Experiment) {
    view.setUint16(at, FAST_OPEN_MAGIC);
    at += 2;
  }
  view.setUint8(
    start,
    form === FastOpenForm.Option ? TcpOptionKind.FastOpen : TcpOptionKind.Experiment2,
  );
  view.setUint8(start + 1, at - start + length);
  for (let index = 0; index < length; index++) {
    const word = extra[record + BuiltExtra.FastOpenCookie + (index >> 2)];
    view.setUint8(at++, word >>> (24 - ((index & 3) << 3)));
  }
  while (((at - start) & 3) !== 0) view.setUint8(at++, NOP);
  return at;
}

/** RFC 9768 §3.2.3, padded to a word. */
function writeAccEcn(extra: Int32Array, record: number, view: DataView, start: number): number {
  const facts = extra[record + BuiltExtra.SackCount];
  if (((facts >>> AccEcnShift.Present) & 1) === 0) return start;
  const isOrder1 = ((facts >>> AccEcnShift.Order) & 1) !== 0;
  const fields = (facts >>> AccEcnShift.Fields) & 3;
  view.setUint8(start, isOrder1 ? TcpOptionKind.AccEcn1 : TcpOptionKind.AccEcn0);
  view.setUint8(start + 1, 2 + fields * ACC_ECN_FIELD_BYTES);
  let at = start + 2;
  for (let field = 0; field < fields; field++) {
    const counter = extra[record + accEcnWord(field)];
    view.setUint8(at, counter >>> 16);
    view.setUint16(at + 1, counter);
    at += ACC_ECN_FIELD_BYTES;
  }
  while (((at - start) & 3) !== 0) view.setUint8(at++, NOP);
  return at;
}

/** RFC 2018 §3. */
function writeSack(extra: Int32Array, record: number, view: DataView, start: number): number {
  const count = extra[record + BuiltExtra.SackCount] & SACK_COUNT_MASK;
  if (count === 0) return start;
  view.setUint16(start, NOP_NOP);
  view.setUint8(start + 2, TcpOptionKind.Sack);
  view.setUint8(start + 3, 2 + count * TcpOptionLength.SackBlock);
  let at = start + 4;
  for (let edge = 0; edge < count * 2; edge++) {
    view.setInt32(at, extra[record + BuiltExtra.SackLeft + edge]);
    at += 4;
  }
  return at;
}

function writeChecksum(
  words: Int32Array,
  record: number,
  target: PacketMemory,
  payloads: PacketMemory,
  network: number,
  transport: number,
  headerEnd: number,
): void {
  const meta = words[record + FrameWord.Meta];
  const protocol = (meta >>> MetaShift.Protocol) & 0xff;
  const payload = words[record + FrameWord.Payload];
  const payloadLength = words[record + FrameWord.PayloadLength];
  const length = headerEnd - transport + payloadLength;
  let sum = 0;
  if ((meta & MetaBit.Ipv6) !== 0) {
    sum = pseudoHeaderIpv6Sum(target.bytes, network, protocol, length);
  } else if (protocol !== IpProtocol.Icmp) {
    sum = pseudoHeaderIpv4Sum(target.bytes, network, protocol, length);
  }
  sum = target.checksum(transport, headerEnd - transport, sum);
  if (payload !== NO_PAYLOAD) {
    sum = payloads.checksum(payload, payloadLength, sum);
  }
  const checksum = checksumFinish(sum);
  target.view.setUint16(
    transport + checksumOffset(protocol),
    // A computed 0 would say that there is none: RFC 768.
    protocol === IpProtocol.Udp && checksum === 0 ? 0xffff : checksum,
  );
}

function checksumOffset(protocol: number): number {
  if (protocol === IpProtocol.Tcp) return TcpField.Checksum;
  return protocol === IpProtocol.Udp ? UdpField.Checksum : IcmpField.Checksum;
}
