/**
 * Loss models: which arriving frames are lost. Random loss is a BernoulliProcess; here are the two chains of
 * tc-netem(8) (Salsano, Ludovici, Ordine, Giannuzzi 2012, "Definition of a general and intuitive loss model
 * for packet networks"), each of which starts in its good state, and losses at stated places.
 * Hot: no allocation per frame.
 */
import type { RandomSource } from '../engine/random.ts';
import { BernoulliProcess, Chance } from './bernoulli-process.ts';
import type {
  GilbertElliottConfig,
  LossConfig,
  OrdinalLossConfig,
  PeriodicLossConfig,
  StateLossConfig,
} from './impairment-config.ts';

export interface LossProcess {
  /** True when the frame that arrives now is lost. */
  draw(): boolean;
}

const enum LossState {
  Good = 1,
  GoodInBurst = 2,
  LossInBurst = 3,
  IsolatedLoss = 4,
}

/** The chain steps at each frame, and the frame is lost when the new state is one of loss. */
class FourStateLoss implements LossProcess {
  readonly #toBurst: Chance;
  readonly #toIsolated: Chance;
  readonly #leaveBurst: Chance;
  readonly #pauseBurst: Chance;
  readonly #resumeBurst: Chance;
  #state = LossState.Good;

  constructor(random: RandomSource, config: StateLossConfig) {
    const { p13, p14, p31, p32, p23 } = config;
    // The second of two exclusive chances is asked only after the first said no.
    this.#toIsolated = new Chance(random, p14);
    this.#toBurst = new Chance(random, p14 < 1 ? p13 / (1 - p14) : 0);
    this.#leaveBurst = new Chance(random, p31);
    this.#pauseBurst = new Chance(random, p31 < 1 ? p32 / (1 - p31) : 0);
    this.#resumeBurst = new Chance(random, p23);
  }

  draw(): boolean {
    this.#state = this.#next();
    return this.#state >= LossState.LossInBurst;
  }

  #next(): LossState {
    switch (this.#state) {
      case LossState.Good:
        if (this.#toIsolated.draw()) return LossState.IsolatedLoss;
        return this.#toBurst.draw() ? LossState.LossInBurst : LossState.Good;
      case LossState.GoodInBurst:
        return this.#resumeBurst.draw() ? LossState.LossInBurst : LossState.GoodInBurst;
      case LossState.LossInBurst:
        if (this.#leaveBurst.draw()) return LossState.Good;
        return this.#pauseBurst.draw() ? LossState.GoodInBurst : LossState.LossInBurst;
      case LossState.IsolatedLoss:
        return LossState.Good;
    }
  }
}

/** Gilbert 1960, Elliott 1963: the frame's fate is drawn in the present state, then the chain steps. */
class GilbertElliottLoss implements LossProcess {
  readonly #toBad: Chance;
  readonly #toGood: Chance;
  readonly #lossInBad: Chance;
  readonly #lossInGood: Chance;
  #isBad = false;

  constructor(random: RandomSource, config: GilbertElliottConfig) {
    this.#toBad = new Chance(random, config.p);
    this.#toGood = new Chance(random, config.r);
    this.#lossInBad = new Chance(random, config.lossInBad);
    this.#lossInGood = new Chance(random, config.lossInGood);
  }

  draw(): boolean {
    const isLost = this.#isBad ? this.#lossInBad.draw() : this.#lossInGood.draw();
    if (this.#isBad) this.#isBad = !this.#toGood.draw();
    else this.#isBad = this.#toBad.draw();
    return isLost;
  }
}

/** A pattern that is imposed: no chance in it. */
class OrdinalLoss implements LossProcess {
  readonly #ordinals: readonly number[];
  #next = 0;
  #arrived = 0;

  constructor({ ordinals }: OrdinalLossConfig) {
    this.#ordinals = ordinals;
  }

  draw(): boolean {
    this.#arrived++;
    if (this.#arrived !== this.#ordinals[this.#next]) return false;
    this.#next++;
    return true;
  }
}

class PeriodicLoss implements LossProcess {
  readonly #every: number;
  #left: number;

  constructor({ every, first }: PeriodicLossConfig) {
    this.#every = every;
    this.#left = first;
  }

  draw(): boolean {
    this.#left--;
    if (this.#left > 0) return false;
    this.#left = this.#every;
    return true;
  }
}

export function createLossProcess(random: RandomSource, config: LossConfig): LossProcess {
  switch (config.kind) {
    case 'random':
      return new BernoulliProcess(random, config.ratio, config.correlation);
    case 'state':
      return new FourStateLoss(random, config);
    case 'gemodel':
      return new GilbertElliottLoss(random, config);
    case 'ordinals':
      return new OrdinalLoss(config);
    case 'periodic':
      return new PeriodicLoss(config);
  }
}
