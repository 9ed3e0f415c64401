/**
 * What share of the bytes sent was marked by the network, smoothed: DCTCP.Alpha of RFC 8257 §3.3. A window of
 * observation is a round trip. Deviates from its step 1: SACKed bytes count when they are SACKed, as every byte
 * counts once. Hot.
 */
import type { Bytes } from '../../base/units.ts';
import type { AckSample } from '../congestion.ts';
import { RoundCounter } from './bbr/round-counter.ts';

export class MarkedShare {
  /** 0 to 1. */
  alpha: number;
  readonly #gain: number;
  readonly #rounds = new RoundCounter();
  #ackedBytes: Bytes = 0;
  #markedBytes: Bytes = 0;

  /** @param gain g; @param alpha before anything is known */
  constructor(gain: number, alpha: number) {
    this.#gain = gain;
    this.alpha = alpha;
  }

  onAck(sample: Readonly<AckSample>): void {
    if (sample.ackedBytes === 0) return;
    this.#ackedBytes += sample.ackedBytes;
    this.#markedBytes += sample.ceBytes;
    this.#rounds.onAck(sample);
    if (!this.#rounds.isStart) return;
    const marked = Math.min(1, this.#markedBytes / this.#ackedBytes);
    this.alpha += this.#gain * (marked - this.alpha);
    this.#ackedBytes = 0;
    this.#markedBytes = 0;
  }
}
