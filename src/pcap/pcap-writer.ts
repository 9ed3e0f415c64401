/**
 * Writes classic captures with nanosecond stamps, little-endian: draft-gharris-opsawg-pcap §4 and §5. No
 * I/O: full buffers go to a sink. One link type a file; stamps outside 1970 … 2106 do not fit 32 bits and
 * are clamped and counted (pcapng takes them).
 * Hot: no allocation per packet (see record-buffer.ts).
 */
import {
  MAX_CAPTURED_BYTES,
  PCAP_FILE_HEADER_BYTES,
  PCAP_MAGIC_NS,
  PCAP_RECORD_HEADER_BYTES,
  PCAP_VERSION_MAJOR,
  PCAP_VERSION_MINOR,
  PcapHeader,
  PcapRecord,
} from './pcap-format.ts';
import { type BufferRegion, type ByteSink, RecordBuffer } from './record-buffer.ts';

const MAX_UINT32 = 0xffffffff;

export interface PcapWriterOptions {
  /** LINKTYPE_ number of all packets. */
  readonly linkType: number;
  /** Packets are cut to so many bytes; 0 or absent for no cut. */
  readonly snapLength?: number;
  readonly sink: ByteSink;
  /** Memory to gather records in, at least 263 KiB; else the writer brings its own. */
  readonly buffer?: BufferRegion;
}

export class PcapWriter {
  readonly #out: RecordBuffer;
  readonly #snapLength: number;
  /** Packets written. */
  packets = 0;
  /** Stamps that did not fit the format. */
  clampedStamps = 0;

  constructor(options: PcapWriterOptions) {
    this.#snapLength = Math.min(options.snapLength || MAX_CAPTURED_BYTES, MAX_CAPTURED_BYTES);
    this.#out = new RecordBuffer(options.sink, options.buffer);
    this.#writeFileHeader(options.linkType);
  }

  #writeFileHeader(linkType: number): void {
    const out = this.#out;
    out.reserve(PCAP_FILE_HEADER_BYTES);
    const { view, at } = out;
    for (let offset = 0; offset < PCAP_FILE_HEADER_BYTES; offset += 4)
      view.setInt32(at + offset, 0);
    view.setUint32(at + PcapHeader.Magic, PCAP_MAGIC_NS, true);
    view.setUint16(at + PcapHeader.VersionMajor, PCAP_VERSION_MAJOR, true);
    view.setUint16(at + PcapHeader.VersionMinor, PCAP_VERSION_MINOR, true);
    view.setUint32(at + PcapHeader.SnapLength, this.#snapLength, true);
    view.setUint32(at + PcapHeader.LinkType, linkType, true);
    out.at = at + PCAP_FILE_HEADER_BYTES;
  }

  /**
   * Writes the packet bytes[start, start + capturedLength), which was `originalLength` bytes long, at
   * `seconds` since 1970 and `nanoseconds`.
   */
  writePacket(
    seconds: number,
    nanoseconds: number,
    bytes: Uint8Array,
    start: number,
    capturedLength: number,
    originalLength: number,
  ): void {
    const out = this.#out;
    const captured = Math.min(capturedLength, this.#snapLength);
    out.reserve(PCAP_RECORD_HEADER_BYTES + captured);
    const { view, at } = out;
    const isClamped = seconds < 0 || seconds > MAX_UINT32;
    if (isClamped) this.clampedStamps++;
    const clamped = isClamped ? (seconds < 0 ? 0 : MAX_UINT32) : seconds;
    view.setUint32(at + PcapRecord.Seconds, clamped, true);
    view.setUint32(at + PcapRecord.Fraction, isClamped ? 0 : nanoseconds, true);
    view.setUint32(at + PcapRecord.CapturedLength, captured, true);
    view.setUint32(at + PcapRecord.OriginalLength, originalLength, true);
    out.at = at + PCAP_RECORD_HEADER_BYTES;
    out.append(bytes, start, captured, false);
    this.packets++;
  }

  /** Hands what is gathered to the sink. Call at the end. */
  flush(): void {
    this.#out.flush();
  }
}
