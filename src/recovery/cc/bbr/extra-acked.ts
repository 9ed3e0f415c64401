/**
 * BBR.extra_acked: how much more than the bandwidth explains is acknowledged when ACKs come in lumps, the most of
 * ten round trips, or of one in Startup: draft-ietf-ccwg-bbr §5.5.9. Hot.
 */
import { type Bytes, type Instant, NS_PER_SECOND, UNSET_ZERO } from '../../../base/units.ts';
import type { BytesPerSecond } from '../../congestion.ts';
import { WindowedMax } from './windowed-max.ts';

const ROUNDS = 10;
const STARTUP_ROUNDS = 1;

export class ExtraAcked {
  /** To be set before onAck. */
  bw: BytesPerSecond = UNSET_ZERO;
  nowNs: Instant;
  readonly #filter = new WindowedMax(STARTUP_ROUNDS);
  #intervalStartNs: Instant;
  #delivered: Bytes = UNSET_ZERO;

  constructor(nowNs: Instant) {
    this.nowNs = nowNs;
    this.#intervalStartNs = nowNs;
  }

  get bytes(): Bytes {
    return this.#filter.best;
  }

  /** The pipe has been filled, once and for all. */
  leaveStartup(): void {
    this.#filter.window = ROUNDS;
  }

  restart(): void {
    this.#intervalStartNs = this.nowNs;
  }

  onAck(newlyAcked: Bytes, cwnd: Bytes, round: number): void {
    const { nowNs } = this;
    let expected = (this.bw * (nowNs - this.#intervalStartNs)) / NS_PER_SECOND;
    if (this.#delivered <= expected) {
      this.#delivered = 0;
      this.#intervalStartNs = nowNs;
      expected = 0;
    }
    this.#delivered += newlyAcked;
    this.#filter.candidate = Math.min(this.#delivered - expected, cwnd);
    this.#filter.update(round);
  }
}
