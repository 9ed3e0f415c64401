/**
 * What a capture says about itself while it is read: interfaces, counters, secrets, and how the reading
 * ended. Shared by the two decoders and shown by CaptureReader. Everything kept is bounded, whatever the
 * file states.
 */
import type { TickUnit } from './timestamp.ts';

/** One capture interface; a pcap file has one. */
export interface CaptureInterface {
  /** LINKTYPE_ number of the packets' link header. */
  readonly linkType: number;
  /** Greatest number of bytes captured of a packet; 0 for no limit. */
  readonly snapLength: number;
  /** First 256 bytes of if_name, if_description. */
  readonly name: string | undefined;
  readonly description: string | undefined;
  /** Unit of the stamps in the file. */
  readonly tickUnit: TickUnit;
  /** Seconds added to every stamp of the file (if_tsoffset); already in the rows. */
  readonly offsetSeconds: number;
  /** Ordinal of the section, from 0. */
  readonly section: number;
  /** Byte order of the section. */
  readonly isLittleEndian: boolean;
}

/** Body of a decryption secrets block, to be passed on: draft-tuexen-opsawg-pcapng §4.7. */
export interface DecryptionSecrets {
  /** 0x544c534b is a TLS key log. */
  readonly type: number;
  readonly bytes: Uint8Array;
}

/** A block that another file can hold as it is: its body, with the byte order of a little-endian section. */
export interface CarriedBlock {
  readonly type: number;
  readonly body: Uint8Array;
}

/** Counts of what was met; all start at 0. */
export class CaptureCounters {
  packets = 0;
  sections = 0;
  /** Sections of an unknown major version, passed over. */
  unreadSections = 0;
  /** opt_comment on sections, interfaces and packets. */
  comments = 0;
  nameResolutionBlocks = 0;
  statisticsBlocks = 0;
  secretsBlocks = 0;
  /** Secrets blocks not kept: too long, too many, or inconsistent. */
  secretsNotKept = 0;
  customBlocks = 0;
  unknownBlocks = 0;
  /** Blocks that could have been carried and were not: too many, too long, or of a byte order unknown to us. */
  blocksNotKept = 0;
  /** Packets without a stamp (simple packet blocks): their rows repeat the stamp of the packet before, or the first. */
  unstampedPackets = 0;
  /** pcap stamps whose fraction is a second or more: carried over into the seconds. */
  overflowingFractions = 0;
}

export type CaptureFormat = 'pcap' | 'pcapng';
export type CaptureEnding = 'complete' | 'cut' | 'malformed';

/** A file with more interfaces than this is taken as damaged. */
export const MAX_INTERFACES = 65_536;
/** Secrets, and other blocks to be passed on. */
const MAX_KEPT_BYTES = 16 << 20;
/** What an empty block costs us. */
const KEPT_OVERHEAD_BYTES = 64;

export class CaptureFacts {
  readonly interfaces: CaptureInterface[] = [];
  readonly secrets: DecryptionSecrets[] = [];
  readonly carried: CarriedBlock[] = [];
  readonly counters = new CaptureCounters();
  ending: CaptureEnding | undefined = undefined;
  reason = '';
  /** Byte of the input that is byte 0 of the block now being decoded. */
  position = 0;
  /** Bytes the next record needs in one piece; 0 when the last one was taken. */
  requiredBytes = 0;
  #secretsBytes = 0;
  #carriedBytes = 0;

  /** Ends the reading at the record `at` bytes into the current block. */
  malformed(at: number, expected: string, got: string | number): void {
    this.ending = 'malformed';
    const where = `after packet ${this.counters.packets}, at byte ${this.position + at}`;
    this.reason = `${where}: expected ${expected}, got ${got}`;
  }

  /** Keeps a copy of view[start, start + length), within bounds. */
  keepSecrets(type: number, view: DataView, start: number, length: number): void {
    const cost = length + KEPT_OVERHEAD_BYTES;
    if (this.#secretsBytes + cost > MAX_KEPT_BYTES) {
      this.counters.secretsNotKept++;
      return;
    }
    this.#secretsBytes += cost;
    const bytes = new Uint8Array(view.buffer, view.byteOffset + start, length).slice();
    this.secrets.push({ type, bytes });
  }

  /** Keeps a body for another file; undefined for one that cannot be. */
  carry(type: number, body: Uint8Array | undefined): void {
    const cost = (body?.length ?? 0) + KEPT_OVERHEAD_BYTES;
    if (body === undefined || this.#carriedBytes + cost > MAX_KEPT_BYTES) {
      this.counters.blocksNotKept++;
      return;
    }
    this.#carriedBytes += cost;
    this.carried.push({ type, body });
  }
}
