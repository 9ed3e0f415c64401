/**
 * A line whose delay differs from frame to frame: jitter, reordering, a delay that is changed. Frames are
 * in a binary heap in columns by (delivery time, entry number), so frames of one instant keep their order.
 * Reordering is netem's: a frame that is sent at once skips delay and jitter and overtakes those on the
 * line. Total delay is never below 0. Hot: no allocation per frame, but for the heap's doubling.
 */
import type { Duration } from '../base/units.ts';
import type { Scheduler, SourceId } from '../engine/scheduler.ts';
import type { FramePool } from '../frame/frame-pool.ts';
import { DOUBLE_SHIFT, FrameDouble, type FrameId } from '../frame/frame-record.ts';
import type { JitterProcess } from './jitter-process.ts';
import type { Line } from './line.ts';
import type { ReorderProcess } from './reorder-process.ts';

const FIRST_CAPACITY = 256;

export class VaryingLine implements Line {
  /** Of frames that enter from now on. */
  delayNs: Duration;
  /** Frames sent at once. */
  reordered = 0;
  readonly #scheduler: Scheduler;
  readonly #source: SourceId;
  readonly #doubles: Float64Array;
  readonly #jitter: JitterProcess | undefined;
  readonly #reorder: ReorderProcess | undefined;
  #times = new Float64Array(FIRST_CAPACITY);
  #entries = new Int32Array(FIRST_CAPACITY);
  #frames = new Int32Array(FIRST_CAPACITY);
  #count = 0;
  #nextEntry = 0;

  constructor(
    scheduler: Scheduler,
    source: SourceId,
    pool: FramePool,
    config: {
      readonly delayNs: Duration;
      readonly jitter: JitterProcess | undefined;
      readonly reorder: ReorderProcess | undefined;
    },
  ) {
    this.delayNs = config.delayNs;
    this.#scheduler = scheduler;
    this.#source = source;
    this.#doubles = pool.doubles;
    this.#jitter = config.jitter;
    this.#reorder = config.reorder;
  }

  get count(): number {
    return this.#count;
  }

  enter(frame: FrameId): void {
    const at = (frame << DOUBLE_SHIFT) + FrameDouble.DeliveryNs;
    if (this.#reorder?.isSentAtOnce()) {
      this.reordered++;
    } else {
      const jitter = this.#jitter;
      if (jitter === undefined) {
        this.#doubles[at] += this.delayNs;
      } else {
        jitter.draw();
        this.#doubles[at] += Math.max(0, this.delayNs + jitter.offsetNs);
      }
    }
    if (this.#count === this.#frames.length) this.#grow();
    this.#siftUp(frame);
    if (this.#frames[0] === frame) this.#arm();
  }

  take(): FrameId {
    const frame = this.#frames[0] as FrameId;
    this.#count--;
    if (this.#count > 0) {
      this.#siftLastDown();
      this.#arm();
    }
    return frame;
  }

  #arm(): void {
    this.#scheduler.deadlineNs[this.#source] = this.#times[0];
    this.#scheduler.arm(this.#source);
  }

  #siftUp(frame: FrameId): void {
    const times = this.#times;
    const time = this.#doubles[(frame << DOUBLE_SHIFT) + FrameDouble.DeliveryNs];
    let at = this.#count++;
    // The newest entry goes behind all of its instant.
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (times[parent] <= time) break;
      this.#move(parent, at);
      at = parent;
    }
    times[at] = time;
    this.#entries[at] = this.#nextEntry;
    this.#frames[at] = frame;
    this.#nextEntry = (this.#nextEntry + 1) | 0;
  }

  /** Moves the last entry to where it belongs from the top. */
  #siftLastDown(): void {
    const last = this.#count;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= last) break;
      if (child + 1 < last && this.#isBefore(child + 1, child)) child++;
      if (this.#isBefore(last, child)) break;
      this.#move(child, at);
      at = child;
    }
    this.#move(last, at);
  }

  #isBefore(a: number, b: number): boolean {
    const times = this.#times;
    if (times[a] !== times[b]) return times[a] < times[b];
    // Entry numbers wrap: their difference tells the order.
    return ((this.#entries[a] - this.#entries[b]) | 0) < 0;
  }

  #move(from: number, to: number): void {
    this.#times[to] = this.#times[from];
    this.#entries[to] = this.#entries[from];
    this.#frames[to] = this.#frames[from];
  }

  #grow(): void {
    const capacity = this.#frames.length * 2;
    const times = new Float64Array(capacity);
    const entries = new Int32Array(capacity);
    const frames = new Int32Array(capacity);
    times.set(this.#times);
    entries.set(this.#entries);
    frames.set(this.#frames);
    this.#times = times;
    this.#entries = entries;
    this.#frames = frames;
  }
}
