/**
 * What is measured of single connections beyond their own totals: every RTT sample and the largest congestion
 * window, one row a connection, for as many as ask (TcpConnection.meterRow). One meter serves all hosts of a
 * run. Hot: no allocation per sample.
 */
import { HistogramRows } from '../base/histogram.ts';
import type { Bytes } from '../base/units.ts';

export const NO_METER_ROW = -1;

export class FlowMeter {
  /** The samples that RTT estimation was given. Write rtts.valueNs, then rtts.record(row). */
  readonly rtts: HistogramRows;
  #largestCwnd: Float64Array;

  /** @param rows expected; there may be more */
  constructor(rows = 16) {
    this.rtts = new HistogramRows(rows);
    this.#largestCwnd = new Float64Array(rows);
  }

  addRow(): number {
    const row = this.rtts.addRow();
    if (row >= this.#largestCwnd.length) {
      const cwnds = new Float64Array(Math.max(1, row * 2));
      cwnds.set(this.#largestCwnd);
      this.#largestCwnd = cwnds;
    }
    return row;
  }

  largestCwndBytes(row: number): Bytes {
    return this.#largestCwnd[row];
  }

  onWindow(row: number, cwnd: Bytes): void {
    if (cwnd > this.#largestCwnd[row]) this.#largestCwnd[row] = cwnd;
  }
}
