/**
 * Whether the bandwidth has stopped growing: draft-ietf-ccwg-bbr §5.3.1.2. A pipe is full when for three rounds
 * in which the sender was not short of data no estimate was a quarter above the last one that had been.
 * Hot: the estimate comes in a field.
 */
import { UNSET_ZERO } from '../../../base/units.ts';

const GROWTH = 1.25;
const FLAT_ROUNDS = 3;

export class FullPipe {
  /** Of the last time it grew. */
  baseline = UNSET_ZERO;
  /** To be set before observe. */
  estimate = UNSET_ZERO;
  /** Found full at the last observation since a reset. */
  isFullNow = false;
  /** Found full once. */
  wasFull = false;
  #flatRounds = 0;

  /** At the start of a round whose samples are not application-limited. */
  observe(): void {
    if (this.estimate >= this.baseline * GROWTH) {
      this.reset();
      this.baseline = this.estimate;
      return;
    }
    this.#flatRounds++;
    this.isFullNow = this.#flatRounds >= FLAT_ROUNDS;
    if (this.isFullNow) this.wasFull = true;
  }

  /** What was found once stays. */
  reset(): void {
    this.baseline = 0;
    this.#flatRounds = 0;
    this.isFullNow = false;
  }
}
