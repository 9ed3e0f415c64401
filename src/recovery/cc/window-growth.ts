/**
 * What distinguishes the loss-based controllers outside slow start: how the window grows in congestion
 * avoidance and how far congestion brings it down. LossBasedController owns the window and calls; a
 * growth keeps only what its law needs. Windows and amounts are bytes. With whole segments as
 * granularity an amount acknowledged is a number of segments times SMSS, and an increase must be whole
 * segments.
 */
import type { Bytes, Duration, Instant } from '../../base/units.ts';
import type { AckSample, RttView } from '../congestion.ts';

export interface WindowGrowth {
  /** Multiplicative decrease on loss, and on ECN where RFC 8511 (ABE) is on. */
  readonly betaLoss: number;
  readonly betaEcn: number;
  /** Congestion avoidance: what to add to cwnd for `acked` bytes, by which it may grow. */
  increase(cwnd: Bytes, acked: Bytes, sample: Readonly<AckSample>, rtt: RttView): Bytes;
  /** An ACK in congestion avoidance while the application, not the window, limits sending. */
  onApplicationLimited(sample: Readonly<AckSample>): void;
  /** Sending begins again with nothing in flight, `idleNs` after the packet before. */
  onSendAfterIdle(idleNs: Duration, nowNs: Instant): void;
  /** The window was cut for idle time: slow start leads to a new stage of congestion avoidance. */
  onIdleRestart(): void;
  /** Before a reduction, while cwnd still has its old value. `canUndo`: remember, for restore(). */
  onReduction(cwnd: Bytes, canUndo: boolean): void;
  /** After the reduction of a retransmission timeout: slow start begins from one segment. */
  onTimeout(): void;
  /** The last reduction was spurious and the window is about to be put back. */
  restore(cwnd: Bytes): void;
  /** Windows in bytes are to be multiplied by `scale`. */
  onMtuChange(smss: Bytes, scale: number): void;
}

/**
 * Counts acknowledged bytes towards further segments, so that no fraction of one is lost: the "bytes
 * acknowledged" of RFC 5681 §3.1 and RFC 3465 §2.1.
 */
export class GrowthCounter {
  #acked: Bytes = 0;

  /** Bytes to add to cwnd when every `perSegment` bytes acknowledged earn one of `smss`. */
  count(acked: Bytes, perSegment: Bytes, smss: Bytes): Bytes {
    let segments = 0;
    if (this.#acked >= perSegment) {
      // The price fell below what had been saved: that buys one segment, not a burst (as Linux does).
      this.#acked = 0;
      segments = 1;
    }
    this.#acked += acked;
    if (this.#acked >= perSegment) {
      const earned = Math.floor(this.#acked / perSegment);
      this.#acked -= earned * perSegment;
      segments += earned;
    }
    return segments * smss;
  }

  reset(): void {
    this.#acked = 0;
  }
}
