/**
 * The line into a cut-through switch: a frame is handed on when its header has arrived, before its last bit. It
 * enters when its transmission begins, or is planned, with the instant of its departure, as on any line. A header
 * never comes before the last bit of the frame before it. Frames that are no IP are handed on whole.
 * Hot: no allocation per frame.
 */
import type { BitsPerSecond, Bytes, Duration } from '../base/units.ts';
import type { Scheduler, SourceId } from '../engine/scheduler.ts';
import { FrameFifo } from '../frame/frame-fifo.ts';
import type { FramePool } from '../frame/frame-pool.ts';
import {
  DOUBLE_SHIFT,
  FRAME_SHIFT,
  FrameDouble,
  type FrameId,
  FrameWord,
  MetaBit,
  NO_FRAME,
} from '../frame/frame-record.ts';
import type { Line, OrderedSpread } from './line.ts';

export interface HeaderTiming {
  readonly rate: BitsPerSecond;
  /** What has to be there before a frame is handed on. */
  readonly headerBytes: Bytes;
  /** Of the link: part of what follows the header. */
  readonly overheadBytes: number;
}

/** From a frame's header to its last bit: whole nanoseconds, never too many. */
export function restOfFrameNs(
  { rate, headerBytes, overheadBytes }: HeaderTiming,
  length: Bytes,
): Duration {
  return Math.floor((Math.max(0, length + overheadBytes - headerBytes) * 8e9) / rate);
}

export class HeaderLine implements Line {
  readonly #scheduler: Scheduler;
  readonly #source: SourceId;
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  readonly #frames: FrameFifo;
  readonly #delayNs: Duration;
  readonly #spread: OrderedSpread | undefined;
  readonly #timing: HeaderTiming;
  /** The last bit of the frame before. */
  readonly #lastBitNs = new Float64Array(1);

  constructor(
    scheduler: Scheduler,
    source: SourceId,
    pool: FramePool,
    config: {
      readonly delayNs: Duration;
      readonly spread: OrderedSpread | undefined;
      readonly timing: HeaderTiming;
    },
  ) {
    this.#scheduler = scheduler;
    this.#source = source;
    this.#words = pool.words;
    this.#doubles = pool.doubles;
    this.#frames = new FrameFifo(pool.words);
    this.#delayNs = config.delayNs;
    this.#spread = config.spread;
    this.#timing = config.timing;
  }

  get count(): number {
    return this.#frames.count;
  }

  enter(frame: FrameId): void {
    const words = this.#words;
    const doubles = this.#doubles;
    const last = this.#lastBitNs;
    const at = (frame << DOUBLE_SHIFT) + FrameDouble.DeliveryNs;
    doubles[at] += this.#delayNs;
    if (this.#spread !== undefined) this.#spread.add(doubles, at);
    const record = frame << FRAME_SHIFT;
    const isIp = (words[record + FrameWord.Meta] & MetaBit.NotIp) === 0;
    const restNs = isIp ? restOfFrameNs(this.#timing, words[record + FrameWord.WireLength]) : 0;
    doubles[at] = Math.max(doubles[at] - restNs, last[0]);
    last[0] = doubles[at] + restNs;
    const wasEmpty = this.#frames.count === 0;
    this.#frames.push(frame);
    if (wasEmpty) this.#arm(frame);
  }

  take(): FrameId {
    const frame = this.#frames.shift();
    const next = this.#frames.head;
    if (next !== NO_FRAME) this.#arm(next);
    return frame;
  }

  #arm(frame: FrameId): void {
    const at = (frame << DOUBLE_SHIFT) + FrameDouble.DeliveryNs;
    this.#scheduler.deadlineNs[this.#source] = this.#doubles[at];
    this.#scheduler.arm(this.#source);
  }
}
