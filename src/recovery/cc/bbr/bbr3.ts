/**
 * BBR version 3: draft-ietf-ccwg-bbr. It models the path by its bandwidth, its least RTT and what may be in flight
 * without much loss, and from the model sets the pacing rate, the send quantum and the window. This file turns the
 * sender's calls into the steps of §5.2 and moves between the states; each state, the answer to loss and the window
 * are in files of their own, the variables in flow.ts. ECN is not part of the draft: it is ignored.
 * Deviates from §5.2.3: an ACK that delivers nothing changes no model. Hot: no allocation per ACK.
 */
import { type Bytes, type Duration, NS_PER_SECOND } from '../../../base/units.ts';
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
import { checkDrainDone, enterDrain } from './drain.ts';
import { BbrFlow, BbrState } from './flow.ts';
import {
  adaptLowerBounds,
  advanceLatestDeliverySignals,
  onPacketLost,
  saveStateUponLoss,
  undoLoss,
  updateLatestDeliverySignals,
} from './loss-adaptation.ts';
import { adaptLongTermModel } from './probe-bandwidth.ts';
import { enterProbeCruise, nextOfProbeCruise } from './probe-cruise.ts';
import { enterProbeDown, nextOfProbeDown } from './probe-down.ts';
import { enterProbeRefill, nextOfProbeRefill } from './probe-refill.ts';
import {
  enterProbeRtt,
  isProbeRttDone,
  isProbeRttOver,
  isTimeToProbeRtt,
  leaveProbeRtt,
  updateMinRtt,
} from './probe-rtt.ts';
import { enterProbeUp, nextOfProbeUp } from './probe-up.ts';
import { checkStartupDone, enterStartup } from './startup.ts';
import { setCwnd } from './window.ts';

const STATE_NAMES = [
  'startup',
  'drain',
  'probe-bandwidth-down',
  'probe-bandwidth-cruise',
  'probe-bandwidth-refill',
  'probe-bandwidth-up',
  'probe-rtt',
] as const;

/** BBR.PacingMarginPercent of 1. */
const PACING_SHARE = 0.99;
/** §5.6.2: before the first RTT sample. */
const NOMINAL_RTT_NS: Duration = 1e6;
/** §5.6.3: what leaves in a millisecond, within bounds. */
const QUANTUM_SECONDS = 1e-3;
const QUANTUM_BYTES_MAX: Bytes = 65_536;
const QUANTUM_SEGMENTS_MIN = 2;

export class Bbr3Controller implements CongestionController {
  readonly recoveryWindow = 'own';
  readonly ssthresh: Bytes = SSTHRESH_UNSET;
  cwnd: Bytes;
  readonly #flow: BbrFlow;
  readonly #clock: Clock;
  readonly #random: RandomSource;
  readonly #isInSegments: boolean;
  #hasRtt: boolean;
  #isTimedOut = false;

  constructor(context: CongestionContext) {
    const { clock, random, smss, initialWindow, initialRttNs = NO_SAMPLE } = context;
    this.#clock = clock;
    this.#random = random;
    this.#isInSegments = context.granularity === 'segments';
    this.#flow = new BbrFlow(smss, initialWindow, clock.nowNs, initialRttNs);
    this.#hasRtt = initialRttNs > 0;
    this.cwnd = 0;
    this.#initPacingRate(this.#hasRtt ? initialRttNs : NOMINAL_RTT_NS);
    this.#publish();
  }

  get pacingRate(): BytesPerSecond {
    return this.#flow.pacingRate;
  }

  get sendQuantum(): Bytes {
    return this.#flow.sendQuantum;
  }

  get phase(): string {
    return STATE_NAMES[this.#flow.state] as string;
  }

  get bandwidth(): BytesPerSecond {
    return this.#flow.bw;
  }

  /** §5.3.4.3: samples of ProbeRTT are application-limited. */
  get isHoldingBack(): boolean {
    return this.#flow.state === BbrState.ProbeRtt;
  }

  /** HandleRestartFromIdle: §5.4.1. */
  onPacketSent(sentBytes: Bytes, inFlight: Bytes, isAppLimited: boolean): void {
    if (inFlight > sentBytes || !isAppLimited) return;
    const flow = this.#flow;
    flow.nowNs = this.#clock.nowNs;
    flow.isIdleRestart = true;
    flow.extraAcked.nowNs = flow.nowNs;
    flow.extraAcked.restart();
    if (flow.isProbingBandwidthState) {
      const gain = flow.pacingGain;
      flow.pacingGain = 1;
      this.#setPacingRate();
      flow.pacingGain = gain;
    } else if (flow.state === BbrState.ProbeRtt && isProbeRttDone(flow)) {
      this.#exitProbeRtt();
      this.#publish();
    }
  }

  /** UpdateOnACK: §5.2.3. */
  onAck(sample: Readonly<AckSample>, rtt: RttView): void {
    const flow = this.#flow;
    flow.nowNs = sample.nowNs;
    flow.inflight = sample.inFlight;
    if (this.#isTimedOut && !sample.isTimedOut) this.#endRecovery();
    if (sample.newestSentNs >= 0) {
      if (!this.#hasRtt && rtt.smoothedNs > 0) {
        this.#hasRtt = true;
        this.#initPacingRate(rtt.smoothedNs);
      }
      this.#updateModelAndState(sample);
      flow.bw = Math.min(flow.maxBw, flow.bwShortterm);
      this.#setPacingRate();
      this.#setSendQuantum();
      setCwnd(flow, sample.ackedBytes);
    }
    this.#publish();
  }

  /** HandleLostPacket: §5.5.10.2. */
  onPacketsLost(loss: Readonly<LossSample>): void {
    const flow = this.#flow;
    flow.nowNs = loss.nowNs;
    flow.delivered = loss.delivered;
    if (!onPacketLost(flow, loss) || flow.state !== BbrState.ProbeUp) return;
    flow.undoState = BbrState.ProbeUp;
    this.#enter(BbrState.ProbeDown);
  }

  /** OnEnterFastRecovery: §5.6.4.4. State was saved with the first loss of the round. */
  onEnterRecovery(cause: CongestionCause): void {
    if (cause !== CongestionCause.Loss) return;
    const flow = this.#flow;
    if (flow.isLossInRound) flow.saveCwnd();
    else saveStateUponLoss(flow);
    flow.isInRecovery = true;
  }

  onExitRecovery(): void {
    this.#endRecovery();
  }

  /** OnEnterRTO: §5.6.4.4. */
  onRetransmissionTimeout(): void {
    const flow = this.#flow;
    if (flow.isLossInRound) flow.saveCwnd();
    else saveStateUponLoss(flow);
    flow.isInRecovery = true;
    this.#isTimedOut = true;
    flow.cwnd = flow.smss;
    this.#publish();
  }

  onPersistentCongestion(): void {
    this.onRetransmissionTimeout();
  }

  onSpuriousRecovery(): void {
    const flow = this.#flow;
    flow.nowNs = this.#clock.nowNs;
    const next = undoLoss(flow);
    this.#endRecovery();
    if (next !== flow.state) this.#enter(next);
    this.#publish();
  }

  /** §5.4.2: the model outlives an idle time. */
  onIdleRestart(): void {}

  /** Bytes are what they were; a smaller segment takes the window with it. */
  onMtuChange(smss: Bytes): void {
    const flow = this.#flow;
    flow.cwnd = Math.max((flow.cwnd * Math.min(smss, flow.smss)) / flow.smss, smss);
    flow.smss = smss;
    this.#setSendQuantum();
    this.#publish();
  }

  #endRecovery(): void {
    const flow = this.#flow;
    if (flow.isInRecovery) flow.restoreCwnd();
    flow.isInRecovery = false;
    this.#isTimedOut = false;
  }

  #updateModelAndState(sample: Readonly<AckSample>): void {
    const flow = this.#flow;
    const { intervalNs } = sample;
    flow.delivered = sample.priorDelivered + sample.delivered;
    flow.deliveryRate = intervalNs > 0 ? (sample.delivered * NS_PER_SECOND) / intervalNs : 0;
    updateLatestDeliverySignals(flow, sample);
    this.#updateMaxBw(sample);
    adaptLowerBounds(flow);
    this.#updateAckAggregation(sample);
    this.#checkFullPipe(sample);
    if (flow.state === BbrState.Startup) this.#go(checkStartupDone(flow, sample));
    if (flow.state === BbrState.Drain) this.#go(checkDrainDone(flow));
    if (flow.fullPipe.wasFull) this.#updateCyclePhase(sample);
    updateMinRtt(flow, sample);
    this.#checkProbeRtt(sample);
    advanceLatestDeliverySignals(flow, sample);
  }

  /** UpdateMaxBw: §5.5.5. */
  #updateMaxBw(sample: Readonly<AckSample>): void {
    const flow = this.#flow;
    flow.rounds.onAck(sample);
    if (flow.rounds.isStart) flow.roundsSinceProbeUp++;
    const { deliveryRate } = flow;
    if (deliveryRate === 0 || (sample.isAppLimited && deliveryRate < flow.maxBw)) return;
    flow.thisCycleBw = Math.max(flow.thisCycleBw, deliveryRate);
    flow.maxBw = Math.max(flow.previousCycleBw, flow.thisCycleBw);
  }

  #updateAckAggregation(sample: Readonly<AckSample>): void {
    const flow = this.#flow;
    const { extraAcked } = flow;
    extraAcked.nowNs = flow.nowNs;
    extraAcked.bw = flow.bw;
    if (flow.fullPipe.wasFull) extraAcked.leaveStartup();
    extraAcked.onAck(sample.ackedBytes, flow.cwnd, flow.rounds.count);
  }

  /** CheckFullBWReached: §5.3.1.2. */
  #checkFullPipe(sample: Readonly<AckSample>): void {
    const { fullPipe, rounds, deliveryRate } = this.#flow;
    if (fullPipe.isFullNow || !rounds.isStart || sample.isAppLimited) return;
    fullPipe.estimate = deliveryRate;
    fullPipe.observe();
  }

  /** UpdateProbeBWCyclePhase: §5.3.3.9. */
  #updateCyclePhase(sample: Readonly<AckSample>): void {
    const flow = this.#flow;
    if (adaptLongTermModel(flow, sample)) {
      this.#enter(BbrState.ProbeRefill);
      return;
    }
    switch (flow.state) {
      case BbrState.ProbeDown:
        this.#go(nextOfProbeDown(flow));
        break;
      case BbrState.ProbeCruise:
        this.#go(nextOfProbeCruise(flow));
        break;
      case BbrState.ProbeRefill:
        this.#go(nextOfProbeRefill(flow));
        break;
      case BbrState.ProbeUp:
        this.#go(nextOfProbeUp(flow, sample));
        break;
      default:
    }
  }

  /** CheckProbeRTT: §5.3.4.3. */
  #checkProbeRtt(sample: Readonly<AckSample>): void {
    const flow = this.#flow;
    if (flow.state !== BbrState.ProbeRtt && isTimeToProbeRtt(flow)) this.#enter(BbrState.ProbeRtt);
    if (flow.state === BbrState.ProbeRtt && isProbeRttOver(flow)) this.#exitProbeRtt();
    if (sample.delivered > 0) flow.isIdleRestart = false;
  }

  /** ExitProbeRTT: §5.3.4.4. Little is in flight, so DOWN has nothing to do. */
  #exitProbeRtt(): void {
    const flow = this.#flow;
    leaveProbeRtt(flow);
    if (flow.fullPipe.wasFull) {
      this.#enter(BbrState.ProbeDown);
      this.#enter(BbrState.ProbeCruise);
    } else {
      this.#enter(BbrState.Startup);
    }
  }

  #go(next: BbrState): void {
    if (next !== this.#flow.state) this.#enter(next);
  }

  #enter(next: BbrState): void {
    const flow = this.#flow;
    switch (next) {
      case BbrState.Startup:
        enterStartup(flow);
        break;
      case BbrState.Drain:
        enterDrain(flow);
        break;
      case BbrState.ProbeDown:
        enterProbeDown(flow, this.#random);
        break;
      case BbrState.ProbeCruise:
        enterProbeCruise(flow);
        break;
      case BbrState.ProbeRefill:
        enterProbeRefill(flow);
        break;
      case BbrState.ProbeUp:
        enterProbeUp(flow);
        break;
      default:
        enterProbeRtt(flow);
    }
  }

  /** InitPacingRate: §5.6.2. Cold. */
  #initPacingRate(rttNs: Duration): void {
    const flow = this.#flow;
    flow.pacingRate = (flow.pacingGain * flow.initialCwnd * NS_PER_SECOND) / rttNs;
    this.#setSendQuantum();
  }

  /** SetPacingRate: §5.6.2. */
  #setPacingRate(): void {
    const flow = this.#flow;
    const rate = flow.pacingGain * flow.bw * PACING_SHARE;
    if (rate > 0 && (flow.fullPipe.wasFull || rate > flow.pacingRate)) flow.pacingRate = rate;
  }

  /** SetSendQuantum: §5.6.3, in whole segments. */
  #setSendQuantum(): void {
    const flow = this.#flow;
    const { smss } = flow;
    const bytes = Math.min(flow.pacingRate * QUANTUM_SECONDS, QUANTUM_BYTES_MAX);
    flow.sendQuantum = Math.max(Math.floor(bytes / smss), QUANTUM_SEGMENTS_MIN) * smss;
  }

  #publish(): void {
    const { cwnd, smss } = this.#flow;
    this.cwnd = this.#isInSegments
      ? Math.max(1, Math.floor(cwnd / smss)) * smss
      : Math.max(Math.floor(cwnd), smss);
  }
}
