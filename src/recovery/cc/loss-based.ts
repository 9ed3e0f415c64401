/**
 * A loss-based controller: RFC 5681 with a kind of slow start and a law of growth as its parts (Reno,
 * CUBIC). It owns cwnd and ssthresh, grows them by acknowledgements while the window is what limits
 * sending (RFC 7661, RFC 9438 §5.8), brings them down once a recovery period (RFC 5681 §3.2, RFC 3168
 * §6.1.2, RFC 8511) and at a timeout (equation 4), and puts them back when that was for nothing (RFC
 * 4015, RFC 5682). Granularity 'bytes' reduces from FlightSize, as RFC 5681 has it; 'segments' as Linux
 * does: from cwnd, to whole segments, once even if a timeout follows in the same period, and undone to
 * at least three quarters. Recovery's window is PRR's, in the sender. Hot: no allocation per ACK.
 */
import { type Bytes, type Duration, type Instant, UNSET_ZERO } from '../../base/units.ts';
import type { Clock } from '../../engine/clock.ts';
import {
  type AckSample,
  type BytesPerSecond,
  CongestionCause,
  type CongestionContext,
  type CongestionController,
  type LossSample,
  type RttView,
  SSTHRESH_UNSET,
  UNPACED,
} from '../congestion.ts';
import type { SlowStart } from './slow-start.ts';
import type { WindowGrowth } from './window-growth.ts';
import { WindowValidation } from './window-validation.ts';

/** Shared by the connections of one factory. */
export interface LossBasedOptions {
  /**
   * On ECN a reduction as on loss, or the growth's own: in congestion avoidance (RFC 8511 §4), or always
   * (RFC 8257 §3.3).
   */
  readonly ecnBackoff: 'as-loss' | 'own-in-avoidance' | 'own';
  /**
   * To the initial window (RFC 5681 §4.1), halved for each RTO of idle time (RFC 2861 §3, Linux), or kept and
   * validated (RFC 7661).
   */
  readonly idleRestart: 'initial-window' | 'halve' | 'validate';
}

export class LossBasedController implements CongestionController {
  cwnd: Bytes;
  ssthresh: Bytes = SSTHRESH_UNSET;
  readonly #slowStart: SlowStart;
  readonly #growth: WindowGrowth;
  readonly #options: LossBasedOptions;
  readonly #validation: WindowValidation | null;
  readonly #clock: Clock;
  readonly #isInSegments: boolean;
  readonly #initialSegments: number;
  #smss: Bytes;
  #lastSentNs: Instant = UNSET_ZERO;
  #inRecovery = false;
  /** The timer has fired and nothing new was acknowledged since. */
  #isTimedOut = false;
  /** What to put back; 0 when there is nothing. */
  #priorCwnd: Bytes = 0;
  #priorSsthresh: Bytes = 0;

  /** @param parts one slow start and one growth, made for this controller alone. */
  constructor(
    context: CongestionContext,
    parts: { readonly slowStart: SlowStart; readonly growth: WindowGrowth },
    options: LossBasedOptions,
  ) {
    this.#slowStart = parts.slowStart;
    this.#growth = parts.growth;
    this.#options = options;
    this.#validation = options.idleRestart === 'validate' ? new WindowValidation() : null;
    this.#clock = context.clock;
    this.#smss = context.smss;
    this.#isInSegments = context.granularity === 'segments';
    this.#initialSegments = context.initialWindow / context.smss;
    this.cwnd = this.#round(context.initialWindow);
  }

  get recoveryWindow(): 'prr' | 'own' {
    return 'prr';
  }

  get pacingRate(): BytesPerSecond {
    return UNPACED;
  }

  /** RFC 9002 §7.7: without a pacing rate of our own, bursts up to the initial window. */
  get sendQuantum(): Bytes {
    return this.#round(this.#initialSegments * this.#smss);
  }

  onPacketSent(sentBytes: Bytes, inFlight: Bytes): void {
    const nowNs = this.#clock.nowNs;
    if (inFlight <= sentBytes) {
      this.#growth.onSendAfterIdle(nowNs - this.#lastSentNs, nowNs);
    }
    this.#lastSentNs = nowNs;
    if (this.#validation !== null) this.#ageWindow(this.#validation);
  }

  onAck(sample: Readonly<AckSample>, rtt: RttView): void {
    if (sample.advancesSndUna) this.#isTimedOut = false;
    this.#validation?.onAck(this.cwnd, sample, rtt);
    let growable = 0;
    if (sample.isCwndLimited && sample.advancesSndUna && !sample.inRecovery) {
      growable = this.#isInSegments ? sample.ackedSegments * this.#smss : sample.ackedBytes;
    }
    if (this.cwnd < this.ssthresh) growable = this.#growInSlowStart(growable, sample, rtt);
    if (this.cwnd < this.ssthresh || sample.inRecovery) return;
    if (growable > 0) this.cwnd += this.#growth.increase(this.cwnd, growable, sample, rtt);
    else if (!sample.isCwndLimited) this.#growth.onApplicationLimited(sample);
  }

  onPacketsLost(loss: Readonly<LossSample>): void {
    this.#validation?.onLost(loss.lostBytes);
  }

  onEnterRecovery(cause: CongestionCause, sample: Readonly<AckSample>): void {
    // An ECN signal is no guess: there is nothing to undo (RFC 3168 §6.1.2).
    const canUndo = cause === CongestionCause.Loss;
    if (canUndo) this.#remember();
    else this.#priorCwnd = 0;
    const target = this.#reduce(cause, sample.priorInFlight, canUndo);
    // RFC 9438 §4.6, RFC 3168 §6.1.2: on ECN the window may go down to one segment.
    const floor = canUndo || this.#isInSegments ? this.ssthresh : this.#smss;
    this.cwnd = Math.max(target, floor);
    this.#inRecovery = true;
  }

  onExitRecovery(window?: Bytes): void {
    this.#inRecovery = false;
    if (window !== undefined) this.cwnd = Math.max(window, this.#smss);
    const safeBytes = this.#validation?.endRecovery() ?? -1;
    if (safeBytes < 0) return;
    this.cwnd = Math.max(this.#round(safeBytes * this.#growth.betaLoss), this.#smss);
    this.ssthresh = Math.max(this.cwnd, 2 * this.#smss);
  }

  /** RFC 5681 §3.1: ssthresh only at the first timeout of a segment, cwnd to one segment at each. */
  onRetransmissionTimeout(inFlight: Bytes, notLost: Bytes = 0): void {
    const isReducedAlready = this.#isTimedOut || (this.#isInSegments && this.#inRecovery);
    if (!isReducedAlready) {
      if (!this.#inRecovery) this.#remember();
      this.#reduce(CongestionCause.Loss, inFlight, !this.#inRecovery);
    }
    this.cwnd = this.#smss + (this.#isInSegments ? notLost : 0);
    this.#validation?.reset();
    this.#isTimedOut = true;
    this.#inRecovery = false;
    this.#slowStart.onTimeout();
    this.#growth.onTimeout();
  }

  /** RFC 9002 §7.6.2: the least window, two datagrams. */
  onPersistentCongestion(): void {
    this.cwnd = 2 * this.#smss;
    this.#validation?.reset();
    this.#inRecovery = false;
    this.#slowStart.onTimeout();
    this.#growth.onTimeout();
  }

  onSpuriousRecovery(): void {
    if (this.#priorCwnd === 0) return;
    this.#growth.restore(this.cwnd);
    this.cwnd = Math.max(this.cwnd, this.#priorCwnd);
    this.ssthresh = Math.max(this.ssthresh, this.#priorSsthresh);
    this.#validation?.reset();
    this.#priorCwnd = 0;
    this.#inRecovery = false;
    this.#isTimedOut = false;
  }

  onIdleRestart(idleNs: Duration, rtoNs: Duration): void {
    if (this.#validation !== null) return;
    const restart = Math.min(this.#round(this.#initialSegments * this.#smss), this.cwnd);
    this.#growth.onIdleRestart();
    if (this.#options.idleRestart === 'initial-window') {
      this.cwnd = restart;
      return;
    }
    // The path was good for this much: slow start may come back to it (RFC 2861 §3).
    this.ssthresh = Math.max(this.ssthresh, this.#threeQuarters());
    let cwnd = this.cwnd;
    for (let leftNs = idleNs - rtoNs; leftNs > 0 && cwnd > restart; leftNs -= rtoNs) {
      cwnd = this.#round(cwnd / 2);
    }
    this.cwnd = Math.max(cwnd, restart);
  }

  /** A smaller segment takes the window with it (RFC 5681 §3.1); a larger one leaves it in bytes. */
  onMtuChange(smss: Bytes): void {
    const was = Math.max(this.#smss, smss);
    this.#smss = smss;
    // The product first: that is exact, and so is the quotient of whole segments.
    this.cwnd = Math.max(this.#round((this.cwnd * smss) / was), smss);
    if (this.ssthresh !== SSTHRESH_UNSET) {
      this.ssthresh = Math.max(this.#round((this.ssthresh * smss) / was), 2 * smss);
    }
    this.#priorCwnd = 0;
    this.#slowStart.onMtuChange(smss);
    this.#growth.onMtuChange(smss, smss / was);
  }

  /** A descendant has found congestion in its own way. */
  protected endSlowStart(): void {
    this.#slowStart.onCongestion();
  }

  /** Gives what slow start left over for congestion avoidance. */
  #growInSlowStart(growable: Bytes, sample: Readonly<AckSample>, rtt: RttView): Bytes {
    const slowStart = this.#slowStart;
    const wasOver = slowStart.isOver;
    const increase = slowStart.onAck(this.cwnd, growable, sample, rtt);
    const grown = Math.min(increase, this.ssthresh - this.cwnd);
    this.cwnd += grown;
    if (slowStart.isOver && !wasOver) this.ssthresh = this.cwnd;
    return growable - grown;
  }

  /** Sets ssthresh; gives it as it is without its floor of two segments. */
  #reduce(cause: CongestionCause, flight: Bytes, canUndo: boolean): Bytes {
    const growth = this.#growth;
    const cwnd = this.cwnd;
    const { ecnBackoff } = this.#options;
    const isMild =
      cause === CongestionCause.EcnCe &&
      (ecnBackoff === 'own' || (ecnBackoff === 'own-in-avoidance' && cwnd > this.ssthresh));
    const used = this.#validation?.beginRecovery(flight) ?? -1;
    const usual = this.#isInSegments ? cwnd : flight;
    const base = Math.min(used >= 0 ? used : usual, cwnd);
    const beta = isMild ? growth.betaEcn : growth.betaLoss;
    // What is taken away is whole segments there, not what is left.
    const target =
      ecnBackoff === 'own' && isMild
        ? base - this.#round(base * (1 - beta))
        : this.#round(base * beta);
    growth.onReduction(cwnd, canUndo);
    this.#slowStart.onCongestion();
    this.ssthresh = Math.max(target, 2 * this.#smss);
    return target;
  }

  /** RFC 7661 §4.4.3. */
  #ageWindow(validation: WindowValidation): void {
    const periods = validation.countPeriods(this.cwnd, this.#lastSentNs);
    const initial = this.#round(this.#initialSegments * this.#smss);
    for (let period = 0; period < periods && this.cwnd > initial; period++) {
      this.ssthresh = Math.max(this.ssthresh, this.#threeQuarters());
      this.cwnd = Math.max(this.#round(this.cwnd / 2), initial);
      this.#growth.onIdleRestart();
    }
  }

  #remember(): void {
    this.#priorCwnd = this.cwnd;
    this.#priorSsthresh = this.#isInSegments
      ? Math.max(this.ssthresh, this.#threeQuarters())
      : this.ssthresh;
  }

  #threeQuarters(): Bytes {
    return this.#round(this.cwnd / 2) + this.#round(this.cwnd / 4);
  }

  /** To the nearest byte, or down to whole segments. */
  #round(bytes: Bytes): Bytes {
    return this.#isInSegments ? Math.floor(bytes / this.#smss) * this.#smss : Math.round(bytes);
  }
}
