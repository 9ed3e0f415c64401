/**
 * Measures the bursts of what comes out of a link, on its way to the node behind: frames pass unchanged, and the
 * meter gets the instant and length of each. Hot: no allocation per frame.
 */
import { BurstMeter } from '../analysis/burst-meter.ts';
import type { BitsPerSecond } from '../base/units.ts';
import type { Clock } from '../engine/clock.ts';
import { FRAME_SHIFT, type FrameId, FrameWord } from '../frame/frame-record.ts';
import type { FrameSink } from '../frame/frame-sink.ts';
import type { Network } from '../net/network.ts';

export class BurstTap implements FrameSink {
  readonly meter: BurstMeter;
  readonly #clock: Clock;
  readonly #words: Int32Array;
  readonly #to: FrameSink;

  /** @param rate of the link */
  constructor(network: Network, rate: BitsPerSecond, to: FrameSink) {
    this.meter = new BurstMeter(rate, rate);
    this.#clock = network.clock;
    this.#words = network.pool.words;
    this.#to = to;
  }

  deliver(frame: FrameId): void {
    this.meter.timeNs[0] = this.#clock.nowNs;
    this.meter.add(this.#words[(frame << FRAME_SHIFT) + FrameWord.WireLength]);
    this.#to.deliver(frame);
  }
}
