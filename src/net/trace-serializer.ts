/**
 * Spends the delivery opportunities of a recorded link (net/delivery-trace) as Mahimahi does: what a frame
 * leaves of one serves the next frame at the same instant, a frame longer than that goes on with the next
 * one and leaves with the one that finishes it, and one that finds no frame, or what is left of it, is
 * lost. An opportunity of an arrival's very instant comes before the arrival. Those that nobody waits for
 * cost no event: their place is found when a frame comes. Hot: no allocation per frame.
 */
import type { Bytes, Instant } from '../base/units.ts';
import type { Clock } from '../engine/clock.ts';
import { type DeliveryTrace, OPPORTUNITY_BYTES } from './delivery-trace.ts';
import type { Serializer } from './serializer.ts';

export class TraceSerializer implements Serializer {
  nextStartNs: Instant = 0;
  endNs: Instant = 0;
  readonly #clock: Clock;
  readonly #trace: DeliveryTrace;
  readonly #stampsNs: Float64Array;
  /** The first opportunity not begun: its repetition's start, and its index there. */
  #repetitionNs: Instant = 0;
  #index = 0;
  /** What is left of the one begun. */
  #restBytes: Bytes = 0;
  #usedBytes: Bytes = 0;

  constructor(clock: Clock, trace: DeliveryTrace) {
    this.#clock = clock;
    this.#trace = trace;
    this.#stampsNs = trace.stampsNs;
  }

  plan(length: Bytes): void {
    this.#usedBytes += length;
    this.endNs = this.nextStartNs;
    let rest = this.#restBytes;
    let left = length;
    while (left > rest || rest === 0) {
      left -= rest;
      this.endNs = this.#repetitionNs + this.#stampsNs[this.#index];
      rest = OPPORTUNITY_BYTES;
      this.#step();
    }
    this.#restBytes = rest - left;
    this.nextStartNs = rest > left ? this.endNs : this.#repetitionNs + this.#stampsNs[this.#index];
  }

  restart(): void {
    this.#restBytes = 0;
    if (this.#repetitionNs + this.#stampsNs[this.#index] <= this.#clock.nowNs) this.#seekNow();
    this.nextStartNs = this.#repetitionNs + this.#stampsNs[this.#index];
  }

  /** Opportunities that lie ahead are given back. */
  abort(): void {
    this.endNs = this.#clock.nowNs;
    this.#seekNow();
    this.restart();
  }

  /** Bytes planned over bytes offered, both from time 0. */
  utilisation(): number {
    const offered = this.#trace.opportunitiesUntil(this.#clock.nowNs) * OPPORTUNITY_BYTES;
    return offered === 0 ? 0 : Math.min(1, this.#usedBytes / offered);
  }

  /** To the first opportunity after now. */
  #seekNow(): void {
    const now = this.#clock.nowNs;
    const period = this.#trace.periodNs;
    this.#repetitionNs = Math.floor(now / period) * period;
    this.#index = this.#trace.countUntil(now - this.#repetitionNs) - 1;
    this.#step();
  }

  #step(): void {
    this.#index++;
    if (this.#index < this.#stampsNs.length) return;
    this.#index = 0;
    this.#repetitionNs += this.#trace.periodNs;
  }
}
