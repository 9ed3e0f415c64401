/**
 * Several queues of frames in columns, one row a queue, under one limit: what disciplines of one queue and of
 * a thousand are built on. Each queue is an intrusive list through the frames' Next word. Bytes are wire
 * lengths without the link's overhead. Hot: no allocation per frame.
 */
import type { Bytes } from '../base/units.ts';
import type { FramePool } from '../frame/frame-pool.ts';
import { FRAME_SHIFT, type FrameId, FrameWord, NO_FRAME } from '../frame/frame-record.ts';
import type { QueueLimits } from './queue-discipline.ts';

export class FrameQueues {
  readonly rows: number;
  /** Of all rows. */
  totalBytes: Bytes = 0;
  totalPackets = 0;
  readonly #words: Int32Array;
  readonly #limitBytes: Bytes;
  readonly #limitPackets: number;
  readonly #heads: Int32Array;
  readonly #tails: Int32Array;
  readonly #bytes: Float64Array;
  readonly #packets: Int32Array;

  constructor(pool: FramePool, limits: QueueLimits, rows = 1) {
    this.rows = rows;
    this.#words = pool.words;
    this.#limitBytes = limits.bytes ?? Number.MAX_SAFE_INTEGER;
    this.#limitPackets = limits.packets ?? Number.MAX_SAFE_INTEGER;
    this.#heads = new Int32Array(rows).fill(NO_FRAME);
    this.#tails = new Int32Array(rows).fill(NO_FRAME);
    this.#bytes = new Float64Array(rows);
    this.#packets = new Int32Array(rows);
  }

  /** Whether one more frame of this length keeps to the limit. */
  hasRoomFor(length: Bytes): boolean {
    return this.totalBytes + length <= this.#limitBytes && this.totalPackets < this.#limitPackets;
  }

  /** Whether what is queued now is beyond the limit. */
  get isOverLimit(): boolean {
    return this.totalBytes > this.#limitBytes || this.totalPackets > this.#limitPackets;
  }

  bytes(row: number): Bytes {
    return this.#bytes[row];
  }

  packets(row: number): number {
    return this.#packets[row];
  }

  /** The frame that leaves next, or NO_FRAME. */
  head(row: number): FrameId {
    return this.#heads[row] as FrameId;
  }

  /** Takes ownership, whatever the limit. */
  push(row: number, frame: FrameId): void {
    const words = this.#words;
    const at = frame << FRAME_SHIFT;
    words[at + FrameWord.Next] = NO_FRAME;
    const tail = this.#tails[row];
    if (tail === NO_FRAME) this.#heads[row] = frame;
    else words[(tail << FRAME_SHIFT) + FrameWord.Next] = frame;
    this.#tails[row] = frame;
    const length = words[at + FrameWord.WireLength];
    this.#bytes[row] += length;
    this.#packets[row]++;
    this.totalBytes += length;
    this.totalPackets++;
  }

  /** Gives ownership; NO_FRAME when empty. */
  shift(row: number): FrameId {
    const frame = this.#heads[row] as FrameId;
    if (frame === NO_FRAME) return NO_FRAME;
    const at = frame << FRAME_SHIFT;
    const next = this.#words[at + FrameWord.Next];
    this.#heads[row] = next;
    if (next === NO_FRAME) this.#tails[row] = NO_FRAME;
    const length = this.#words[at + FrameWord.WireLength];
    this.#bytes[row] -= length;
    this.#packets[row]--;
    this.totalBytes -= length;
    this.totalPackets--;
    return frame;
  }

  /** The row with most bytes; the first of equals. */
  longestRow(): number {
    const bytes = this.#bytes;
    let longest = 0;
    for (let row = 1; row < bytes.length; row++) if (bytes[row] > bytes[longest]) longest = row;
    return longest;
  }
}
