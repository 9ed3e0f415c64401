/**
 * Random Early Detection (Floyd and Jacobson 1993) with the gentle slope (Floyd 2000) and, on request,
 * Adaptive RED (Floyd, Gummadi and Shenker 2001). The average queue length decides the chance that an arriving
 * frame is marked or dropped; the chance grows with the frames since the last one, which spaces them evenly.
 * Lengths are counted in bytes or in packets, as the thresholds are; a frame's own length changes nothing
 * (RFC 7567 §4.4). Above the slope every frame is dropped, ECN-capable or not (RFC 3168 §7).
 * Hot: no allocation per frame.
 */
import { exp, power } from '../base/math.ts';
import { type Duration, type Instant, NS_PER_SECOND, UNSET_ZERO } from '../base/units.ts';
import { DropReason } from '../engine/drop-reason.ts';
import type { RandomSource } from '../engine/random.ts';
import { type FrameId, NO_FRAME } from '../frame/frame-record.ts';
import { BufferedQueue } from './_buffered.ts';
import type { QueueEnvironment } from './queue-discipline.ts';

export interface RedConfig {
  /** What lengths and thresholds count. */
  readonly unit: 'bytes' | 'packets';
  /** min_th; undefined with an adaptive one: from the target. */
  readonly min: number | undefined;
  /** max_th; undefined for three times min_th. */
  readonly max: number | undefined;
  /** w_q; undefined with an adaptive one: a second's worth. */
  readonly weight: number | undefined;
  /** max_p. */
  readonly probability: number;
  readonly isGentle: boolean;
  readonly isAdaptive: boolean;
  /** Queueing delay that Adaptive RED derives min_th from. */
  readonly targetNs: Duration;
  readonly usesEcn: boolean;
  /** Of a typical packet: how many would have gone during an idle time. */
  readonly averagePacketBytes: number;
}

/** Floyd and Jacobson 1993 §6: min_th in packets and w_q. */
const MIN_PACKETS = 5;
const WEIGHT = 0.002;
/** Adaptive RED §4: how often max_p is adapted, by how much, and its bounds. */
const ADAPT_NS: Duration = NS_PER_SECOND / 2;
const ADAPT_DECREASE = 0.9;
const ADAPT_INCREASE_MAX = 0.01;
const PROBABILITY_MIN = 0.01;
const PROBABILITY_MAX = 0.5;
const TWO_POW_MINUS_32 = 2 ** -32;

export class Red extends BufferedQueue {
  /** Average queue length, in the unit of the thresholds. */
  average = UNSET_ZERO;
  /** max_p, which Adaptive RED moves. */
  probability: number;
  readonly #countsBytes: boolean;
  readonly #min: number;
  readonly #max: number;
  readonly #weight: number;
  readonly #isGentle: boolean;
  readonly #isAdaptive: boolean;
  readonly #usesEcn: boolean;
  /** s: transmission time of a typical packet. */
  readonly #packetNs: Duration;
  readonly #random: RandomSource;
  /** Frames since the last one marked or dropped; -1 while the average is below min_th. */
  #count = -1;
  /** q_time: since when nothing waits and nothing is sent; -1 while that is not so. */
  #idleSinceNs: Instant = -1;
  #adaptAtNs: Instant = NS_PER_SECOND / 2;

  constructor(environment: QueueEnvironment, config: RedConfig) {
    super(environment);
    const unit = config.unit === 'bytes' ? config.averagePacketBytes : 1;
    const packetsPerSecond = environment.rate / 8 / config.averagePacketBytes;
    // Adaptive RED §4.2 and §4.3: thresholds from the target delay, a time constant of ten RTTs of 100 ms.
    const adaptiveMin = Math.max(
      MIN_PACKETS,
      (config.targetNs * packetsPerSecond) / 2 / NS_PER_SECOND,
    );
    const minPackets =
      config.isAdaptive && Number.isFinite(adaptiveMin) ? adaptiveMin : MIN_PACKETS;
    this.#min = config.min ?? minPackets * unit;
    this.#max = config.max ?? this.#min * 3;
    const adaptiveWeight = 1 - exp(-1 / packetsPerSecond);
    this.#weight =
      config.weight ?? (config.isAdaptive && adaptiveWeight > 0 ? adaptiveWeight : WEIGHT);
    this.probability = config.probability;
    this.#countsBytes = config.unit === 'bytes';
    this.#isGentle = config.isGentle;
    this.#isAdaptive = config.isAdaptive;
    this.#usesEcn = config.usesEcn;
    this.#packetNs = NS_PER_SECOND / packetsPerSecond;
    this.#random = environment.random;
  }

  /** Every arrival moves the average. */
  letsPass(): boolean {
    return false;
  }

  enqueue(frame: FrameId): boolean {
    if (this.#isAdaptive) this.#adapt();
    this.#updateAverage();
    if (this.#isChosen()) {
      this.#count = 0;
      const isForced = this.average >= this.#forcedFrom;
      if (isForced || !this.#usesEcn || !this.outcomes.mark(frame, this.place)) {
        this.outcomes.drop(frame, DropReason.Aqm, this.place);
        return false;
      }
    }
    if (!this.queues.hasRoomFor(this.lengthOf(frame))) {
      this.outcomes.drop(frame, DropReason.QueueFull, this.place);
      return false;
    }
    this.queues.push(0, frame);
    return true;
  }

  dequeue(): FrameId {
    const frame = this.queues.shift(0);
    if (frame === NO_FRAME && this.#idleSinceNs < 0) this.#idleSinceNs = this.clock.nowNs;
    return frame;
  }

  /** Average from which on every frame is dropped. */
  get #forcedFrom(): number {
    return this.#isGentle ? this.#max * 2 : this.#max;
  }

  /** Figure 2 of the paper: decays over an idle time as if so many packets had met an empty queue. */
  #updateAverage(): void {
    const { queues } = this;
    if (this.#idleSinceNs >= 0) {
      const packets = (this.clock.nowNs - this.#idleSinceNs) / this.#packetNs;
      this.average = packets > 0 ? this.average * power(1 - this.#weight, packets) : this.average;
      this.#idleSinceNs = -1;
    }
    const length = this.#countsBytes ? queues.totalBytes : queues.totalPackets;
    this.average += this.#weight * (length - this.average);
  }

  #isChosen(): boolean {
    const { average } = this;
    if (average < this.#min) {
      this.#count = -1;
      return false;
    }
    if (average >= this.#forcedFrom) return true;
    this.#count++;
    const chance = this.#chanceAt(average);
    const left = 1 - this.#count * chance;
    // p_a = p_b / (1 - count p_b)
    return left <= 0 || (this.#random.nextInt32() >>> 0) * TWO_POW_MINUS_32 * left < chance;
  }

  /** p_b. */
  #chanceAt(average: number): number {
    const max = this.#max;
    if (average >= max) return this.probability + ((1 - this.probability) * (average - max)) / max;
    return (this.probability * (average - this.#min)) / (max - this.#min);
  }

  /** Adaptive RED §4: every half second, max_p towards an average in the middle fifth of the slope. */
  #adapt(): void {
    const now = this.clock.nowNs;
    const width = this.#max - this.#min;
    const low = this.#min + 0.4 * width;
    const high = this.#min + 0.6 * width;
    while (this.#adaptAtNs <= now) {
      if (this.average > high && this.probability <= PROBABILITY_MAX) {
        this.probability += Math.min(ADAPT_INCREASE_MAX, this.probability / 4);
      } else if (this.average < low && this.probability >= PROBABILITY_MIN) {
        this.probability *= ADAPT_DECREASE;
      } else {
        // The average stands still between arrivals, so the steps up to now change nothing either.
        this.#adaptAtNs += Math.floor((now - this.#adaptAtNs) / ADAPT_NS) * ADAPT_NS;
      }
      this.#adaptAtNs += ADAPT_NS;
    }
  }
}
