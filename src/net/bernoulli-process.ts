/**
 * A yes or no per frame with a stated share of yes, and a stated lag-1 autocorrelation: a two-state Markov
 * chain with P(yes | yes) = p + rho (1 - p) and P(yes | no) = p (1 - rho), whose stationary share is p
 * whatever rho. Deviates from tc-netem(8): its correlation mixes the last uniform draw into the next,
 * which narrows their distribution and so changes the share. Hot: no allocation per draw.
 */
import type { RandomSource } from '../engine/random.ts';

const TWO_POW_32 = 4294967296;

/** A chance as a 64-bit fraction: exact to 2^-64 with one 32-bit draw nearly always, and no doubles. */
export class Chance {
  readonly #random: RandomSource;
  readonly #high: number;
  readonly #low: number;

  constructor(random: RandomSource, ratio: number) {
    this.#random = random;
    this.#high = Math.floor(ratio * TWO_POW_32);
    this.#low = Math.floor((ratio * TWO_POW_32 - this.#high) * TWO_POW_32);
  }

  draw(): boolean {
    const high = this.#random.nextInt32() >>> 0;
    if (high !== this.#high) return high < this.#high;
    return this.#random.nextInt32() >>> 0 < this.#low;
  }
}

export class BernoulliProcess {
  readonly #afterYes: Chance;
  readonly #afterNo: Chance;
  #last: boolean;

  /** @param correlation 0 to below 1 */
  constructor(random: RandomSource, ratio: number, correlation: number) {
    this.#afterYes = new Chance(random, ratio + correlation * (1 - ratio));
    this.#afterNo = new Chance(random, ratio * (1 - correlation));
    // The chain starts in its stationary distribution.
    this.#last = new Chance(random, ratio).draw();
  }

  draw(): boolean {
    this.#last = this.#last ? this.#afterYes.draw() : this.#afterNo.draw();
    return this.#last;
  }
}
