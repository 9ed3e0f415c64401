/**
 * What lies between transmitter and far end. A frame enters with the instant of its departure in
 * DeliveryNs, which may lie ahead, and the line turns that into the instant of delivery. One event source
 * serves the whole line. ConstantLine keeps frames in an intrusive list: what enters later leaves later,
 * also where each frame takes a little longer by chance.
 * Hot: no allocation per frame.
 */
import type { Duration } from '../base/units.ts';
import type { RandomSource } from '../engine/random.ts';
import type { Scheduler, SourceId } from '../engine/scheduler.ts';
import { FrameFifo } from '../frame/frame-fifo.ts';
import type { FramePool } from '../frame/frame-pool.ts';
import { DOUBLE_SHIFT, FrameDouble, type FrameId, NO_FRAME } from '../frame/frame-record.ts';

const TWO_POW_MINUS_32 = 2 ** -32;

export interface Line {
  /** Frames between departure and delivery, and those whose departure lies ahead. */
  readonly count: number;
  /** Takes ownership; the frame's DeliveryNs is its departure. */
  enter(frame: FrameId): void;
  /** Gives ownership of the frame that is due now, and arms the source for the next one. */
  take(): FrameId;
}

/**
 * Extra delay of each frame, uniform in 0 … spreadNs, but never so that one overtakes another: the time a
 * host takes over a packet, which breaks the phase effects of senders in step (Floyd and Jacobson 1992).
 */
export class OrderedSpread {
  readonly #random: RandomSource;
  readonly #spreadNs: Duration;
  /** When the frame before leaves. */
  readonly #last = new Float64Array(1);

  constructor(random: RandomSource, spreadNs: Duration) {
    this.#random = random;
    this.#spreadNs = spreadNs;
  }

  /** Adds to the time in cells[at]. */
  add(cells: Float64Array, at: number): void {
    const last = this.#last;
    const extraNs = Math.floor(
      (this.#random.nextInt32() >>> 0) * TWO_POW_MINUS_32 * this.#spreadNs,
    );
    const time = cells[at] + extraNs;
    if (time > last[0]) last[0] = time;
    cells[at] = last[0];
  }
}

export class ConstantLine implements Line {
  readonly #scheduler: Scheduler;
  readonly #source: SourceId;
  protected readonly doubles: Float64Array;
  readonly #frames: FrameFifo;
  readonly #delayNs: Duration;
  readonly #spread: OrderedSpread | undefined;

  constructor(
    scheduler: Scheduler,
    source: SourceId,
    pool: FramePool,
    delayNs: Duration,
    spread?: OrderedSpread,
  ) {
    this.#spread = spread;
    this.#scheduler = scheduler;
    this.#source = source;
    this.doubles = pool.doubles;
    this.#frames = new FrameFifo(pool.words);
    this.#delayNs = delayNs;
  }

  get count(): number {
    return this.#frames.count;
  }

  enter(frame: FrameId): void {
    this.delay((frame << DOUBLE_SHIFT) + FrameDouble.DeliveryNs);
    this.append(frame);
  }

  take(): FrameId {
    const frame = this.#frames.shift();
    const next = this.#frames.head;
    if (next !== NO_FRAME) this.#arm(next);
    return frame;
  }

  /** From the departure in doubles[at] to the arrival of the last bit. */
  protected delay(at: number): void {
    this.doubles[at] += this.#delayNs;
    if (this.#spread !== undefined) this.#spread.add(this.doubles, at);
  }

  /** Behind the others; its DeliveryNs is when it is handed on. */
  protected append(frame: FrameId): void {
    const wasEmpty = this.#frames.count === 0;
    this.#frames.push(frame);
    if (wasEmpty) this.#arm(frame);
  }

  #arm(frame: FrameId): void {
    const at = (frame << DOUBLE_SHIFT) + FrameDouble.DeliveryNs;
    this.#scheduler.deadlineNs[this.#source] = this.doubles[at];
    this.#scheduler.arm(this.#source);
  }
}
