/**
 * Many histograms of durations in shared typed arrays: one row a flow and direction, say, up to millions.
 * Buckets are log-linear as in HdrHistogram (Tene): 64 equal buckets an octave, so that the middle of a
 * bucket is within 0.8 % of every value in it; below 64 ns each value has its own. Counters come in blocks
 * of an eighth of an octave from a pool that grows, found by a hash of row and number unless the value is near the
 * one before; a row of ten scattered values takes 500 bytes. Not the package of that
 * name: it keeps an object and a dense array a histogram, which at 100,000 flows is gigabytes.
 *
 * Count, minimum and maximum are exact, the sum while it stays below 2^53. A row whose values were all equal
 * owns no block. Hot: record() allocates nothing but a new block.
 */
import { assert } from './assert.ts';
import { finishHash } from './hash.ts';
import type { Duration } from './units.ts';

const OCTAVE_BITS = 6;
const BUCKETS = 1 << OCTAVE_BITS;
/** Octave 0 is [0, 64), octave k is [2^(k+5), 2^(k+6)); the last one ends at 2^53. */
const OCTAVES = 48;
/** A block holds so many neighbouring buckets; blocks are numbered by value, octave after octave. */
const BLOCK_BITS = 3;
const BLOCK_BUCKETS = 1 << BLOCK_BITS;
const BLOCK_MASK = BLOCK_BUCKETS - 1;
const NO_BLOCK = -1;
/** Doubles a row, side by side: a record touches one cache line of them. */
const enum Fact {
  Count = 0,
  Sum = 1,
  Min = 2,
  Max = 3,
}
const FACTS = 4;
const FIRST_BLOCKS = 64;
/** Of values that scatter over an octave or so. */
const BLOCKS_A_ROW = 8;
/** Of the hash table. */
const NO_ENTRY = 0;
/** Of the exponent of a double, where octave 0 would begin. */
const BUCKET_BIAS = (1023 + OCTAVE_BITS - 1) << OCTAVE_BITS;
/** Which half of a double holds sign, exponent and the top of the mantissa. */
const HIGH_WORD = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0;

export class HistogramRows {
  /** Write the value here, an integer in 0 … 2^53, then call record(): no double crosses the call. */
  readonly valueNs = new Float64Array(1);
  readonly #valueWords = new Int32Array(this.valueNs.buffer);

  #rows = 0;
  /** FACTS a row. */
  #facts: Float64Array;
  /** First block of the row's chain, which is in ascending order of their numbers. */
  #heads: Int32Array;
  /** Block of the row's last value: most are near the one before. */
  #recent: Int32Array;

  #blocks = 0;
  #blockNumber: Int32Array;
  #blockRow: Int32Array;
  #blockNext: Int32Array;
  /** Blocks by row and number, open addressing: 0, or 1 more than the block. Zeros of a new array take no memory. */
  #table: Int32Array;
  /** BLOCK_BUCKETS counters a block. */
  #buckets: Uint32Array;

  /** `capacity` rows are set aside at first, and room for their blocks; more come by doubling. */
  constructor(capacity = 64) {
    let blocks = FIRST_BLOCKS;
    while (blocks < capacity * BLOCKS_A_ROW) blocks *= 2;
    this.#blockNumber = new Int32Array(blocks);
    this.#blockRow = new Int32Array(blocks);
    this.#blockNext = new Int32Array(blocks);
    this.#table = new Int32Array(blocks * 2);
    this.#buckets = new Uint32Array(blocks * BLOCK_BUCKETS);
    this.#facts = new Float64Array(capacity * FACTS);
    this.#heads = new Int32Array(capacity);
    this.#recent = new Int32Array(capacity);
  }

  get rows(): number {
    return this.#rows;
  }

  /** An empty histogram. Rows are numbered 0, 1, 2 … in order of creation. */
  addRow(): number {
    const row = this.#rows++;
    if (row === this.#heads.length) this.#growRows();
    this.#heads[row] = NO_BLOCK;
    this.#recent[row] = NO_BLOCK;
    return row;
  }

  /** Counts the value in `valueNs`. */
  record(row: number): void {
    const value = this.valueNs;
    assert(row >= 0 && row < this.#rows, 'histogram row out of range');
    assert(value[0] >= 0, 'histogram value must not be negative');
    const facts = this.#facts;
    const at = row * FACTS;
    if (facts[at + Fact.Count] === 0) {
      facts[at + Fact.Min] = value[0];
      facts[at + Fact.Max] = value[0];
    } else {
      const block = this.#recent[row];
      if (block !== NO_BLOCK || facts[at + Fact.Min] !== value[0]) {
        if (block === NO_BLOCK) this.#openFirstBlock(row);
        const bucket = this.#bucketOfValue();
        if (block !== NO_BLOCK && this.#blockNumber[block] === bucket >> BLOCK_BITS) {
          this.#buckets[(block << BLOCK_BITS) | (bucket & BLOCK_MASK)]++;
        } else {
          this.#countIn(row, bucket, 1);
        }
        if (facts[at + Fact.Min] > value[0]) facts[at + Fact.Min] = value[0];
        if (facts[at + Fact.Max] < value[0]) facts[at + Fact.Max] = value[0];
      }
    }
    facts[at + Fact.Count]++;
    facts[at + Fact.Sum] += value[0];
  }

  /** Of the value in `valueNs`, counted from the first of octave 0: exponent and top of the mantissa, side by side. */
  #bucketOfValue(): number {
    const bucket = (this.#valueWords[HIGH_WORD] >>> (20 - OCTAVE_BITS)) - BUCKET_BIAS;
    if (bucket < BUCKETS) return this.valueNs[0] | 0;
    return bucket < OCTAVES * BUCKETS ? bucket : bucket - BUCKETS;
  }

  /** The row's recent block is that of the bucket from now on. */
  #countIn(row: number, bucket: number, times: number): void {
    const block = this.#findBlock(row, bucket >> BLOCK_BITS);
    this.#buckets[(block << BLOCK_BITS) | (bucket & BLOCK_MASK)] += times;
  }

  #findBlock(row: number, number: number): number {
    const table = this.#table;
    const mask = table.length - 1;
    let slot = slotOf(row, number) & mask;
    for (; table[slot] !== NO_ENTRY; slot = (slot + 1) & mask) {
      const block = table[slot] - 1;
      if (this.#blockNumber[block] !== number || this.#blockRow[block] !== row) continue;
      this.#recent[row] = block;
      return block;
    }
    return this.#addBlock(row, number);
  }

  /** Until now the row held one value `count` times, which needed no counters. */
  #openFirstBlock(row: number): void {
    const value = this.valueNs[0];
    this.valueNs[0] = this.min(row);
    this.#countIn(row, this.#bucketOfValue(), this.count(row));
    this.valueNs[0] = value;
  }

  count(row: number): number {
    return this.#facts[row * FACTS + Fact.Count];
  }

  /** Exact; 0 for an empty row, as are max, mean and quantile. */
  min(row: number): Duration {
    return this.#facts[row * FACTS + Fact.Min];
  }

  max(row: number): Duration {
    return this.#facts[row * FACTS + Fact.Max];
  }

  mean(row: number): Duration {
    const count = this.count(row);
    return count === 0 ? 0 : this.#facts[row * FACTS + Fact.Sum] / count;
  }

  /**
   * The value of rank ⌈q · count⌉ in ascending order (nearest rank, 0 <= q <= 1): exact for the first and
   * the last rank, else the middle of its bucket, at most 1/128 away.
   */
  quantile(row: number, q: number): Duration {
    const count = this.count(row);
    // The small term keeps a product such as 0.07 * 100, a little above 7 in binary, at rank 7.
    const rank = Math.ceil(q * count - 1e-6);
    if (rank <= 1) return this.min(row);
    if (rank >= count || this.#heads[row] === NO_BLOCK) return this.max(row);
    let left = rank;
    let block = this.#heads[row];
    for (; block !== NO_BLOCK; block = this.#blockNext[block]) {
      for (let bucket = 0; bucket < BLOCK_BUCKETS; bucket++) {
        left -= this.#buckets[block * BLOCK_BUCKETS + bucket];
        if (left > 0) continue;
        const middle = bucketMiddle(this.#blockNumber[block] * BLOCK_BUCKETS + bucket);
        return Math.min(this.max(row), Math.max(this.min(row), middle));
      }
    }
    return this.max(row);
  }

  /** Adds the values of row `from` to row `into`. Exact but for the sum, as in record(). */
  merge(into: number, from: number): void {
    const count = this.count(from);
    if (count === 0 || into === from) return;
    if (this.#heads[into] === NO_BLOCK && this.count(into) !== 0) this.#openFirstBlock(into);
    if (this.#heads[from] === NO_BLOCK) this.#openFirstBlock(from);
    let block = this.#heads[from];
    for (; block !== NO_BLOCK; block = this.#blockNext[block]) {
      const target = this.#findBlock(into, this.#blockNumber[block]) * BLOCK_BUCKETS;
      for (let bucket = 0; bucket < BLOCK_BUCKETS; bucket++) {
        this.#buckets[target + bucket] += this.#buckets[block * BLOCK_BUCKETS + bucket];
      }
    }
    const facts = this.#facts;
    const at = into * FACTS;
    const min = this.min(from);
    facts[at + Fact.Min] = this.count(into) === 0 ? min : Math.min(min, this.min(into));
    facts[at + Fact.Max] = Math.max(this.max(from), this.max(into));
    facts[at + Fact.Count] += count;
    facts[at + Fact.Sum] += facts[from * FACTS + Fact.Sum];
  }

  #addBlock(row: number, number: number): number {
    const block = this.#blocks++;
    if (block === this.#blockNumber.length) this.#growBlocks();
    this.#blockNumber[block] = number;
    this.#blockRow[block] = row;
    this.#link(row, block);
    this.#recent[row] = block;
    this.#enter(block);
    return block;
  }

  /** Into the row's chain. */
  #link(row: number, block: number): void {
    const number = this.#blockNumber[block];
    let before = NO_BLOCK;
    let after = this.#heads[row];
    while (after !== NO_BLOCK && this.#blockNumber[after] < number) {
      before = after;
      after = this.#blockNext[after];
    }
    this.#blockNext[block] = after;
    if (before === NO_BLOCK) this.#heads[row] = block;
    else this.#blockNext[before] = block;
  }

  /** Into the hash table, which is at most half full. */
  #enter(block: number): void {
    const table = this.#table;
    const mask = table.length - 1;
    let slot = slotOf(this.#blockRow[block], this.#blockNumber[block]) & mask;
    while (table[slot] !== NO_ENTRY) slot = (slot + 1) & mask;
    table[slot] = block + 1;
  }

  #growBlocks(): void {
    const capacity = this.#blockNumber.length * 2;
    this.#blockNumber = grown(this.#blockNumber, new Int32Array(capacity));
    this.#blockRow = grown(this.#blockRow, new Int32Array(capacity));
    this.#blockNext = grown(this.#blockNext, new Int32Array(capacity));
    this.#buckets = grown(this.#buckets, new Uint32Array(capacity * BLOCK_BUCKETS));
    this.#table = new Int32Array(capacity * 2);
    for (let block = 0; block < capacity / 2; block++) this.#enter(block);
  }

  #growRows(): void {
    const capacity = this.#heads.length * 2;
    this.#facts = grown(this.#facts, new Float64Array(capacity * FACTS));
    this.#heads = grown(this.#heads, new Int32Array(capacity));
    this.#recent = grown(this.#recent, new Int32Array(capacity));
  }
}

function slotOf(row: number, number: number): number {
  return finishHash(Math.imul(row, OCTAVES << (OCTAVE_BITS - BLOCK_BITS)) + number);
}

/** @param index of the bucket, counted from the first of octave 0 */
function bucketMiddle(index: number): number {
  const octave = index >> OCTAVE_BITS;
  const bucket = index & (BUCKETS - 1);
  if (octave === 0) return bucket;
  const width = 2 ** (octave - 1);
  return (BUCKETS + bucket) * width + Math.floor((width - 1) / 2);
}

function grown<T extends { set(source: ArrayLike<number>): void }>(
  from: ArrayLike<number>,
  into: T,
): T {
  into.set(from);
  return into;
}
