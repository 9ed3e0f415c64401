/**
 * Many streams of random's generator in one array, 16 bytes each: one a link or host, say, of ten thousand.
 * Hot: no allocation per draw.
 */
import { nextInt32Of, type RandomSource, STATE_WORDS } from './random.ts';

export class RandomRows {
  #states = new Int32Array(0);

  /** Row `row` goes on where `source` is now, which is used no more. Set-up time. */
  put(row: number, source: RandomSource): void {
    const at = row * STATE_WORDS;
    if (at >= this.#states.length) {
      const states = new Int32Array(Math.max(at + STATE_WORDS, this.#states.length * 2));
      states.set(this.#states);
      this.#states = states;
    }
    source.copyState(this.#states, at);
  }

  /** Uniform over 0 … 2^32 - 1, as int32. */
  nextInt32(row: number): number {
    return nextInt32Of(this.#states, row * STATE_WORDS);
  }
}
