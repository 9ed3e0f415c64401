/**
 * What BBR version 3 knows and has decided for one flow: the variables of draft-ietf-ccwg-bbr §3 and §5.2.1 under their
 * names. The files beside this one hold the rules, one a state or a part of the model; bbr3.ts calls them. "Of the
 * draft" below means draft-ietf-ccwg-bbr. Bytes, nanoseconds, bytes per second; Infinity is no bound.
 */
import {
  type Bytes,
  type Duration,
  type Instant,
  NO_TIME,
  NS_PER_SECOND,
  UNSET_ZERO,
} from '../../../base/units.ts';
import { type BytesPerSecond, NO_SAMPLE } from '../../congestion.ts';
import { ExtraAcked } from './extra-acked.ts';
import { FullPipe } from './full-pipe.ts';
import { RoundCounter } from './round-counter.ts';

export const enum BbrState {
  Startup = 0,
  Drain = 1,
  ProbeDown = 2,
  ProbeCruise = 3,
  ProbeRefill = 4,
  ProbeUp = 5,
  ProbeRtt = 6,
}

/** BBR.ack_phase: what the feedback now coming in is about. */
export const enum AckPhase {
  Init = 0,
  Refilling = 1,
  ProbeStarting = 2,
  ProbeFeedback = 3,
  ProbeStopping = 4,
}

// §3.2 and §3.3 of the draft.
/** 4 ln 2: §3.2. */
export const STARTUP_PACING_GAIN = 2.772588722239781;
export const DRAIN_PACING_GAIN = 0.5;
export const DEFAULT_CWND_GAIN = 2;
/** The loss rate of a round trip that probing may cause. */
export const LOSS_THRESH = 0.02;
/** As far as losses of one round trip bring a bound down. */
export const BETA = 0.7;
export const HEADROOM = 0.15;
export const MIN_PIPE_SEGMENTS = 4;
export const NOT_YET: Instant = NO_TIME;
const UNBOUNDED = Number.POSITIVE_INFINITY;
/** BBR.offload_budget is three of these. */
const OFFLOAD_QUANTA = 3;

export class BbrFlow {
  state = BbrState.Startup;
  pacingGain = STARTUP_PACING_GAIN;
  cwndGain = DEFAULT_CWND_GAIN;
  smss: Bytes;
  /** C.cwnd, not rounded to segments. */
  cwnd: Bytes;
  pacingRate: BytesPerSecond = UNSET_ZERO;
  sendQuantum: Bytes = 0;
  readonly initialCwnd: Bytes;
  nowNs: Instant;
  /** C.delivered. */
  delivered: Bytes = UNSET_ZERO;
  /** C.inflight. */
  inflight: Bytes = UNSET_ZERO;
  /** RS.delivery_rate; 0 without a valid sample. */
  deliveryRate: BytesPerSecond = UNSET_ZERO;
  readonly rounds = new RoundCounter();
  readonly fullPipe = new FullPipe();
  readonly extraAcked: ExtraAcked;

  // Data rate.
  /** The most of the previous cycle and of this one. */
  maxBw: BytesPerSecond = UNSET_ZERO;
  previousCycleBw: BytesPerSecond = UNSET_ZERO;
  thisCycleBw: BytesPerSecond = UNSET_ZERO;
  bwShortterm: BytesPerSecond = UNBOUNDED;
  bw: BytesPerSecond = UNSET_ZERO;

  // Data volume.
  /** NO_SAMPLE before the first one. */
  minRttNs: Duration;
  minRttStampNs: Instant;
  inflightLongterm: Bytes = UNBOUNDED;
  inflightShortterm: Bytes = UNBOUNDED;

  // Congestion signals: loss-adaptation.ts.
  bwLatest: BytesPerSecond = UNSET_ZERO;
  inflightLatest: Bytes = UNSET_ZERO;
  lossRoundDelivered: Bytes = UNSET_ZERO;
  lossRoundStart = false;
  isLossInRound = false;
  isInRecovery = false;
  /** ACKs of this round that found losses. */
  lossEventsInRound = 0;
  priorCwnd: Bytes = UNSET_ZERO;
  undoState = BbrState.Drain;
  undoBwShortterm: BytesPerSecond = UNSET_ZERO;
  undoInflightShortterm: Bytes = UNSET_ZERO;
  undoInflightLongterm: Bytes = UNSET_ZERO;

  drainStartRound = 0;

  // Probing for bandwidth: probe-bandwidth.ts.
  ackPhase = AckPhase.Init;
  isBwProbeSample = false;
  probeUpAcked: Bytes = UNSET_ZERO;
  probeUpAckedPerIncrement: Bytes = UNBOUNDED;
  probeUpRounds = 0;
  roundsSinceProbeUp = 0;
  probeWaitNs: Duration = UNSET_ZERO;
  cycleStampNs: Instant = UNSET_ZERO;
  prevProbeTooHigh = false;
  prevProbePrecautionary = false;

  // Probing the RTT: probe-rtt.ts.
  probeRttMinDelayNs: Duration;
  probeRttMinStampNs: Instant;
  isProbeRttExpired = false;
  probeRttDoneStampNs: Instant = NOT_YET;
  isProbeRttRoundDone = false;
  isIdleRestart = false;

  constructor(smss: Bytes, initialCwnd: Bytes, nowNs: Instant, rttNs: Duration) {
    this.smss = smss;
    this.cwnd = initialCwnd;
    this.initialCwnd = initialCwnd;
    this.nowNs = nowNs;
    this.minRttNs = rttNs;
    this.minRttStampNs = nowNs;
    this.probeRttMinDelayNs = rttNs;
    this.probeRttMinStampNs = nowNs;
    this.extraAcked = new ExtraAcked(nowNs);
  }

  get minPipeCwnd(): Bytes {
    return MIN_PIPE_SEGMENTS * this.smss;
  }

  /** BBR.bdp. */
  get bdp(): Bytes {
    return this.bdpOf(this.bw);
  }

  bdpOf(rate: BytesPerSecond): Bytes {
    // §5.6.4.2 of the draft: no RTT sample yet.
    if (this.minRttNs === NO_SAMPLE) return this.initialCwnd;
    return (rate * this.minRttNs) / NS_PER_SECOND;
  }

  /** QuantizationBudget: what hosts with offload need at least. */
  withQuantization(inflightCap: Bytes): Bytes {
    const least = Math.max(OFFLOAD_QUANTA * this.sendQuantum, this.minPipeCwnd);
    const cap = Math.max(inflightCap, least);
    return this.state === BbrState.ProbeUp ? cap + 2 * this.smss : cap;
  }

  /** TargetInflight: the BDP, unless congestion cut the window. */
  get targetInflight(): Bytes {
    return Math.min(this.bdp, this.cwnd);
  }

  /** InflightWithHeadroom: room for other flows below what was once too much. */
  get inflightWithHeadroom(): Bytes {
    const { inflightLongterm } = this;
    if (inflightLongterm === UNBOUNDED) return UNBOUNDED;
    const headroom = Math.max(this.smss, HEADROOM * inflightLongterm);
    return Math.max(inflightLongterm - headroom, this.minPipeCwnd);
  }

  get isProbingBandwidthState(): boolean {
    return this.state >= BbrState.ProbeDown && this.state <= BbrState.ProbeUp;
  }

  /** StartRound, when `delivered` is what has been delivered now. */
  startRound(): void {
    this.rounds.restartAt(this.delivered);
  }

  /** ResetShortTermModel. */
  resetShortTermModel(): void {
    this.bwShortterm = UNBOUNDED;
    this.inflightShortterm = UNBOUNDED;
  }

  /** SaveCwnd: the last window that neither recovery nor ProbeRTT had cut. */
  saveCwnd(): void {
    const isWhole = !this.isInRecovery && this.state !== BbrState.ProbeRtt;
    this.priorCwnd = isWhole ? this.cwnd : Math.max(this.priorCwnd, this.cwnd);
  }

  restoreCwnd(): void {
    this.cwnd = Math.max(this.cwnd, this.priorCwnd);
  }
}
