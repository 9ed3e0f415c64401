/**
 * Latency under load: round trips of a sparse flow of small packets that are echoed beside the load, against what they
 * take on an empty path. Cold.
 */
import { HistogramRows } from '../base/histogram.ts';
import type { Duration } from '../base/units.ts';

const NS_PER_MS = 1e6;

export class LatencyProbe {
  readonly #rtts = new HistogramRows(2);
  readonly #idleNs: Duration;
  #row: number;

  /** @param idleNs of a packet that meets no other: propagation, and its transmission there and back */
  constructor(idleNs: Duration) {
    this.#idleNs = idleNs;
    this.#row = this.#rtts.addRow();
  }

  /** Leaves out what was measured until now. */
  restart(): void {
    this.#row = this.#rtts.addRow();
  }

  onRoundTrip(rttNs: Duration): void {
    this.#rtts.valueNs[0] = rttNs;
    this.#rtts.record(this.#row);
  }

  /** What the load adds to a round trip, by nearest rank; null when none came back. */
  addedMs(q: number): number | null {
    if (this.#rtts.count(this.#row) === 0) return null;
    return Math.max(0, this.#rtts.quantile(this.#row, q) - this.#idleNs) / NS_PER_MS;
  }
}
