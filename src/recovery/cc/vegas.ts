/**
 * Vegas: Brakmo and Peterson, "TCP Vegas: End to End Congestion Avoidance on a Global Internet", 1995, from
 * memory. Once a round trip, the segments that wait in queues are the window less what the least RTT explains:
 * cwnd (RTT - baseRTT) / RTT, with the least RTT of the round. Below alpha the window grows by a segment, above
 * beta it shrinks by one; slow start ends above gamma, and gives back what waits. A round with fewer than three RTT samples says nothing, and grows
 * as Reno does. Loss is answered as in Reno. Hot.
 */
import type { Bytes, Duration } from '../../base/units.ts';
import { type AckSample, NO_SAMPLE } from '../congestion.ts';
import { RoundCounter } from './bbr/round-counter.ts';
import type { DelayObserver } from './delay-based.ts';
import { RenoGrowth } from './reno.ts';
import type { SlowStart } from './slow-start.ts';

export interface VegasOptions {
  /** Segments. */
  readonly alpha: number;
  readonly beta: number;
  readonly gamma: number;
}

const SAMPLES_MIN = 3;

/** Base RTT, and the least RTT of the round that has just ended. */
export class VegasRounds implements DelayObserver {
  /** The last ACK ended a round. */
  isRoundEnd = false;
  /** That round had samples enough. */
  isMeasured = false;
  /** Slow start has just ended: the window is to come down to what the path holds. */
  isTooLong = false;
  #baseNs: Duration = NO_SAMPLE;
  #roundNs: Duration = NO_SAMPLE;
  #leastNs: Duration = NO_SAMPLE;
  #samples = 0;
  readonly #rounds = new RoundCounter();

  onAck(sample: Readonly<AckSample>): void {
    const { rttNs } = sample;
    this.isRoundEnd = false;
    if (rttNs >= 0) {
      this.#samples++;
      if (this.#baseNs < 0 || rttNs < this.#baseNs) this.#baseNs = rttNs;
      if (this.#leastNs < 0 || rttNs < this.#leastNs) this.#leastNs = rttNs;
    }
    if (sample.newestSentNs < 0) return;
    this.#rounds.onAck(sample);
    if (!this.#rounds.isStart) return;
    this.isRoundEnd = true;
    this.isMeasured = this.#samples >= SAMPLES_MIN;
    this.#roundNs = this.#leastNs;
    this.#leastNs = NO_SAMPLE;
    this.#samples = 0;
  }

  /** Bytes of a window that wait in queues. */
  queued(cwnd: Bytes): Bytes {
    return this.#roundNs > 0 ? (cwnd * (this.#roundNs - this.#baseNs)) / this.#roundNs : 0;
  }
}

export class VegasGrowth extends RenoGrowth {
  readonly #rounds: VegasRounds;
  readonly #options: VegasOptions;
  #segmentBytes: Bytes;

  constructor(smss: Bytes, rounds: VegasRounds, options: VegasOptions) {
    super(smss);
    this.#segmentBytes = smss;
    this.#rounds = rounds;
    this.#options = options;
  }

  override increase(cwnd: Bytes, acked: Bytes): Bytes {
    const rounds = this.#rounds;
    const smss = this.#segmentBytes;
    if (rounds.isTooLong) return this.#cut(cwnd);
    if (!rounds.isMeasured) return super.increase(cwnd, acked);
    if (!rounds.isRoundEnd) return 0;
    const queued = rounds.queued(cwnd) / smss;
    if (queued < this.#options.alpha) return Math.min(smss, acked);
    return queued > this.#options.beta && cwnd >= 3 * smss ? -smss : 0;
  }

  override onReduction(): void {
    super.onReduction();
    this.#rounds.isTooLong = false;
  }

  override onMtuChange(smss: Bytes): void {
    super.onMtuChange(smss);
    this.#segmentBytes = smss;
  }

  /** All but one of the segments that wait, as Linux does it. */
  #cut(cwnd: Bytes): Bytes {
    const rounds = this.#rounds;
    const smss = this.#segmentBytes;
    rounds.isTooLong = false;
    const segments = Math.floor(rounds.queued(cwnd) / smss) - 1;
    return -Math.max(0, Math.min(segments, Math.floor(cwnd / smss) - 2)) * smss;
  }
}

export class VegasSlowStart implements SlowStart {
  isOver = false;
  readonly #rounds: VegasRounds;
  readonly #gamma: number;
  #smss: Bytes;

  constructor(smss: Bytes, rounds: VegasRounds, { gamma }: VegasOptions) {
    this.#smss = smss;
    this.#rounds = rounds;
    this.#gamma = gamma;
  }

  onAck(cwnd: Bytes, growable: Bytes): Bytes {
    const rounds = this.#rounds;
    const isQueued = rounds.queued(cwnd) > this.#gamma * this.#smss && cwnd >= 2 * this.#smss;
    if (rounds.isRoundEnd && rounds.isMeasured && isQueued) {
      this.isOver = true;
      rounds.isTooLong = true;
      return 0;
    }
    return growable;
  }

  onCongestion(): void {}

  onTimeout(): void {
    this.isOver = false;
  }

  onMtuChange(smss: Bytes): void {
    this.#smss = smss;
  }
}
