/**
 * BBRv1's congestion window, in whole segments: slow start towards a gain of the BDP, with room for three send
 * quanta and for aggregated ACKs; one segment out for one that leaves in the first round of recovery (packet
 * conservation), and what it was before put back at its end. Hot.
 */
import { NS_PER_SECOND } from '../../../base/units.ts';
import { type AckSample, NO_SAMPLE } from '../../congestion.ts';
import type { PathModel } from './path-model.ts';

export const WINDOW_SEGMENTS_MIN = 4;
const INITIAL_SEGMENTS = 10;
/** Of aggregated ACKs, at most what arrives in 100 ms. */
const EXTRA_SECONDS_MAX = 0.1;
/** Rounding errors of a product are no segment. */
const ROUNDING = 1e-6;

/** The sender's states that BBR tells apart. */
const enum SenderState {
  Open = 0,
  Recovery = 1,
  Timeout = 2,
}

export class Bbr1Window {
  segments: number;
  smss: number;
  /** Segments that leave back to back: the pacing rate of about a millisecond. */
  quantumSegments = 2;
  /** Pacing is above the bandwidth, in the gain cycle: two segments more, also where the BDP is small. */
  isProbing = false;
  #priorSegments = 0;
  #isConserving = false;
  #state = SenderState.Open;
  /** What the sender has told since the last ACK. */
  #nextState = SenderState.Open;
  /** Acknowledged in all. */
  #delivered = 0;
  readonly #model: PathModel;

  constructor(segments: number, smss: number, model: PathModel) {
    this.segments = segments;
    this.smss = smss;
    this.#model = model;
  }

  /** The product of bandwidth and least RTT. `isOfMax`: of the most bandwidth seen, not of a policer's. */
  targetSegments(gain: number, isOfMax: boolean): number {
    const { minRttNs, maxBandwidth, bandwidth } = this.#model;
    if (minRttNs === NO_SAMPLE) return INITIAL_SEGMENTS;
    const rate = isOfMax ? maxBandwidth : bandwidth;
    const bytes = (rate * minRttNs * gain) / NS_PER_SECOND;
    return Math.ceil(bytes / this.smss - ROUNDING);
  }

  /** What may be in flight at a gain, for sender and receiver to be kept busy. */
  inFlightSegments(gain: number): number {
    return this.#withQuanta(this.targetSegments(gain, true));
  }

  /** Room for three quanta; an even number, against delayed ACKs. */
  #withQuanta(segments: number): number {
    const room = segments + 3 * this.quantumSegments;
    return room + (room & 1) + (this.isProbing ? 2 : 0);
  }

  /** Remembers a window that was good, before it is cut. */
  save(isProbingRtt: boolean): void {
    const { segments } = this;
    if (this.#state === SenderState.Open && !isProbingRtt) this.#priorSegments = segments;
    else this.#priorSegments = Math.max(this.#priorSegments, segments);
  }

  restore(): void {
    this.segments = Math.max(this.segments, this.#priorSegments);
  }

  enterRecovery(): void {
    this.#nextState = SenderState.Recovery;
  }

  leaveRecovery(): void {
    this.#nextState = SenderState.Open;
  }

  /** What is still in flight, and one segment. */
  timeOut(): void {
    this.segments = 1;
    this.#state = SenderState.Timeout;
    this.#nextState = SenderState.Timeout;
  }

  endRoundOfConservation(): void {
    this.#isConserving = false;
  }

  onAck(sample: Readonly<AckSample>, gain: number, isProbingRtt: boolean): void {
    const acked = sample.ackedSegments;
    this.#delivered += acked;
    if (this.#nextState === SenderState.Timeout && !sample.isTimedOut) this.leaveRecovery();
    if (acked > 0 && !this.#followRecovery(sample)) this.#grow(acked, gain);
    if (isProbingRtt) this.segments = Math.min(this.segments, WINDOW_SEGMENTS_MIN);
  }

  #grow(acked: number, gain: number): void {
    const { isFull } = this.#model;
    let target = this.targetSegments(gain, false);
    if (isFull) target += this.#extraSegments();
    target = this.#withQuanta(target);
    let { segments } = this;
    if (isFull) segments = Math.min(segments + acked, target);
    else if (segments < target || this.#delivered < INITIAL_SEGMENTS) segments += acked;
    this.segments = Math.max(segments, WINDOW_SEGMENTS_MIN);
  }

  #extraSegments(): number {
    const { aggregation, bandwidth } = this.#model;
    const most = Math.floor((bandwidth * EXTRA_SECONDS_MAX) / this.smss);
    return Math.min(aggregation.extraSegments, most);
  }

  /** True while packets are conserved, and the window does not grow by itself. */
  #followRecovery(sample: Readonly<AckSample>): boolean {
    const { ackedSegments, lostSegments, inFlightSegments } = sample;
    if (lostSegments > 0) this.segments = Math.max(this.segments - lostSegments, 1);
    const state = this.#nextState;
    const before = this.#state;
    this.#state = state;
    if (state === SenderState.Recovery && before !== SenderState.Recovery) {
      this.#isConserving = true;
      this.#model.rounds.restartAt(this.#model.delivered);
      this.segments = inFlightSegments + ackedSegments;
    } else if (before !== SenderState.Open && state === SenderState.Open) {
      this.restore();
      this.#isConserving = false;
    }
    if (!this.#isConserving) return false;
    this.segments = Math.max(this.segments, inFlightSegments + ackedSegments);
    return true;
  }
}
