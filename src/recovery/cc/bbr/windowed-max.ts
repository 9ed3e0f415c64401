/**
 * The maximum of the samples of a window, in constant space: the filter of Kathleen Nichols that Linux and
 * draft-ietf-ccwg-bbr use. The best sample is kept with two followers, each the best of what came later; when
 * the best leaves the window the next one takes its place. A follower as old as the one before it is
 * renewed when a quarter and a half of the window have passed, so that the three spread over it. Time
 * is a count that only grows, of rounds. Hot: the sample comes in a field, no double crosses a call.
 */
import { UNSET_ZERO } from '../../../base/units.ts';

export class WindowedMax {
  /** The maximum; 0 before the first sample. */
  best = UNSET_ZERO;
  /** To be set before update. */
  candidate = UNSET_ZERO;
  /** May be changed: what is older than it goes with the next sample. */
  window: number;
  #bestAt = 0;
  #second = UNSET_ZERO;
  #secondAt = 0;
  #third = UNSET_ZERO;
  #thirdAt = 0;

  constructor(window: number) {
    this.window = window;
  }

  reset(): void {
    this.candidate = 0;
    this.#startAt(0);
  }

  /** Takes `candidate` as a sample of time `at`. */
  update(at: number): void {
    const { candidate } = this;
    if (candidate >= this.best || at - this.#thirdAt > this.window) {
      this.#startAt(at);
      return;
    }
    if (candidate >= this.#second) {
      this.#second = candidate;
      this.#secondAt = at;
      this.#third = candidate;
      this.#thirdAt = at;
    } else if (candidate >= this.#third) {
      this.#third = candidate;
      this.#thirdAt = at;
    }
    this.#age(at);
  }

  #startAt(at: number): void {
    const { candidate } = this;
    this.best = candidate;
    this.#bestAt = at;
    this.#second = candidate;
    this.#secondAt = at;
    this.#third = candidate;
    this.#thirdAt = at;
  }

  #age(at: number): void {
    const { window } = this;
    const age = at - this.#bestAt;
    if (age > window) {
      this.#promote(at);
      if (at - this.#bestAt > window) this.#promote(at);
    } else if (this.#secondAt === this.#bestAt && age > window / 4) {
      this.#second = this.candidate;
      this.#secondAt = at;
      this.#third = this.candidate;
      this.#thirdAt = at;
    } else if (this.#thirdAt === this.#secondAt && age > window / 2) {
      this.#third = this.candidate;
      this.#thirdAt = at;
    }
  }

  #promote(at: number): void {
    this.best = this.#second;
    this.#bestAt = this.#secondAt;
    this.#second = this.#third;
    this.#secondAt = this.#thirdAt;
    this.#third = this.candidate;
    this.#thirdAt = at;
  }
}
