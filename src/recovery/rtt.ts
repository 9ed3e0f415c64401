/**
 * Round-trip time and retransmission timeout: RFC 6298 §2 (SRTT, RTTVAR, RTO), §4 (granularity), §5.5 and
 * §5.7 (backing off). The sender takes the samples, by Karn's rule (§3), and keeps the timer (§5).
 * Variant 'linux' smooths as Linux does: integer microseconds; a mean deviation that follows a falling RTT
 * an eighth as fast; of it the largest of each round trip, 200 ms at least, so that the floor lies under the
 * variance term (RTO = SRTT + max(4 RTTVAR, 200 ms)) and not under the RTO; RTO in whole milliseconds.
 * Deviates from RFC 6298 §2.4 there: a floor of 1 s is not what Linux does.
 * The minimum is that of a window (five minutes, as RFC 8985 §6.2 allows). Hot: no allocation per sample.
 */
import type { Duration } from '../base/units.ts';
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

const enum RttCell {
  Latest = 0,
  Min = 1,
  Smoothed = 2,
  Var = 3,
  Newest = 4,
  Rto = 5,
  /** The least RTT of this half of the window, and when it began. */
  HalfMin = 6,
  HalfStart = 7,
  // Variant 'linux': whole numbers, scaled as the kernel has them, so that shifts truncate alike.
  Smoothed8Us = 8,
  Deviation4Us = 9,
  DeviationMax4Us = 10,
  Variation4Us = 11,
  RoundStart = 12,
}
/** Cells that an estimator takes. */
export const RTT_CELLS = 13;

/** Who keeps the state of estimators: a double in a field of its own takes 24 bytes, in a cell 8. */
export interface RttStore {
  /** May be replaced by a larger one. An array of numbers where they change no more. */
  readonly cells: Float64Array | number[];
}

export class RttEstimator implements RttView {
  readonly #config: RttConfig;
  readonly #clock: Clock;
  #store: RttStore;
  #at: number;

  /** @param at first of RTT_CELLS cells of the store that are its own; a store of its own when absent */
  constructor(
    config: RttConfig,
    clock: Clock,
    store: RttStore = { cells: new Float64Array(RTT_CELLS) },
    at = 0,
  ) {
    this.#config = config;
    this.#clock = clock;
    this.#store = store;
    this.#at = at;
    const { cells } = store;
    cells.fill(NO_SAMPLE, at + RttCell.Latest, at + RttCell.Newest + 1);
    cells[at + RttCell.Rto] = config.rtoInitialNs;
    cells[at + RttCell.HalfMin] = NO_SAMPLE;
    cells.fill(0, at + RttCell.HalfStart, at + RTT_CELLS);
  }

  /** Its cells become another's: its own are from now on those from `at` on of `store`, a copy. */
  moveTo(store: RttStore, at: number): void {
    this.#store = store;
    this.#at = at;
  }

  /** NO_SAMPLE before the first sample, as the three that follow. */
  get latestNs(): Duration {
    return this.#store.cells[this.#at + RttCell.Latest];
  }

  get minNs(): Duration {
    return this.#store.cells[this.#at + RttCell.Min];
  }

  get smoothedNs(): Duration {
    return this.#store.cells[this.#at + RttCell.Smoothed];
  }

  get varNs(): Duration {
    return this.#store.cells[this.#at + RttCell.Var];
  }

  /** Of the sample to come: the round trip of the newest packet in it, which the minimum is of. NO_SAMPLE: the same. */
  set newestNs(rttNs: Duration) {
    this.#store.cells[this.#at + RttCell.Newest] = rttNs;
  }

  /** The timeout without backing off, within its bounds. */
  get rtoNs(): Duration {
    return this.#store.cells[this.#at + RttCell.Rto];
  }

  get hasSample(): boolean {
    return this.smoothedNs >= 0;
  }

  /** A measured round trip that ends now; NO_SAMPLE is ignored. */
  onSample(rttNs: Duration): void {
    if (rttNs < 0) return;
    // Kept in a cell: a double as an argument would go through the heap where V8 does not inline.
    this.#store.cells[this.#at + RttCell.Latest] = rttNs;
    this.#update();
  }

  /** RFC 6298 §5.5: the timeout after the timer has fired `backoffs` times in a row. */
  timeoutNs(backoffs: number): Duration {
    if (backoffs === 0) return this.rtoNs;
    return Math.min(this.rtoNs * 2 ** Math.min(backoffs, 40), this.#config.rtoMaxNs);
  }

  /** RFC 6298 §5.7: data begins to flow after a SYN that timed out. */
  onSynTimedOut(): void {
    if (this.hasSample) return;
    const rtoNs = Math.max(this.#config.rtoInitialNs, RTO_AFTER_SYN_TIMEOUT_NS);
    this.#store.cells[this.#at + RttCell.Rto] = rtoNs;
  }

  #update(): void {
    this.#updateMin();
    if (this.#config.variant === 'linux') this.#smoothAsLinux();
    else this.#smooth();
  }

  /** The least of this half window and the one before, in constant space. */
  #updateMin(): void {
    const { cells } = this.#store;
    const at = this.#at;
    const newestNs = cells[at + RttCell.Newest];
    const rttNs = newestNs >= 0 ? newestNs : cells[at + RttCell.Latest];
    cells[at + RttCell.Newest] = NO_SAMPLE;
    const nowNs = this.#clock.nowNs;
    const windowNs = this.#config.minRttWindowNs;
    const ageNs = nowNs - cells[at + RttCell.HalfStart];
    const minNs = cells[at + RttCell.Min];
    if (minNs < 0 || ageNs > windowNs / 2) {
      const isHalfStale = minNs < 0 || ageNs > windowNs;
      cells[at + RttCell.Min] = isHalfStale ? rttNs : Math.min(cells[at + RttCell.HalfMin], rttNs);
      cells[at + RttCell.HalfMin] = rttNs;
      cells[at + RttCell.HalfStart] = nowNs;
      return;
    }
    if (rttNs < cells[at + RttCell.HalfMin]) cells[at + RttCell.HalfMin] = rttNs;
    if (rttNs < minNs) cells[at + RttCell.Min] = rttNs;
  }

  /** RFC 6298 §2.2 to §2.5. */
  #smooth(): void {
    const { cells } = this.#store;
    const at = this.#at;
    const rttNs = cells[at + RttCell.Latest];
    const { clockGranularityNs, rtoMinNs, rtoMaxNs } = this.#config;
    let smoothedNs = cells[at + RttCell.Smoothed];
    let varNs = cells[at + RttCell.Var];
    if (smoothedNs < 0) {
      smoothedNs = rttNs;
      varNs = rttNs / 2;
    } else {
      // RTTVAR first: it uses SRTT before this sample.
      varNs += (Math.abs(smoothedNs - rttNs) - varNs) / 4;
      smoothedNs += (rttNs - smoothedNs) / 8;
    }
    cells[at + RttCell.Smoothed] = smoothedNs;
    cells[at + RttCell.Var] = varNs;
    const rtoNs = Math.ceil(smoothedNs + Math.max(clockGranularityNs, 4 * varNs));
    cells[at + RttCell.Rto] = Math.min(Math.max(rtoNs, rtoMinNs), rtoMaxNs);
  }

  #smoothAsLinux(): void {
    const { cells } = this.#store;
    const at = this.#at;
    const rttNs = cells[at + RttCell.Latest];
    const nowNs = this.#clock.nowNs;
    const config = this.#config;
    const rttUs = Math.min(Math.max(Math.floor(rttNs / NS_PER_US), 1), SAMPLE_US_MAX);
    if (cells[at + RttCell.Smoothed8Us] === 0) {
      const floorUs = config.rtoMinNs / NS_PER_US;
      cells[at + RttCell.Smoothed8Us] = rttUs << 3;
      cells[at + RttCell.Deviation4Us] = rttUs << 1;
      cells[at + RttCell.Variation4Us] = Math.max(rttUs << 1, floorUs);
      cells[at + RttCell.DeviationMax4Us] = cells[at + RttCell.Variation4Us];
      cells[at + RttCell.RoundStart] = nowNs;
    } else {
      this.#updateDeviation(rttUs - (cells[at + RttCell.Smoothed8Us] >> 3));
      // The sampled packet was sent in this round: the round is over, and its largest deviation counts.
      if (nowNs - rttNs >= cells[at + RttCell.RoundStart]) {
        const excess = cells[at + RttCell.Variation4Us] - cells[at + RttCell.DeviationMax4Us];
        if (excess > 0) cells[at + RttCell.Variation4Us] -= excess >> 2;
        cells[at + RttCell.RoundStart] = nowNs;
        cells[at + RttCell.DeviationMax4Us] = config.rtoMinNs / NS_PER_US;
      }
    }
    const smoothedUs = cells[at + RttCell.Smoothed8Us] >> 3;
    cells[at + RttCell.Smoothed] = smoothedUs * NS_PER_US;
    cells[at + RttCell.Var] = (cells[at + RttCell.Deviation4Us] >> 2) * NS_PER_US;
    const tickNs = config.clockGranularityNs;
    const waitNs = (smoothedUs + cells[at + RttCell.Variation4Us]) * NS_PER_US;
    cells[at + RttCell.Rto] = Math.min(Math.ceil(waitNs / tickNs) * tickNs, config.rtoMaxNs);
  }

  #updateDeviation(errorUs: number): void {
    const { cells } = this.#store;
    const at = this.#at;
    cells[at + RttCell.Smoothed8Us] += errorUs;
    let change = Math.abs(errorUs) - (cells[at + RttCell.Deviation4Us] >> 2);
    // A sudden fall of the RTT would look like variation and raise the RTO: let it in slowly.
    if (errorUs < 0 && change > 0) change >>= 3;
    const deviation = cells[at + RttCell.Deviation4Us] + change;
    cells[at + RttCell.Deviation4Us] = deviation;
    if (deviation <= cells[at + RttCell.DeviationMax4Us]) return;
    cells[at + RttCell.DeviationMax4Us] = deviation;
    if (deviation > cells[at + RttCell.Variation4Us]) cells[at + RttCell.Variation4Us] = deviation;
  }
}
