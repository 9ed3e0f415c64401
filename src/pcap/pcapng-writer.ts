/**
 * Writes pcapng, one little-endian section: draft-tuexen-opsawg-pcapng §4.1 to §4.3 and §4.7. Interfaces
 * may be added at any time before their first packet; stamps are nanoseconds (if_tsresol 9), reach from
 * the interface's offset 584 years on, and are clamped and counted beyond. No I/O: full buffers go to a
 * sink.
 * Hot: no allocation per packet without comment (see record-buffer.ts).
 */
import { assert } from '../base/assert.ts';
import type { CarriedBlock, DecryptionSecrets } from './capture-facts.ts';
import { MAX_CAPTURED_BYTES } from './pcap-format.ts';
import {
  BlockType,
  BYTE_ORDER_MAGIC,
  EnhancedPacket,
  InterfaceDescription,
  MAX_OPTION_BYTES,
  OPTION_HEADER_BYTES,
  OptionCode,
  PCAPNG_VERSION_MAJOR,
  padded,
  SecretsBlock,
  SectionHeader,
  TRAILER_BYTES,
} from './pcapng-format.ts';
import { type BufferRegion, type ByteSink, RecordBuffer } from './record-buffer.ts';
import { encodeUtf8 } from './utf8.ts';

const TWO_32 = 0x1_0000_0000;
const NS_PER_SECOND = 1e9;
/** The last whole second whose nanoseconds fit 64 bits. */
const SECONDS_MAX = 18_446_744_072;
/** LINKTYPE_ETHERNET. */
const ETHERNET = 1;
const NO_BYTES = new Uint8Array(0);
/** LINKTYPE_RAW, and the number that libpcap has for it inside. */
const RAW_IP = 101;
const RAW_IP_INSIDE_LIBPCAP = 12;

export interface PcapngWriterOptions {
  readonly sink: ByteSink;
  /** Name of the writing program (shb_userappl); `sluice` when absent. */
  readonly application?: string;
  /** Memory to gather blocks in, at least 384 KiB; else the writer brings its own. */
  readonly buffer?: BufferRegion;
}

export interface InterfaceOptions {
  /** LINKTYPE_ number. */
  readonly linkType: number;
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  /** Packets are cut to so many bytes; 0 or absent for no cut. */
  readonly snapLength?: number;
  /** Stamps are stored relative to this second since 1970; needed for stamps before 1970 only. */
  readonly offsetSeconds?: number;
}

export class PcapngWriter {
  readonly #out: RecordBuffer;
  readonly #snapLengths: number[] = [];
  readonly #offsets: number[] = [];
  #firstLinkType: number | undefined = undefined;
  /** Packets written. */
  packets = 0;
  /** Stamps that did not fit the format. */
  clampedStamps = 0;

  constructor(options: PcapngWriterOptions) {
    this.#out = new RecordBuffer(options.sink, options.buffer);
    const body = new BlockBody(SectionHeader.Data - 8);
    body.view.setUint32(SectionHeader.ByteOrderMagic - 8, BYTE_ORDER_MAGIC, true);
    body.view.setUint16(SectionHeader.VersionMajor - 8, PCAPNG_VERSION_MAJOR, true);
    body.view.setBigInt64(SectionHeader.SectionLength - 8, -1n, true);
    body.addText(OptionCode.SectionApplication, options.application ?? 'sluice');
    this.#writeBlock(BlockType.SectionHeader, body.finish());
  }

  /** Returns the number to give to writePacket. */
  addInterface(options: InterfaceOptions): number {
    const body = new BlockBody(InterfaceDescription.Data - 8);
    body.view.setUint16(InterfaceDescription.LinkType - 8, this.#linkTypeOf(options), true);
    body.view.setUint32(InterfaceDescription.SnapLength - 8, options.snapLength ?? 0, true);
    if (options.name !== undefined) body.addText(OptionCode.InterfaceName, options.name);
    if (options.description !== undefined) {
      body.addText(OptionCode.InterfaceDescription, options.description);
    }
    body.add(OptionCode.TimestampResolution, Uint8Array.of(9));
    const offset = options.offsetSeconds ?? 0;
    if (offset !== 0) {
      const value = new Uint8Array(8);
      new DataView(value.buffer).setBigInt64(0, BigInt(offset), true);
      body.add(OptionCode.TimestampOffset, value);
    }
    this.#writeBlock(BlockType.InterfaceDescription, body.finish());
    this.#snapLengths.push(options.snapLength || MAX_CAPTURED_BYTES);
    return this.#offsets.push(offset) - 1;
  }

  /**
   * libpcap compares the link types of later interfaces with its inside number of the first one's, and takes 101
   * behind 101 for a mixture that it cannot read. All readers take 12 for raw IP as well.
   */
  #linkTypeOf({ linkType }: InterfaceOptions): number {
    if (this.#firstLinkType === RAW_IP && linkType === RAW_IP) return RAW_IP_INSIDE_LIBPCAP;
    this.#firstLinkType ??= linkType;
    return linkType;
  }

  /** Passes decryption secrets on; they help the packets written after them. */
  addSecrets(secrets: DecryptionSecrets): void {
    const body = new BlockBody(SecretsBlock.Data - 8);
    body.view.setUint32(SecretsBlock.SecretsType - 8, secrets.type, true);
    body.view.setUint32(SecretsBlock.SecretsLength - 8, secrets.bytes.length, true);
    body.addBytes(secrets.bytes);
    this.#writeBlock(BlockType.DecryptionSecrets, body.bytes());
  }

  /** Passes a block of another file on: names, for instance. */
  addBlock({ type, body }: CarriedBlock): void {
    this.#writeBlock(type, body);
  }

  /**
   * Writes the packet bytes[start, start + capturedLength), which was `originalLength` bytes long, at
   * `seconds` since 1970 and `nanoseconds`, as seen on the interface. A comment is cut at 65,535 bytes.
   */
  writePacket(
    interfaceIndex: number,
    seconds: number,
    nanoseconds: number,
    bytes: Uint8Array,
    start: number,
    capturedLength: number,
    originalLength: number,
    comment?: string,
  ): void {
    assert(interfaceIndex < this.#offsets.length, 'a packet of an interface that was not added');
    const out = this.#out;
    const snapLength = this.#snapLengths[interfaceIndex] as number;
    const captured = Math.min(capturedLength, snapLength, MAX_CAPTURED_BYTES);
    const options = comment === undefined ? NO_BYTES : commentOptions(comment);
    const length = EnhancedPacket.Data + padded(captured) + options.length + TRAILER_BYTES;
    out.reserve(length);
    const { view, at } = out;
    view.setInt32(at, BlockType.EnhancedPacket, true);
    view.setInt32(at + 4, length, true);
    view.setInt32(at + EnhancedPacket.Interface, interfaceIndex, true);
    this.#writeStamp(at, seconds - (this.#offsets[interfaceIndex] as number), nanoseconds);
    view.setInt32(at + EnhancedPacket.CapturedLength, captured, true);
    view.setUint32(at + EnhancedPacket.OriginalLength, originalLength, true);
    out.at = at + EnhancedPacket.Data;
    out.append(bytes, start, captured, true);
    if (options.length > 0) out.append(options, 0, options.length, false);
    view.setInt32(out.at, length, true);
    out.at += TRAILER_BYTES;
    this.packets++;
  }

  /**
   * Hands what is gathered to the sink. Call at the end. libpcap reads no file without an interface, so one that has
   * none yet gets an Ethernet.
   */
  flush(): void {
    if (this.#offsets.length === 0) this.addInterface({ linkType: ETHERNET });
    this.#out.flush();
  }

  /** Writes seconds × 10^9 + nanoseconds as two words. */
  #writeStamp(at: number, seconds: number, nanoseconds: number): void {
    const { view } = this.#out;
    let whole = seconds;
    let rest = nanoseconds;
    if (seconds < 0 || seconds > SECONDS_MAX) {
      this.clampedStamps++;
      whole = seconds < 0 ? 0 : SECONDS_MAX;
      rest = 0;
    }
    const low = (Math.imul(whole | 0, NS_PER_SECOND) + rest) >>> 0;
    // The double sum is off by 2^10 at most, so its high word is the nearest integer.
    const high = Math.round((whole * NS_PER_SECOND + rest - low) / TWO_32);
    view.setUint32(at + EnhancedPacket.TimestampHigh, high, true);
    view.setUint32(at + EnhancedPacket.TimestampLow, low, true);
  }

  #writeBlock(type: number, body: Uint8Array): void {
    const block = new Uint8Array(8 + body.length + TRAILER_BYTES);
    const view = new DataView(block.buffer);
    view.setUint32(0, type, true);
    view.setUint32(4, block.length, true);
    block.set(body, 8);
    view.setUint32(block.length - TRAILER_BYTES, block.length, true);
    this.#out.pass(block);
  }
}

/** A comment and the end of the options. */
function commentOptions(comment: string): Uint8Array {
  const body = new BlockBody(0);
  body.addText(OptionCode.Comment, comment);
  return body.finish();
}

/** A block body in the making: fixed part, then options. Cold. */
class BlockBody {
  #bytes: Uint8Array;

  constructor(fixedBytes: number) {
    this.#bytes = new Uint8Array(fixedBytes);
  }

  /** The fixed part and all that was added so far. */
  get view(): DataView {
    return new DataView(this.#bytes.buffer);
  }

  add(code: OptionCode, value: Uint8Array): void {
    const header = new Uint8Array(OPTION_HEADER_BYTES);
    const view = new DataView(header.buffer);
    view.setUint16(0, code, true);
    view.setUint16(2, value.length, true);
    this.addBytes(header);
    this.addBytes(value);
  }

  addText(code: OptionCode, text: string): void {
    this.add(code, encodeUtf8(text, MAX_OPTION_BYTES));
  }

  /** Appends bytes and their padding. */
  addBytes(bytes: Uint8Array): void {
    const grown = new Uint8Array(this.#bytes.length + padded(bytes.length));
    grown.set(this.#bytes);
    grown.set(bytes, this.#bytes.length);
    this.#bytes = grown;
  }

  bytes(): Uint8Array {
    return this.#bytes;
  }

  /** With opt_endofopt. */
  finish(): Uint8Array {
    this.add(OptionCode.End, NO_BYTES);
    return this.#bytes;
  }
}
