/**
 * First in, first out, drop-tail: an arriving frame that would take the queue past its limit is dropped.
 * The limit is in bytes, in frames, or both, and counts the frames that wait with the arriving one; the
 * frame in transmission is no longer in the queue. Bytes are wire lengths without the link's overhead.
 * Hot: no allocation per frame.
 */
import { type Bytes, type Instant, NEVER } from '../base/units.ts';
import { DropReason } from '../engine/drop-reason.ts';
import { FrameFifo } from '../frame/frame-fifo.ts';
import type { FramePool } from '../frame/frame-pool.ts';
import { FRAME_SHIFT, type FrameId, FrameWord, NO_FRAME } from '../frame/frame-record.ts';
import type { DropSink, QueueDiscipline } from './queue-discipline.ts';

/** Each limit is unlimited when absent; 0 frames is a link without a buffer. */
export interface FifoLimits {
  readonly bytes?: Bytes;
  readonly packets?: number;
  /**
   * `bytes` counts the unsent part of the frame in transmission as well. Only for links of constant rate
   * (net/analytic-transmitter).
   */
  readonly countsUnsent?: boolean;
}

export class Fifo implements QueueDiscipline {
  readonly canBypass = true;
  backlogBytes: Bytes = 0;
  readonly #words: Int32Array;
  readonly #frames: FrameFifo;
  readonly #drops: DropSink;
  readonly #place: number;
  readonly #limitBytes: Bytes;
  readonly #limitPackets: number;

  /** @param place where its drops are counted (net/network) */
  constructor(pool: FramePool, drops: DropSink, place: number, limits: FifoLimits) {
    this.#words = pool.words;
    this.#frames = new FrameFifo(pool.words);
    this.#drops = drops;
    this.#place = place;
    this.#limitBytes = limits.bytes ?? Number.MAX_SAFE_INTEGER;
    this.#limitPackets = limits.packets ?? Number.MAX_SAFE_INTEGER;
  }

  get backlogPackets(): number {
    return this.#frames.count;
  }

  enqueue(frame: FrameId): boolean {
    const bytes = this.backlogBytes + this.#words[(frame << FRAME_SHIFT) + FrameWord.WireLength];
    if (bytes > this.#limitBytes || this.#frames.count >= this.#limitPackets) {
      this.#drops.drop(frame, DropReason.QueueFull, this.#place);
      return false;
    }
    this.backlogBytes = bytes;
    this.#frames.push(frame);
    return true;
  }

  dequeue(): FrameId {
    const frame = this.#frames.shift();
    if (frame === NO_FRAME) return NO_FRAME;
    this.backlogBytes -= this.#words[(frame << FRAME_SHIFT) + FrameWord.WireLength];
    return frame;
  }

  /** Always at once. */
  eligibleAtNs(): Instant {
    return this.#frames.count === 0 ? NEVER : 0;
  }

  dropAll(reason: DropReason): void {
    for (let frame = this.dequeue(); frame !== NO_FRAME; frame = this.dequeue()) {
      this.#drops.drop(frame, reason, this.#place);
    }
  }
}
