/**
 * The record walk of classic pcap files: draft-gharris-opsawg-pcap §5, in either byte order, with µs or ns
 * stamps, and Kuznetzov's 24-byte records. Files of version 2.3 and before may have the two lengths of a
 * record exchanged; there the smaller one is the captured length.
 * Hot: no allocation per packet.
 */
import type { CaptureFacts } from './capture-facts.ts';
import type { CaptureRows } from './capture-rows.ts';
import {
  MAX_CAPTURED_BYTES,
  PCAP_MAGIC_MODIFIED,
  PCAP_MAGIC_NS,
  PCAP_MAGIC_US,
  PCAP_MODIFIED_RECORD_HEADER_BYTES,
  PCAP_RECORD_HEADER_BYTES,
  PCAP_VERSION_MINOR,
  PcapHeader,
  PcapRecord,
} from './pcap-format.ts';

const MAX_INT32 = 0x7fffffff;

/** True for a magic number of this format in the byte order given. */
export function isPcapMagic(magic: number): boolean {
  return magic === PCAP_MAGIC_US || magic === PCAP_MAGIC_NS || magic === PCAP_MAGIC_MODIFIED;
}

export class PcapDecoder {
  readonly #facts: CaptureFacts;
  readonly #isLittleEndian: boolean;
  readonly #recordHeaderBytes: number;
  readonly #nsPerTick: number;
  readonly #ticksPerSecond: number;
  readonly #mayExchangeLengths: boolean;

  /** Reads the file header at `start`, of which all PCAP_FILE_HEADER_BYTES must be there. */
  constructor(facts: CaptureFacts, view: DataView, start: number) {
    const isLittleEndian = isPcapMagic(view.getUint32(start, true));
    const magic = view.getUint32(start + PcapHeader.Magic, isLittleEndian);
    const minor = view.getUint16(start + PcapHeader.VersionMinor, isLittleEndian);
    this.#facts = facts;
    this.#isLittleEndian = isLittleEndian;
    this.#recordHeaderBytes =
      magic === PCAP_MAGIC_MODIFIED ? PCAP_MODIFIED_RECORD_HEADER_BYTES : PCAP_RECORD_HEADER_BYTES;
    this.#nsPerTick = magic === PCAP_MAGIC_NS ? 1 : 1000;
    this.#ticksPerSecond = 1e9 / this.#nsPerTick;
    this.#mayExchangeLengths = minor < PCAP_VERSION_MINOR;
    facts.interfaces.push({
      linkType: view.getUint32(start + PcapHeader.LinkType, isLittleEndian) & 0xffff,
      snapLength: view.getUint32(start + PcapHeader.SnapLength, isLittleEndian),
      name: undefined,
      description: undefined,
      tickUnit: { base: 10, exponent: magic === PCAP_MAGIC_NS ? 9 : 6 },
      offsetSeconds: 0,
      section: 0,
      isLittleEndian,
    });
  }

  /** Bytes that are still to come of a record passed over: none here. */
  readonly bytesToSkip = 0;

  /** As CaptureReader.decode. */
  decode(view: DataView, start: number, end: number, rows: CaptureRows): number {
    const isLittleEndian = this.#isLittleEndian;
    const headerBytes = this.#recordHeaderBytes;
    const nsPerTick = this.#nsPerTick;
    const ticksPerSecond = this.#ticksPerSecond;
    const { capacity, offset, capturedLength, originalLength } = rows;
    const { seconds, nanoseconds, interfaceIndex, optionsLength } = rows;
    const first = rows.count;
    let row = first;
    let at = start;
    while (row < capacity && end - at >= headerBytes) {
      const data = at + headerBytes;
      let captured = view.getInt32(at + PcapRecord.CapturedLength, isLittleEndian);
      let original = view.getInt32(at + PcapRecord.OriginalLength, isLittleEndian);
      if (this.#mayExchangeLengths && captured >>> 0 > original >>> 0) {
        captured = original;
        original = view.getInt32(at + PcapRecord.CapturedLength, isLittleEndian);
      }
      if (captured >>> 0 > MAX_CAPTURED_BYTES || captured > end - data) break;
      const fraction = view.getInt32(at + PcapRecord.Fraction, isLittleEndian);
      seconds[row] = view.getUint32(at + PcapRecord.Seconds, isLittleEndian);
      if (fraction >>> 0 < ticksPerSecond) nanoseconds[row] = Math.imul(fraction, nsPerTick);
      else this.#carryFraction(fraction >>> 0, rows, row);
      offset[row] = data;
      capturedLength[row] = captured;
      originalLength[row] = original < 0 ? MAX_INT32 : original;
      interfaceIndex[row] = 0;
      optionsLength[row] = 0;
      row++;
      at = data + captured;
    }
    rows.count = row;
    this.#facts.counters.packets += row - first;
    if (row < capacity && end - at >= headerBytes) this.#explainStop(view, at);
    return at - start;
  }

  /** The record at `at`, whose header is there, could not be taken. */
  #explainStop(view: DataView, at: number): void {
    const stated = view.getUint32(at + PcapRecord.CapturedLength, this.#isLittleEndian);
    const original = view.getUint32(at + PcapRecord.OriginalLength, this.#isLittleEndian);
    const captured = this.#mayExchangeLengths ? Math.min(stated, original) : stated;
    if (captured <= MAX_CAPTURED_BYTES) {
      this.#facts.requiredBytes = this.#recordHeaderBytes + captured;
    } else {
      this.#facts.malformed(at, `a captured length of at most ${MAX_CAPTURED_BYTES}`, captured);
    }
  }

  /** A fraction of a second or more: the surplus goes into the seconds. */
  #carryFraction(fraction: number, rows: CaptureRows, row: number): void {
    const carry = Math.floor(fraction / this.#ticksPerSecond);
    rows.seconds[row] = (rows.seconds[row] as number) + carry;
    rows.nanoseconds[row] = (fraction - carry * this.#ticksPerSecond) * this.#nsPerTick;
    this.#facts.counters.overflowingFractions++;
  }
}
