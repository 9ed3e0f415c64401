/**
 * What BBRv1 knows of the path: the most bandwidth of the last ten rounds, or the long-term rate of a policer; the
 * least RTT of the last ten seconds; whether the pipe has been filled; how ACKs aggregate. Rates are payload
 * bytes per second. It measures; Bbr1Controller decides. Hot: no allocation per ACK.
 */
import {
  type Bytes,
  type Duration,
  type Instant,
  NS_PER_SECOND,
  UNSET_ZERO,
} from '../../../base/units.ts';
import { type AckSample, type BytesPerSecond, NO_SAMPLE } from '../../congestion.ts';
import { FullPipe } from '../bbr/full-pipe.ts';
import { RoundCounter } from '../bbr/round-counter.ts';
import { WindowedMax } from '../bbr/windowed-max.ts';
import { AckAggregation } from './ack-aggregation.ts';
import { LongTermBandwidth } from './long-term-bandwidth.ts';

/** A gain cycle and two rounds. */
const BANDWIDTH_ROUNDS = 10;
const MIN_RTT_WINDOW_NS: Duration = 10 * NS_PER_SECOND;

export class PathModel {
  readonly rounds = new RoundCounter();
  readonly fullPipe = new FullPipe();
  readonly longTerm = new LongTermBandwidth();
  readonly aggregation = new AckAggregation();
  minRttNs: Duration;
  minRttAtNs: Instant;
  /** No RTT as low as minRttNs for a whole window, this ACK's RTT apart. */
  isMinRttOld = false;
  /** C.delivered, and when that was. */
  delivered: Bytes = UNSET_ZERO;
  deliveredNs: Instant;
  readonly #max = new WindowedMax(BANDWIDTH_ROUNDS);

  constructor(nowNs: Instant, minRttNs: Duration) {
    this.minRttNs = minRttNs;
    this.minRttAtNs = nowNs;
    this.deliveredNs = nowNs;
    this.longTerm.deliveredNs = nowNs;
    this.aggregation.nowNs = nowNs;
    this.aggregation.restart();
  }

  get maxBandwidth(): BytesPerSecond {
    return this.#max.best;
  }

  /** What pacing and window go by. */
  get bandwidth(): BytesPerSecond {
    return this.longTerm.isUsed ? this.longTerm.bandwidth : this.#max.best;
  }

  /** Counts, before anything else of an ACK. */
  noteDelivered(sample: Readonly<AckSample>): void {
    this.rounds.isStart = false;
    this.delivered = sample.priorDelivered + sample.delivered;
    if (sample.ackedBytes > 0) this.deliveredNs = sample.nowNs;
    this.longTerm.delivered = this.delivered;
    this.longTerm.deliveredNs = this.deliveredNs;
  }

  /** A valid sample, after rounds and long-term rate have seen it. */
  sampleBandwidth(sample: Readonly<AckSample>): void {
    const max = this.#max;
    max.candidate = (sample.delivered * NS_PER_SECOND) / sample.intervalNs;
    // What the application did not fill says only that the path takes at least this.
    if (!sample.isAppLimited || max.candidate >= max.best) max.update(this.rounds.count);
  }

  sampleAggregation(sample: Readonly<AckSample>, cwndSegments: number, smss: Bytes): void {
    const { aggregation } = this;
    aggregation.nowNs = sample.nowNs;
    aggregation.rate = this.bandwidth / smss;
    aggregation.onAck(sample.ackedSegments, cwndSegments, this.rounds.isStart);
  }

  sampleMinRtt(sample: Readonly<AckSample>): void {
    const { nowNs, rttNs } = sample;
    this.isMinRttOld = nowNs > this.minRttAtNs + MIN_RTT_WINDOW_NS;
    if (rttNs < 0) return;
    if (this.minRttNs === NO_SAMPLE || rttNs < this.minRttNs || this.isMinRttOld) {
      this.minRttNs = rttNs;
      this.minRttAtNs = nowNs;
    }
  }

  /** The pipe has been found full. */
  get isFull(): boolean {
    return this.fullPipe.wasFull;
  }

  /** At the start of a round. */
  observeFullPipe(): void {
    this.fullPipe.estimate = this.#max.best;
    this.fullPipe.observe();
  }
}
