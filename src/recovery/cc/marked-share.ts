/**
 * What share of the bytes sent was marked by the network, smoothed: DCTCP.Alpha of RFC 8257 §3.3. A window of
 * observation is a round trip. Deviates from its step 1: SACKed bytes count when they are SACKed, as every byte
 * counts once. Hot.
 */
import { type Bytes, type Duration, type Instant, UNSET_ZERO } from '../../base/units.ts';
import type { AckSample } from '../congestion.ts';
import { RoundCounter } from './bbr/round-counter.ts';

export class MarkedShare {
  /** 0 to 1. */
  alpha: number;
  /** The last ACK began a round trip. */
  isRoundStart = false;
  readonly #gain: number;
  readonly #rounds = new RoundCounter();
  /** Nothing is learned before the first mark. */
  #waits: boolean;
  #ackedBytes: Bytes = 0;
  #markedBytes: Bytes = 0;
  #sinceNs: Instant = UNSET_ZERO;

  /** @param gain g; @param alpha before anything is known; @param waits for a mark to begin with */
  constructor(gain: number, alpha: number, waits = false) {
    this.#gain = gain;
    this.alpha = alpha;
    this.#waits = waits;
  }

  /** A window of observation is a round trip, and at least `leastNs`. */
  onAck(sample: Readonly<AckSample>, leastNs: Duration = 0): void {
    this.isRoundStart = false;
    if (sample.ceBytes > 0) this.#waits = false;
    if (sample.ackedBytes === 0 && sample.ceBytes === 0) return;
    this.#ackedBytes += sample.ackedBytes;
    this.#markedBytes += sample.ceBytes;
    if (sample.ackedBytes === 0) return;
    this.#rounds.onAck(sample);
    this.isRoundStart = this.#rounds.isStart;
    if (!this.isRoundStart || sample.nowNs - this.#sinceNs < leastNs) return;
    const marked = Math.min(1, this.#markedBytes / this.#ackedBytes);
    if (!this.#waits) this.alpha += this.#gain * (marked - this.alpha);
    this.#ackedBytes = 0;
    this.#markedBytes = 0;
    this.#sinceNs = sample.nowNs;
  }
}
