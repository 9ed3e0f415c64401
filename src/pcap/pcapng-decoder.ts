/**
 * The block walk of pcapng files: draft-tuexen-opsawg-pcapng §3 and §4. Sections in either byte order,
 * interfaces numbered through all sections, packets from enhanced, simple and obsolete packet blocks.
 * Decryption secrets, names, and custom and unknown blocks are kept to be carried to another file, as far as their
 * byte order is known; statistics are counted, since they speak of this file. The stated section length is not needed and not checked; options of packets are only counted.
 * Hot: no allocation per packet.
 */
import { assert } from '../base/assert.ts';
import { type CaptureFacts, MAX_INTERFACES } from './capture-facts.ts';
import type { CaptureRows } from './capture-rows.ts';
import { littleEndianNames } from './name-resolution.ts';
import { MAX_CAPTURED_BYTES } from './pcap-format.ts';
import {
  BlockType,
  BYTE_ORDER_MAGIC,
  EnhancedPacket,
  InterfaceDescription,
  MAX_BLOCK_BYTES,
  MIN_BLOCK_BYTES,
  OPTION_HEADER_BYTES,
  OptionCode,
  PCAPNG_VERSION_MAJOR,
  padded,
  SecretsBlock,
  SectionHeader,
  SimplePacket,
  TRAILER_BYTES,
} from './pcapng-format.ts';
import { countComments, findOption, optionText } from './pcapng-options.ts';
import { DEFAULT_TICK_UNIT, TickClock, tickUnitFromOption } from './timestamp.ts';

const MAX_INT32 = 0x7fffffff;
const NAME_BYTES_MAX = 256;
/** The private enterprise number that a custom block begins with: §4.8. */
const ENTERPRISE_BYTES = 4;

export class PcapngDecoder {
  readonly #facts: CaptureFacts;
  #isLittleEndian = true;
  /** The section is of another major version: nothing in it is looked at. */
  #isUnread = false;
  /** Interfaces of this section start here in facts.interfaces and #clocks. */
  #firstInterface = 0;
  readonly #clocks: TickClock[] = [];
  /** Stated length of a block that is passed over piecewise, and its bytes still to come; 0 for none. */
  #skippedLength = 0;
  bytesToSkip = 0;
  /** Stamp of the packet before, for packets that have none. */
  readonly #lastSeconds = new Float64Array(1);
  #lastNanoseconds = 0;
  #hasStamp = false;

  constructor(facts: CaptureFacts) {
    this.#facts = facts;
  }

  /** As CaptureReader.decode. */
  decode(view: DataView, start: number, end: number, rows: CaptureRows): number {
    const facts = this.#facts;
    let at = start;
    for (;;) {
      if (this.bytesToSkip > 0) at = this.#skip(view, at, end);
      if (this.bytesToSkip > 0 || facts.ending !== undefined) break;
      if (!this.#isUnread) at += this.#takePackets(view, at, end, rows);
      if (rows.count === rows.capacity) break;
      const length = end - at >= MIN_BLOCK_BYTES ? this.#blockLength(view, at) : MIN_BLOCK_BYTES;
      if (length === 0) break;
      if (length > MAX_BLOCK_BYTES) this.#startSkipping(view, at, length);
      else if (length > end - at) {
        facts.requiredBytes = length;
        break;
      } else if (this.#takeBlock(view, at, at + length, rows)) at += length;
    }
    return at - start;
  }

  /**
   * Takes enhanced and obsolete packet blocks, which differ in the width of the interface number only, up
   * to the first block that is another one, incomplete or wrong. Returns their bytes.
   */
  #takePackets(view: DataView, start: number, end: number, rows: CaptureRows): number {
    const isLittleEndian = this.#isLittleEndian;
    const clocks = this.#clocks;
    const firstInterface = this.#firstInterface;
    const interfaceCount = clocks.length - firstInterface;
    const { capacity, offset, capturedLength, originalLength } = rows;
    const { seconds, nanoseconds, interfaceIndex, optionsLength } = rows;
    const first = rows.count;
    let row = first;
    let at = start;
    while (row < capacity) {
      const length = this.#packetBlockLength(view, at, end);
      if (length === 0) break;
      const source = this.#interfaceNumber(view, at);
      const captured = view.getInt32(at + EnhancedPacket.CapturedLength, isLittleEndian);
      const optionBytes = length - EnhancedPacket.Data - TRAILER_BYTES - padded(captured);
      if (source >= interfaceCount || captured >>> 0 > MAX_CAPTURED_BYTES || optionBytes < 0) break;
      const high = view.getInt32(at + EnhancedPacket.TimestampHigh, isLittleEndian);
      const low = view.getInt32(at + EnhancedPacket.TimestampLow, isLittleEndian);
      const original = view.getInt32(at + EnhancedPacket.OriginalLength, isLittleEndian);
      const index = firstInterface + source;
      (clocks[index] as TickClock).stamp(high, low, seconds, nanoseconds, row);
      offset[row] = at + EnhancedPacket.Data;
      capturedLength[row] = captured;
      originalLength[row] = original < 0 ? MAX_INT32 : original;
      interfaceIndex[row] = index;
      optionsLength[row] = optionBytes;
      at += length;
      if (optionBytes > 0) this.#countComments(view, at - TRAILER_BYTES - optionBytes, at);
      row++;
    }
    if (!this.#hasStamp && row > first) this.#stampLeading(rows, first);
    this.#takeRows(rows, row);
    return at - start;
  }

  /** Length of the packet block at `at` when it is one, all there, and states its length twice; else 0. */
  #packetBlockLength(view: DataView, at: number, end: number): number {
    const isLittleEndian = this.#isLittleEndian;
    if (end - at < EnhancedPacket.Data + TRAILER_BYTES) return 0;
    const type = view.getInt32(at, isLittleEndian);
    if (type !== BlockType.EnhancedPacket && type !== BlockType.Packet) return 0;
    const length = view.getInt32(at + 4, isLittleEndian);
    if (length < EnhancedPacket.Data + TRAILER_BYTES || length > end - at) return 0;
    if ((length & 3) !== 0 || length > MAX_BLOCK_BYTES) return 0;
    return view.getInt32(at + length - TRAILER_BYTES, isLittleEndian) === length ? length : 0;
  }

  /** Number within the section, of an enhanced or obsolete packet block. */
  #interfaceNumber(view: DataView, at: number): number {
    const isLittleEndian = this.#isLittleEndian;
    const field = at + EnhancedPacket.Interface;
    return view.getInt32(at, isLittleEndian) === BlockType.Packet
      ? view.getUint16(field, isLittleEndian)
      : view.getUint32(field, isLittleEndian);
  }

  /** Packets without stamps that lead the capture get the first stamp there is, as far as they are still in `rows`. */
  #stampLeading(rows: CaptureRows, first: number): void {
    this.#hasStamp = true;
    rows.seconds.fill(rows.seconds[first] as number, 0, first);
    rows.nanoseconds.fill(rows.nanoseconds[first] as number, 0, first);
  }

  /** The rows from rows.count to `count` were filled. */
  #takeRows(rows: CaptureRows, count: number): void {
    if (count === rows.count) return;
    this.#facts.counters.packets += count - rows.count;
    rows.count = count;
    this.#lastSeconds[0] = rows.seconds[count - 1] as number;
    this.#lastNanoseconds = rows.nanoseconds[count - 1] as number;
  }

  /** Stated length of the block at `at`, of which 12 bytes are there; 0 after malformed. */
  #blockLength(view: DataView, at: number): number {
    if (view.getInt32(at, true) === BlockType.SectionHeader && !this.#readByteOrder(view, at))
      return 0;
    const length = view.getUint32(at + 4, this.#isLittleEndian);
    if (length >= MIN_BLOCK_BYTES && (length & 3) === 0) return length;
    this.#facts.malformed(at, 'a block length of at least 12 and a multiple of 4', length);
    return 0;
  }

  #readByteOrder(view: DataView, at: number): boolean {
    const isLittleEndian =
      view.getInt32(at + SectionHeader.ByteOrderMagic, true) === BYTE_ORDER_MAGIC;
    const magic = view.getInt32(at + SectionHeader.ByteOrderMagic, isLittleEndian);
    if (magic === BYTE_ORDER_MAGIC) {
      this.#isLittleEndian = isLittleEndian;
      return true;
    }
    this.#facts.malformed(at, 'a byte-order magic of 0x1a2b3c4d', hexWord(magic));
    return false;
  }

  /** The block at `at`, all of it, in [at, end). False when it is malformed. */
  #takeBlock(view: DataView, at: number, end: number, rows: CaptureRows): boolean {
    const trailing = view.getUint32(end - TRAILER_BYTES, this.#isLittleEndian);
    if (trailing !== end - at) {
      this.#facts.malformed(at, `the block length ${end - at} again at its end`, trailing);
      return false;
    }
    const type = view.getInt32(at, this.#isLittleEndian);
    if (type === BlockType.SectionHeader) this.#sectionHeader(view, at, end);
    else if (this.#isUnread) return true;
    else if (type === BlockType.EnhancedPacket || type === BlockType.Packet) {
      this.#explainPacket(view, at, end);
    } else if (type === BlockType.SimplePacket) this.#simplePacket(view, at, end, rows);
    else if (type === BlockType.InterfaceDescription) this.#interface(view, at, end);
    else if (type === BlockType.DecryptionSecrets) this.#secrets(view, at, end);
    else {
      this.#count(type);
      this.#carry(type, view, at, end);
    }
    return this.#facts.ending === undefined;
  }

  #sectionHeader(view: DataView, at: number, end: number): void {
    const facts = this.#facts;
    if (!this.#isLongEnough(at, end, SectionHeader.Data)) return;
    const isLittleEndian = this.#isLittleEndian;
    const major = view.getUint16(at + SectionHeader.VersionMajor, isLittleEndian);
    this.#isUnread = major !== PCAPNG_VERSION_MAJOR;
    this.#firstInterface = facts.interfaces.length;
    facts.counters.sections++;
    if (this.#isUnread) facts.counters.unreadSections++;
    else this.#countComments(view, at + SectionHeader.Data, end);
  }

  #interface(view: DataView, at: number, end: number): void {
    const facts = this.#facts;
    if (!this.#isLongEnough(at, end, InterfaceDescription.Data)) return;
    if (facts.interfaces.length === MAX_INTERFACES) {
      facts.malformed(at, `at most ${MAX_INTERFACES} interfaces`, 'one more');
      return;
    }
    const isLittleEndian = this.#isLittleEndian;
    const options = at + InterfaceDescription.Data;
    const optionsEnd = end - TRAILER_BYTES;
    const find = (code: OptionCode) => findOption(view, options, optionsEnd, code, isLittleEndian);
    const text = (code: OptionCode) => {
      const option = find(code);
      return option < 0 ? undefined : optionText(view, option, NAME_BYTES_MAX, isLittleEndian);
    };
    const unit = find(OptionCode.TimestampResolution);
    const tickUnit =
      unit >= 0 && view.getUint16(unit + 2, isLittleEndian) === 1
        ? tickUnitFromOption(view.getUint8(unit + OPTION_HEADER_BYTES))
        : DEFAULT_TICK_UNIT;
    const offsetSeconds = readOffset(view, find(OptionCode.TimestampOffset), isLittleEndian);
    facts.interfaces.push({
      linkType: view.getUint16(at + InterfaceDescription.LinkType, isLittleEndian),
      snapLength: view.getUint32(at + InterfaceDescription.SnapLength, isLittleEndian),
      name: text(OptionCode.InterfaceName),
      description: text(OptionCode.InterfaceDescription),
      tickUnit,
      offsetSeconds,
      section: facts.counters.sections - 1,
      isLittleEndian,
    });
    this.#clocks.push(new TickClock(tickUnit, offsetSeconds));
    this.#countComments(view, options, end);
  }

  /** Says why #takePackets left a packet block that is all there. */
  #explainPacket(view: DataView, at: number, end: number): void {
    if (!this.#isLongEnough(at, end, EnhancedPacket.Data)) return;
    if (!this.#hasInterface(at, this.#firstInterface + this.#interfaceNumber(view, at))) return;
    const captured = view.getUint32(at + EnhancedPacket.CapturedLength, this.#isLittleEndian);
    const room = end - TRAILER_BYTES - (at + EnhancedPacket.Data);
    assert(!this.#fits(at, captured, room), 'a good packet block was not taken');
  }

  /** §4.4: the first interface of the section; its snap length and the original length say how much is there. */
  #simplePacket(view: DataView, at: number, end: number, rows: CaptureRows): void {
    const facts = this.#facts;
    const interfaceIndex = this.#firstInterface;
    if (!this.#isLongEnough(at, end, SimplePacket.Data)) return;
    if (!this.#hasInterface(at, interfaceIndex)) return;
    const original = view.getUint32(at + SimplePacket.OriginalLength, this.#isLittleEndian);
    const snapLength = facts.interfaces[interfaceIndex]?.snapLength as number;
    const captured = snapLength === 0 ? original : Math.min(original, snapLength);
    if (!this.#fits(at, captured, end - TRAILER_BYTES - (at + SimplePacket.Data))) return;
    const row = rows.count;
    rows.seconds[row] = this.#lastSeconds[0] as number;
    rows.nanoseconds[row] = this.#lastNanoseconds;
    rows.offset[row] = at + SimplePacket.Data;
    rows.capturedLength[row] = captured;
    rows.originalLength[row] = Math.min(original, MAX_INT32);
    rows.interfaceIndex[row] = interfaceIndex;
    rows.optionsLength[row] = 0;
    facts.counters.unstampedPackets++;
    this.#takeRows(rows, row + 1);
  }

  #secrets(view: DataView, at: number, end: number): void {
    const { counters } = this.#facts;
    counters.secretsBlocks++;
    const start = at + SecretsBlock.Data;
    const room = end - TRAILER_BYTES - start;
    const isLittleEndian = this.#isLittleEndian;
    const length = room < 0 ? 0 : view.getUint32(at + SecretsBlock.SecretsLength, isLittleEndian);
    if (room < 0 || length > room) {
      counters.secretsNotKept++;
      return;
    }
    const type = view.getUint32(at + SecretsBlock.SecretsType, isLittleEndian);
    this.#facts.keepSecrets(type, view, start, length);
  }

  #count(type: number): void {
    const { counters } = this.#facts;
    if (type === BlockType.NameResolution) counters.nameResolutionBlocks++;
    else if (type === BlockType.InterfaceStatistics) counters.statisticsBlocks++;
    else if (type === BlockType.Custom || type === BlockType.CustomNotCopied) {
      counters.customBlocks++;
    } else counters.unknownBlocks++;
  }

  /**
   * §4.6: a custom block of the second number is not for other files. Nor are statistics, and journal entries, which
   * readers count as packets.
   */
  #carry(type: number, view: DataView, at: number, end: number): void {
    if (type === BlockType.InterfaceStatistics || type === BlockType.CustomNotCopied) return;
    if (type === BlockType.JournalExport) return;
    const start = at + MIN_BLOCK_BYTES - TRAILER_BYTES;
    const bodyEnd = end - TRAILER_BYTES;
    if (type === BlockType.NameResolution) {
      this.#facts.carry(type, littleEndianNames(view, start, bodyEnd, this.#isLittleEndian));
    } else {
      const isWhole = type !== BlockType.Custom || bodyEnd - start >= ENTERPRISE_BYTES;
      const body = new Uint8Array(view.buffer, view.byteOffset + start, bodyEnd - start);
      this.#facts.carry(type, this.#isLittleEndian && isWhole ? body.slice() : undefined);
    }
  }

  #countComments(view: DataView, at: number, blockEnd: number): void {
    const end = blockEnd - TRAILER_BYTES;
    this.#facts.counters.comments += countComments(view, at, end, this.#isLittleEndian);
  }

  #isLongEnough(at: number, end: number, bodyStart: number): boolean {
    const least = bodyStart + TRAILER_BYTES;
    if (end - at >= least) return true;
    this.#facts.malformed(at, `a block length of at least ${least} for this type`, end - at);
    return false;
  }

  #hasInterface(at: number, index: number): boolean {
    if (index < this.#clocks.length) return true;
    const known = this.#clocks.length - this.#firstInterface;
    const local = index - this.#firstInterface;
    this.#facts.malformed(at, `one of the section's ${known} interfaces`, `number ${local}`);
    return false;
  }

  #fits(at: number, captured: number, room: number): boolean {
    if (captured <= MAX_CAPTURED_BYTES && padded(captured) <= room) return true;
    const most = Math.min(room, MAX_CAPTURED_BYTES);
    this.#facts.malformed(at, `a captured length of at most ${most}`, captured);
    return false;
  }

  #startSkipping(view: DataView, at: number, length: number): void {
    const type = view.getInt32(at, this.#isLittleEndian);
    const isNeeded =
      type === BlockType.SectionHeader ||
      (!this.#isUnread &&
        (type === BlockType.InterfaceDescription ||
          type === BlockType.EnhancedPacket ||
          type === BlockType.SimplePacket ||
          type === BlockType.Packet));
    if (isNeeded) {
      this.#facts.malformed(at, `a block length of at most ${MAX_BLOCK_BYTES} here`, length);
      return;
    }
    if (type === BlockType.DecryptionSecrets) {
      this.#facts.counters.secretsBlocks++;
      this.#facts.counters.secretsNotKept++;
    } else if (!this.#isUnread) {
      this.#count(type);
      this.#facts.counters.blocksNotKept++;
    }
    this.#skippedLength = length;
    this.bytesToSkip = length;
  }

  /** Passes over the block begun before, up to and including its trailing length. */
  #skip(view: DataView, at: number, end: number): number {
    const body = Math.min(this.bytesToSkip - TRAILER_BYTES, end - at);
    const trailer = at + body;
    this.bytesToSkip -= body;
    if (this.bytesToSkip > TRAILER_BYTES) return trailer;
    if (end - trailer < TRAILER_BYTES) {
      this.#facts.requiredBytes = TRAILER_BYTES;
      return trailer;
    }
    const trailing = view.getUint32(trailer, this.#isLittleEndian);
    this.bytesToSkip = 0;
    if (trailing === this.#skippedLength) return trailer + TRAILER_BYTES;
    const expected = `the block length ${this.#skippedLength} again at its end`;
    this.#facts.malformed(trailer, expected, trailing);
    return trailer;
  }
}

/** if_tsoffset: a signed 64-bit number of seconds; the nearest double beyond 2^53. */
function readOffset(view: DataView, option: number, isLittleEndian: boolean): number {
  if (option < 0 || view.getUint16(option + 2, isLittleEndian) !== 8) return 0;
  const value = option + OPTION_HEADER_BYTES;
  const high = view.getInt32(value + (isLittleEndian ? 4 : 0), isLittleEndian);
  const low = view.getUint32(value + (isLittleEndian ? 0 : 4), isLittleEndian);
  return high * 0x1_0000_0000 + low;
}

const hexWord = (word: number): string => `0x${(word >>> 0).toString(16).padStart(8, '0')}`;
