/**
 * How far ACKs come in lumps, as BBRv1 of Linux measures it: the most that was acknowledged above what the
 * bandwidth explains, over the last five to ten rounds in two halves. That much more may be in flight, so that
 * sending goes on between two lumps. Amounts are segments. Hot.
 */
import { type Instant, NS_PER_SECOND, UNSET_ZERO } from '../../../base/units.ts';

const HALF_ROUNDS = 5;
/** An epoch of this many segments is too old to say anything. */
const EPOCH_SEGMENTS_MAX = 1 << 20;

export class AckAggregation {
  /** Segments a second, and the time: to be set before onAck. */
  rate = UNSET_ZERO;
  nowNs: Instant = UNSET_ZERO;
  #epochStartNs: Instant = UNSET_ZERO;
  #epochSegments = 0;
  #extra = 0;
  #extraBefore = 0;
  #rounds = 0;

  /** The most seen, in segments. */
  get extraSegments(): number {
    return Math.max(this.#extra, this.#extraBefore);
  }

  /** Sending begins again after idle time, at `nowNs`. */
  restart(): void {
    this.#epochStartNs = this.nowNs;
    this.#epochSegments = 0;
  }

  onAck(segments: number, cwndSegments: number, isRoundStart: boolean): void {
    if (isRoundStart) this.#countRound();
    const elapsedNs = this.nowNs - this.#epochStartNs;
    let expected = Math.floor((this.rate * elapsedNs) / NS_PER_SECOND);
    const isOld = this.#epochSegments + segments >= EPOCH_SEGMENTS_MAX;
    if (this.#epochSegments <= expected || isOld) {
      this.restart();
      expected = 0;
    }
    this.#epochSegments += segments;
    const extra = Math.min(this.#epochSegments - expected, cwndSegments);
    if (extra > this.#extra) this.#extra = extra;
  }

  #countRound(): void {
    this.#rounds++;
    if (this.#rounds < HALF_ROUNDS) return;
    this.#rounds = 0;
    this.#extraBefore = this.#extra;
    this.#extra = 0;
  }
}
