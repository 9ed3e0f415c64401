/**
 * Reads captures: pcap (draft-gharris-opsawg-pcap) and pcapng (draft-tuexen-opsawg-pcapng), told apart by
 * their first bytes. No I/O: the caller hands in blocks of the input one after the other and gets rows
 * that point into them. A damaged or cut capture is read up to the damage. Memory does not grow with the
 * input. Link types are carried, not judged, and gzip is undone by whoever reads the file.
 */
import { NetError } from '../base/errors.ts';
import {
  type CaptureCounters,
  type CaptureEnding,
  CaptureFacts,
  type CaptureFormat,
  type CaptureInterface,
  type CarriedBlock,
  type DecryptionSecrets,
} from './capture-facts.ts';
import type { CaptureRows } from './capture-rows.ts';
import { isPcapMagic, PcapDecoder } from './pcap-decoder.ts';
import { PCAP_FILE_HEADER_BYTES, PCAP_VERSION_MAJOR, PcapHeader } from './pcap-format.ts';
import { PcapngDecoder } from './pcapng-decoder.ts';
import {
  BlockType,
  BYTE_ORDER_MAGIC,
  MAX_BLOCK_BYTES,
  padded,
  SectionHeader,
} from './pcapng-format.ts';
import { readComments } from './pcapng-options.ts';

/** No record needs more bytes in one piece: a caller whose blocks are this long need not look at requiredBytes. */
export const MAX_RECORD_BYTES = MAX_BLOCK_BYTES;

/** First bytes shown of a file that is no capture. */
const SHOWN_BYTES = 16;

export class CaptureReader {
  readonly #name: string;
  readonly #facts = new CaptureFacts();
  #decoder: PcapDecoder | PcapngDecoder | undefined = undefined;
  #format: CaptureFormat | undefined = undefined;
  #consumedBytes = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(this.#bytes.buffer);
  /** What the input starts with, for the error about an input that ends in its header. */
  #firstBytes = 'nothing';

  /** `name` is how errors call the input. */
  constructor(name: string) {
    this.#name = name;
  }

  /** Known once the file header was read. */
  get format(): CaptureFormat | undefined {
    return this.#format;
  }
  /** Grows while blocks are decoded; rows.interfaceIndex points here. */
  get interfaces(): readonly CaptureInterface[] {
    return this.#facts.interfaces;
  }
  get carried(): readonly CarriedBlock[] {
    return this.#facts.carried;
  }

  get secrets(): readonly DecryptionSecrets[] {
    return this.#facts.secrets;
  }
  get counters(): Readonly<CaptureCounters> {
    return this.#facts.counters;
  }
  /** Undefined while there may be more; nothing is decoded after it is set. */
  get ending(): CaptureEnding | undefined {
    return this.#facts.ending;
  }
  /** Why and where an input that is cut or malformed ended; else empty. */
  get reason(): string {
    return this.#facts.reason;
  }
  /** Bytes the next record needs in one piece, once it turned out to be incomplete; at most MAX_RECORD_BYTES. */
  get requiredBytes(): number {
    return this.#facts.requiredBytes;
  }
  /** Bytes of the input decoded so far. */
  get consumedBytes(): number {
    return this.#consumedBytes;
  }

  /**
   * Decodes the whole records of bytes[start, end) and appends them to `rows`, whose offsets index `bytes`.
   * Returns the bytes consumed; the rest goes to the front of the caller's next block. Stops when `rows`
   * is full, the next record is incomplete, or `ending` is set. Throws NetError when the input does not
   * start like a capture.
   */
  decode(bytes: Uint8Array, start: number, end: number, rows: CaptureRows): number {
    const facts = this.#facts;
    if (facts.ending !== undefined) return 0;
    facts.requiredBytes = 0;
    this.#look(bytes);
    let at = start;
    if (this.#decoder === undefined) {
      at += this.#readFileHeader(start, end);
      if (this.#decoder === undefined) return 0;
    }
    facts.position = this.#consumedBytes - start;
    at += this.#decoder.decode(this.#view, at, end, rows);
    this.#consumedBytes += at - start;
    return at - start;
  }

  /**
   * The input is over, and its last `leftBytes` were not consumed. `damage` says what kept the input from
   * going on, if anything did. Throws NetError when the input was no capture.
   */
  finish(leftBytes: number, damage = ''): void {
    const facts = this.#facts;
    if (facts.ending !== undefined) return;
    const decoder = this.#decoder;
    if (decoder === undefined) throw this.#notACapture(this.#firstBytes);
    const { packets } = facts.counters;
    if (leftBytes === 0 && decoder.bytesToSkip === 0 && damage === '') {
      facts.ending = 'complete';
      return;
    }
    const skipped = decoder.bytesToSkip > 0 ? `, ${decoder.bytesToSkip} bytes short` : '';
    const begun = leftBytes > 0 ? ` with ${leftBytes} bytes of the next record` : '';
    const why = damage === '' ? '' : ` (${damage})`;
    facts.ending = 'cut';
    const end = this.#consumedBytes + leftBytes;
    facts.reason = `ends at byte ${end}, after packet ${packets}${begun}${skipped}${why}`;
  }

  /** Comments (opt_comment) of the packet in `row`, while `bytes` still holds what `decode` saw. Cold. */
  comments(bytes: Uint8Array, rows: CaptureRows, row: number): string[] {
    const length = rows.optionsLength[row] as number;
    if (length === 0) return [];
    this.#look(bytes);
    const packet = rows.offset[row] as number;
    const options = packet + padded(rows.capturedLength[row] as number);
    const source = this.#facts.interfaces[rows.interfaceIndex[row] as number];
    return readComments(this.#view, options, options + length, source?.isLittleEndian ?? true);
  }

  #look(bytes: Uint8Array): void {
    if (bytes === this.#bytes) return;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Chooses the decoder from 24 bytes, which every capture has. Returns what a pcap header takes. */
  #readFileHeader(start: number, end: number): number {
    const view = this.#view;
    if (start < end) this.#firstBytes = hexBytes(view, start, Math.min(end, start + SHOWN_BYTES));
    if (end - start < PCAP_FILE_HEADER_BYTES) {
      this.#facts.requiredBytes = PCAP_FILE_HEADER_BYTES;
      return 0;
    }
    const magic = view.getUint32(start, true);
    if (magic === BlockType.SectionHeader) {
      const order = view.getInt32(start + SectionHeader.ByteOrderMagic, true);
      const swapped = view.getInt32(start + SectionHeader.ByteOrderMagic, false);
      if (order !== BYTE_ORDER_MAGIC && swapped !== BYTE_ORDER_MAGIC) {
        throw this.#notACapture(this.#firstBytes);
      }
      this.#format = 'pcapng';
      this.#decoder = new PcapngDecoder(this.#facts);
      return 0;
    }
    const isLittleEndian = isPcapMagic(magic);
    if (!isLittleEndian && !isPcapMagic(view.getUint32(start, false))) {
      throw this.#notACapture(this.#firstBytes);
    }
    const major = view.getUint16(start + PcapHeader.VersionMajor, isLittleEndian);
    if (major !== PCAP_VERSION_MAJOR) throw this.#notACapture(`pcap of version ${major}`);
    this.#format = 'pcap';
    this.#decoder = new PcapDecoder(this.#facts, view, start);
    return PCAP_FILE_HEADER_BYTES;
  }

  #notACapture(got: string): NetError {
    const message = `${this.#name}: expected a pcap or pcapng capture, got ${got}`;
    return new NetError('ERR_CAPTURE', message);
  }
}

/** `0a 0d 0d 0a …`. */
function hexBytes(view: DataView, start: number, end: number): string {
  const bytes: string[] = [];
  for (let at = start; at < end; at++) {
    bytes.push(view.getUint8(at).toString(16).padStart(2, '0'));
  }
  return `${end - start} first bytes ${bytes.join(' ')}`;
}
