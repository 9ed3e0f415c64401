/**
 * The fingerprint of a run: a 64-bit hash over every delivery and drop with the frame's header facts.
 * Same scenario and seed, same fingerprint on every engine; it sees order, time, place and content.
 * Two 32-bit lanes with different seeds and word order. Hot: no allocation per record.
 */
import { finishHash, mixWord } from '../base/hash.ts';
import type { Clock } from './clock.ts';

const TWO_POW_32 = 4294967296;

export class Fingerprint {
  readonly #clock: Clock;
  #a = 0x243f6a88;
  #b = 0x13198a2e | 0;
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Records folded in so far. */
  get count(): number {
    return this.#count;
  }

  /** Opens a record: what happened (delivery, or drop with its reason), where, now. */
  begin(kind: number, place: number): void {
    const now = this.#clock.nowNs;
    this.#count++;
    this.add((kind << 24) ^ place);
    this.add(now | 0);
    this.add((now / TWO_POW_32) | 0);
  }

  /** Folds one word of the record in. */
  add(word: number): void {
    this.#a = mixWord(this.#a, word);
    this.#b = mixWord(this.#b, word ^ this.#a);
  }

  /** 16 hexadecimal digits. */
  digest(): string {
    const hex = (lane: number) =>
      (finishHash(mixWord(lane, this.#count)) >>> 0).toString(16).padStart(8, '0');
    return hex(this.#a) + hex(this.#b);
  }
}
