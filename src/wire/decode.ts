/**
 * Records of built frames from header bytes, the way back of wire/encode: whatever encode writes, decode
 * reads into the same fields. From other bytes it takes what a record has a home for and leaves the rest
 * (IP options, urgent pointer, further TCP options). Captured frames keep their bytes and get their record
 * from wire/captured-frame; what an element changed in it goes back into the bytes by `applyChanges`.
 * Hot: no allocation per frame.
 */
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
} from '../frame/frame-record.ts';
import { fillFrame } from './captured-frame.ts';
import { checksumUpdate } from './checksum.ts';
import { dissect } from './dissect.ts';
import { IcmpField } from './icmp.ts';
import { IPV4_HEADER_BYTES, IpProtocol, Ipv4Field } from './ipv4.ts';
import { Ipv6Field } from './ipv6.ts';
import { LinkLayer } from './link-layer.ts';
import type { DissectStatus, PacketColumns } from './packet-columns.ts';
import { TCP_HEADER_BYTES, TcpField, TcpFlag } from './tcp.ts';
import {
  ACC_ECN_FIELD_BYTES,
  accEcnWord,
  FAST_OPEN_MAGIC,
  isAccEcn,
  isCookieLength,
  TcpOptionKind,
  TcpOptionLength,
  tcpOptionLength,
} from './tcp-options.ts';

/** More blocks fit no header (RFC 2018 §3), and no record. */
const SACK_BLOCKS_MAX = 4;

/**
 * Fills the record of `frame` from the Ethernet frame at view[at, at + storedLength), which was `wireLength`
 * bytes long with its payload. Row 0 of `columns` is overwritten and tells more. Payload and Next stay.
 * With a status other than Ok the record holds what could be read.
 */
export function decodeFrame(
  pool: FramePool,
  addresses: AddressTable,
  frame: FrameId,
  view: DataView,
  at: number,
  storedLength: number,
  wireLength: number,
  columns: PacketColumns,
): DissectStatus {
  dissect(view, at, storedLength, wireLength, LinkLayer.Ethernet, columns, 0);
  fillFrame(pool, addresses, frame, columns, 0);
  const transport = columns.transportOffset[0];
  if (transport >= 0) {
    const record = frame << FRAME_SHIFT;
    const protocol = columns.protocol[0];
    if (protocol === IpProtocol.Tcp) {
      decodeTcpExtra(pool, record, view, at + transport, at + storedLength, columns);
    } else if (protocol !== IpProtocol.Udp) {
      decodeIcmp(pool.words, record, view, at + transport);
    }
  }
  return columns.status[0];
}

function decodeIcmp(words: Int32Array, record: number, view: DataView, at: number): void {
  words[record + FrameWord.Ports] =
    (view.getUint16(at + IcmpField.Type) << 16) | view.getUint16(at + IcmpField.RestOfHeader);
  words[record + FrameWord.Seq] = view.getUint16(at + IcmpField.Sequence);
}

/** What the second record holds of a segment. */
function decodeTcpExtra(
  pool: FramePool,
  record: number,
  view: DataView,
  at: number,
  storedEnd: number,
  columns: PacketColumns,
): void {
  const extra = pool.extraWords;
  const isSyn = (columns.tcpFlags[0] & TcpFlag.Syn) !== 0;
  extra[record + BuiltExtra.SackCount] = 0;
  if (isSyn) {
    extra[record + BuiltExtra.Mss] = columns.mss[0];
    extra[record + BuiltExtra.WindowScale] = columns.windowScale[0];
    extra[record + BuiltExtra.IsSackPermitted] = 0;
    extra[record + BuiltExtra.FastOpen] = FastOpenForm.Absent;
  }
  const headerEnd = at + ((view.getUint8(at + TcpField.OffsetFlags) >> 4) << 2);
  const end = Math.min(headerEnd, storedEnd);
  let option = at + TCP_HEADER_BYTES;
  while (option < end) {
    const length = tcpOptionLength(view, option, end);
    if (length <= 0) return;
    const kind = view.getUint8(option);
    if (isAccEcn(kind)) decodeAccEcn(pool, record, view, option, length);
    else if (isSyn) decodeSynOption(extra, record, view, option, length);
    else if (kind === TcpOptionKind.Sack) decodeSack(pool, record, view, option, length);
    option += length;
  }
}

/** Options that only a SYN has and the dissector does not read. */
function decodeSynOption(
  extra: Int32Array,
  record: number,
  view: DataView,
  option: number,
  length: number,
): void {
  const kind = view.getUint8(option);
  if (kind === TcpOptionKind.SackPermitted) {
    extra[record + BuiltExtra.IsSackPermitted] = 1;
  } else if (kind === TcpOptionKind.FastOpen) {
    decodeFastOpen(extra, record, view, option + 2, length - 2, FastOpenForm.Option);
  } else if (kind === TcpOptionKind.Experiment2 && length >= 4) {
    if (view.getUint16(option + 2) !== FAST_OPEN_MAGIC) return;
    decodeFastOpen(extra, record, view, option + 4, length - 4, FastOpenForm.Experiment);
  }
}

/** A cookie of another length than RFC 7413 §4.1.1 allows is no option. */
function decodeFastOpen(
  extra: Int32Array,
  record: number,
  view: DataView,
  at: number,
  length: number,
  form: FastOpenForm,
): void {
  if (!isCookieLength(length)) return;
  extra[record + BuiltExtra.FastOpen] = form;
  extra[record + BuiltExtra.FastOpenLength] = length;
  for (let word = 0; word < 4; word++) extra[record + BuiltExtra.FastOpenCookie + word] = 0;
  for (let index = 0; index < length; index++) {
    extra[record + BuiltExtra.FastOpenCookie + (index >> 2)] |=
      view.getUint8(at + index) << (24 - ((index & 3) << 3));
  }
}

/** Of any length: the whole fields that fit count, the rest is padding (RFC 9768 §3.2.3). The first option counts. */
function decodeAccEcn(
  pool: FramePool,
  record: number,
  view: DataView,
  at: number,
  length: number,
): void {
  const extra = pool.extraWords;
  if (((extra[record + BuiltExtra.SackCount] >>> AccEcnShift.Present) & 1) !== 0) return;
  const fields = Math.min(3, Math.floor((length - 2) / ACC_ECN_FIELD_BYTES));
  const order = view.getUint8(at) === TcpOptionKind.AccEcn1 ? 1 : 0;
  for (let field = 0; field < fields; field++) {
    const from = at + 2 + field * ACC_ECN_FIELD_BYTES;
    extra[record + accEcnWord(field)] = (view.getUint8(from) << 16) | view.getUint16(from + 1);
  }
  extra[record + BuiltExtra.SackCount] |=
    (1 << AccEcnShift.Present) | (order << AccEcnShift.Order) | (fields << AccEcnShift.Fields);
  pool.words[record + FrameWord.Meta] |= MetaBit.HasSack;
}

function decodeSack(
  pool: FramePool,
  record: number,
  view: DataView,
  at: number,
  length: number,
): void {
  const count = Math.min((length - 2) / TcpOptionLength.SackBlock, SACK_BLOCKS_MAX);
  const extra = pool.extraWords;
  extra[record + BuiltExtra.SackCount] |= count;
  for (let edge = 0; edge < count * 2; edge++) {
    extra[record + BuiltExtra.SackLeft + edge] = view.getInt32(at + 2 + (edge << 2));
  }
  pool.words[record + FrameWord.Meta] |= MetaBit.HasSack;
}

/**
 * Writes traffic class and TTL of a record's Meta word into the IP header at `network`, of which bytes up to
 * `end` are stored. The IPv4 checksum is carried along (RFC 1624), so one that was wrong stays wrong. The
 * bytes must be the frame's own.
 */
export function applyChanges(view: DataView, network: number, end: number, meta: number): void {
  if (network + IPV4_HEADER_BYTES > end) return;
  const trafficClass = (meta >>> MetaShift.TrafficClass) & 0xff;
  const ttl = (meta >>> MetaShift.Ttl) & 0xff;
  if ((meta & MetaBit.Ipv6) !== 0) {
    const first = view.getUint16(network + Ipv6Field.VersionClassLabel);
    view.setUint16(network + Ipv6Field.VersionClassLabel, (first & 0xf00f) | (trafficClass << 4));
    view.setUint8(network + Ipv6Field.HopLimit, ttl);
    return;
  }
  const versionClass = view.getUint16(network + Ipv4Field.VersionIhl);
  const ttlProtocol = view.getUint16(network + Ipv4Field.Ttl);
  replaceField(view, network, Ipv4Field.VersionIhl, (versionClass & 0xff00) | trafficClass);
  replaceField(view, network, Ipv4Field.Ttl, (ttl << 8) | (ttlProtocol & 0xff));
}

/** Writes 16 bits of an IPv4 header and what they change in its checksum. */
function replaceField(view: DataView, network: number, field: number, value: number): void {
  const old = view.getUint16(network + field);
  if (value === old) return;
  const checksum = view.getUint16(network + Ipv4Field.Checksum);
  view.setUint16(network + field, value);
  view.setUint16(network + Ipv4Field.Checksum, checksumUpdate(checksum, old, value));
}
