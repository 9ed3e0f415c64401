/**
 * LEDBAT, RFC 6817: a background flow that keeps the delay it adds at TARGET. The window grows or shrinks in proportion
 * to how far the queueing delay is from it, at most as Reno grows, and halves on loss (§2.4.2). The base delay is
 * the least of ten minutes, a minimum a minute; the current delay the least of the last four samples.
 * Deviates from §2: delays are round trips and not one-way, so that queues on the way back count too; the window does
 * not shrink when the application sends less, it only stops growing. Hot.
 */
import { type Bytes, type Duration, NS_PER_SECOND, UNSET_ZERO } from '../../base/units.ts';
import type { AckSample } from '../congestion.ts';
import type { DelayObserver } from './delay-based.ts';
import { RenoGrowth } from './reno.ts';
import type { SlowStart } from './slow-start.ts';

export interface LedbatOptions {
  readonly targetNs: Duration;
  /** GAIN. */
  readonly gain: number;
}

const BASE_HISTORY = 10;
const BASE_PERIOD_NS: Duration = 60 * NS_PER_SECOND;
const CURRENT_FILTER = 4;
/** INIT_CWND and MIN_CWND. */
export const LEDBAT_WINDOW_SEGMENTS = 2;

export class LedbatDelays implements DelayObserver {
  readonly #base = new Float64Array(BASE_HISTORY).fill(Number.POSITIVE_INFINITY);
  readonly #current = new Float64Array(CURRENT_FILTER).fill(Number.POSITIVE_INFINITY);
  #minute = -1;
  #count = 0;

  onAck(sample: Readonly<AckSample>): void {
    const { rttNs, nowNs } = sample;
    if (rttNs < 0) return;
    const minute = Math.floor(nowNs / BASE_PERIOD_NS);
    if (this.#minute < 0) this.#minute = minute;
    // A minute without a sample has no minimum.
    const idle = Math.min(minute - this.#minute, BASE_HISTORY);
    for (let step = 1; step <= idle; step++) {
      this.#base[(minute - idle + step) % BASE_HISTORY] = Number.POSITIVE_INFINITY;
    }
    this.#minute = minute;
    const slot = minute % BASE_HISTORY;
    if (rttNs < (this.#base[slot] as number)) this.#base[slot] = rttNs;
    this.#current[this.#count++ % CURRENT_FILTER] = rttNs;
  }

  /** Cold start: 0. */
  get queueingNs(): Duration {
    const currentNs = least(this.#current);
    return currentNs === Number.POSITIVE_INFINITY ? 0 : currentNs - least(this.#base);
  }
}

function least(values: Float64Array): number {
  let result = Number.POSITIVE_INFINITY;
  for (let index = 0; index < values.length; index++) {
    if ((values[index] as number) < result) result = values[index] as number;
  }
  return result;
}

export class LedbatGrowth extends RenoGrowth {
  readonly #delays: LedbatDelays;
  readonly #options: LedbatOptions;
  readonly #isInSegments: boolean;
  #segmentBytes: Bytes;
  /** Earned or owed, and not yet in the window. */
  #rest: Bytes = UNSET_ZERO;

  constructor(smss: Bytes, delays: LedbatDelays, options: LedbatOptions, isInSegments: boolean) {
    super(smss);
    this.#segmentBytes = smss;
    this.#delays = delays;
    this.#options = options;
    this.#isInSegments = isInSegments;
  }

  override increase(cwnd: Bytes, acked: Bytes): Bytes {
    const { targetNs, gain } = this.#options;
    const smss = this.#segmentBytes;
    const offTarget = (targetNs - this.#delays.queueingNs) / targetNs;
    const unit = this.#isInSegments ? smss : 1;
    const earned = this.#rest + (gain * offTarget * acked * smss) / cwnd;
    const whole = Math.trunc(earned / unit) * unit;
    const change = Math.max(Math.min(whole, acked), LEDBAT_WINDOW_SEGMENTS * smss - cwnd);
    this.#rest = earned - whole;
    return change;
  }

  override onReduction(): void {
    super.onReduction();
    this.#rest = UNSET_ZERO;
  }

  override onMtuChange(smss: Bytes): void {
    super.onMtuChange(smss);
    this.#segmentBytes = smss;
    this.#rest = UNSET_ZERO;
  }
}

/** LEDBAT has none, but the way from one segment after a timeout to the least window. */
export class LedbatStart implements SlowStart {
  isOver = false;
  #smss: Bytes;

  constructor(smss: Bytes) {
    this.#smss = smss;
  }

  onAck(cwnd: Bytes, growable: Bytes): Bytes {
    const missing = LEDBAT_WINDOW_SEGMENTS * this.#smss - cwnd;
    if (missing > 0) return Math.min(growable, missing);
    this.isOver = true;
    return 0;
  }

  onCongestion(): void {}

  onTimeout(): void {
    this.isOver = false;
  }

  onMtuChange(smss: Bytes): void {
    this.#smss = smss;
  }
}
