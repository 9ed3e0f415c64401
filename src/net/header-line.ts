/**
 * The line into a cut-through switch: a frame is handed on when its header has arrived, before its last bit. It
 * enters when its transmission begins, or is planned, with the instant of its departure, as on any line. A header
 * never comes before the last bit of the frame before it. Frames that are no IP are handed on whole.
 * Hot: no allocation per frame.
 */
import type { BitsPerSecond, Bytes, Duration } from '../base/units.ts';
import type { Scheduler, SourceId } from '../engine/scheduler.ts';
import type { FramePool } from '../frame/frame-pool.ts';
import {
  DOUBLE_SHIFT,
  FRAME_SHIFT,
  FrameDouble,
  type FrameId,
  FrameWord,
  MetaBit,
} from '../frame/frame-record.ts';
import { ConstantLine, type OrderedSpread } from './line.ts';

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

export class HeaderLine extends ConstantLine {
  readonly #words: Int32Array;
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
    super(scheduler, source, pool, config.delayNs, config.spread);
    this.#words = pool.words;
    this.#timing = config.timing;
  }

  override enter(frame: FrameId): void {
    const { doubles } = this;
    const words = this.#words;
    const last = this.#lastBitNs;
    const at = (frame << DOUBLE_SHIFT) + FrameDouble.DeliveryNs;
    this.delay(at);
    const record = frame << FRAME_SHIFT;
    const isIp = (words[record + FrameWord.Meta] & MetaBit.NotIp) === 0;
    const restNs = isIp ? restOfFrameNs(this.#timing, words[record + FrameWord.WireLength]) : 0;
    doubles[at] = Math.max(doubles[at] - restNs, last[0]);
    last[0] = doubles[at] + restNs;
    this.append(frame);
  }
}
