/**
 * BBRv1's guard against policers, as Linux has it: when loss is heavy over two intervals in a row and the average
 * delivery rate of both is about the same, a token bucket is the likely cause, and sending at its long-term rate
 * for 48 rounds avoids the losses that probing would pay for. An interval begins and ends with a loss, lasts 4
 * to 16 rounds, and counts when a fifth of what it delivered was lost. Hot.
 */
import { type Bytes, type Instant, NS_PER_SECOND, UNSET_ZERO } from '../../../base/units.ts';
import type { BytesPerSecond } from '../../congestion.ts';

const INTERVAL_ROUNDS_MIN = 4;
const INTERVAL_ROUNDS_MAX = 16;
/** 50/256, near 20 %. */
const LOSS_SHARE = 50 / 256;
/** Two rates are the same when they differ by an eighth, or by 4 kbit/s. */
const RATE_RATIO = 1 / 8;
const RATE_DIFFERENCE: BytesPerSecond = 4000 / 8;
const USED_ROUNDS = 48;
const INTERVAL_NS_MIN = 1e6;

export class LongTermBandwidth {
  /** The path is policed: `bandwidth` is what it lets through. */
  isUsed = false;
  bandwidth: BytesPerSecond = UNSET_ZERO;
  /** To be kept up to date: C.delivered, C.lost, and the time of the last delivery. */
  delivered: Bytes = UNSET_ZERO;
  lost: Bytes = UNSET_ZERO;
  deliveredNs: Instant = UNSET_ZERO;
  #isSampling = false;
  #rounds = 0;
  #startDelivered: Bytes = UNSET_ZERO;
  #startLost: Bytes = UNSET_ZERO;
  #startNs: Instant = UNSET_ZERO;

  reset(): void {
    this.bandwidth = 0;
    this.isUsed = false;
    this.#isSampling = false;
    this.#startInterval();
  }

  /** A round begins while the rate is in use: true when it is time to probe again. */
  isUsedUp(): boolean {
    this.#rounds++;
    return this.#rounds >= USED_ROUNDS;
  }

  /** An ACK, or a timeout, while the rate is not in use. */
  sample(hasLosses: boolean, isRoundStart: boolean, isAppLimited: boolean): void {
    if (!this.#isSampling) {
      if (!hasLosses) return;
      this.#startInterval();
      this.#isSampling = true;
    }
    if (isAppLimited) {
      this.reset();
      return;
    }
    if (isRoundStart) this.#rounds++;
    if (this.#rounds < INTERVAL_ROUNDS_MIN) return;
    if (this.#rounds > INTERVAL_ROUNDS_MAX) {
      this.reset();
      return;
    }
    if (hasLosses) this.#endInterval();
  }

  #startInterval(): void {
    this.#startDelivered = this.delivered;
    this.#startLost = this.lost;
    this.#startNs = this.deliveredNs;
    this.#rounds = 0;
  }

  #endInterval(): void {
    const delivered = this.delivered - this.#startDelivered;
    const lost = this.lost - this.#startLost;
    if (delivered === 0 || lost < LOSS_SHARE * delivered) return;
    const intervalNs = this.deliveredNs - this.#startNs;
    if (intervalNs < INTERVAL_NS_MIN) return;
    const rate = (delivered * NS_PER_SECOND) / intervalNs;
    const before = this.bandwidth;
    const difference = Math.abs(rate - before);
    if (before > 0 && (difference <= RATE_RATIO * before || difference <= RATE_DIFFERENCE)) {
      this.bandwidth = (rate + before) / 2;
      this.isUsed = true;
      this.#rounds = 0;
      return;
    }
    this.bandwidth = rate;
    this.#startInterval();
  }
}
