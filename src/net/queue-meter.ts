/**
 * What a link's queue did: how long frames waited (from arrival to the start of their transmission), the
 * deepest backlog, and on request the backlog over time. A plain link's figures are in its row (link-rows), those
 * of others in a QueueMeter of their own. Hot: no allocation per record.
 */
import { assert } from '../base/assert.ts';
import { DepthSeries } from '../base/depth-series.ts';
import type { HistogramRows } from '../base/histogram.ts';
import type { Bytes, Duration } from '../base/units.ts';
import {
  CELL_SHIFT,
  LinkCell,
  type LinkRows,
  LinkWord,
  NO_METER,
  WORD_SHIFT,
} from './link-rows.ts';

export interface LinkMeter {
  /** Waits above 0 of all links of a run; this link's row. */
  readonly delays: HistogramRows;
  readonly row: number;
  /** Frames that did not wait: most of them, on most links. */
  readonly unwaitedPackets: number;
  /** Undefined unless asked for. */
  readonly depth: DepthSeries | undefined;
  /** Of what waited; with QueueLimits.countsUnsent, of the unsent bytes that accepted frames found before them. */
  readonly peakBytes: Bytes;
  /** Frames whose wait was measured. */
  readonly packets: number;
  readonly meanDelayNs: Duration;
  /** The wait of rank ⌈q · packets⌉, as base/histogram has it. */
  quantileDelayNs(q: number): Duration;
  /** Measures from now on; what was measured before is forgotten. Set-up time. */
  restart(): void;
}

export class QueueMeter implements LinkMeter {
  /** Write delays.valueNs, then record(row). */
  readonly delays: HistogramRows;
  row: number;
  unwaitedPackets = 0;
  /** Write depth.timeNs, then record(bytes). */
  readonly depth: DepthSeries | undefined;
  peakBytes: Bytes = 0;

  constructor(delays: HistogramRows, recordsDepth: boolean) {
    this.delays = delays;
    this.row = delays.addRow();
    this.depth = recordsDepth ? new DepthSeries() : undefined;
  }

  restart(): void {
    this.row = this.delays.addRow();
    this.unwaitedPackets = 0;
    this.peakBytes = 0;
  }

  get packets(): number {
    return packetsOf(this);
  }

  get meanDelayNs(): Duration {
    return meanDelayOf(this);
  }

  quantileDelayNs(q: number): Duration {
    return quantileDelayOf(this, q);
  }
}

/** The figures in the row of a plain link. */
export class RowMeter implements LinkMeter {
  readonly #rows: LinkRows;
  readonly #link: number;

  constructor(rows: LinkRows, link: number) {
    this.#rows = rows;
    this.#link = link;
  }

  get delays(): HistogramRows {
    return this.#rows.delays;
  }

  get row(): number {
    const row = this.#rows.words[(this.#link << WORD_SHIFT) + LinkWord.Meter];
    assert(row !== NO_METER, 'a link that records no waits is asked for them');
    return row;
  }

  get unwaitedPackets(): number {
    const unmeasured = this.#rows.cells[(this.#link << CELL_SHIFT) + LinkCell.Unmeasured];
    return this.#rows.accepted(this.#link) - unmeasured - this.delays.count(this.row);
  }

  get depth(): DepthSeries | undefined {
    return this.#rows.depths[this.#link];
  }

  get peakBytes(): Bytes {
    return this.#rows.cells[(this.#link << CELL_SHIFT) + LinkCell.PeakBytes];
  }

  restart(): void {
    const { cells } = this.#rows;
    this.#rows.recordWaits(this.#link);
    cells[(this.#link << CELL_SHIFT) + LinkCell.Unmeasured] = this.#rows.accepted(this.#link);
    cells[(this.#link << CELL_SHIFT) + LinkCell.PeakBytes] = 0;
  }

  get packets(): number {
    return packetsOf(this);
  }

  get meanDelayNs(): Duration {
    return meanDelayOf(this);
  }

  quantileDelayNs(q: number): Duration {
    return quantileDelayOf(this, q);
  }
}

type Waits = Pick<LinkMeter, 'delays' | 'row' | 'unwaitedPackets'>;

function packetsOf({ delays, row, unwaitedPackets }: Waits): number {
  return unwaitedPackets + delays.count(row);
}

function meanDelayOf(waits: Waits): Duration {
  const { delays, row } = waits;
  const packets = packetsOf(waits);
  return packets === 0 ? 0 : (delays.mean(row) * delays.count(row)) / packets;
}

function quantileDelayOf(waits: Waits, q: number): Duration {
  const { delays, row, unwaitedPackets } = waits;
  const packets = packetsOf(waits);
  // See HistogramRows.quantile for the small term.
  const rank = Math.max(1, Math.ceil(q * packets - 1e-6));
  if (packets === 0 || rank <= unwaitedPackets) return 0;
  return delays.quantile(row, (rank - unwaitedPackets) / (packets - unwaitedPackets));
}
