/**
 * Prague: the scalable control of RFC 9331 §4 for L4S queues. No draft of it was at hand; what it does follows RFC 9331
 * §4.3 and the defaults of TCP Prague 0.6 in Linux (net/ipv4/tcp_prague.c of L4STeam/linux), read as facts. Like DCTCP
 * (RFC 8257 §3.3) it answers marks by half their smoothed share, once a round trip. Unlike it: the share counts from the
 * first mark on; bytes that came unmarked open the window also while marks are answered, for at such queues they always
 * are; after 500 round trips beyond slow start a shorter path is treated as one of 25 ms, in growth, in answers and in
 * the share; it is paced at cwnd / SRTT, twice that in the first half of slow start, in bursts of a quarter of a
 * millisecond. Loss and timeouts are Reno's. With feedback that is not AccECN's (RFC 9331 §4.2) marks are answered as
 * loss is. Not done: to find out a queue that marks ECT(1) as RFC 3168 has it (off by default there as well). Hot.
 */
import { type Bytes, type Duration, type Instant, NS_PER_SECOND } from '../../base/units.ts';
import {
  type AckSample,
  type BytesPerSecond,
  CongestionCause,
  type CongestionContext,
  NO_SAMPLE,
  NOT_SENT,
  type RttView,
  UNPACED,
} from '../congestion.ts';
import type { DctcpOptions } from './dctcp.ts';
import { LossBasedController, type LossBasedOptions } from './loss-based.ts';
import { MarkedShare } from './marked-share.ts';
import { RenoGrowth } from './reno.ts';
import type { SlowStart } from './slow-start.ts';

/** A path with a shorter round trip is treated as one of this. */
const VIRTUAL_RTT_NS: Duration = 25e6;
const SLOW_START_GAIN = 2;
/** What leaves back to back: 2^-12 s of the rate. */
const BURST_SHIFT = 12;
const BURST_SEGMENTS_MAX = 44;

/** What is left to loss, timeouts and feedback without counts: RFC 9331 §4.3, RFC 3168 §6.1.2. */
class FallbackGrowth extends RenoGrowth {
  override get betaEcn(): number {
    return 0.5;
  }
}

export interface PragueOptions extends DctcpOptions {
  /** Rounds of congestion avoidance until short paths are treated as longer ones. */
  readonly transitionRounds: number;
}

export class PragueController extends LossBasedController {
  readonly #share: MarkedShare;
  readonly #isAccurate: boolean;
  readonly #isInSegments: boolean;
  readonly #transitionRounds: number;
  #smss: Bytes;
  #rate: BytesPerSecond = UNPACED;
  /** What the window is owed, less than a byte or a segment. */
  #carry: Bytes = 0;
  /** This period is one of loss: the sender's PRR rules. */
  #isLoss = false;
  #rounds = 0;
  /** The last answer to marks. */
  #answeredNs: Instant = NOT_SENT;

  constructor(
    context: CongestionContext,
    slowStart: SlowStart,
    options: LossBasedOptions,
    { gain, initialAlpha, transitionRounds }: PragueOptions,
  ) {
    super(context, { slowStart, growth: new FallbackGrowth(context.smss) }, options);
    this.#share = new MarkedShare(gain, initialAlpha, true);
    this.#isAccurate = context.hasAccurateMarks !== false;
    this.#isInSegments = context.granularity === 'segments';
    this.#transitionRounds = transitionRounds;
    this.#smss = context.smss;
    const { initialRttNs = NO_SAMPLE } = context;
    if (initialRttNs > 0) this.#rate = (SLOW_START_GAIN * this.cwnd * NS_PER_SECOND) / initialRttNs;
  }

  get alpha(): number {
    return this.#share.alpha;
  }

  override get recoveryWindow(): 'prr' | 'own' {
    return this.#isLoss || !this.#isAccurate ? 'prr' : 'own';
  }

  override get pacingRate(): BytesPerSecond {
    return this.#rate;
  }

  override get sendQuantum(): Bytes {
    const segments = Math.floor(this.#rate / (1 << BURST_SHIFT) / this.#smss);
    return Math.max(1, Math.min(segments, BURST_SEGMENTS_MAX)) * this.#smss;
  }

  override onMtuChange(smss: Bytes): void {
    super.onMtuChange(smss);
    this.#smss = smss;
    this.#carry = 0;
  }

  override onAck(sample: Readonly<AckSample>, rtt: RttView): void {
    const isShort = this.#isShort(rtt);
    this.#share.onAck(sample, isShort ? VIRTUAL_RTT_NS : 0);
    const isAvoiding = this.cwnd >= this.ssthresh;
    if (isAvoiding && this.#share.isRoundStart) this.#rounds++;
    const isUsual = !this.#isLoss && !sample.isTimedOut && this.#isAccurate;
    if (isAvoiding && isUsual) this.#grow(sample, rtt, isShort);
    else super.onAck(sample, rtt);
    const { smoothedNs } = rtt;
    if (smoothedNs <= 0) return;
    const gain = this.cwnd < this.ssthresh / 2 ? SLOW_START_GAIN : 1;
    this.#rate = (gain * Math.max(this.cwnd, sample.inFlight) * NS_PER_SECOND) / smoothedNs;
  }

  override onEnterRecovery(cause: CongestionCause, sample: Readonly<AckSample>): void {
    if (cause === CongestionCause.Loss || !this.#isAccurate) {
      this.#isLoss = true;
      this.#carry = 0;
      super.onEnterRecovery(cause, sample);
      return;
    }
    const { nowNs } = sample;
    const isShort = this.#rounds >= this.#transitionRounds;
    if (isShort && this.#answeredNs >= 0 && nowNs - this.#answeredNs < VIRTUAL_RTT_NS) return;
    this.#answeredNs = nowNs;
    this.#carry -= (this.cwnd * this.#share.alpha) / 2;
    this.endSlowStart();
    this.#settle();
    this.ssthresh = this.cwnd;
  }

  override onExitRecovery(): void {
    if (!this.#isLoss) return;
    this.#isLoss = false;
    super.onExitRecovery();
  }

  override onRetransmissionTimeout(inFlight: Bytes, notLost: Bytes = 0): void {
    this.#isLoss = false;
    this.#carry = 0;
    super.onRetransmissionTimeout(inFlight, notLost);
  }

  #isShort(rtt: RttView): boolean {
    if (this.#rounds < this.#transitionRounds) return false;
    return rtt.smoothedNs > 0 && rtt.smoothedNs < VIRTUAL_RTT_NS;
  }

  /** A segment for a window of bytes that came unmarked, or that part of one. */
  #grow(sample: Readonly<AckSample>, rtt: RttView, isShort: boolean): void {
    const unmarked = sample.ackedBytes - sample.ceBytes;
    if (unmarked <= 0 || !sample.isCwndLimited) return;
    const ratio = isShort ? rtt.smoothedNs / VIRTUAL_RTT_NS : 1;
    this.#carry += (unmarked * ratio * ratio * this.#smss) / this.cwnd;
    this.#settle();
  }

  /** Whole bytes or segments of what is owed go to the window, which keeps two segments. */
  #settle(): void {
    const unit = this.#isInSegments ? this.#smss : 1;
    const whole = Math.trunc(this.#carry / unit) * unit;
    if (whole === 0) return;
    this.#carry -= whole;
    this.cwnd += whole;
    if (this.cwnd >= 2 * this.#smss) return;
    this.cwnd = 2 * this.#smss;
    this.#carry = 0;
  }
}
