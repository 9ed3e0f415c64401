/**
 * CoDel, controlled delay (RFC 8289), on the rows of FrameQueues: one control loop a row, so that plain CoDel
 * is one row and FQ-CoDel many. When the sojourn time of every frame of an interval was above the target, it
 * drops at dequeue, ever faster, until one is below. With ECN it marks instead, and lets the marked frame go;
 * with a CE threshold it also marks every frame that waited longer than that (RFC 8290 §5.2.7).
 * Hot: no allocation per frame.
 */
import type { Bytes, Duration } from '../base/units.ts';
import type { Clock } from '../engine/clock.ts';
import { DropReason } from '../engine/drop-reason.ts';
import { DOUBLE_SHIFT, FrameDouble, type FrameId, NO_FRAME } from '../frame/frame-record.ts';
import type { FrameQueues } from './frame-queues.ts';
import type { QueueEnvironment, QueueOutcomes } from './queue-discipline.ts';

/** RFC 8289 §5.3 has the values; §4.3 and §4.4 say why. */
export interface CodelConfig {
  /** Acceptable standing queue: 5 ms. */
  readonly targetNs: Duration;
  /** About the longest round trip: 100 ms. */
  readonly intervalNs: Duration;
  readonly usesEcn: boolean;
  /** NEVER without one. */
  readonly ceThresholdNs: Duration;
}

/** Drop rates of the last cycle are a starting point for this many intervals: RFC 8289 §5.5. */
const MEMORY_INTERVALS = 16;

export class CodelRows {
  readonly #queues: FrameQueues;
  readonly #clock: Clock;
  readonly #doubles: Float64Array;
  readonly #outcomes: QueueOutcomes;
  readonly #place: number;
  readonly #config: CodelConfig;
  readonly #maxpacketBytes: Bytes;
  /** RFC 8289 §5.2, by row; 0 for no time set. */
  readonly #firstAboveNs: Float64Array;
  readonly #dropNextNs: Float64Array;
  readonly #count: Float64Array;
  readonly #lastCount: Float64Array;
  readonly #isDropping: Uint8Array;
  /** Of the frame taken last: above the target for an interval. */
  #okToDrop = false;

  constructor(queues: FrameQueues, environment: QueueEnvironment, config: CodelConfig) {
    this.#queues = queues;
    this.#clock = environment.clock;
    this.#doubles = environment.pool.doubles;
    this.#outcomes = environment.outcomes;
    this.#place = environment.place;
    this.#config = config;
    this.#maxpacketBytes = environment.longestFrameBytes;
    this.#firstAboveNs = new Float64Array(queues.rows);
    this.#dropNextNs = new Float64Array(queues.rows);
    this.#count = new Float64Array(queues.rows);
    this.#lastCount = new Float64Array(queues.rows);
    this.#isDropping = new Uint8Array(queues.rows);
  }

  /** The next frame of a row after CoDel has dropped what it will, or NO_FRAME: RFC 8289 §5.5. */
  dequeue(row: number): FrameId {
    let frame = this.#take(row);
    if (this.#isDropping[row] !== 0) {
      frame = this.#goOnDropping(row, frame);
    } else if (this.#okToDrop) {
      frame = this.#signal(frame) ? frame : this.#take(row);
      this.#startDropping(row);
    }
    if (frame !== NO_FRAME) this.#judgeThreshold(frame);
    return frame;
  }

  #goOnDropping(row: number, taken: FrameId): FrameId {
    const dropNextNs = this.#dropNextNs;
    let frame = taken;
    // The sojourn time is below the target: leave drop state.
    if (!this.#okToDrop) this.#isDropping[row] = 0;
    while (this.#isDropping[row] !== 0 && this.#clock.nowNs >= dropNextNs[row]) {
      this.#count[row]++;
      const isMarked = this.#signal(frame);
      if (!isMarked) frame = this.#take(row);
      if (this.#okToDrop) this.#schedule(row);
      else this.#isDropping[row] = 0;
      // A marked frame leaves; the next one is for the next dequeue.
      if (isMarked) break;
    }
    return frame;
  }

  /** If the queue was controlled not long ago, the drop rate of then is where to start. */
  #startDropping(row: number): void {
    const now = this.#clock.nowNs;
    const delta = this.#count[row] - this.#lastCount[row];
    const isRecent = now - this.#dropNextNs[row] < MEMORY_INTERVALS * this.#config.intervalNs;
    this.#isDropping[row] = 1;
    this.#count[row] = delta > 1 && isRecent ? delta : 1;
    this.#dropNextNs[row] = now;
    this.#schedule(row);
    this.#lastCount[row] = this.#count[row];
  }

  /** The control law, t + interval / √count, from the time of the drop before: RFC 8289 §5.6. */
  #schedule(row: number): void {
    this.#dropNextNs[row] += Math.floor(this.#config.intervalNs / Math.sqrt(this.#count[row]));
  }

  /** Marks, and says true, or drops. */
  #signal(frame: FrameId): boolean {
    if (this.#config.usesEcn && this.#outcomes.mark(frame, this.#place)) return true;
    this.#outcomes.drop(frame, DropReason.Aqm, this.#place);
    return false;
  }

  /** Takes a frame and finds whether the row has been above the target for an interval: RFC 8289 §5.6. */
  #take(row: number): FrameId {
    const queues = this.#queues;
    const firstAboveNs = this.#firstAboveNs;
    const frame = queues.shift(row);
    this.#okToDrop = false;
    if (frame === NO_FRAME) {
      firstAboveNs[row] = 0;
      return NO_FRAME;
    }
    const now = this.#clock.nowNs;
    const sojournNs = now - this.#doubles[(frame << DOUBLE_SHIFT) + FrameDouble.DeliveryNs];
    if (sojournNs < this.#config.targetNs || queues.bytes(row) <= this.#maxpacketBytes) {
      firstAboveNs[row] = 0;
    } else if (firstAboveNs[row] === 0) {
      firstAboveNs[row] = now + this.#config.intervalNs;
    } else if (now >= firstAboveNs[row]) {
      this.#okToDrop = true;
    }
    return frame;
  }

  #judgeThreshold(frame: FrameId): void {
    const now = this.#clock.nowNs;
    const sojournNs = now - this.#doubles[(frame << DOUBLE_SHIFT) + FrameDouble.DeliveryNs];
    if (sojournNs > this.#config.ceThresholdNs) this.#outcomes.mark(frame, this.#place);
  }
}
