/**
 * The record of a captured frame from its dissected headers: what queues, links and the fingerprint read.
 * The bytes stay the truth; the record is a view of them. Hot: no allocation per frame.
 */
import type { AddressTable } from '../frame/address-table.ts';
import type { FramePool } from '../frame/frame-pool.ts';
import { FRAME_SHIFT, type FrameId, FrameWord, MetaBit, MetaShift } from '../frame/frame-record.ts';
import { ADDRESS_WORDS, type PacketColumns } from './packet-columns.ts';

/** Bits of Meta that say what happened to the frame, not what its headers say. */
const HISTORY_BITS = MetaBit.Corrupted | MetaBit.Duplicate;

/**
 * Writes the header words of `frame` from `row` of `columns`. Payload, Next and the second record are the
 * caller's; what happened to the frame so far is kept.
 */
export function fillCapturedFrame(
  pool: FramePool,
  addresses: AddressTable,
  frame: FrameId,
  columns: PacketColumns,
  row: number,
): void {
  fillFrame(pool, addresses, frame, columns, row);
  pool.words[(frame << FRAME_SHIFT) + FrameWord.Meta] |= MetaBit.Captured;
}

/** The same where the interned addresses are known: -1 for a frame that is no IP. */
export function fillCapturedFields(
  pool: FramePool,
  frame: FrameId,
  columns: PacketColumns,
  row: number,
  source: number,
  destination: number,
): void {
  fillFields(pool, frame, columns, row, source, destination);
  pool.words[(frame << FRAME_SHIFT) + FrameWord.Meta] |= MetaBit.Captured;
}

/** The same for a frame whose fields become the truth: see wire/decode. */
export function fillFrame(
  pool: FramePool,
  addresses: AddressTable,
  frame: FrameId,
  columns: PacketColumns,
  row: number,
): void {
  const isIp = columns.ipVersion[row] !== 0;
  const at = row * ADDRESS_WORDS;
  const source = isIp ? addresses.intern(columns.addresses, at) : -1;
  const destination = isIp ? addresses.intern(columns.addresses, at + 4) : -1;
  fillFields(pool, frame, columns, row, source, destination);
}

function fillFields(
  pool: FramePool,
  frame: FrameId,
  columns: PacketColumns,
  row: number,
  source: number,
  destination: number,
): void {
  const words = pool.words;
  const at = frame << FRAME_SHIFT;
  let meta = words[at + FrameWord.Meta] & HISTORY_BITS;
  const version = columns.ipVersion[row];
  if (version === 0) {
    meta |= MetaBit.NotIp;
  } else {
    if (version === 6) meta |= MetaBit.Ipv6;
    meta |= columns.protocol[row] << MetaShift.Protocol;
    meta |= columns.trafficClass[row] << MetaShift.TrafficClass;
    meta |= columns.ttl[row] << MetaShift.Ttl;
  }
  if (columns.hasTimestamps[row] !== 0) meta |= MetaBit.HasTimestamps;
  words[at + FrameWord.Src] = source;
  words[at + FrameWord.Dst] = destination;
  const ports = (columns.sourcePort[row] << 16) | (columns.destinationPort[row] & 0xffff);
  words[at + FrameWord.Ports] = columns.sourcePort[row] < 0 ? 0 : ports;
  words[at + FrameWord.Seq] = columns.sequence[row];
  words[at + FrameWord.Ack] = columns.acknowledgment[row];
  words[at + FrameWord.FlagsWindow] = (columns.tcpFlags[row] << 16) | columns.window[row];
  words[at + FrameWord.TsVal] = columns.tsVal[row];
  words[at + FrameWord.TsEcr] = columns.tsEcr[row];
  words[at + FrameWord.Identification] = columns.identification[row];
  words[at + FrameWord.PayloadLength] = columns.payloadLength[row];
  words[at + FrameWord.WireLength] = columns.wireLength[row];
  words[at + FrameWord.Meta] = meta;
}
