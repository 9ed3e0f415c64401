/**
 * Which of so many queues a frame belongs to: a salted hash of protocol, addresses and ports (RFC 8290 §4.1).
 * Frames that are no IP share a queue. Hot: no allocation per frame.
 */
import { finishHash, mixWord } from '../base/hash.ts';
import type { RandomSource } from '../engine/random.ts';
import { FRAME_SHIFT, type FrameId, FrameWord } from '../frame/frame-record.ts';

export class FlowHash {
  readonly #words: Int32Array;
  readonly #flows: number;
  readonly #salt: number;

  constructor(words: Int32Array, random: RandomSource, flows: number) {
    this.#words = words;
    this.#flows = flows;
    this.#salt = random.nextInt32();
  }

  /** A row from 0 to below the number of flows. */
  rowOf(frame: FrameId): number {
    const words = this.#words;
    const at = frame << FRAME_SHIFT;
    let hash = mixWord(this.#salt, words[at + FrameWord.Src]);
    hash = mixWord(hash, words[at + FrameWord.Dst]);
    hash = mixWord(hash, words[at + FrameWord.Ports]);
    hash = mixWord(hash, words[at + FrameWord.Meta] & 0xff);
    return (finishHash(hash) >>> 0) % this.#flows;
  }
}
