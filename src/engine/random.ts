/**
 * Seeded randomness. One seed a run, split by label, so that adding a link does not change another
 * link's losses. The generator is xoshiro128** 1.1 (Blackman and Vigna 2018, "Scrambled Linear
 * Pseudorandom Number Generators"), seeded through splitmix32 of a hash of seed and label.
 * Exact in int32 arithmetic on every engine. Not for cryptography.
 *
 * Hot: no allocation per draw.
 */
import { finishHash, mixWord } from '../base/hash.ts';
import { log } from '../base/math.ts';

const TWO_POW_32 = 4294967296;
const TWO_POW_MINUS_53 = 2 ** -53;
const scratch = new Float64Array(1);

export const STATE_WORDS = 4;

/** Draws from the generator whose state lies at `state[at]`: uniform over 0 … 2^32 - 1, as int32. */
export function nextInt32Of(state: Int32Array, at: number): number {
  const s0 = state[at];
  const s1 = state[at + 1];
  const scrambled = Math.imul(s1, 5);
  const s2 = state[at + 2] ^ s0;
  const s3 = state[at + 3] ^ s1;
  state[at + 1] = s1 ^ s2;
  state[at] = s0 ^ s3;
  state[at + 2] = s2 ^ (s1 << 9);
  state[at + 3] = (s3 << 11) | (s3 >>> 21);
  return Math.imul((scrambled << 7) | (scrambled >>> 25), 9);
}

/** The state of a generator that has this key and has drawn nothing. */
function seedState(key: number, into: Int32Array, at: number): void {
  let seed = key;
  let bits = 0;
  for (let word = 0; word < STATE_WORDS; word++) {
    seed = (seed + 0x9e3779b9) | 0;
    into[at + word] = finishHash(seed);
    bits |= into[at + word];
  }
  // The all-zero state is the one fixed point.
  if (bits === 0) into[at] = 1;
}

/** Of a stream that has drawn nothing: most are forked only to be forked again. */
const NOT_STARTED = new Int32Array(0);

export class RandomSource {
  #state = NOT_STARTED;
  readonly #key: number;

  private constructor(key: number) {
    this.#key = key;
  }

  /** @param seed a non-negative integer up to 2^53. */
  static fromSeed(seed: number): RandomSource {
    const low = mixWord(0x5eed, seed | 0);
    return new RandomSource(finishHash(mixWord(low, Math.floor(seed / TWO_POW_32))));
  }

  /** An independent stream named by a label: depends on this stream's seed and the label only, not on draws. */
  fork(label: string): RandomSource {
    let key = mixWord(this.#key, label.length);
    for (let index = 0; index < label.length; index++) key = mixWord(key, label.charCodeAt(index));
    return new RandomSource(finishHash(key));
  }

  /** Writes the generator's state: RandomRows goes on with it. */
  copyState(into: Int32Array, at: number): void {
    if (this.#state === NOT_STARTED) seedState(this.#key, into, at);
    else into.set(this.#state, at);
  }

  /** Uniform over 0 … 2^32 - 1, as int32. */
  nextInt32(): number {
    if (this.#state === NOT_STARTED) this.#start();
    return nextInt32Of(this.#state, 0);
  }

  #start(): void {
    this.#state = new Int32Array(STATE_WORDS);
    seedState(this.#key, this.#state, 0);
  }

  /** Uniform over [0, 1), 53 bits. */
  nextDouble(): number {
    this.nextDoubleInto(scratch);
    return scratch[0];
  }

  /** The same into cell[0]: for hot code, where no double crosses a call. */
  nextDoubleInto(cell: Float64Array): void {
    const high = this.nextInt32() >>> 5;
    const low = this.nextInt32() >>> 6;
    cell[0] = (high * 67108864 + low) * TWO_POW_MINUS_53;
  }

  /** Uniform integer in [0, bound), 1 <= bound <= 2^32; unbiased by rejection. */
  below(bound: number): number {
    const limit = TWO_POW_32 - (TWO_POW_32 % bound);
    let draw = this.nextInt32() >>> 0;
    while (draw >= limit) draw = this.nextInt32() >>> 0;
    return draw % bound;
  }

  /** Exponential with the given mean. */
  exponential(mean: number): number {
    return -mean * log(1 - this.nextDouble());
  }
}
