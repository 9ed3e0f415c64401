/**
 * BBR version 1 as Linux 6 has it: Cardwell et al., "BBR: Congestion-Based Congestion Control", ACM Queue 2016,
 * and what Linux added: a guard against policers, compensation for aggregated ACKs, a window in whole segments,
 * packet conservation in recovery. It models the path by two numbers, the most bandwidth of ten rounds and the
 * least RTT of ten seconds (path-model.ts), paces at a gain of the one and bounds what is in flight by a gain of
 * their product (bbr1-window.ts). Gains are Linux's fractions of 256. ECN is ignored.
 * Deviates from Linux: a short segment counts by its bytes in the bandwidth; whether an ACK was delayed is not
 * asked when an old least RTT is replaced. Hot: no allocation per ACK, no double as an argument.
 */
import {
  type Bytes,
  type Duration,
  type Instant,
  NO_TIME,
  NS_PER_SECOND,
  UNSET_ZERO,
} from '../../../base/units.ts';
import type { Clock } from '../../../engine/clock.ts';
import type { RandomSource } from '../../../engine/random.ts';
import {
  type AckSample,
  type BytesPerSecond,
  CongestionCause,
  type CongestionContext,
  type CongestionController,
  type LossSample,
  NO_SAMPLE,
  type RttView,
  SSTHRESH_UNSET,
} from '../../congestion.ts';
import { Bbr1Window, WINDOW_SEGMENTS_MIN } from './bbr1-window.ts';
import { PathModel } from './path-model.ts';

const enum Mode {
  Startup = 0,
  Drain = 1,
  ProbeBandwidth = 2,
  ProbeRtt = 3,
}
const MODE_NAMES = ['startup', 'drain', 'probe-bandwidth', 'probe-rtt'] as const;

/** 2/ln 2 = 2.885: what doubles the rate in a round trip. And its inverse, which drains what that queued. */
export const HIGH_GAIN = 739 / 256;
export const DRAIN_GAIN = 88 / 256;
const WINDOW_GAIN = 2;
/** One round trip each: probe for more, give back what that queued, cruise. */
const CYCLE_GAINS = [1.25, 0.75, 1, 1, 1, 1, 1, 1];
const CYCLE_PHASES = CYCLE_GAINS.length;
/** Probing bandwidth begins in any phase but that of 0.75. */
const FIRST_PHASES = 7;
/** Pacing stays a hundredth below the estimate, so that queues do not creep up. */
const PACING_SHARE = 0.99;
const PROBE_RTT_NS: Duration = 200e6;
/** Before the first RTT sample. */
const NOMINAL_RTT_NS: Duration = 1e6;
const NOT_YET: Instant = NO_TIME;
/** Below 1.2 Mbit/s a quantum is one segment; else two at least, and what the rate sends in 1/1024 s. */
const SINGLE_SEGMENT_RATE: BytesPerSecond = 150_000;
const QUANTA_PER_SECOND = 1024;
const QUANTUM_BYTES_MAX: Bytes = 65_215;
const QUANTUM_SEGMENTS_MAX = 127;
/** To near peers more leaves at once: 64 KiB halved for every 512 us of least RTT. */
const BURST_BYTES_MAX: Bytes = 65_536;
const NEARNESS_NS: Duration = 512_000;

export class Bbr1Controller implements CongestionController {
  readonly recoveryWindow = 'own';
  /** Three windows, where Linux has two for others: recovery keeps sending. */
  readonly sendBufferFactor = 1.5;
  cwnd: Bytes;
  ssthresh: Bytes = SSTHRESH_UNSET;
  pacingRate: BytesPerSecond = UNSET_ZERO;
  sendQuantum: Bytes = 0;
  readonly #clock: Clock;
  readonly #random: RandomSource;
  readonly #model: PathModel;
  readonly #window: Bbr1Window;
  #mode = Mode.Startup;
  #pacingGain = HIGH_GAIN;
  #windowGain = HIGH_GAIN;
  #phase = 0;
  #phaseStartNs: Instant = UNSET_ZERO;
  #probeRttUntilNs: Instant = NOT_YET;
  #probeRttRoundDone = false;
  #isIdleRestart = false;
  #hasRtt: boolean;

  constructor(context: CongestionContext) {
    const { clock, random, smss, initialWindow, initialRttNs = NO_SAMPLE } = context;
    this.#clock = clock;
    this.#random = random;
    this.#model = new PathModel(clock.nowNs, initialRttNs);
    const segments = Math.max(1, Math.floor(initialWindow / smss));
    this.#window = new Bbr1Window(segments, smss, this.#model);
    this.cwnd = segments * smss;
    this.#hasRtt = initialRttNs > 0;
    this.#startPacing(this.#hasRtt ? initialRttNs : NOMINAL_RTT_NS);
  }

  get phase(): string {
    return MODE_NAMES[this.#mode] as string;
  }

  get bandwidth(): BytesPerSecond {
    return this.#model.bandwidth;
  }

  /** Samples taken while the RTT is probed say nothing about bandwidth. */
  get isHoldingBack(): boolean {
    return this.#mode === Mode.ProbeRtt;
  }

  onPacketSent(sentBytes: Bytes, inFlight: Bytes, isAppLimited: boolean): void {
    if (inFlight > sentBytes || !isAppLimited) return;
    const { aggregation } = this.#model;
    this.#isIdleRestart = true;
    aggregation.nowNs = this.#clock.nowNs;
    aggregation.restart();
    if (this.#mode === Mode.ProbeBandwidth) {
      // The queue has drained in the meantime: the estimate is enough for now.
      const gain = this.#pacingGain;
      this.#pacingGain = 1;
      this.#setPacingRate();
      this.#pacingGain = gain;
    } else if (this.#mode === Mode.ProbeRtt) {
      this.#endProbeRttIfDue();
      this.#publish();
    }
  }

  onAck(sample: Readonly<AckSample>, rtt: RttView): void {
    const model = this.#model;
    model.noteDelivered(sample);
    if (sample.intervalNs > 0) {
      this.#sampleBandwidth(sample);
      if (sample.ackedSegments > 0) {
        model.sampleAggregation(sample, this.#window.segments, this.#window.smss);
      }
    }
    if (this.#mode === Mode.ProbeBandwidth && this.#isPhaseOver(sample)) this.#nextPhase();
    if (!model.isFull && model.rounds.isStart && !sample.isAppLimited) model.observeFullPipe();
    this.#checkDrain(sample);
    this.#probeRtt(sample);
    this.#setGains();
    if (!this.#hasRtt && rtt.smoothedNs > 0) {
      this.#hasRtt = true;
      this.#startPacing(rtt.smoothedNs);
    }
    this.#setPacingRate();
    this.#window.onAck(sample, this.#windowGain, this.#mode === Mode.ProbeRtt);
    this.#publish();
  }

  onPacketsLost(loss: Readonly<LossSample>): void {
    this.#model.longTerm.lost += loss.lostBytes;
  }

  onEnterRecovery(cause: CongestionCause): void {
    this.#window.save(this.#mode === Mode.ProbeRtt);
    if (cause === CongestionCause.Loss) this.#window.enterRecovery();
  }

  onExitRecovery(): void {
    this.#window.leaveRecovery();
  }

  onRetransmissionTimeout(): void {
    const model = this.#model;
    this.#window.save(this.#mode === Mode.ProbeRtt);
    this.#window.timeOut();
    model.fullPipe.reset();
    if (!model.longTerm.isUsed) model.longTerm.sample(true, true, false);
    this.#publish();
  }

  onPersistentCongestion(): void {
    this.onRetransmissionTimeout();
  }

  onSpuriousRecovery(): void {
    this.#model.fullPipe.reset();
    this.#model.longTerm.reset();
    this.#window.restore();
    this.#window.leaveRecovery();
    this.#publish();
  }

  /** The model outlives an idle time. */
  onIdleRestart(): void {}

  onMtuChange(smss: Bytes): void {
    const window = this.#window;
    const segments = Math.floor((window.segments * Math.min(smss, window.smss)) / smss);
    window.segments = Math.max(segments, 1);
    if (this.ssthresh !== SSTHRESH_UNSET) this.ssthresh = (this.ssthresh / window.smss) * smss;
    window.smss = smss;
    this.#setQuantum();
    this.#publish();
  }

  #sampleBandwidth(sample: Readonly<AckSample>): void {
    const model = this.#model;
    const { rounds, longTerm } = model;
    rounds.onAck(sample);
    if (rounds.isStart) this.#window.endRoundOfConservation();
    if (!longTerm.isUsed) {
      longTerm.sample(sample.lostSegments > 0, rounds.isStart, sample.isAppLimited);
    } else if (this.#mode === Mode.ProbeBandwidth && rounds.isStart && longTerm.isUsedUp()) {
      longTerm.reset();
      this.#enterProbeBandwidth();
    }
    model.sampleBandwidth(sample);
  }

  #isPhaseOver(sample: Readonly<AckSample>): boolean {
    const model = this.#model;
    const isFullLength = model.deliveredNs - this.#phaseStartNs > model.minRttNs;
    const gain = this.#pacingGain;
    if (gain === 1) return isFullLength;
    const window = this.#window;
    const inFlight = this.#inFlightWhenSent(sample, Math.ceil(sample.priorInFlight / window.smss));
    // More in flight needs time to get there; losses say that it does not.
    if (gain > 1) {
      const isThere = sample.lostSegments > 0 || inFlight >= window.inFlightSegments(gain);
      return isFullLength && isThere;
    }
    return isFullLength || inFlight <= window.inFlightSegments(1);
  }

  /** What will be in flight when pacing lets the next segment leave. */
  #inFlightWhenSent(sample: Readonly<AckSample>, inFlight: number): number {
    const window = this.#window;
    const waitNs = Math.max(0, sample.nextSendNs - sample.nowNs);
    const rate = this.#model.bandwidth / window.smss;
    const delivered = Math.floor((rate * waitNs) / NS_PER_SECOND);
    const then = inFlight + (this.#pacingGain > 1 ? window.quantumSegments : 0);
    return Math.max(0, then - delivered);
  }

  #nextPhase(): void {
    this.#phase = (this.#phase + 1) % CYCLE_PHASES;
    this.#phaseStartNs = this.#model.deliveredNs;
    this.#window.isProbing = this.#phase === 0;
  }

  #enterProbeBandwidth(): void {
    this.#mode = Mode.ProbeBandwidth;
    this.#phase = CYCLE_PHASES - 1 - this.#random.below(FIRST_PHASES);
    this.#nextPhase();
  }

  #checkDrain(sample: Readonly<AckSample>): void {
    const window = this.#window;
    if (this.#mode === Mode.Startup && this.#model.isFull) {
      this.#mode = Mode.Drain;
      this.ssthresh = window.inFlightSegments(1) * window.smss;
    }
    if (this.#mode !== Mode.Drain) return;
    const inFlight = this.#inFlightWhenSent(sample, sample.inFlightSegments);
    if (inFlight <= window.inFlightSegments(1)) this.#enterProbeBandwidth();
  }

  #probeRtt(sample: Readonly<AckSample>): void {
    const model = this.#model;
    model.sampleMinRtt(sample);
    if (model.isMinRttOld && !this.#isIdleRestart && this.#mode !== Mode.ProbeRtt) {
      this.#mode = Mode.ProbeRtt;
      this.#window.save(true);
      this.#window.isProbing = false;
      this.#probeRttUntilNs = NOT_YET;
    }
    if (this.#mode === Mode.ProbeRtt) {
      if (this.#probeRttUntilNs !== NOT_YET) {
        if (model.rounds.isStart) this.#probeRttRoundDone = true;
        if (this.#probeRttRoundDone) this.#endProbeRttIfDue();
      } else if (sample.inFlightSegments <= WINDOW_SEGMENTS_MIN) {
        this.#probeRttUntilNs = sample.nowNs + PROBE_RTT_NS;
        this.#probeRttRoundDone = false;
        model.rounds.restartAt(model.delivered);
      }
    }
    if (sample.delivered > 0) this.#isIdleRestart = false;
  }

  #endProbeRttIfDue(): void {
    const nowNs = this.#clock.nowNs;
    if (this.#probeRttUntilNs === NOT_YET || nowNs <= this.#probeRttUntilNs) return;
    this.#model.minRttAtNs = nowNs;
    this.#window.restore();
    if (this.#model.isFull) this.#enterProbeBandwidth();
    else this.#mode = Mode.Startup;
  }

  #setGains(): void {
    switch (this.#mode) {
      case Mode.Startup:
        this.#pacingGain = HIGH_GAIN;
        this.#windowGain = HIGH_GAIN;
        break;
      case Mode.Drain:
        this.#pacingGain = DRAIN_GAIN;
        this.#windowGain = HIGH_GAIN;
        break;
      case Mode.ProbeBandwidth:
        this.#pacingGain = this.#model.longTerm.isUsed ? 1 : (CYCLE_GAINS[this.#phase] as number);
        this.#windowGain = WINDOW_GAIN;
        break;
      default:
        this.#pacingGain = 1;
        this.#windowGain = 1;
    }
  }

  /** The first rate: the window in an RTT, at the gain of start-up. Cold. */
  #startPacing(rttNs: Duration): void {
    this.pacingRate = (this.cwnd * NS_PER_SECOND * HIGH_GAIN * PACING_SHARE) / rttNs;
    this.#setQuantum();
  }

  /** Until the pipe is full the rate only grows. */
  #setPacingRate(): void {
    const rate = this.#model.bandwidth * this.#pacingGain * PACING_SHARE;
    if (rate === 0 || (!this.#model.isFull && rate <= this.pacingRate)) return;
    this.pacingRate = rate;
    this.#setQuantum();
  }

  #setQuantum(): void {
    const window = this.#window;
    const rate = this.pacingRate;
    const bytes = rate / QUANTA_PER_SECOND;
    const least = rate < SINGLE_SEGMENT_RATE ? 1 : 2;
    const goal = Math.floor(Math.min(bytes, QUANTUM_BYTES_MAX) / window.smss);
    window.quantumSegments = Math.min(Math.max(goal, least), QUANTUM_SEGMENTS_MAX);
    const near = BURST_BYTES_MAX / 2 ** Math.floor(this.#model.minRttNs / NEARNESS_NS);
    const burst = Math.floor(Math.min(bytes + near, BURST_BYTES_MAX) / window.smss);
    this.sendQuantum = Math.max(burst, least) * window.smss;
  }

  #publish(): void {
    this.cwnd = this.#window.segments * this.#window.smss;
  }
}
