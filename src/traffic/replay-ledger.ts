/**
 * What the path did to every flow of a replay: packets and bytes in and out, drops by reason, duplicates,
 * corrupted frames, added delay, reordering. A line is flow << 1 | direction, and for every line
 * packets + duplicates = delivered + drops + still in the path. State grows with flows, not with packets.
 * Hot: no allocation but when the number of flows doubles.
 */
import { type ReorderingFacts, ReorderingRows } from '../analysis/reordering.ts';
import { HistogramRows } from '../base/histogram.ts';
import type { Bytes, Duration, Instant } from '../base/units.ts';
import type { Clock } from '../engine/clock.ts';
import { DROP_REASON_COUNT, type DropReason } from '../engine/drop-reason.ts';
import type { FramePool } from '../frame/frame-pool.ts';
import {
  CapturedDouble,
  CapturedExtra,
  DOUBLE_SHIFT,
  FRAME_SHIFT,
  type FrameId,
  FrameWord,
} from '../frame/frame-record.ts';
import type { FrameObserver } from '../net/network.ts';

export const enum PathDirection {
  ToServer = 0,
  ToClient = 1,
}

/** Counters of a line; drops by reason follow from Count.Drops. */
const enum Count {
  Packets = 0,
  Delivered = 1,
  Duplicates = 2,
  Corrupted = 3,
  Drops = 4,
}
const COUNTS = 16;
const enum Sum {
  Bytes = 0,
  DeliveredBytes = 1,
  FirstEnteredNs = 2,
  LastEnteredNs = 3,
  FirstLeftNs = 4,
  LastLeftNs = 5,
}
const SUMS = 8;

/** The figures of one line, or of several together. */
export interface LineFacts {
  readonly packets: number;
  readonly bytes: Bytes;
  readonly deliveredPackets: number;
  readonly deliveredBytes: Bytes;
  readonly duplicates: number;
  readonly corruptedPackets: number;
  /** By DropReason. */
  readonly drops: readonly number[];
  /** From the first to the last frame, entering and leaving; 0 below two frames. */
  readonly enteredSpanNs: Duration;
  readonly leftSpanNs: Duration;
  readonly firstEnteredNs: Instant;
  readonly firstLeftNs: Instant;
}

export class ReplayLedger implements FrameObserver {
  /** Added delay, row = line. */
  readonly delays = new HistogramRows(256);
  readonly #reordering = new ReorderingRows(256);
  readonly #pool: FramePool;
  readonly #clock: Clock;
  #counts = new Int32Array(256 * COUNTS);
  #sums = new Float64Array(256 * SUMS);
  #lines = 0;

  constructor(pool: FramePool, clock: Clock) {
    this.#pool = pool;
    this.#clock = clock;
  }

  get flowCount(): number {
    return this.#lines >> 1;
  }

  /** Makes lines for all flows below `count`. */
  ensureFlows(count: number): void {
    while (this.#lines < count * 2) {
      if (this.#lines * COUNTS === this.#counts.length) this.#grow();
      this.#lines++;
      this.delays.addRow();
      this.#reordering.addRow();
    }
  }

  /** A frame enters the path on `line`, now. Writes its flow, ordinal and time into its record. */
  onEnter(frame: FrameId, line: number): void {
    const pool = this.#pool;
    const extra = frame << FRAME_SHIFT;
    pool.extraWords[extra + CapturedExtra.Flow] = line;
    pool.extraWords[extra + CapturedExtra.Ordinal] = this.#countEntering(
      line,
      pool.words[extra + FrameWord.WireLength],
    );
    pool.extraDoubles[(frame << DOUBLE_SHIFT) + CapturedDouble.EnteredNs] = this.#clock.nowNs;
  }

  /** Gives the ordinal of the frame in its line. */
  #countEntering(line: number, wireLength: Bytes): number {
    const ordinal = this.#counts[line * COUNTS + Count.Packets]++;
    const sums = this.#sums;
    const sum = line * SUMS;
    const now = this.#clock.nowNs;
    if (ordinal === 0) sums[sum + Sum.FirstEnteredNs] = now;
    sums[sum + Sum.LastEnteredNs] = now;
    sums[sum + Sum.Bytes] += wireLength;
    return ordinal;
  }

  /** A packet for which there was no room in the pool or the arena: it entered and was dropped at once. */
  onRefuse(line: number, wireLength: Bytes, reason: DropReason): void {
    this.#countEntering(line, wireLength);
    this.#counts[line * COUNTS + Count.Drops + reason]++;
  }

  /** A frame leaves the path at its far end, now. */
  onLeave(frame: FrameId): void {
    const pool = this.#pool;
    const sums = this.#sums;
    const extra = frame << FRAME_SHIFT;
    const line = pool.extraWords[extra + CapturedExtra.Flow];
    const now = this.#clock.nowNs;
    this.delays.valueNs[0] =
      now - pool.extraDoubles[(frame << DOUBLE_SHIFT) + CapturedDouble.EnteredNs];
    this.delays.record(line);
    this.#reordering.onArrival(line, pool.extraWords[extra + CapturedExtra.Ordinal]);
    const sum = line * SUMS;
    if (this.#counts[line * COUNTS + Count.Delivered]++ === 0) sums[sum + Sum.FirstLeftNs] = now;
    sums[sum + Sum.LastLeftNs] = now;
    sums[sum + Sum.DeliveredBytes] += pool.words[extra + FrameWord.WireLength];
  }

  onDrop(frame: FrameId, reason: DropReason): void {
    this.#counts[this.#lineOf(frame) * COUNTS + Count.Drops + reason]++;
  }

  onDuplicate(original: FrameId): void {
    this.#counts[this.#lineOf(original) * COUNTS + Count.Duplicates]++;
  }

  onCorrupt(frame: FrameId): void {
    this.#counts[this.#lineOf(frame) * COUNTS + Count.Corrupted]++;
  }

  #lineOf(frame: FrameId): number {
    return this.#pool.extraWords[(frame << FRAME_SHIFT) + CapturedExtra.Flow];
  }

  reorderingOf(line: number): ReorderingFacts {
    return this.#reordering.facts(line);
  }

  factsOf(line: number): LineFacts {
    const counts = this.#counts.subarray(line * COUNTS, (line + 1) * COUNTS);
    const sums = this.#sums.subarray(line * SUMS, (line + 1) * SUMS);
    return {
      packets: counts[Count.Packets],
      bytes: sums[Sum.Bytes],
      deliveredPackets: counts[Count.Delivered],
      deliveredBytes: sums[Sum.DeliveredBytes],
      duplicates: counts[Count.Duplicates],
      corruptedPackets: counts[Count.Corrupted],
      drops: Array.from(counts.subarray(Count.Drops, Count.Drops + DROP_REASON_COUNT)),
      enteredSpanNs: sums[Sum.LastEnteredNs] - sums[Sum.FirstEnteredNs],
      leftSpanNs: sums[Sum.LastLeftNs] - sums[Sum.FirstLeftNs],
      firstEnteredNs: sums[Sum.FirstEnteredNs],
      firstLeftNs: sums[Sum.FirstLeftNs],
    };
  }

  #grow(): void {
    const counts = new Int32Array(this.#counts.length * 2);
    counts.set(this.#counts);
    this.#counts = counts;
    const sums = new Float64Array(this.#sums.length * 2);
    sums.set(this.#sums);
    this.#sums = sums;
  }
}
