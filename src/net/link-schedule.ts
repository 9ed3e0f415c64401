/**
 * Planned changes of a link: rate, delay, up or down, at stated times, once or over and over. A plan is
 * caught up with when it is asked, so that changes nobody is there to see cost no event and a repeating
 * plan does not keep a run alive. A change of an instant comes before arrivals of that instant.
 */
import { type BitsPerSecond, type Duration, type Instant, NEVER } from '../base/units.ts';
import type { Clock } from '../engine/clock.ts';

/** What is absent stays as it was. */
export interface LinkChange {
  readonly atNs: Instant;
  /** Infinity for unlimited. */
  readonly rate?: BitsPerSecond | undefined;
  readonly delayNs?: Duration | undefined;
  readonly up?: boolean | undefined;
}

export interface LinkScheduleConfig {
  /** In ascending order of time. */
  readonly changes: readonly LinkChange[];
  /** All changes come again after this time, more than the last change's. */
  readonly repeatNs?: Duration | undefined;
}

export class LinkSchedule {
  /** When the next change is due; NEVER after the last. */
  nextNs: Instant;
  readonly #clock: Clock;
  readonly #changes: readonly LinkChange[];
  readonly #repeatNs: number;
  #baseNs: Instant = 0;
  #index = 0;

  constructor(clock: Clock, config: LinkScheduleConfig) {
    this.#clock = clock;
    this.#changes = config.changes;
    this.#repeatNs = config.repeatNs ?? NEVER;
    this.nextNs = this.#timeOfNext();
  }

  /** The next change that is due by now, in order; undefined when there is none. */
  takeDue(): LinkChange | undefined {
    if (this.nextNs > this.#clock.nowNs) return undefined;
    this.#skipRepetitions();
    const change = this.#changes[this.#index] as LinkChange;
    this.#index++;
    if (this.#index === this.#changes.length && this.#repeatNs < NEVER) {
      this.#index = 0;
      this.#baseNs += this.#repeatNs;
    }
    this.nextNs = this.#timeOfNext();
    return change;
  }

  /** One whole repetition brings the link to the same state as many. */
  #skipRepetitions(): void {
    const missed = Math.floor((this.#clock.nowNs - this.nextNs) / this.#repeatNs) - 1;
    if (missed > 0) this.#baseNs += missed * this.#repeatNs;
  }

  #timeOfNext(): Instant {
    const change = this.#changes[this.#index];
    return change === undefined ? NEVER : this.#baseNs + change.atNs;
  }
}
