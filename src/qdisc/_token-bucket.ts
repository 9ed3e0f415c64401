/**
 * A token bucket: so many bits a second, up to a burst. Tokens are counted in bits x 10^9, of which a rate of r
 * bits/s gives r a nanosecond, so that no fraction is lost: exact for bursts up to 1.1 MB (2^53 units), beyond
 * that to a double's rounding. Hot: no allocation per frame.
 */
import type { BitsPerSecond, Bytes } from '../base/units.ts';
import type { Clock } from '../engine/clock.ts';

const TOKENS_PER_BYTE = 8e9;
const TOKENS = 0;
const COUNTED_NS = 1;

export class TokenBucket {
  readonly burstBytes: Bytes;
  readonly #clock: Clock;
  /** A whole number. */
  readonly #rate: BitsPerSecond;
  readonly #capacity: number;
  /** Tokens, and when they were counted last. */
  readonly #state = new Float64Array(2);

  /** It starts full. */
  constructor(clock: Clock, rate: BitsPerSecond, burstBytes: Bytes) {
    this.burstBytes = burstBytes;
    this.#clock = clock;
    this.#rate = Math.round(rate);
    this.#capacity = burstBytes * TOKENS_PER_BYTE;
    this.#state[TOKENS] = this.#capacity;
    this.#state[COUNTED_NS] = clock.nowNs;
  }

  /** Takes tokens for so many bytes if they are there. */
  take(bytes: Bytes): boolean {
    this.#count();
    const needed = bytes * TOKENS_PER_BYTE;
    if (needed > this.#state[TOKENS]) return false;
    this.#state[TOKENS] -= needed;
    return true;
  }

  /** Writes to cell[0] when tokens for so many bytes, at most the burst, are there if nobody takes any. */
  findReady(bytes: Bytes, cell: Float64Array): void {
    this.#count();
    const missing = bytes * TOKENS_PER_BYTE - this.#state[TOKENS];
    const now = this.#clock.nowNs;
    cell[0] = missing <= 0 ? now : now + Math.ceil(missing / this.#rate);
  }

  #count(): void {
    const now = this.#clock.nowNs;
    const state = this.#state;
    const tokens = state[TOKENS] + (now - state[COUNTED_NS]) * this.#rate;
    state[TOKENS] = Math.min(tokens, this.#capacity);
    state[COUNTED_NS] = now;
  }
}
