/**
 * Round-trip time and retransmission timeout: RFC 6298 §2 (SRTT, RTTVAR, RTO), §4 (granularity), §5.5 and
 * §5.7 (backing off). The sender takes the samples, by Karn's rule (§3), and keeps the timer (§5).
 * Variant 'linux' smooths as Linux does: integer microseconds; a mean deviation that follows a falling RTT
 * an eighth as fast; of it the largest of each round trip, 200 ms at least, so that the floor lies under the
 * variance term (RTO = SRTT + max(4 RTTVAR, 200 ms)) and not under the RTO; RTO in whole milliseconds.
 * Deviates from RFC 6298 §2.4 there: a floor of 1 s is not what Linux does.
 * The minimum is that of a window (five minutes, as RFC 8985 §6.2 allows). Hot: no allocation per sample.
 */
import { type Duration, type Instant, UNSET_ZERO } from '../base/units.ts';
import type { Clock } from '../engine/clock.ts';
import { NO_SAMPLE, type RttView } from './congestion.ts';

export interface RttConfig {
  readonly variant: 'rfc' | 'linux';
  /** RFC 6298 §2.4: floor of the RTO; in variant 'linux' of its variance term. */
  readonly rtoMinNs: Duration;
  /** RFC 6298 §2.5: at least 60 s. */
  readonly rtoMaxNs: Duration;
  /** RFC 6298 §2.1: before the first sample. */
  readonly rtoInitialNs: Duration;
  /** RFC 6298 §4, G; in variant 'linux' the RTO is rounded up to it. */
  readonly clockGranularityNs: Duration;
  /** The minimum is that of the last half to whole of this. */
  readonly minRttWindowNs: Duration;
}

export const RTT_CONFIG_RFC: RttConfig = {
  variant: 'rfc',
  rtoMinNs: 1e9,
  rtoMaxNs: 60e9,
  rtoInitialNs: 1e9,
  clockGranularityNs: 1e6,
  minRttWindowNs: 300e9,
};

export const RTT_CONFIG_LINUX: RttConfig = {
  variant: 'linux',
  rtoMinNs: 200e6,
  rtoMaxNs: 120e9,
  rtoInitialNs: 1e9,
  clockGranularityNs: 1e6,
  minRttWindowNs: 300e9,
};

/** RFC 6298 §5.7: the RTO for data when the SYN timed out and gave no sample. */
const RTO_AFTER_SYN_TIMEOUT_NS: Duration = 3e9;
const NS_PER_US = 1000;
/** Eight times the microseconds still fit into 31 bits. */
const SAMPLE_US_MAX = 2 ** 27;

export class RttEstimator implements RttView {
  /** All four NO_SAMPLE before the first sample. */
  latestNs: Duration = NO_SAMPLE;
  minNs: Duration = NO_SAMPLE;
  smoothedNs: Duration = NO_SAMPLE;
  varNs: Duration = NO_SAMPLE;
  /** Of the sample to come: the round trip of the newest packet in it, which the minimum is of. NO_SAMPLE: the same. */
  newestNs: Duration = NO_SAMPLE;
  /** The timeout without backing off, within its bounds. */
  rtoNs: Duration = UNSET_ZERO;
  readonly #config: RttConfig;
  readonly #clock: Clock;
  /** The least RTT of this half of the window. */
  #halfMinNs: Duration = NO_SAMPLE;
  #halfStartNs: Instant = UNSET_ZERO;
  // Variant 'linux': scaled as the kernel has them, so that shifts truncate alike.
  #smoothed8Us = 0;
  #deviation4Us = 0;
  #deviationMax4Us = 0;
  #variation4Us = 0;
  #roundStartNs: Instant = UNSET_ZERO;

  constructor(config: RttConfig, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
    this.rtoNs = config.rtoInitialNs;
  }

  get hasSample(): boolean {
    return this.smoothedNs >= 0;
  }

  /** A measured round trip that ends now; NO_SAMPLE is ignored. */
  onSample(rttNs: Duration): void {
    if (rttNs < 0) return;
    // Kept in a field: a double as an argument would go through the heap where V8 does not inline.
    this.latestNs = rttNs;
    this.#update();
  }

  /** RFC 6298 §5.5: the timeout after the timer has fired `backoffs` times in a row. */
  timeoutNs(backoffs: number): Duration {
    if (backoffs === 0) return this.rtoNs;
    return Math.min(this.rtoNs * 2 ** Math.min(backoffs, 40), this.#config.rtoMaxNs);
  }

  /** RFC 6298 §5.7: data begins to flow after a SYN that timed out. */
  onSynTimedOut(): void {
    if (!this.hasSample) this.rtoNs = Math.max(this.#config.rtoInitialNs, RTO_AFTER_SYN_TIMEOUT_NS);
  }

  #update(): void {
    this.#updateMin();
    if (this.#config.variant === 'linux') this.#smoothAsLinux();
    else this.#smooth();
  }

  /** The least of this half window and the one before, in constant space. */
  #updateMin(): void {
    const rttNs = this.newestNs >= 0 ? this.newestNs : this.latestNs;
    this.newestNs = NO_SAMPLE;
    const nowNs = this.#clock.nowNs;
    const windowNs = this.#config.minRttWindowNs;
    const ageNs = nowNs - this.#halfStartNs;
    if (this.minNs < 0 || ageNs > windowNs / 2) {
      const isHalfStale = this.minNs < 0 || ageNs > windowNs;
      this.minNs = isHalfStale ? rttNs : Math.min(this.#halfMinNs, rttNs);
      this.#halfMinNs = rttNs;
      this.#halfStartNs = nowNs;
      return;
    }
    if (rttNs < this.#halfMinNs) this.#halfMinNs = rttNs;
    if (rttNs < this.minNs) this.minNs = rttNs;
  }

  /** RFC 6298 §2.2 to §2.5. */
  #smooth(): void {
    const rttNs = this.latestNs;
    const { clockGranularityNs, rtoMinNs, rtoMaxNs } = this.#config;
    if (this.smoothedNs < 0) {
      this.smoothedNs = rttNs;
      this.varNs = rttNs / 2;
    } else {
      // RTTVAR first: it uses SRTT before this sample.
      this.varNs += (Math.abs(this.smoothedNs - rttNs) - this.varNs) / 4;
      this.smoothedNs += (rttNs - this.smoothedNs) / 8;
    }
    const rtoNs = Math.ceil(this.smoothedNs + Math.max(clockGranularityNs, 4 * this.varNs));
    this.rtoNs = Math.min(Math.max(rtoNs, rtoMinNs), rtoMaxNs);
  }

  #smoothAsLinux(): void {
    const rttNs = this.latestNs;
    const nowNs = this.#clock.nowNs;
    const config = this.#config;
    const rttUs = Math.min(Math.max(Math.floor(rttNs / NS_PER_US), 1), SAMPLE_US_MAX);
    if (this.#smoothed8Us === 0) {
      const floorUs = config.rtoMinNs / NS_PER_US;
      this.#smoothed8Us = rttUs << 3;
      this.#deviation4Us = rttUs << 1;
      this.#variation4Us = Math.max(this.#deviation4Us, floorUs);
      this.#deviationMax4Us = this.#variation4Us;
      this.#roundStartNs = nowNs;
    } else {
      this.#updateDeviation(rttUs - (this.#smoothed8Us >> 3));
      // The sampled packet was sent in this round: the round is over, and its largest deviation counts.
      if (nowNs - rttNs >= this.#roundStartNs) {
        const excess = this.#variation4Us - this.#deviationMax4Us;
        if (excess > 0) this.#variation4Us -= excess >> 2;
        this.#roundStartNs = nowNs;
        this.#deviationMax4Us = config.rtoMinNs / NS_PER_US;
      }
    }
    const smoothedUs = this.#smoothed8Us >> 3;
    this.smoothedNs = smoothedUs * NS_PER_US;
    this.varNs = (this.#deviation4Us >> 2) * NS_PER_US;
    const tickNs = config.clockGranularityNs;
    const ticks = Math.ceil(((smoothedUs + this.#variation4Us) * NS_PER_US) / tickNs);
    this.rtoNs = Math.min(ticks * tickNs, config.rtoMaxNs);
  }

  #updateDeviation(errorUs: number): void {
    this.#smoothed8Us += errorUs;
    let change = Math.abs(errorUs) - (this.#deviation4Us >> 2);
    // A sudden fall of the RTT would look like variation and raise the RTO: let it in slowly.
    if (errorUs < 0 && change > 0) change >>= 3;
    this.#deviation4Us += change;
    if (this.#deviation4Us <= this.#deviationMax4Us) return;
    this.#deviationMax4Us = this.#deviation4Us;
    if (this.#deviationMax4Us > this.#variation4Us) this.#variation4Us = this.#deviationMax4Us;
  }
}
