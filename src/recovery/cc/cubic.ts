/**
 * CUBIC congestion avoidance: RFC 9438 §4, windows in bytes and time in seconds as real numbers. After
 * a reduction the window follows C (t - K)^3 + W_max, flat where the last congestion was, and never
 * grows slower than Reno would (§4.3, with alpha 1 once that estimate has passed cwnd_prior). Fast
 * convergence (§4.7), timeouts (§4.8), undo of a spurious reduction (§4.9.2), and time that stands
 * still while the application limits sending (§4.2, §5.8). As Linux counts it is in cubic-segments.ts.
 * Hot: no allocation per ACK.
 */
import { cbrt } from '../../base/math.ts';
import { type Bytes, type Duration, type Instant, NS_PER_SECOND } from '../../base/units.ts';
import type { AckSample, RttView } from '../congestion.ts';
import type { WindowGrowth } from './window-growth.ts';

/** Shared by the connections of one factory. */
export interface CubicOptions {
  /** C of RFC 9438 §5, segments per second cubed. */
  readonly c: number;
  /** RFC 9438 §4.6. */
  readonly beta: number;
  /** RFC 9438 §4.7. */
  readonly hasFastConvergence: boolean;
  /** RFC 9438 §4.3. */
  readonly isRenoFriendly: boolean;
}

/** RFC 8511 §3.1: what CUBIC benefits from. */
export const CUBIC_BETA_ECN = 0.85;
const NOT_STARTED: Instant = -1;
const NOT_PAUSED: Instant = -1;

export class CubicGrowth implements WindowGrowth {
  readonly #options: CubicOptions;
  #smss: Bytes;
  /** t_epoch; NOT_STARTED until the first ACK in congestion avoidance. */
  #epochNs: Instant = NOT_STARTED;
  #pausedNs: Instant = NOT_PAUSED;
  #wMax: Bytes = 0;
  #kSeconds = 0;
  #wEst: Bytes = 0;
  #cwndPrior: Bytes = 0;
  /** What the window has earned below a byte. */
  #fraction = 0;
  // RFC 9438 §4.9.2, undo_*.
  #undoEpochNs: Instant = NOT_STARTED;
  #undoWMax: Bytes = 0;
  #undoKSeconds = 0;
  #undoWEst: Bytes = 0;
  #undoCwndPrior: Bytes = 0;

  constructor(smss: Bytes, options: CubicOptions) {
    this.#smss = smss;
    this.#options = options;
  }

  get betaLoss(): number {
    return this.#options.beta;
  }

  get betaEcn(): number {
    return CUBIC_BETA_ECN;
  }

  increase(cwnd: Bytes, acked: Bytes, sample: Readonly<AckSample>, rtt: RttView): Bytes {
    this.#continueEpoch(cwnd, sample);
    const seconds = (sample.nowNs - this.#epochNs) / NS_PER_SECOND - this.#kSeconds;
    const wEst = this.#growEstimate(cwnd, acked);
    if (this.#options.isRenoFriendly && this.#cubicAt(seconds) < wEst) {
      return Math.max(Math.floor(wEst) - cwnd, 0);
    }
    const target = this.#cubicAt(seconds + Math.max(rtt.smoothedNs, 0) / NS_PER_SECOND);
    // RFC 9438 §4.2: not below cwnd, and at most half as fast as slow start.
    const bounded = Math.min(Math.max(target, cwnd), 1.5 * cwnd);
    const earned = (acked * (bounded - cwnd)) / cwnd + this.#fraction;
    const whole = Math.floor(earned);
    this.#fraction = earned - whole;
    return whole;
  }

  onApplicationLimited(sample: Readonly<AckSample>): void {
    if (this.#pausedNs === NOT_PAUSED) this.#pausedNs = sample.nowNs;
  }

  onSendAfterIdle(idleNs: Duration, nowNs: Instant): void {
    if (this.#epochNs === NOT_STARTED || this.#pausedNs !== NOT_PAUSED) return;
    this.#epochNs = Math.min(this.#epochNs + idleNs, nowNs);
  }

  onIdleRestart(): void {
    this.#epochNs = NOT_STARTED;
    this.#pausedNs = NOT_PAUSED;
  }

  /** RFC 9438 §4.6 and §4.7. */
  onReduction(cwnd: Bytes, canUndo: boolean): void {
    if (canUndo) this.#save();
    const { hasFastConvergence, beta } = this.#options;
    const isShrinking = hasFastConvergence && cwnd < this.#wMax;
    this.#wMax = isShrinking ? (cwnd * (1 + beta)) / 2 : cwnd;
    this.#cwndPrior = cwnd;
    this.#epochNs = NOT_STARTED;
    this.#pausedNs = NOT_PAUSED;
    this.#fraction = 0;
  }

  onTimeout(): void {
    // RFC 9438 §4.8: the next stage begins with K = 0 and W_max its first window.
    this.#wMax = 0;
    this.#epochNs = NOT_STARTED;
  }

  restore(cwnd: Bytes): void {
    if (cwnd >= this.#cwndPrior) return;
    this.#epochNs = this.#undoEpochNs;
    this.#wMax = this.#undoWMax;
    this.#kSeconds = this.#undoKSeconds;
    this.#wEst = this.#undoWEst;
    this.#cwndPrior = this.#undoCwndPrior;
  }

  onMtuChange(smss: Bytes, scale: number): void {
    this.#smss = smss;
    this.#wMax *= scale;
    this.#wEst *= scale;
    this.#cwndPrior *= scale;
    this.#undoWMax *= scale;
    this.#undoWEst *= scale;
    this.#undoCwndPrior *= scale;
  }

  /** Starts a stage of congestion avoidance, or takes a pause of the application out of its time. */
  #continueEpoch(cwnd: Bytes, sample: Readonly<AckSample>): void {
    const { nowNs } = sample;
    if (this.#epochNs !== NOT_STARTED) {
      if (this.#pausedNs !== NOT_PAUSED) this.#epochNs += nowNs - this.#pausedNs;
      this.#pausedNs = NOT_PAUSED;
      return;
    }
    this.#pausedNs = NOT_PAUSED;
    this.#epochNs = nowNs;
    this.#wEst = cwnd;
    // RFC 9438 §4.10: slow start ended without loss.
    if (this.#cwndPrior === 0) this.#cwndPrior = cwnd;
    if (this.#wMax <= cwnd) this.#wMax = cwnd;
    this.#kSeconds = cbrt((this.#wMax - cwnd) / (this.#smss * this.#options.c));
  }

  /** W_cubic in bytes, `seconds` after the plateau: RFC 9438 §4.2. */
  #cubicAt(seconds: number): Bytes {
    return this.#options.c * seconds * seconds * seconds * this.#smss + this.#wMax;
  }

  /** W_est in bytes: RFC 9438 §4.3, figure 4. */
  #growEstimate(cwnd: Bytes, acked: Bytes): Bytes {
    const { beta } = this.#options;
    const alpha = this.#wEst >= this.#cwndPrior ? 1 : (3 * (1 - beta)) / (1 + beta);
    this.#wEst += (alpha * acked * this.#smss) / cwnd;
    return this.#wEst;
  }

  #save(): void {
    this.#undoEpochNs = this.#epochNs;
    this.#undoWMax = this.#wMax;
    this.#undoKSeconds = this.#kSeconds;
    this.#undoWEst = this.#wEst;
    this.#undoCwndPrior = this.#cwndPrior;
  }
}
