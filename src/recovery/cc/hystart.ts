/**
 * Hybrid slow start as Linux has it (after Ha and Rhee 2011): slow start grows without limit L and
 * ends, before loss, when one of two signs says that the window fills the path. ACK train: ACKs at most
 * 2 ms apart have come in for half the least RTT since the round began. Delay: the least RTT of a
 * round's first samples exceeds the least of all by an eighth, 4 ms at least and 16 ms at most. Below
 * 16 segments neither is asked. After a timeout all is measured anew. A round ends with the first ACK
 * of a packet sent in it; from Linux 5.17 to 6.13 rounds are counted from 16 segments on only. Constants are
 * those of the kernel's module. Hot: no allocation per ACK.
 */
import { type Bytes, type Duration, type Instant, NO_TIME } from '../../base/units.ts';
import type { AckSample, RttView } from '../congestion.ts';
import type { SlowStart } from './slow-start.ts';

const WINDOW_SEGMENTS_MIN = 16;
const TRAIN_GAP_NS_MAX: Duration = 2e6;
const SAMPLES_MIN = 8;
const DELAY_DIVISOR = 8;
const DELAY_NS_MIN: Duration = 4e6;
const DELAY_NS_MAX: Duration = 16e6;
/** What a segmentation offload may hold back: four of the largest bursts at the pacing rate, 1 ms at most. */
const OFFLOAD_BYTES: Bytes = 4 * 65536;
const OFFLOAD_NS_MAX: Duration = 1e6;
/** In slow start the pacing rate is twice cwnd / SRTT. */
const PACING_GAIN = 2;

export class HyStart implements SlowStart {
  isOver = false;
  #smss: Bytes;
  readonly #isPaced: boolean;
  /** Of an earlier Linux: below this no round begins. */
  readonly #roundSegmentsMin: number;
  #minNs: Duration = Number.POSITIVE_INFINITY;
  #roundMinNs: Duration = Number.POSITIVE_INFINITY;
  #roundSamples = 0;
  #roundStartNs: Instant = NO_TIME;
  #lastAckNs: Instant = NO_TIME;

  /** @param countsSmallRounds false: as Linux 5.17 to 6.13 */
  constructor(smss: Bytes, isPaced: boolean, countsSmallRounds = true) {
    this.#smss = smss;
    this.#isPaced = isPaced;
    this.#roundSegmentsMin = countsSmallRounds ? 0 : WINDOW_SEGMENTS_MIN;
  }

  onAck(cwnd: Bytes, growable: Bytes, sample: Readonly<AckSample>, rtt: RttView): Bytes {
    if (this.isOver || sample.rttNs < 0) return growable;
    this.#minNs = Math.min(this.#minNs, sample.rttNs);
    if (cwnd < this.#roundSegmentsMin * this.#smss) return growable;
    if (sample.newestSentNs >= this.#roundStartNs) this.#startRound(sample);
    if (cwnd < WINDOW_SEGMENTS_MIN * this.#smss) return growable;
    const isTrainLong = this.#measureTrain(cwnd, sample, rtt);
    const isDelayHigh = this.#measureDelay(sample);
    if (!isTrainLong && !isDelayHigh) return growable;
    this.isOver = true;
    return 0;
  }

  onCongestion(): void {}

  onTimeout(): void {
    this.isOver = false;
    this.#minNs = Number.POSITIVE_INFINITY;
    this.#roundStartNs = NO_TIME;
  }

  onMtuChange(smss: Bytes): void {
    this.#smss = smss;
  }

  #startRound({ nowNs }: Readonly<AckSample>): void {
    this.#roundStartNs = nowNs;
    this.#lastAckNs = nowNs;
    this.#roundMinNs = Number.POSITIVE_INFINITY;
    this.#roundSamples = 0;
  }

  #measureTrain(cwnd: Bytes, { nowNs }: Readonly<AckSample>, rtt: RttView): boolean {
    if (nowNs - this.#lastAckNs > TRAIN_GAP_NS_MAX) return false;
    this.#lastAckNs = nowNs;
    const offloadNs = (OFFLOAD_BYTES * rtt.smoothedNs) / (PACING_GAIN * cwnd);
    const thresholdNs = this.#minNs + Math.min(offloadNs, OFFLOAD_NS_MAX);
    // Paced segments fill the round trip anyway, so their train says less.
    return nowNs - this.#roundStartNs > (this.#isPaced ? thresholdNs : thresholdNs / 2);
  }

  #measureDelay({ rttNs }: Readonly<AckSample>): boolean {
    this.#roundMinNs = Math.min(this.#roundMinNs, rttNs);
    if (this.#roundSamples < SAMPLES_MIN) {
      this.#roundSamples++;
      return false;
    }
    const marginNs = Math.min(Math.max(this.#minNs / DELAY_DIVISOR, DELAY_NS_MIN), DELAY_NS_MAX);
    return this.#roundMinNs > this.#minNs + marginNs;
  }
}
