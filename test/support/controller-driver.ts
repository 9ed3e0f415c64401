/** Drives one congestion controller by hand: a clock, a sample, and calls in segments and milliseconds. */
import { VirtualClock } from '../../src/engine/clock.ts';
import { RandomSource } from '../../src/engine/random.ts';
import { ControllerRegistry, type ParameterValues } from '../../src/recovery/cc/controllers.ts';
import { CongestionCause, type CongestionController } from '../../src/recovery/congestion.ts';
import { AckRecord, LossRecord } from '../../src/recovery/delivery-rate.ts';

export const SMSS = 1000;

export interface DriverOptions {
  readonly granularity?: 'bytes' | 'segments';
  readonly initialSegments?: number;
  readonly isPaced?: boolean;
  readonly hasAccurateMarks?: boolean;
  readonly values?: ParameterValues;
}

export class ControllerDriver {
  readonly clock = new VirtualClock();
  readonly controller: CongestionController;
  readonly sample = new AckRecord();
  /** Constant unless a test changes it. */
  rttMs = 100;

  constructor(name: string, options: DriverOptions = {}) {
    this.controller = ControllerRegistry.withBuiltIns().factory(
      name,
      options.values,
    )({
      clock: this.clock,
      random: RandomSource.fromSeed(1),
      smss: SMSS,
      initialWindow: (options.initialSegments ?? 10) * SMSS,
      granularity: options.granularity ?? 'bytes',
      isPaced: options.isPaced ?? false,
      hasAccurateMarks: options.hasAccurateMarks ?? true,
    });
    this.sample.advancesSndUna = true;
    this.sample.isCwndLimited = true;
  }

  /** Segments. */
  get cwnd(): number {
    return this.controller.cwnd / SMSS;
  }

  get ssthresh(): number {
    return this.controller.ssthresh / SMSS;
  }

  get nowMs(): number {
    return this.clock.nowNs / 1e6;
  }

  advance(ms: number): void {
    this.clock.cell[0] = Math.round(this.clock.nowNs + ms * 1e6);
  }

  /** One ACK for so many segments; `rttMs` of its newest packet. */
  ack(segments: number, rttMs = this.rttMs): void {
    const { sample, clock } = this;
    const rttNs = Math.round(rttMs * 1e6);
    sample.nowNs = clock.nowNs;
    sample.ackedBytes = segments * SMSS;
    sample.ackedSegments = segments;
    sample.rttNs = rttNs;
    sample.newestSentNs = clock.nowNs - rttNs;
    const smoothedNs = this.rttMs * 1e6;
    this.controller.onAck(sample, { latestNs: rttNs, minNs: smoothedNs, smoothedNs, varNs: 0 });
  }

  /** A round trip of a full window, one ACK for `perAck` segments, evenly spread. */
  round(perAck = 1): void {
    const acks = Math.floor(this.cwnd / perAck);
    for (let count = 0; count < acks; count++) {
      this.advance(this.rttMs / acks);
      this.ack(perAck);
    }
  }

  /** A recovery period that is over at once. `flight` in segments, the window unless given. */
  congest(cause = CongestionCause.Loss, flight = this.cwnd): void {
    this.sample.nowNs = this.clock.nowNs;
    this.sample.priorInFlight = flight * SMSS;
    this.controller.onEnterRecovery(cause, this.sample);
    this.controller.onExitRecovery();
  }

  lose(segments: number): void {
    const loss = new LossRecord();
    loss.nowNs = this.clock.nowNs;
    loss.lostBytes = segments * SMSS;
    loss.lostSegments = segments;
    this.controller.onPacketsLost(loss);
  }

  timeOut(flight = this.cwnd): void {
    this.controller.onRetransmissionTimeout(flight * SMSS);
  }

  /** Brings the window there and congestion avoidance with it: grows in slow start, then loses. */
  static inAvoidance(
    name: string,
    ssthresh: number,
    options: DriverOptions = {},
  ): ControllerDriver {
    const beta = name === 'reno' ? 0.5 : 0.7;
    const initialSegments = Math.round(ssthresh / beta);
    const driver = new ControllerDriver(name, { ...options, initialSegments });
    driver.advance(1000);
    driver.congest();
    return driver;
  }
}
