/**
 * HyStart++: RFC 9406 §4. A round whose least RTT exceeds that of the round before by an eighth (4 to
 * 16 ms) ends normal growth; for up to five rounds of Conservative Slow Start (CSS) the window grows a
 * quarter as fast, and then slow start is over, unless the RTT falls below where CSS began: then it
 * goes on. Only the first slow start of a connection is watched (§4.3 SHOULD). L is 8 segments,
 * unlimited for a paced sender. A round ends with the first ACK of a packet sent in it, which for TCP
 * is the ACK of windowEnd or beyond. Hot: no allocation per ACK.
 */
import type { Bytes, Duration, Instant } from '../../base/units.ts';
import type { AckSample } from '../congestion.ts';
import type { SlowStart } from './slow-start.ts';
import { GrowthCounter } from './window-growth.ts';

// RFC 9406 §4.3.
const MIN_RTT_THRESH_NS: Duration = 4e6;
const MAX_RTT_THRESH_NS: Duration = 16e6;
const MIN_RTT_DIVISOR = 8;
const N_RTT_SAMPLE = 8;
const CSS_GROWTH_DIVISOR = 4;
const CSS_ROUNDS = 5;
const L_UNPACED = 8;

const enum Phase {
  SlowStart = 0,
  Conservative = 1,
  /** Not the first slow start: nothing is watched. */
  Standard = 2,
}

export class HyStartPlusPlus implements SlowStart {
  isOver = false;
  #smss: Bytes;
  readonly #limitSegments: number;
  readonly #counter = new GrowthCounter();
  #phase = Phase.SlowStart;
  #isAfterTimeout = false;
  #roundStartNs: Instant = -1;
  #lastRoundMinNs: Duration = Number.POSITIVE_INFINITY;
  #currentRoundMinNs: Duration = Number.POSITIVE_INFINITY;
  #roundSamples = 0;
  #cssBaselineNs: Duration = Number.POSITIVE_INFINITY;
  #cssRounds = 0;

  constructor(smss: Bytes, isPaced: boolean) {
    this.#smss = smss;
    this.#limitSegments = isPaced ? Number.POSITIVE_INFINITY : L_UNPACED;
  }

  onAck(_cwnd: Bytes, growable: Bytes, sample: Readonly<AckSample>): Bytes {
    const smss = this.#smss;
    const limit = this.#isAfterTimeout ? smss : this.#limitSegments * smss;
    const counted = Math.min(growable, limit);
    if (this.#phase === Phase.Standard) return counted;
    const increase =
      this.#phase === Phase.Conservative
        ? this.#counter.count(counted, CSS_GROWTH_DIVISOR * smss, smss)
        : counted;
    if (sample.newestSentNs >= this.#roundStartNs) this.#startRound(sample);
    if (sample.rttNs >= 0) this.#onRttSample(sample);
    return increase;
  }

  onCongestion(): void {
    this.#phase = Phase.Standard;
    this.#isAfterTimeout = false;
  }

  onTimeout(): void {
    // RFC 3465 §2.3 MUST: L is one segment after a timeout.
    this.#isAfterTimeout = true;
  }

  onMtuChange(smss: Bytes): void {
    this.#smss = smss;
  }

  #startRound({ nowNs }: Readonly<AckSample>): void {
    this.#roundStartNs = nowNs;
    this.#lastRoundMinNs = this.#currentRoundMinNs;
    this.#currentRoundMinNs = Number.POSITIVE_INFINITY;
    this.#roundSamples = 0;
    if (this.#phase !== Phase.Conservative) return;
    // The round in which CSS began counts as one.
    this.#cssRounds++;
    if (this.#cssRounds < CSS_ROUNDS) return;
    this.#phase = Phase.Standard;
    this.isOver = true;
  }

  #onRttSample({ rttNs }: Readonly<AckSample>): void {
    if (rttNs < this.#currentRoundMinNs) this.#currentRoundMinNs = rttNs;
    this.#roundSamples++;
    if (this.#roundSamples < N_RTT_SAMPLE) return;
    const currentNs = this.#currentRoundMinNs;
    const lastNs = this.#lastRoundMinNs;
    if (this.#phase === Phase.Conservative) {
      if (currentNs < this.#cssBaselineNs) this.#phase = Phase.SlowStart;
    } else if (this.#phase === Phase.SlowStart && lastNs !== Number.POSITIVE_INFINITY) {
      const eighthNs = Math.min(lastNs / MIN_RTT_DIVISOR, MAX_RTT_THRESH_NS);
      if (currentNs < lastNs + Math.max(MIN_RTT_THRESH_NS, eighthNs)) return;
      this.#cssBaselineNs = currentNs;
      this.#cssRounds = 0;
      this.#phase = Phase.Conservative;
    }
  }
}
