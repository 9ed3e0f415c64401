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
    const { capacity, offset, capturedLength, interfaceIndex, optionsLength } = rows;
    let row = rows.count;
    let at = start;
    while (row < capacity && end - at >= headerBytes) {
      let captured = view.getUint32(at + PcapRecord.CapturedLength, isLittleEndian);
      let original = view.getUint32(at + PcapRecord.OriginalLength, isLittleEndian);
      if (this.#mayExchangeLengths && captured > original) {
        const larger = captured;
        captured = original;
        original = larger;
      }
      if (captured > MAX_CAPTURED_BYTES) {
        this.#facts.malformed(at, `a captured length of at most ${MAX_CAPTURED_BYTES}`, captured);
        break;
      }
      const recordBytes = headerBytes + captured;
      if (recordBytes > end - at) {
        this.#facts.requiredBytes = recordBytes;
        break;
      }
      this.#stamp(view, at, rows, row);
      offset[row] = at + headerBytes;
      capturedLength[row] = captured;
      rows.originalLength[row] = Math.min(original, MAX_INT32);
      interfaceIndex[row] = 0;
      optionsLength[row] = 0;
      this.#facts.counters.packets++;
      row++;
      at += recordBytes;
    }
    rows.count = row;
    return at - start;
  }

  #stamp(view: DataView, at: number, rows: CaptureRows, row: number): void {
    const isLittleEndian = this.#isLittleEndian;
    let seconds = view.getUint32(at + PcapRecord.Seconds, isLittleEndian);
    let nanoseconds = view.getUint32(at + PcapRecord.Fraction, isLittleEndian) * this.#nsPerTick;
    if (nanoseconds >= 1e9) {
      const carry = Math.floor(nanoseconds / 1e9);
      seconds += carry;
      nanoseconds -= carry * 1e9;
      this.#facts.counters.overflowingFractions++;
    }
    rows.seconds[row] = seconds;
    rows.nanoseconds[row] = nanoseconds;
  }
}
