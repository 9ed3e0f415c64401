/**
 * Prague, as far as RFC 9331 §4 and memory go: no text of it was at hand, and nothing here is verified against one. It is
 * DCTCP that says ECT(1), so that an L4S queue knows it; that grows as if its round trip were at least 25 ms, so
 * that it does not take all from flows with longer ones; and that is always paced. Feedback is AccECN's (RFC 9768); to a
 * peer that has only RFC 3168 it says ECT(0) and halves, as RFC 9331 §4.2 and §4.3 ask. Hot.
 */
import { type Bytes, type Duration, NS_PER_SECOND } from '../../base/units.ts';
import {
  type AckSample,
  type BytesPerSecond,
  type CongestionContext,
  NO_SAMPLE,
  type RttView,
  UNPACED,
} from '../congestion.ts';
import { DctcpController, DctcpGrowth, type DctcpOptions } from './dctcp.ts';
import type { LossBasedOptions } from './loss-based.ts';
import type { SlowStart } from './slow-start.ts';

/** The round trip that growth is made for where the real one is shorter. */
const VIRTUAL_RTT_NS: Duration = 25e6;
const SLOW_START_GAIN = 2;
const AVOIDANCE_GAIN = 1.2;
/** What leaves back to back: a quarter of a millisecond of the rate. */
const BURST_SECONDS = 250e-6;

class PragueGrowth extends DctcpGrowth {
  /** Of the growth of Reno. */
  share = 1;

  override increase(cwnd: Bytes, acked: Bytes): Bytes {
    return super.increase(cwnd, acked * this.share);
  }
}

export class PragueController extends DctcpController {
  #rate: BytesPerSecond = UNPACED;
  readonly #growth: PragueGrowth;
  #smss: Bytes;

  constructor(
    context: CongestionContext,
    slowStart: SlowStart,
    options: LossBasedOptions,
    dctcp: DctcpOptions,
  ) {
    let growth: PragueGrowth | undefined;
    super(context, slowStart, options, dctcp, (smss, share) => {
      growth = new PragueGrowth(smss, share);
      return growth;
    });
    this.#growth = growth as unknown as PragueGrowth;
    this.#smss = context.smss;
    const { initialRttNs = NO_SAMPLE } = context;
    if (initialRttNs > 0) this.#rate = (SLOW_START_GAIN * this.cwnd * NS_PER_SECOND) / initialRttNs;
  }

  override get pacingRate(): BytesPerSecond {
    return this.#rate;
  }

  override get sendQuantum(): Bytes {
    const segments = Math.floor((this.#rate * BURST_SECONDS) / this.#smss);
    return Math.max(1, Math.min(segments, 44)) * this.#smss;
  }

  override onMtuChange(smss: Bytes): void {
    super.onMtuChange(smss);
    this.#smss = smss;
  }

  override onAck(sample: Readonly<AckSample>, rtt: RttView): void {
    const { smoothedNs } = rtt;
    const ratio = smoothedNs / VIRTUAL_RTT_NS;
    this.#growth.share = smoothedNs > 0 && ratio < 1 ? ratio * ratio : 1;
    super.onAck(sample, rtt);
    if (smoothedNs <= 0) return;
    const gain = this.cwnd < this.ssthresh / 2 ? SLOW_START_GAIN : AVOIDANCE_GAIN;
    this.#rate = (gain * this.cwnd * NS_PER_SECOND) / smoothedNs;
  }
}
