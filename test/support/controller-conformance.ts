/**
 * What every congestion controller must keep, whatever happens to it: lists of operations as a
 * transport would perform them, on a small model of a sender, with the invariants checked after each.
 * For our own controllers and for plug-ins; controllers with a recovery window of their own are held to
 * less.
 */
import fc from 'fast-check';
import { VirtualClock } from '../../src/engine/clock.ts';
import { RandomSource } from '../../src/engine/random.ts';
import {
  CongestionCause,
  type CongestionController,
  type CongestionControllerFactory,
  initialWindowRfc6928,
  SSTHRESH_UNSET,
} from '../../src/recovery/congestion.ts';
import { AckRecord, LossRecord } from '../../src/recovery/delivery-rate.ts';
import { RTT_CONFIG_RFC, RttEstimator } from '../../src/recovery/rtt.ts';

const MS = 1e6;
const MTU_SMSS = [536, 1220, 1448, 1460, 8948];

export type Operation =
  | { readonly kind: 'send'; readonly segments: number; readonly isAppLimited: boolean }
  | { readonly kind: 'ack'; readonly segments: number; readonly rttMs: number }
  | { readonly kind: 'duplicate-ack'; readonly segments: number }
  | { readonly kind: 'lose'; readonly segments: number }
  | { readonly kind: 'recover'; readonly cause: CongestionCause }
  | { readonly kind: 'mtu'; readonly smss: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'exit' | 'timeout' | 'persistent' | 'spurious' };

/** Mostly sending and acknowledging, so that windows grow; now and then everything else. */
export const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.record({
      kind: fc.constant('send' as const),
      segments: fc.oneof(fc.constant(1_000_000), fc.integer({ min: 1, max: 20 })),
      isAppLimited: fc.boolean(),
    }),
  },
  {
    weight: 40,
    arbitrary: fc.record({
      kind: fc.constant('ack' as const),
      segments: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 1000 })),
      rttMs: fc.oneof(fc.constant(20), fc.double({ min: 0, max: 2000, noNaN: true })),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('duplicate-ack' as const),
      segments: fc.integer({ min: 0, max: 4 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('lose' as const),
      segments: fc.integer({ min: 1, max: 40 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('recover' as const),
      cause: fc.constantFrom(CongestionCause.Loss, CongestionCause.EcnCe),
    }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('exit' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('timeout' as const, 'persistent' as const, 'spurious' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('mtu' as const),
      smss: fc.constantFrom(...MTU_SMSS),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1000, max: 100_000 })),
    }),
  },
);

/** A broken rule, with the operation that broke it. */
export class ConformanceError extends Error {
  override readonly name = 'ConformanceError';
}

/** A sender that knows only how much is in flight, and what the controller must not forget. */
class ModelSender {
  readonly #clock = new VirtualClock();
  readonly #rtt = new RttEstimator(RTT_CONFIG_RFC, this.#clock);
  readonly #controller: CongestionController;
  readonly #isInSegments: boolean;
  readonly #sample = new AckRecord();
  #smss = 1460;
  /** Segments. */
  #inFlight = 0;
  #inRecovery = false;
  #isTimedOut = false;
  #hadCongestion = false;
  #lastSentNs = 0;
  /** Window that an undo must bring back, 0 for none. */
  #undoCwnd = 0;
  #where = 'at the beginning';

  constructor(factory: CongestionControllerFactory, granularity: 'bytes' | 'segments') {
    this.#isInSegments = granularity === 'segments';
    this.#controller = factory({
      clock: this.#clock,
      random: RandomSource.fromSeed(1),
      smss: this.#smss,
      initialWindow: initialWindowRfc6928(this.#smss),
      granularity,
      isPaced: false,
    });
    this.#checkAlways();
    this.#check(
      this.#controller.ssthresh === SSTHRESH_UNSET,
      'ssthresh is unset before congestion',
    );
  }

  perform(operation: Operation, index: number): void {
    this.#where = `after operation ${index}, ${JSON.stringify(operation)}`;
    this.#advance(0.01);
    switch (operation.kind) {
      case 'send':
        this.#send(operation.segments, operation.isAppLimited);
        break;
      case 'ack':
        this.#acknowledge(operation.segments, operation.rttMs, true);
        break;
      case 'duplicate-ack':
        this.#acknowledge(operation.segments, -1, false);
        break;
      case 'lose':
        this.#lose(operation.segments);
        break;
      case 'recover':
        if (!this.#inRecovery) this.#enterRecovery(operation.cause);
        break;
      case 'mtu':
        this.#changeMtu(operation.smss);
        break;
      case 'wait':
        this.#wait(operation.ms);
        break;
      case 'exit':
        if (this.#inRecovery) this.#controller.onExitRecovery();
        this.#inRecovery = false;
        break;
      case 'timeout':
        this.#timeOut();
        break;
      case 'persistent':
        this.#controller.onPersistentCongestion();
        this.#inRecovery = false;
        this.#undoCwnd = 0;
        break;
      case 'spurious':
        this.#undo();
        break;
    }
    this.#checkAlways();
  }

  #advance(ms: number): void {
    this.#clock.cell[0] = Math.round(this.#clock.nowNs + ms * MS);
  }

  #send(segments: number, isAppLimited: boolean): void {
    const { cwnd } = this.#controller;
    for (let sent = 0; sent < segments && (this.#inFlight + 1) * this.#smss <= cwnd; sent++) {
      this.#inFlight++;
      this.#controller.onPacketSent(this.#smss, this.#inFlight * this.#smss, isAppLimited);
      this.#lastSentNs = this.#clock.nowNs;
    }
  }

  #acknowledge(segments: number, rttMs: number, advancesSndUna: boolean): void {
    const controller = this.#controller;
    const acked = Math.min(segments, this.#inFlight);
    if (acked === 0 && advancesSndUna) return;
    if (rttMs >= 0) {
      this.#advance(rttMs);
      this.#rtt.onSample(Math.round(rttMs * MS));
    }
    const before = controller.cwnd;
    const isCwndLimited = (this.#inFlight + 1) * this.#smss > before;
    this.#fillSample(acked, Math.round(rttMs * MS));
    this.#sample.advancesSndUna = advancesSndUna;
    this.#sample.isCwndLimited = isCwndLimited;
    controller.onAck(this.#sample, this.#rtt);
    if (advancesSndUna) this.#isTimedOut = false;
    if (controller.recoveryWindow !== 'prr') return;
    const grown = controller.cwnd - before;
    if (!isCwndLimited) this.#check(grown <= 0, 'an application-limited window does not grow');
    if (this.#inRecovery) this.#check(grown <= 0, 'the window does not grow in recovery');
    if (!advancesSndUna) this.#check(grown <= 0, 'a duplicate ACK opens no window');
    this.#check(grown <= acked * this.#smss, 'no ACK opens more than it acknowledges');
  }

  #fillSample(acked: number, rttNs: number): void {
    const sample = this.#sample;
    const smss = this.#smss;
    sample.nowNs = this.#clock.nowNs;
    sample.priorInFlight = this.#inFlight * smss;
    sample.txInFlight = sample.priorInFlight;
    this.#inFlight -= acked;
    sample.inFlight = this.#inFlight * smss;
    sample.inFlightSegments = this.#inFlight;
    sample.ackedBytes = acked * smss;
    sample.ackedSegments = acked;
    sample.priorDelivered += sample.delivered;
    sample.delivered = acked * smss;
    sample.rttNs = rttNs >= 0 ? rttNs : -1;
    sample.newestSentNs = acked > 0 ? sample.nowNs - Math.max(rttNs, 0) : -1;
    sample.intervalNs = rttNs > 0 ? rttNs : -1;
    sample.inRecovery = this.#inRecovery;
  }

  #lose(segments: number): void {
    const lost = Math.min(segments, this.#inFlight);
    const loss = new LossRecord();
    loss.nowNs = this.#clock.nowNs;
    loss.lostBytes = lost * this.#smss;
    loss.lostSegments = lost;
    loss.txInFlight = this.#inFlight * this.#smss;
    loss.lostSinceSent = loss.lostBytes;
    this.#inFlight -= lost;
    if (lost > 0) this.#controller.onPacketsLost(loss);
  }

  #enterRecovery(cause: CongestionCause): void {
    const controller = this.#controller;
    const before = controller.cwnd;
    this.#fillSample(0, -1);
    controller.onEnterRecovery(cause, this.#sample);
    this.#inRecovery = true;
    this.#hadCongestion = true;
    this.#undoCwnd = cause === CongestionCause.Loss ? before : 0;
    if (controller.recoveryWindow !== 'prr') return;
    const { cwnd, ssthresh } = controller;
    this.#check(cwnd <= Math.max(before, 2 * this.#smss), 'congestion does not open the window');
    this.#check(ssthresh >= 2 * this.#smss, 'ssthresh is at least two segments — RFC 5681 §3.1');
    if (cause === CongestionCause.Loss) {
      this.#check(cwnd >= 2 * this.#smss, 'the window after loss is at least two segments');
    }
  }

  #timeOut(): void {
    const controller = this.#controller;
    const { cwnd, ssthresh } = controller;
    if (!this.#inRecovery && !this.#isTimedOut) this.#undoCwnd = cwnd;
    const wasTimedOut = this.#isTimedOut;
    controller.onRetransmissionTimeout(this.#inFlight * this.#smss);
    this.#inFlight = 0;
    this.#inRecovery = false;
    this.#isTimedOut = true;
    this.#hadCongestion = true;
    if (controller.recoveryWindow !== 'prr') return;
    this.#check(controller.cwnd === this.#smss, 'a timeout leaves one segment — RFC 5681 §3.1');
    this.#check(controller.ssthresh >= 2 * this.#smss, 'ssthresh is at least two segments');
    if (wasTimedOut) {
      const isHeld = controller.ssthresh === ssthresh;
      this.#check(isHeld, 'a further timeout of a segment holds ssthresh — RFC 5681 §3.1');
    }
  }

  #undo(): void {
    const { cwnd, ssthresh } = this.#controller;
    this.#controller.onSpuriousRecovery();
    this.#check(this.#controller.cwnd >= this.#undoCwnd, 'an undo brings the window back');
    this.#check(this.#controller.cwnd >= cwnd, 'an undo does not close the window');
    this.#check(this.#controller.ssthresh >= ssthresh, 'an undo does not lower ssthresh');
    if (this.#undoCwnd > 0) {
      this.#inRecovery = false;
      this.#isTimedOut = false;
    }
    this.#undoCwnd = 0;
  }

  #changeMtu(smss: number): void {
    this.#inFlight = Math.floor((this.#inFlight * this.#smss) / Math.max(smss, this.#smss));
    this.#smss = smss;
    this.#undoCwnd = 0;
    this.#controller.onMtuChange(smss);
  }

  #wait(ms: number): void {
    this.#advance(ms);
    const idleNs = this.#clock.nowNs - this.#lastSentNs;
    if (this.#inFlight > 0 || idleNs <= this.#rtt.rtoNs) return;
    const before = this.#controller.cwnd;
    this.#controller.onIdleRestart(idleNs, this.#rtt.rtoNs);
    this.#check(this.#controller.cwnd <= before, 'idle time does not open the window');
    // The window of before the idle time is no longer what an undo is about.
    this.#undoCwnd = 0;
  }

  #checkAlways(): void {
    const { cwnd, ssthresh, pacingRate, sendQuantum } = this.#controller;
    const smss = this.#smss;
    this.#check(Number.isSafeInteger(cwnd), 'cwnd is a whole number of bytes');
    this.#check(cwnd >= smss, 'cwnd is at least one segment');
    this.#check(Number.isSafeInteger(ssthresh) && ssthresh > 0, 'ssthresh is a whole number');
    if (this.#hadCongestion && this.#controller.recoveryWindow === 'prr') {
      this.#check(ssthresh >= 2 * smss, 'ssthresh stays at least two segments');
    }
    if (this.#isInSegments) {
      this.#check(cwnd % smss === 0, 'cwnd is whole segments');
      const isWhole = ssthresh === SSTHRESH_UNSET || ssthresh % smss === 0;
      this.#check(isWhole, 'ssthresh is whole segments');
    }
    this.#check(pacingRate > 0, 'the pacing rate is positive, or UNPACED');
    this.#check(sendQuantum >= smss && Number.isFinite(sendQuantum), 'a quantum holds a segment');
  }

  #check(holds: boolean, rule: string): void {
    if (holds) return;
    const { cwnd, ssthresh } = this.#controller;
    throw new ConformanceError(
      `${rule}: broken ${this.#where}; smss ${this.#smss}, cwnd ${cwnd}, ssthresh ${ssthresh}, ` +
        `in flight ${this.#inFlight}`,
    );
  }
}

/** Performs the operations on a new controller. @throws ConformanceError at the first broken rule. */
export function checkConformance(
  factory: CongestionControllerFactory,
  granularity: 'bytes' | 'segments',
  operations: readonly Operation[],
): void {
  const sender = new ModelSender(factory, granularity);
  operations.forEach((operation, index) => {
    sender.perform(operation, index);
  });
}
