/**
 * What a link's queue did: how long frames waited (from arrival to the start of their transmission), the
 * deepest backlog, and on request the backlog over time. Hot: no allocation per record.
 */
import { DepthSeries } from '../base/depth-series.ts';
import type { HistogramRows } from '../base/histogram.ts';
import type { Bytes, Duration } from '../base/units.ts';

export class QueueMeter {
  /** Waits of all links of a run; this link's row. Write delays.valueNs, then record(row). */
  readonly delays: HistogramRows;
  readonly row: number;
  /** Undefined unless asked for. Write depth.timeNs, then record(bytes). */
  readonly depth: DepthSeries | undefined;
  peakBytes: Bytes = 0;

  constructor(delays: HistogramRows, recordsDepth: boolean) {
    this.delays = delays;
    this.row = delays.addRow();
    this.depth = recordsDepth ? new DepthSeries() : undefined;
  }

  get meanDelayNs(): Duration {
    return this.delays.mean(this.row);
  }

  quantileDelayNs(q: number): Duration {
    return this.delays.quantile(this.row, q);
  }
}
