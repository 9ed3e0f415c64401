/**
 * All frames of a run: fixed capacity, a free list through the Next word, no allocation per frame.
 * Captured frames' bytes live in a PayloadArena; releasing a frame gives its share of a chunk back.
 *
 * Hot. Does not know layouts of bytes, nor why a frame is dropped.
 */
import { assert } from '../base/assert.ts';
import {
  DOUBLE_SHIFT,
  FRAME_SHIFT,
  type FrameId,
  FrameWord,
  MetaBit,
  NO_FRAME,
  NO_PAYLOAD,
} from './frame-record.ts';
import type { PayloadArena } from './payload-arena.ts';

/**
 * Frames below this are used again first: after a burst of a hundred thousand, the thousand that are on their way at a
 * time are not scattered over the memory of all.
 */
const NEAR = 4096;
const WORDS_PER_FRAME = 1 << FRAME_SHIFT;
const DOUBLES_PER_FRAME = 1 << DOUBLE_SHIFT;

export class FramePool {
  readonly capacity: number;
  /** First records: FrameWord. */
  readonly words: Int32Array;
  /** The same buffer as doubles: FrameDouble. */
  readonly doubles: Float64Array;
  /** Second records: BuiltExtra or CapturedExtra. */
  readonly extraWords: Int32Array;
  readonly extraDoubles: Float64Array;
  readonly payloads: PayloadArena;
  /** Free ones below NEAR, and the others. */
  #nearHead: number = NO_FRAME;
  #farHead: number = NO_FRAME;
  /** Records never used yet start here: touching memory only when needed keeps set-up linear in use. */
  #fresh = 0;
  #inUse = 0;

  /** @param capacity frames, at most 2^24. */
  constructor(capacity: number, payloads: PayloadArena) {
    assert(capacity > 0 && capacity <= 1 << 24, 'frame pool capacity is 1 to 2^24');
    this.capacity = capacity;
    this.payloads = payloads;
    const first = new ArrayBuffer(capacity * WORDS_PER_FRAME * 4);
    this.words = new Int32Array(first);
    this.doubles = new Float64Array(first);
    const second = new ArrayBuffer(capacity * WORDS_PER_FRAME * 4);
    this.extraWords = new Int32Array(second);
    this.extraDoubles = new Float64Array(second);
  }

  /** Frames handed out and not yet released. */
  get inUse(): number {
    return this.#inUse;
  }

  /** A frame with Meta 0 and no payload, or NO_FRAME when the pool is empty: a counted outcome. */
  allocate(): FrameId {
    const words = this.words;
    let frame = this.#nearHead;
    if (frame !== NO_FRAME) {
      this.#nearHead = words[(frame << FRAME_SHIFT) + FrameWord.Next];
    } else if (this.#farHead !== NO_FRAME) {
      frame = this.#farHead;
      this.#farHead = words[(frame << FRAME_SHIFT) + FrameWord.Next];
    } else if (this.#fresh < this.capacity) {
      frame = this.#fresh++;
    } else {
      return NO_FRAME;
    }
    this.#inUse++;
    const at = frame << FRAME_SHIFT;
    words[at + FrameWord.Meta] = 0;
    words[at + FrameWord.Payload] = NO_PAYLOAD;
    words[at + FrameWord.Next] = NO_FRAME;
    return frame as FrameId;
  }

  /** A second record on the same payload bytes (tap, duplicate), or NO_FRAME. */
  copy(frame: FrameId): FrameId {
    const twin = this.allocate();
    if (twin === NO_FRAME) return NO_FRAME;
    const from = frame << FRAME_SHIFT;
    this.words.copyWithin(twin << FRAME_SHIFT, from, from + WORDS_PER_FRAME);
    this.extraWords.copyWithin(twin << FRAME_SHIFT, from, from + WORDS_PER_FRAME);
    this.words[(twin << FRAME_SHIFT) + FrameWord.Next] = NO_FRAME;
    const payload = this.words[from + FrameWord.Payload];
    if (payload !== NO_PAYLOAD) this.payloads.retain(payload);
    return twin;
  }

  /** Ends a frame. In a frame already released, Meta reads RELEASED, and a second release is caught. */
  release(frame: FrameId): void {
    const words = this.words;
    const at = frame << FRAME_SHIFT;
    assert(words[at + FrameWord.Meta] !== RELEASED, 'a frame is released twice');
    const payload = words[at + FrameWord.Payload];
    if (payload !== NO_PAYLOAD) this.payloads.release(payload);
    words[at + FrameWord.Meta] = RELEASED;
    if (frame < NEAR) {
      words[at + FrameWord.Next] = this.#nearHead;
      this.#nearHead = frame;
    } else {
      words[at + FrameWord.Next] = this.#farHead;
      this.#farHead = frame;
    }
    this.#inUse--;
  }

  isCaptured(frame: FrameId): boolean {
    return (this.words[(frame << FRAME_SHIFT) + FrameWord.Meta] & MetaBit.Captured) !== 0;
  }

  /** Index of the first double of a frame's records. */
  static doublesAt(frame: FrameId): number {
    return frame * DOUBLES_PER_FRAME;
  }
}

/** No protocol sets all of these: NotIp and Ipv6 exclude each other. */
const RELEASED = MetaBit.NotIp | MetaBit.Ipv6;
