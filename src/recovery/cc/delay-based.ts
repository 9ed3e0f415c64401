/**
 * A controller whose window follows the delay, in both directions, and that answers loss as Reno does: a
 * LossBasedController whose growth may be negative. After a decrease for delay ssthresh comes down with the window,
 * so that slow start does not bring it back. Hot.
 */
import type { AckSample, CongestionContext, RttView } from '../congestion.ts';
import { LossBasedController, type LossBasedOptions } from './loss-based.ts';
import type { SlowStart } from './slow-start.ts';
import type { WindowGrowth } from './window-growth.ts';

/** Sees every ACK before the window does. */
export interface DelayObserver {
  onAck(sample: Readonly<AckSample>): void;
}

export class DelayBasedController extends LossBasedController {
  readonly #observer: DelayObserver;

  constructor(
    context: CongestionContext,
    parts: { readonly slowStart: SlowStart; readonly growth: WindowGrowth },
    options: LossBasedOptions,
    observer: DelayObserver,
  ) {
    super(context, parts, options);
    this.#observer = observer;
  }

  override onAck(sample: Readonly<AckSample>, rtt: RttView): void {
    const before = this.cwnd;
    this.#observer.onAck(sample);
    super.onAck(sample, rtt);
    if (this.cwnd < before && this.ssthresh > this.cwnd) this.ssthresh = this.cwnd;
  }
}
