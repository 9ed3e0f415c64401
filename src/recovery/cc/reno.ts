/**
 * Congestion avoidance of RFC 5681 §3.1 by byte counting (RFC 3465 §2.1): a segment for every window of
 * acknowledged bytes, so one a round trip, whatever the receiver's delayed ACKs. Decrease by half on loss,
 * to 0.8 on ECN with RFC 8511 §3. Slow start and recovery are elsewhere. Hot: no allocation per ACK.
 */
import type { Bytes } from '../../base/units.ts';
import { GrowthCounter, type WindowGrowth } from './window-growth.ts';

export class RenoGrowth implements WindowGrowth {
  readonly #counter = new GrowthCounter();
  #smss: Bytes;

  constructor(smss: Bytes) {
    this.#smss = smss;
  }

  get betaLoss(): number {
    return 0.5;
  }

  get betaEcn(): number {
    return 0.8;
  }

  increase(cwnd: Bytes, acked: Bytes): Bytes {
    return this.#counter.count(acked, cwnd, this.#smss);
  }

  onReduction(): void {
    this.#counter.reset();
  }

  onTimeout(): void {
    this.#counter.reset();
  }

  onMtuChange(smss: Bytes): void {
    this.#smss = smss;
    this.#counter.reset();
  }

  onApplicationLimited(): void {}
  onSendAfterIdle(): void {}
  onIdleRestart(): void {}
  restore(): void {}
}
