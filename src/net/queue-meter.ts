/**
 * What a link's queue did: how long frames waited (from arrival to the start of their transmission), the
 * deepest backlog, and on request the backlog over time. Hot: no allocation per record.
 */
import { DepthSeries } from '../base/depth-series.ts';
import type { HistogramRows } from '../base/histogram.ts';
import type { Bytes, Duration } from '../base/units.ts';

export class QueueMeter {
  /** Waits above 0 of all links of a run; this link's row. Write delays.valueNs, then record(row). */
  readonly delays: HistogramRows;
  row: number;
  /** Frames that did not wait: most of them, on most links. */
  unwaitedPackets = 0;
  /** Undefined unless asked for. Write depth.timeNs, then record(bytes). */
  readonly depth: DepthSeries | undefined;
  /** Of what waited; with QueueLimits.countsUnsent, of the unsent bytes that accepted frames found before them. */
  peakBytes: Bytes = 0;

  constructor(delays: HistogramRows, recordsDepth: boolean) {
    this.delays = delays;
    this.row = delays.addRow();
    this.depth = recordsDepth ? new DepthSeries() : undefined;
  }

  /** Measures from now on; what was measured before is forgotten. Set-up time. */
  restart(): void {
    this.row = this.delays.addRow();
    this.unwaitedPackets = 0;
    this.peakBytes = 0;
  }

  /** Frames whose wait was measured. */
  get packets(): number {
    return this.unwaitedPackets + this.delays.count(this.row);
  }

  get meanDelayNs(): Duration {
    const { packets } = this;
    const waited = this.delays.count(this.row);
    return packets === 0 ? 0 : (this.delays.mean(this.row) * waited) / packets;
  }

  /** The wait of rank ⌈q · packets⌉, as base/histogram has it. */
  quantileDelayNs(q: number): Duration {
    const { packets, unwaitedPackets } = this;
    // See HistogramRows.quantile for the small term.
    const rank = Math.max(1, Math.ceil(q * packets - 1e-6));
    if (packets === 0 || rank <= unwaitedPackets) return 0;
    return this.delays.quantile(this.row, (rank - unwaitedPackets) / (packets - unwaitedPackets));
  }
}
