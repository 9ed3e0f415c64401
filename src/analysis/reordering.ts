/**
 * What a path did to the order of packets: RFC 4737, the reordered singleton (§3.3), its ratio (§4.1) and the
 * reordering extent (§4.2.3). Packets carry their ordinal of sending, 0, 1, 2 …, within a row: a flow and
 * direction.
 *
 * The earliest arrival j with s[j] > s[i] is the one that passed s[i] over: before it no arrival was larger.
 * So it is enough to keep the ordinals passed over and not yet arrived, each range with the arrival number of
 * the packet that passed it over, which also tells duplicates exactly. Memory is constant a row: of a row with
 * more than about fifty ranges missing the oldest are forgotten; a packet that comes back from there is counted
 * as reordered, with an extent that is a lower bound. Hot: no allocation per packet.
 */
import { seqAdd, seqDiff, seqFromWire } from '../base/seq.ts';
import { GapLists, NO_LIST } from './_gap-lists.ts';

/** Order of one flow and direction. */
export interface ReorderingFacts {
  /** Arrivals without duplicates: L of RFC 4737 §4.1.2. */
  readonly arrivedPackets: number;
  readonly reorderedPackets: number;
  /** reorderedPackets / arrivedPackets; 0 when nothing arrived. */
  readonly reorderedRatio: number;
  /** Later copies of what had arrived; they are not reordered (RFC 4737 §3.6). */
  readonly duplicatePackets: number;
  /** In packets; 0 when nothing was reordered. */
  readonly extentMax: number;
  readonly extentMean: number;
  /** Reordered packets whose extent may be larger than what was counted. */
  readonly lowerBoundExtents: number;
}

const enum Word {
  NextExpected = 0,
  Arrived = 1,
  Reordered = 2,
  Duplicates = 3,
  LowerBounds = 4,
  ExtentMax = 5,
  Gaps = 6,
}
const WORDS = 8;

export class ReorderingRows {
  #rows = 0;
  #words: Int32Array;
  #extentSums: Float64Array;
  readonly #gaps = new GapLists();

  /** `capacity` rows are set aside at first; more come by doubling. */
  constructor(capacity = 64) {
    this.#words = new Int32Array(capacity * WORDS);
    this.#extentSums = new Float64Array(capacity);
  }

  /** Rows are numbered 0, 1, 2 … in order of creation. */
  addRow(): number {
    const row = this.#rows++;
    if (row === this.#extentSums.length) {
      const words = new Int32Array(row * 2 * WORDS);
      words.set(this.#words);
      this.#words = words;
      const sums = new Float64Array(row * 2);
      sums.set(this.#extentSums);
      this.#extentSums = sums;
    }
    this.#words[row * WORDS + Word.Gaps] = NO_LIST;
    return row;
  }

  /** The packet sent as number `ordinal` (below 2^31) of the row has arrived. */
  onArrival(row: number, ordinal: number): void {
    const words = this.#words;
    const at = row * WORDS;
    const missing = seqDiff(seqFromWire(ordinal), seqFromWire(words[at + Word.NextExpected]));
    if (missing < 0) {
      this.#onLateArrival(row, ordinal);
      return;
    }
    words[at + Word.Arrived]++;
    if (missing > 0) this.#passOver(at, ordinal);
    words[at + Word.NextExpected] = seqAdd(seqFromWire(ordinal), 1);
  }

  #passOver(at: number, ordinal: number): void {
    const words = this.#words;
    this.#gaps.stamp[0] = words[at + Word.Arrived];
    words[at + Word.Gaps] = this.#gaps.open(
      words[at + Word.Gaps],
      seqFromWire(words[at + Word.NextExpected]),
      seqFromWire(ordinal),
    );
  }

  #onLateArrival(row: number, ordinal: number): void {
    const words = this.#words;
    const at = row * WORDS;
    const gaps = this.#gaps;
    const list = words[at + Word.Gaps];
    const number = seqFromWire(ordinal);
    const isMissing = list !== NO_LIST && gaps.fill(list, number, seqAdd(number, 1)) === 1;
    if (!isMissing && (list === NO_LIST || !gaps.mayHaveForgotten(list, number))) {
      words[at + Word.Duplicates]++;
      return;
    }
    const extent = ++words[at + Word.Arrived] - gaps.stamp[0];
    words[at + Word.Reordered]++;
    this.#extentSums[row] += extent;
    if (extent > words[at + Word.ExtentMax]) words[at + Word.ExtentMax] = extent;
    if (isMissing) words[at + Word.Gaps] = gaps.releaseIfEmpty(list);
    else words[at + Word.LowerBounds]++;
  }

  facts(row: number): ReorderingFacts {
    const words = this.#words;
    const at = row * WORDS;
    const arrivedPackets = words[at + Word.Arrived];
    const reorderedPackets = words[at + Word.Reordered];
    return {
      arrivedPackets,
      reorderedPackets,
      reorderedRatio: arrivedPackets === 0 ? 0 : reorderedPackets / arrivedPackets,
      duplicatePackets: words[at + Word.Duplicates],
      extentMax: words[at + Word.ExtentMax],
      extentMean: reorderedPackets === 0 ? 0 : this.#extentSums[row] / reorderedPackets,
      lowerBoundExtents: words[at + Word.LowerBounds],
    };
  }
}
