/**
 * Slow start: the interface of its kinds, and the classic one of RFC 5681 §3.1, equation (2), with the
 * limit L of RFC 3465 §2.2 and §2.3. LossBasedController applies the increase, never beyond ssthresh,
 * and enters congestion avoidance when a kind says that it is over. HyStart and HyStart++ are in files
 * of their own.
 */
import type { Bytes } from '../../base/units.ts';
import type { AckSample, RttView } from '../congestion.ts';

export interface SlowStart {
  /** The kind has found the path full: ssthresh is to be set to cwnd. */
  readonly isOver: boolean;
  /**
   * Each ACK while cwnd < ssthresh. `growable` bytes may open the window (0: not now). Gives the increase,
   * whole segments if `growable` is.
   */
  onAck(cwnd: Bytes, growable: Bytes, sample: Readonly<AckSample>, rtt: RttView): Bytes;
  /** Congestion of any kind, at any time. */
  onCongestion(): void;
  /** Slow start begins after a retransmission timeout. */
  onTimeout(): void;
  onMtuChange(smss: Bytes): void;
}

export class ClassicSlowStart implements SlowStart {
  readonly isOver = false;
  readonly #limitSegments: number;
  #limit: Bytes;
  #smss: Bytes;

  /** @param limitSegments L of RFC 3465 in segments: 1 is RFC 5681, Infinity is Linux. */
  constructor(smss: Bytes, limitSegments: number) {
    this.#smss = smss;
    this.#limitSegments = limitSegments;
    this.#limit = limitSegments * smss;
  }

  onAck(_cwnd: Bytes, growable: Bytes): Bytes {
    return Math.min(growable, this.#limit);
  }

  onCongestion(): void {
    this.#limit = this.#limitSegments * this.#smss;
  }

  onTimeout(): void {
    // An ACK may now cover much that left the network long ago: RFC 3465 §2.3 MUST.
    if (Number.isFinite(this.#limitSegments)) this.#limit = this.#smss;
  }

  onMtuChange(smss: Bytes): void {
    this.#limit = (this.#limit / this.#smss) * smss;
    this.#smss = smss;
  }
}
