/**
 * A queue of frames as an intrusive list through the Next word: no storage of its own, O(1) at both
 * ends it uses. A frame is in at most one queue. Hot.
 */
import { FRAME_SHIFT, type FrameId, FrameWord, NO_FRAME } from './frame-record.ts';

export class FrameFifo {
  readonly #words: Int32Array;
  #head: FrameId = NO_FRAME;
  #tail: FrameId = NO_FRAME;
  #count = 0;

  /** @param words first records of the pool whose frames are queued */
  constructor(words: Int32Array) {
    this.#words = words;
  }

  get count(): number {
    return this.#count;
  }

  /** The frame that leaves next, or NO_FRAME. */
  get head(): FrameId {
    return this.#head;
  }

  /** Takes ownership. */
  push(frame: FrameId): void {
    this.#words[(frame << FRAME_SHIFT) + FrameWord.Next] = NO_FRAME;
    if (this.#tail === NO_FRAME) this.#head = frame;
    else this.#words[(this.#tail << FRAME_SHIFT) + FrameWord.Next] = frame;
    this.#tail = frame;
    this.#count++;
  }

  /** Gives ownership; NO_FRAME when empty. */
  shift(): FrameId {
    const frame = this.#head;
    if (frame === NO_FRAME) return NO_FRAME;
    this.#head = this.#words[(frame << FRAME_SHIFT) + FrameWord.Next] as FrameId;
    if (this.#head === NO_FRAME) this.#tail = NO_FRAME;
    this.#count--;
    return frame;
  }
}
