/**
 * Bit errors: some frames get a stated number of distinct bits of their network-layer packet flipped, every
 * set of positions alike. The frame gets bytes of its own first, since payloads are shared, and its record
 * is read anew: who looks at the frame sees what was made of it. Then the packet's real checksums are
 * verified, and frames that still look good are counted as escaped. A position that the snap length of the
 * capture cut off is drawn and cannot be flipped; whether such a packet escapes cannot be told.
 * Hot: no allocation per frame.
 */
import { DropReason } from '../engine/drop-reason.ts';
import type { RandomSource } from '../engine/random.ts';
import {
  CapturedExtra,
  FRAME_SHIFT,
  type FrameId,
  FrameWord,
  MetaBit,
  NO_PAYLOAD,
} from '../frame/frame-record.ts';
import { ChecksumVerdict, verifyChecksums } from '../wire/verify-checksums.ts';
import { BernoulliProcess } from './bernoulli-process.ts';
import type { CorruptConfig } from './impairment-config.ts';
import type { Network } from './network.ts';

/** A capture may state that it holds the start of 2 GiB; positions stay 32-bit integers. */
const BITS_MAX = 2 ** 31 - 1;

export class Corruption {
  corrupted = 0;
  /** Every checksum there is is right nevertheless. */
  escaped = 0;
  /** No checksum, one that cannot be verified, or no IP packet. */
  unverifiable = 0;
  readonly #network: Network;
  readonly #place: number;
  readonly #process: BernoulliProcess;
  readonly #positions: RandomSource;
  /** Bits flipped in this frame. */
  readonly #flipped: Int32Array;

  /** @param random forked for whether and for where, so that neither moves the other's draws */
  constructor(network: Network, place: number, random: RandomSource, config: CorruptConfig) {
    this.#network = network;
    this.#place = place;
    this.#process = new BernoulliProcess(random, config.ratio, config.correlation);
    this.#positions = random.fork('positions');
    this.#flipped = new Int32Array(config.bits);
  }

  /** Draws whether the frame is hit, and does it. False when there was no room and the frame is dropped. */
  apply(frame: FrameId): boolean {
    if (!this.#process.draw()) return true;
    const network = this.#network;
    const { pool, frameBytes } = network;
    const at = frame << FRAME_SHIFT;
    const wasIp = (pool.words[at + FrameWord.Meta] & MetaBit.NotIp) === 0;
    frameBytes.locate(frame);
    const length = frameBytes.networkLength(wasIp);
    const own = this.#takeOwnBytes(frame);
    if (own === NO_PAYLOAD) {
      network.drop(frame, DropReason.PayloadArenaFull, this.#place);
      return false;
    }
    const networkStart = own + frameBytes.networkOffset;
    const end = own + frameBytes.storedLength;
    this.#flip(networkStart, end, length);
    frameBytes.readBack(frame);
    const originalEnd = own + frameBytes.originalLength;
    const verdict = wasIp
      ? verifyChecksums(frameBytes.packets, networkStart, end, originalEnd)
      : ChecksumVerdict.NotIp;
    this.#count(verdict, wasIp);
    network.observer?.onCorrupt(frame, verdict, this.#place);
    return true;
  }

  #count(verdict: ChecksumVerdict, wasIp: boolean): void {
    this.corrupted++;
    if (verdict === ChecksumVerdict.Good) this.escaped++;
    // A version that is neither 4 nor 6 is noticed as surely as a bad checksum.
    else if (verdict === ChecksumVerdict.Unverifiable || !wasIp) this.unverifiable++;
  }

  /** Flips bits of the `length` bytes from `start`, of which those up to `end` are stored. */
  #flip(start: number, end: number, length: number): void {
    const { bytes } = this.#network.pool.payloads;
    const flipped = this.#flipped;
    const bits = Math.min(length * 8, BITS_MAX);
    const count = Math.min(flipped.length, bits);
    for (let index = 0; index < count; index++) {
      let bit = this.#positions.below(bits);
      while (this.#isAmongFirst(index, bit)) bit = this.#positions.below(bits);
      flipped[index] = bit;
      const byte = start + (bit >> 3);
      if (byte < end) bytes[byte] ^= 0x80 >> (bit & 7);
    }
  }

  #isAmongFirst(count: number, bit: number): boolean {
    for (let index = 0; index < count; index++) if (this.#flipped[index] === bit) return true;
    return false;
  }

  /** The frame becomes one of bytes, which nobody shares; gives their offset, or NO_PAYLOAD. */
  #takeOwnBytes(frame: FrameId): number {
    const { pool, payloadWriter, frameBytes } = this.#network;
    const { words, extraWords, payloads } = pool;
    const { start, storedLength } = frameBytes;
    const own = payloadWriter.reserve(storedLength);
    if (own === NO_PAYLOAD) return NO_PAYLOAD;
    payloads.bytes.copyWithin(own, start, start + storedLength);
    payloads.retain(own);
    const at = frame << FRAME_SHIFT;
    if (words[at + FrameWord.Payload] !== NO_PAYLOAD)
      payloads.release(words[at + FrameWord.Payload]);
    words[at + FrameWord.Payload] = own;
    words[at + FrameWord.Meta] &= ~(MetaBit.Changed | MetaBit.HasSack);
    words[at + FrameWord.Meta] |= MetaBit.Captured | MetaBit.Corrupted;
    extraWords[at + CapturedExtra.CapturedLength] = storedLength;
    extraWords[at + CapturedExtra.OriginalLength] = frameBytes.originalLength;
    extraWords[at + CapturedExtra.LinkLayer] = frameBytes.linkLayer;
    extraWords[at + CapturedExtra.NetworkOffset] = frameBytes.networkOffset;
    return own;
  }
}
