/**
 * Bursts of one stream of packets on a line of known rate: how busy the line was in bins from 1 µs to 1 s, how
 * long bursts and gaps lasted in bins of 25 µs (a burst is a run of bins above one half: Zhang et al., IMC 2017),
 * and what a port of a lower rate would have had to buffer. A stamp is taken for the end of a packet on the line;
 * the line is busy for the time the packet takes before it, and packets that come closer follow each other, so no
 * bin is more than full. Memory is constant: a busy period that spans many bins is counted, not walked.
 * Hot: no allocation per packet.
 */
import { HistogramRows } from '../base/histogram.ts';
import type { BitsPerSecond, Bytes, Duration } from '../base/units.ts';

export const BURST_BIN_NS: Duration = 25_000;
/** Widths of bins, in ns. */
export const BIN_WIDTHS_NS: readonly Duration[] = [1e3, 1e4, BURST_BIN_NS, 1e5, 1e6, 1e7, 1e8, 1e9];
const BURST_WIDTH = BIN_WIDTHS_NS.indexOf(BURST_BIN_NS);
const BURST_SHARE = 0.5;
/** Utilisations are counted in steps of a thousandth. */
const STEPS = 1000;
const COUNTERS = STEPS + 1;

/** Cells of doubles, so that none is boxed. */
const enum Ns {
  /** End of what the line has sent. */
  LineEnd = 0,
  /** Where the current busy period began. */
  BusyFrom = 1,
  First = 2,
  /** What the slower port holds, in bytes, and at which time that was. */
  Queue = 3,
  QueueAt = 4,
  QueuePeak = 5,
}

export class BurstMeter {
  /** Write the packet's stamp here (ns since the capture's first packet), then call add(). */
  readonly timeNs = new Float64Array(1);
  packets = 0;
  bytes: Bytes = 0;
  /** Lengths of bursts (row 0) and of the gaps between them (row 1), whole bins. */
  readonly lengths = new HistogramRows(2);
  readonly #nsPerByte: number;
  readonly #drainBytesPerNs: number;
  readonly #cells = new Float64Array(6);
  /** By width: the bin that is being filled, and the busy ns in it so far. */
  readonly #bins = new Float64Array(BIN_WIDTHS_NS.length);
  readonly #busyNs = new Float64Array(BIN_WIDTHS_NS.length);
  /** By width and step of utilisation; bins without a packet are not counted. */
  readonly #counts = new Float64Array(BIN_WIDTHS_NS.length * COUNTERS);
  readonly #largest = new Float64Array(BIN_WIDTHS_NS.length);
  /** Bins of the burst that goes on, or of the gap since the last one; no gap before the first burst. */
  #burstBins = 0;
  #gapBins = 0;
  #hasBurst = false;

  /**
   * @param rate of the line
   * @param drainRate of the port whose buffer is asked for
   */
  constructor(rate: BitsPerSecond, drainRate: BitsPerSecond) {
    this.#nsPerByte = 8e9 / rate;
    this.#drainBytesPerNs = drainRate / 8e9;
    this.lengths.addRow();
    this.lengths.addRow();
  }

  /** Counts a packet of `length` bytes on the line whose stamp is in `timeNs`. Stamps that go back count as now. */
  add(length: Bytes): void {
    const cells = this.#cells;
    const sendingNs = length * this.#nsPerByte;
    const time = this.timeNs[0];
    if (this.packets === 0) {
      cells[Ns.First] = time - sendingNs;
      cells[Ns.LineEnd] = cells[Ns.First];
      cells[Ns.BusyFrom] = cells[Ns.First];
      cells[Ns.QueueAt] = time;
    }
    this.packets++;
    this.bytes += length;
    if (time - sendingNs > cells[Ns.LineEnd]) {
      this.#endBusyPeriod();
      cells[Ns.LineEnd] = time - sendingNs;
      cells[Ns.BusyFrom] = cells[Ns.LineEnd];
    }
    cells[Ns.LineEnd] += sendingNs;
    this.#queue(length);
  }

  #queue(length: Bytes): void {
    const cells = this.#cells;
    const elapsedNs = Math.max(0, this.timeNs[0] - cells[Ns.QueueAt]);
    cells[Ns.Queue] = Math.max(0, cells[Ns.Queue] - elapsedNs * this.#drainBytesPerNs) + length;
    cells[Ns.QueueAt] += elapsedNs;
    if (cells[Ns.Queue] > cells[Ns.QueuePeak]) cells[Ns.QueuePeak] = cells[Ns.Queue];
  }

  /** What the slower port held at most, with the packet that was arriving. */
  get peakBufferBytes(): Bytes {
    return this.#cells[Ns.QueuePeak];
  }

  /** From the start of the first packet to the end of the last one. */
  get durationNs(): Duration {
    return this.packets === 0 ? 0 : this.#cells[Ns.LineEnd] - this.#cells[Ns.First];
  }

  /** Closes what is open. Once, after the last packet. */
  finish(): void {
    if (this.packets === 0) return;
    this.#endBusyPeriod();
    for (let width = 0; width < BIN_WIDTHS_NS.length; width++) this.#closeBin(width);
    this.#endBurst();
  }

  /** Bins of a width that the duration covers, the last one in part. */
  binCount(width: number): number {
    return Math.max(1, Math.ceil(this.durationNs / (BIN_WIDTHS_NS[width] as number)));
  }

  /** The highest utilisation of a bin of this width, 0 to 1. */
  largest(width: number): number {
    return this.#largest[width];
  }

  /** Utilisation of rank ⌈q · bins⌉ among all bins, empty ones too, in thousandths. */
  quantile(width: number, q: number): number {
    const bins = this.binCount(width);
    const counts = this.#counts.subarray(width * COUNTERS, (width + 1) * COUNTERS);
    const filled = counts.reduce((sum, count) => sum + count, 0);
    let left = Math.max(1, Math.ceil(q * bins - 1e-6)) - Math.max(0, bins - filled);
    if (left <= 0) return 0;
    for (let step = 0; step < COUNTERS; step++) {
      left -= counts[step];
      if (left <= 0) return step / STEPS;
    }
    return 1;
  }

  /** Share of bins above one half. */
  busyShare(width: number): number {
    let busy = 0;
    for (let step = Math.floor(BURST_SHARE * STEPS) + 1; step < COUNTERS; step++) {
      busy += this.#counts[width * COUNTERS + step];
    }
    return Math.min(1, busy / this.binCount(width));
  }

  #endBusyPeriod(): void {
    for (let width = 0; width < BIN_WIDTHS_NS.length; width++) this.#fill(width);
  }

  /** Adds the busy period to the bins of a width. */
  #fill(width: number): void {
    const cells = this.#cells;
    const widthNs = BIN_WIDTHS_NS[width] as number;
    const fromNs = cells[Ns.BusyFrom] - cells[Ns.First];
    const toNs = cells[Ns.LineEnd] - cells[Ns.First];
    const firstBin = Math.floor(fromNs / widthNs);
    const lastBin = Math.floor(toNs / widthNs);
    if (firstBin !== this.#bins[width]) this.#moveTo(width, firstBin);
    if (firstBin === lastBin) {
      this.#busyNs[width] += toNs - fromNs;
      return;
    }
    this.#busyNs[width] += (firstBin + 1) * widthNs - fromNs;
    this.#closeBin(width);
    this.#countFull(width, lastBin - firstBin - 1);
    this.#bins[width] = lastBin;
    this.#busyNs[width] = toNs - lastBin * widthNs;
  }

  /** The bin being filled is over, and those up to `bin` are empty. */
  #moveTo(width: number, bin: number): void {
    const empty = bin - this.#bins[width] - 1;
    this.#closeBin(width);
    if (width === BURST_WIDTH && empty > 0) {
      this.#endBurst();
      if (this.#hasBurst) this.#gapBins += empty;
    }
    this.#bins[width] = bin;
    this.#busyNs[width] = 0;
  }

  #closeBin(width: number): void {
    const share = Math.min(1, this.#busyNs[width] / (BIN_WIDTHS_NS[width] as number));
    this.#counts[width * COUNTERS + Math.floor(share * STEPS)]++;
    if (share > this.#largest[width]) this.#largest[width] = share;
    if (width !== BURST_WIDTH) return;
    if (share > BURST_SHARE) {
      this.#beginBurst(1);
    } else {
      this.#endBurst();
      if (this.#hasBurst) this.#gapBins++;
    }
  }

  #countFull(width: number, bins: number): void {
    if (bins === 0) return;
    this.#counts[width * COUNTERS + STEPS] += bins;
    this.#largest[width] = 1;
    if (width === BURST_WIDTH) this.#beginBurst(bins);
  }

  #beginBurst(bins: number): void {
    if (this.#gapBins > 0) this.#record(1, this.#gapBins);
    this.#gapBins = 0;
    this.#burstBins += bins;
    this.#hasBurst = true;
  }

  #endBurst(): void {
    if (this.#burstBins > 0) this.#record(0, this.#burstBins);
    this.#burstBins = 0;
  }

  #record(row: number, bins: number): void {
    this.lengths.valueNs[0] = bins * BURST_BIN_NS;
    this.lengths.record(row);
  }
}
