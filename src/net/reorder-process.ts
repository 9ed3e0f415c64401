/**
 * Which frames are sent at once, past those on the line (tc-netem(8), `reorder P [corr] [gap N]`): the
 * first N - 1 frames of a cycle are delayed; then each next one is sent at once with probability P, and
 * the first that is starts a new cycle. A share of 1 / (N - 1 + 1 / P) of all frames, without correlation.
 * Hot: no allocation per frame.
 */
import type { RandomSource } from '../engine/random.ts';
import { BernoulliProcess } from './bernoulli-process.ts';
import type { ReorderConfig } from './impairment-config.ts';

export class ReorderProcess {
  readonly #chance: BernoulliProcess;
  readonly #gap: number;
  /** Delayed frames of this cycle. */
  #delayed = 0;

  constructor(random: RandomSource, config: ReorderConfig) {
    this.#chance = new BernoulliProcess(random, config.ratio, config.correlation);
    this.#gap = config.gap;
  }

  isSentAtOnce(): boolean {
    if (this.#delayed < this.#gap - 1 || !this.#chance.draw()) {
      this.#delayed++;
      return false;
    }
    this.#delayed = 0;
    return true;
  }
}
