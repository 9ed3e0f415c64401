/**
 * Hostile captures made of real ones: a few records of one are damaged in headers, lengths, stamps and order,
 * written as a pcap or pcapng file, and the file's own bytes are damaged, too. Some fit the link type that
 * the file states, some do not.
 */

import { buildPcap, PcapngBuilder } from './capture-builder.ts';
import { loadCapture } from './captures.ts';
import type { Chance } from './chance.ts';

export interface SourceRecord {
  seconds: number;
  nanoseconds: number;
  data: Uint8Array;
  original: number;
}

export interface SourceCapture {
  linkType: number;
  records: readonly SourceRecord[];
}

const RECORDS_KEPT = 400;
const RECORDS_MAX = 60;
const ETHERNET = 1;
/** Those that are read, some that are not, and one that means nothing. */
const LINK_TYPES = [0, 1, 12, 14, 101, 108, 113, 228, 229, 276, 105, 0xffff];
const ETHER_TYPES = [0x0800, 0x86dd, 0x0806, 0x8100, 0x88a8, 0x8847, 0x8864, 0, 1500, 0xffff];
const PROTOCOLS = [0, 1, 2, 4, 6, 17, 41, 43, 44, 47, 50, 51, 58, 59, 60, 132, 135, 255];
const LENGTHS = [
  0, 1, 2, 4, 7, 8, 19, 20, 39, 40, 59, 60, 255, 1499, 1500, 1501, 0x7fff, 0xfffe, 0xffff,
];
const LONG_LENGTHS = [0, 65_535, 65_550, 262_143, 262_144, 1 << 20, 0x7fffffff, 0xffffffff];

/** The first records of a capture, and as many from its middle. */
export function sourceCapture(path: string): SourceCapture {
  const { bytes, rows, linkType } = loadCapture(path);
  const middle = Math.max(RECORDS_KEPT, rows.count >> 1);
  const records: SourceRecord[] = [];
  for (let row = 0; row < rows.count; row++) {
    if (row >= RECORDS_KEPT && (row < middle || row >= middle + RECORDS_KEPT)) continue;
    const offset = rows.offset[row] as number;
    records.push({
      seconds: rows.seconds[row] as number,
      nanoseconds: rows.nanoseconds[row] as number,
      data: bytes.slice(offset, offset + (rows.capturedLength[row] as number)),
      original: rows.originalLength[row] as number,
    });
  }
  return { linkType: linkType(0), records };
}

/** A file made of one or two of the captures. */
export function mutateCapture(sources: readonly SourceCapture[], chance: Chance): Uint8Array {
  const source = chance.pick(sources);
  const records = pickRecords(source, chance);
  const other = chance.pick(chance.pick(sources).records);
  if (chance.once(4)) splice(records, other, chance);
  for (let change = chance.below(12); change > 0; change--) {
    const record = chance.pick(records);
    mutateRecord(record, records, chance);
  }
  if (chance.once(3)) mutateOrder(records, chance);
  const bytes = write(records, source.linkType, chance);
  return chance.once(3) ? mutateFile(bytes, chance) : bytes;
}

function pickRecords({ records }: SourceCapture, chance: Chance): SourceRecord[] {
  const from = chance.below(records.length);
  const picked = records.slice(from, from + 1 + chance.below(RECORDS_MAX));
  return picked.map((record) => ({ ...record, data: record.data.slice() }));
}

/** The head of one record and the tail of another. */
function splice(records: SourceRecord[], other: SourceRecord, chance: Chance): void {
  const record = chance.pick(records);
  const head = record.data.subarray(0, chance.below(record.data.length + 1));
  const tail = other.data.subarray(chance.below(other.data.length + 1));
  record.data = new Uint8Array(Buffer.concat([head, tail]));
  record.original = chance.once(3) ? record.original : record.data.length;
}

function mutateRecord(record: SourceRecord, records: SourceRecord[], chance: Chance): void {
  const { data } = record;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const at = chance.below(Math.min(data.length, chance.once(3) ? data.length : 80) || 1);
  switch (chance.below(10)) {
    case 0:
      if (at < data.length) data[at] = (data[at] as number) ^ (1 << chance.below(8));
      break;
    case 1:
      if (at < data.length) data[at] = chance.below(256);
      break;
    case 2: // A length field somewhere.
      if (at + 2 <= data.length) view.setUint16(at, chance.pick(LENGTHS));
      break;
    case 3:
      if (data.length > 14) view.setUint16(12, chance.pick(ETHER_TYPES));
      break;
    case 4: // Version and header length, protocol, data offset of TCP: where they are in plain packets.
      if (data.length > 14) data[14] = chance.pick([0x45, 0x40, 0x4f, 0x46, 0x60, 0x65, 0, 0xff]);
      break;
    case 5: {
      const position = chance.pick([20, 23, 46, 54]);
      if (position < data.length) data[position] = chance.pick([...PROTOCOLS, 0x50, 0xf0, 0x00]);
      break;
    }
    case 6: // Cut by a snap length.
      record.data = data.slice(0, chance.below(data.length + 1));
      break;
    case 7:
      record.original = chance.once(3) ? chance.pick(LONG_LENGTHS) : chance.scaled(6);
      break;
    case 8: // A super-segment.
      record.data = grow(data, chance.below(66_000));
      record.original = chance.once(3) ? record.original : record.data.length;
      break;
    default:
      mutateStamp(record, chance);
      if (chance.once(2)) records.push({ ...record, data: record.data.slice() });
  }
}

/** The record with its own bytes repeated behind it, and an IPv4 length that says so. */
function grow(data: Uint8Array, length: number): Uint8Array {
  if (length <= data.length || data.length === 0) return data;
  const grown = new Uint8Array(length);
  for (let at = 0; at < length; at += data.length) {
    grown.set(data.subarray(0, Math.min(data.length, length - at)), at);
  }
  if (data.length > 18 && data[14] === 0x45) {
    new DataView(grown.buffer).setUint16(16, Math.min(0xffff, length - 14));
  }
  return grown;
}

function mutateStamp(record: SourceRecord, chance: Chance): void {
  switch (chance.below(5)) {
    case 0:
      record.seconds = chance.pick([0, 1, 0x7fffffff, 0x80000000, 0xffffffff]);
      break;
    case 1:
      record.seconds = Math.max(0, record.seconds - chance.scaled(8));
      break;
    case 2:
      record.seconds += chance.scaled(7);
      break;
    case 3:
      record.nanoseconds = chance.below(1e9);
      break;
    default:
      record.nanoseconds = chance.pick([0, 999_999_999, 1e9, 0xffffffff]);
  }
}

function mutateOrder(records: SourceRecord[], chance: Chance): void {
  for (let swap = chance.below(6); swap >= 0; swap--) {
    const one = chance.below(records.length);
    const other = chance.below(records.length);
    [records[one], records[other]] = [records[other] as SourceRecord, records[one] as SourceRecord];
  }
}

function write(records: readonly SourceRecord[], linkType: number, chance: Chance): Uint8Array {
  const statedType = chance.once(8) ? chance.pick(LINK_TYPES) : linkType;
  return chance.once(2)
    ? writePcapFile(records, statedType, chance)
    : writePcapngFile(records, statedType, chance);
}

function writePcapFile(records: readonly SourceRecord[], linkType: number, chance: Chance) {
  const isNano = chance.once(2);
  const magic = isNano ? 0xa1b23c4d : 0xa1b2c3d4;
  const stated = records.map(({ seconds, nanoseconds, data, original }) => ({
    seconds: seconds >>> 0,
    fraction: (isNano ? nanoseconds : Math.floor(nanoseconds / 1000)) >>> 0,
    data,
    original: original >>> 0,
  }));
  return buildPcap(stated, { magic, littleEndian: chance.once(2), linkType });
}

function writePcapngFile(records: readonly SourceRecord[], linkType: number, chance: Chance) {
  const builder = new PcapngBuilder().section({ littleEndian: chance.once(2) });
  const interfaces = 1 + chance.below(3);
  for (let index = 0; index < interfaces; index++) {
    const type = index > 0 && chance.once(3) ? chance.pick(LINK_TYPES) : linkType;
    builder.interface({ resolution: 9, linkType: type, snapLength: chance.once(4) ? 96 : 0 });
  }
  for (const { seconds, nanoseconds, data, original } of records) {
    const ticks = BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
    const interfaceId = chance.below(interfaces);
    if (chance.once(40)) builder.simple(data, original >>> 0);
    builder.enhanced({ interfaceId, ticks, data, original: original >>> 0 });
    // The same packet at another interface.
    if (interfaces > 1 && chance.once(4)) {
      builder.enhanced({
        interfaceId: (interfaceId + 1) % interfaces,
        ticks: ticks + 50_000n,
        data,
      });
    }
    if (chance.once(60))
      builder.section({ littleEndian: chance.once(2) }).interface({ linkType: ETHERNET });
  }
  return builder.build();
}

/** Damage of the file itself: bytes, words, cuts, repeats, a stated byte order that is not the true one. */
function mutateFile(original: Uint8Array, chance: Chance): Uint8Array {
  let bytes = Buffer.from(original);
  for (let change = chance.below(4); change >= 0; change--) {
    if (bytes.length < 8) break;
    const at = chance.below(chance.once(2) ? Math.min(200, bytes.length - 4) : bytes.length - 4);
    const length = chance.below(64);
    switch (chance.below(6)) {
      case 0:
        bytes[at] = chance.below(256);
        break;
      case 1:
        bytes.writeUInt32LE(chance.pick(LONG_LENGTHS), at);
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
        break;
      case 4:
        bytes = bytes.subarray(0, chance.below(bytes.length));
        break;
      default:
        bytes.subarray(0, 4).reverse();
    }
  }
  return new Uint8Array(bytes);
}
