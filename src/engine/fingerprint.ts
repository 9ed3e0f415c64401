/**
 * The fingerprint of a run: a 64-bit hash over every delivery and drop with the frame's header facts.
 * Same scenario and seed, same fingerprint on every engine; it sees order, time, place and content.
 * Two 32-bit lanes, each with a rotation and an odd multiplier of its own; a word goes into each together with
 * the other lane, so that differences one lane cancels stay in the other. One multiplication a lane and word:
 * not for adversaries. Hot: no allocation per record.
 */
import { finishHash } from '../base/hash.ts';
import type { Clock } from './clock.ts';

const TWO_POW_32 = 4294967296;
/** Multipliers with good spectra (Steele and Vigna 2022, "Computationally easy, spectrally good multipliers"). */
const MULTIPLIER_A = 0x915f77f5 | 0;
const MULTIPLIER_B = 0x93d765dd | 0;

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

  /** Folds a record in: what happened (delivery, or drop with its reason), where, now, and words of the frame. */
  record(kind: number, place: number, facts: Int32Array): void {
    const now = this.#clock.nowNs;
    this.#count++;
    this.#add((kind << 24) ^ place);
    this.#add(now | 0);
    this.#add((now / TWO_POW_32) | 0);
    for (let index = 0; index < facts.length; index++) this.#add(facts[index]);
  }

  #add(word: number): void {
    const a = this.#a;
    const b = this.#b;
    this.#a = Math.imul(((a << 5) | (a >>> 27)) ^ (word + b), MULTIPLIER_A);
    this.#b = Math.imul(((b << 13) | (b >>> 19)) ^ (word + a), MULTIPLIER_B);
  }

  /** 16 hexadecimal digits. */
  digest(): string {
    const hex = (lane: number) =>
      (finishHash(lane ^ this.#count) >>> 0).toString(16).padStart(8, '0');
    return hex(this.#a) + hex(this.#b);
  }
}
