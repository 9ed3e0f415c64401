/**
 * One controller over a model of a path: a bottleneck of known rate and buffer, a delay, and an ACK for every
 * segment. The sender is paced as tcp/ does it and finds a loss with the next ACK. For what a controller does over
 * time: states, queue, share of the rate. No TCP and no links, so a second of it costs next to nothing.
 */
import { VirtualClock } from '../../src/engine/clock.ts';
import { RandomSource } from '../../src/engine/random.ts';
import { ControllerRegistry, type ParameterValues } from '../../src/recovery/cc/controllers.ts';
import {
  CongestionCause,
  type CongestionController,
  initialWindowRfc6928,
} from '../../src/recovery/congestion.ts';
import {
  AckRecord,
  COUNTS_SHIFT,
  DeliveryRateEstimator,
  LossRecord,
  type SentRows,
  SentTime,
  TIMES_SHIFT,
} from '../../src/recovery/delivery-rate.ts';
import { Pacer } from '../../src/recovery/pacer.ts';
import { RTT_CONFIG_LINUX, RttEstimator } from '../../src/recovery/rtt.ts';

const SMSS = 1000;
const ROWS = 1 << 14;

export interface PipeOptions {
  /** Bytes a second. */
  readonly rate: number;
  readonly rttMs: number;
  readonly queueBytes: number;
  /** Marks CE when a segment meets more than this. */
  readonly markAboveBytes?: number;
  /** Chance of a random loss. */
  readonly loss?: number;
  readonly values?: ParameterValues;
  readonly granularity?: 'bytes' | 'segments';
}

export class ControllerPipe {
  readonly clock = new VirtualClock();
  readonly controller: CongestionController;
  /** May be changed while it runs, for what is sent from then on. */
  rttNs: number;
  #rate: number;
  /** The application has data. */
  hasData = true;
  /** The names of the states it went through, with the time (s) it entered them. */
  readonly phases: { readonly name: string; readonly seconds: number }[] = [];
  /** Counts, since the beginning or since `forget`. */
  deliveredSegments = 0;
  lostSegments = 0;
  queueSumBytes = 0;
  queueMaxBytes = 0;
  readonly rtt: RttEstimator;
  readonly #options: PipeOptions;
  readonly #random = RandomSource.fromSeed(5);
  readonly #rates: DeliveryRateEstimator;
  readonly #pacer: Pacer;
  readonly #sample = new AckRecord();
  readonly #sent: SentRows = {
    times: new Float64Array(ROWS << TIMES_SHIFT),
    counts: new Int32Array(ROWS << COUNTS_SHIFT),
  };
  /** In order of sending. */
  readonly #flight: { row: number; ackNs: number; isLost: boolean; isMarked: boolean }[] = [];
  #nextRow = 0;
  #freeNs = 0;
  #recoveryUntilRow = -1;
  #lastSentNs = 0;

  constructor(name: string, options: PipeOptions) {
    this.#options = options;
    this.#rate = options.rate;
    this.rttNs = options.rttMs * 1e6;
    this.rtt = new RttEstimator(RTT_CONFIG_LINUX, this.clock);
    this.#rates = new DeliveryRateEstimator(this.clock);
    this.#pacer = new Pacer(this.clock);
    this.rtt.onSample(this.rttNs);
    const factory = ControllerRegistry.withBuiltIns().factory(name, options.values);
    this.controller = factory({
      clock: this.clock,
      random: RandomSource.fromSeed(1),
      smss: SMSS,
      initialWindow: initialWindowRfc6928(SMSS),
      initialRttNs: this.rttNs,
      granularity: options.granularity ?? 'segments',
      isPaced: false,
    });
    this.#notePhase();
  }

  get rate(): number {
    return this.#rate;
  }

  /** What waits leaves at the new rate. */
  set rate(rate: number) {
    const nowNs = this.clock.nowNs;
    const stretch = this.#rate / rate;
    for (const segment of this.#flight) {
      const leftNs = segment.ackNs - this.rttNs - nowNs;
      if (leftNs > 0) segment.ackNs = Math.ceil(nowNs + leftNs * stretch + this.rttNs);
    }
    this.#freeNs = nowNs + Math.max(0, this.#freeNs - nowNs) * stretch;
    this.#rate = rate;
  }

  get seconds(): number {
    return this.clock.nowNs / 1e9;
  }

  get cwndSegments(): number {
    return this.controller.cwnd / SMSS;
  }

  get inFlightSegments(): number {
    return this.#flight.length;
  }

  /** Segments delivered since `forget`, of what the rate could have carried in `seconds`. */
  utilisation(seconds: number): number {
    return (this.deliveredSegments * SMSS) / (this.rate * seconds);
  }

  /** What an arriving segment met on average, since `forget`. */
  get meanQueueBytes(): number {
    return this.queueSumBytes / Math.max(1, this.deliveredSegments + this.lostSegments);
  }

  forget(): void {
    this.deliveredSegments = 0;
    this.lostSegments = 0;
    this.queueSumBytes = 0;
    this.queueMaxBytes = 0;
  }

  /** Runs on for so many seconds, or until the controller is in a state of this name: true if it came to be. */
  run(seconds: number, untilPhase?: string): boolean {
    const endNs = this.clock.nowNs + seconds * 1e9;
    for (;;) {
      if (untilPhase !== undefined && this.controller.phase === untilPhase) return true;
      const sendNs = this.#maySend() ? Math.max(this.clock.nowNs, this.#pacer.eligibleAtNs) : endNs;
      const ackNs = this.#flight.find((segment) => !segment.isLost)?.ackNs ?? endNs;
      const atNs = Math.min(sendNs, ackNs);
      if (atNs >= endNs) break;
      this.clock.cell[0] = Math.ceil(atNs);
      if (ackNs <= sendNs) this.#acknowledge();
      else this.#send();
    }
    this.clock.cell[0] = endNs;
    return false;
  }

  #maySend(): boolean {
    return this.hasData && (this.#flight.length + 1) * SMSS <= this.controller.cwnd;
  }

  #send(): void {
    const nowNs = this.clock.nowNs;
    const { controller } = this;
    const idleNs = nowNs - this.#lastSentNs;
    if (this.#flight.length === 0 && idleNs > this.rtt.rtoNs) {
      controller.onIdleRestart(idleNs, this.rtt.rtoNs);
    }
    this.#lastSentNs = nowNs;
    const row = this.#nextRow++;
    const waiting = Math.max(0, ((this.#freeNs - nowNs) * this.rate) / 1e9);
    const { queueBytes, loss = 0, markAboveBytes = Number.POSITIVE_INFINITY } = this.#options;
    const isLost = waiting + SMSS > queueBytes || (loss > 0 && this.#random.nextDouble() < loss);
    if (!isLost) this.#freeNs = Math.max(nowNs, this.#freeNs) + (SMSS * 1e9) / this.rate;
    this.queueSumBytes += waiting;
    this.queueMaxBytes = Math.max(this.queueMaxBytes, waiting);
    const ackNs = Math.ceil(this.#freeNs + this.rttNs);
    this.#flight.push({ row, ackNs, isLost, isMarked: waiting > markAboveBytes });
    const inFlight = this.#flight.length * SMSS;
    this.#rates.stampSent(this.#sent, row % ROWS, SMSS, inFlight);
    controller.onPacketSent(SMSS, inFlight, this.#rates.isAppLimited);
    this.#pacer.onSent(SMSS, controller.pacingRate, controller.sendQuantum);
    if (!this.#maySend()) this.#pacer.endBurst();
  }

  #acknowledge(): void {
    const { controller } = this;
    const sample = this.#sample;
    const priorInFlight = this.#flight.length * SMSS;
    this.#rates.beginAck(sample);
    const lost = this.#flight.findIndex((segment) => !segment.isLost);
    const [acked] = this.#flight.splice(lost, 1);
    const lostRows = this.#flight.splice(0, lost).map(({ row }) => row);
    const { row, isMarked } = acked as { row: number; isMarked: boolean };
    this.#rates.onDelivered(sample, this.#sent, row % ROWS, SMSS);
    const rttNs =
      this.clock.nowNs -
      (this.#sent.times[((row % ROWS) << TIMES_SHIFT) + SentTime.Sent] as number);
    this.rtt.onSample(rttNs);
    this.deliveredSegments++;
    this.lostSegments += lostRows.length;
    Object.assign(sample, {
      rttNs,
      priorInFlight,
      ackedBytes: SMSS,
      ackedSegments: 1,
      lostBytes: lostRows.length * SMSS,
      lostSegments: lostRows.length,
      ceBytes: isMarked ? SMSS : 0,
      inFlight: this.#flight.length * SMSS,
      inFlightSegments: this.#flight.length,
      advancesSndUna: true,
      isCwndLimited: priorInFlight + SMSS > controller.cwnd,
      nextSendNs: this.#pacer.eligibleAtNs,
    });
    this.#tellLosses(lostRows);
    this.#rates.endAck(sample, this.rtt.minNs);
    this.#followRecovery(row, lostRows.length > 0, isMarked);
    controller.onAck(sample, this.rtt);
    if (controller.isHoldingBack === true) this.#rates.markAppLimited(sample.inFlight);
    if (!this.hasData) this.#rates.markAppLimited(sample.inFlight);
    this.#notePhase();
  }

  #tellLosses(rows: readonly number[]): void {
    const loss = new LossRecord();
    for (const [index, row] of rows.entries()) {
      this.#rates.onLost(loss, this.#sent, row % ROWS, SMSS);
      loss.endsBurst = index === rows.length - 1;
      this.controller.onPacketsLost(loss);
    }
  }

  #followRecovery(row: number, hasLosses: boolean, isMarked: boolean): void {
    const { controller } = this;
    const sample = this.#sample;
    if (this.#recoveryUntilRow >= 0 && row >= this.#recoveryUntilRow) {
      controller.onExitRecovery();
      this.#recoveryUntilRow = -1;
    }
    if (this.#recoveryUntilRow < 0 && (hasLosses || isMarked)) {
      const cause = hasLosses ? CongestionCause.Loss : CongestionCause.EcnCe;
      controller.onEnterRecovery(cause, sample);
      this.#recoveryUntilRow = this.#nextRow;
    }
    sample.inRecovery = this.#recoveryUntilRow >= 0;
  }

  #notePhase(): void {
    const { phase } = this.controller;
    if (phase === undefined || this.phases.at(-1)?.name === phase) return;
    this.phases.push({ name: phase, seconds: this.seconds });
  }
}
