/**
 * How a switch chooses among equal paths, where that is not by the flow alone. Flowlets: a flow may change its path
 * after a gap in which what it sent before has left every path, and then takes one at random (Sinha, Kandula and
 * Katabi, HotNets 2004; LetFlow, Vanini et al., NSDI 2017); flows are remembered in a table by their hash, and two
 * that share an entry share their gaps. Spray: every packet takes a path at random (Dixit et al., INFOCOM 2013), and
 * packets of a flow overtake each other. Hot: no allocation per frame.
 */
import { assert } from '../base/assert.ts';
import type { Duration } from '../base/units.ts';
import type { Clock } from '../engine/clock.ts';
import type { RandomSource } from '../engine/random.ts';

export interface PathChooser {
  /** One of 0 … count - 1 for a frame of the flow of this hash. */
  choose(hash: number, count: number): number;
}

const TABLE_ENTRIES = 4096;
const UNUSED = Number.NEGATIVE_INFINITY;

export class FlowletChooser implements PathChooser {
  /** Flowlets that began. */
  flowlets = 0;
  readonly #clock: Clock;
  readonly #random: RandomSource;
  readonly #gapNs: Duration;
  readonly #lastNs: Float64Array;
  readonly #paths: Int32Array;

  /** @param entries of the table, a power of 2 */
  constructor(clock: Clock, random: RandomSource, gapNs: Duration, entries = TABLE_ENTRIES) {
    assert((entries & (entries - 1)) === 0, 'a flowlet table has a power of 2 of entries');
    this.#clock = clock;
    this.#random = random;
    this.#gapNs = gapNs;
    this.#lastNs = new Float64Array(entries).fill(UNUSED);
    this.#paths = new Int32Array(entries);
  }

  choose(hash: number, count: number): number {
    const { nowNs } = this.#clock;
    const lastNs = this.#lastNs;
    const at = (hash >>> 8) & (lastNs.length - 1);
    if (nowNs - lastNs[at] > this.#gapNs) {
      this.#paths[at] = this.#random.below(count);
      this.flowlets++;
    }
    lastNs[at] = nowNs;
    // Another route's flow in this entry may have more paths.
    return this.#paths[at] % count;
  }
}

export class SprayChooser implements PathChooser {
  readonly #random: RandomSource;

  constructor(random: RandomSource) {
    this.#random = random;
  }

  choose(_hash: number, count: number): number {
    return this.#random.below(count);
  }
}
