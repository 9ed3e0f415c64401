/**
 * What all disciplines that keep their frames in FrameQueues share: the backlog, eligibility at once, and how
 * frames end. Hot: no allocation per frame.
 */
import { type Bytes, type Instant, NEVER } from '../base/units.ts';
import type { Clock } from '../engine/clock.ts';
import type { DropReason } from '../engine/drop-reason.ts';
import {
  DOUBLE_SHIFT,
  FRAME_SHIFT,
  FrameDouble,
  type FrameId,
  FrameWord,
  NO_FRAME,
} from '../frame/frame-record.ts';
import { FrameQueues } from './frame-queues.ts';
import type { QueueDiscipline, QueueEnvironment, QueueOutcomes } from './queue-discipline.ts';

export abstract class BufferedQueue implements QueueDiscipline {
  protected readonly queues: FrameQueues;
  protected readonly clock: Clock;
  protected readonly words: Int32Array;
  protected readonly doubles: Float64Array;
  protected readonly outcomes: QueueOutcomes;
  protected readonly place: number;

  constructor(environment: QueueEnvironment, rows = 1) {
    const { pool, clock, outcomes, place, limits } = environment;
    this.queues = new FrameQueues(pool, limits, rows);
    this.clock = clock;
    this.words = pool.words;
    this.doubles = pool.doubles;
    this.outcomes = outcomes;
    this.place = place;
  }

  abstract letsPass(frame: FrameId): boolean;
  abstract enqueue(frame: FrameId): boolean;
  abstract dequeue(): FrameId;

  get backlogBytes(): Bytes {
    return this.queues.totalBytes;
  }

  get backlogPackets(): number {
    return this.queues.totalPackets;
  }

  /** At once, for those that do not hold frames back. */
  findEligible(cell: Float64Array): void {
    cell[0] = this.queues.totalPackets === 0 ? NEVER : 0;
  }

  dropAll(reason: DropReason): void {
    const { queues } = this;
    for (let row = 0; row < queues.rows; row++) {
      for (let frame = queues.shift(row); frame !== NO_FRAME; frame = queues.shift(row)) {
        this.outcomes.drop(frame, reason, this.place);
      }
    }
  }

  protected lengthOf(frame: FrameId): Bytes {
    return this.words[(frame << FRAME_SHIFT) + FrameWord.WireLength];
  }

  /** Since when it waits. */
  protected enqueuedNs(frame: FrameId): Instant {
    return this.doubles[(frame << DOUBLE_SHIFT) + FrameDouble.DeliveryNs];
  }
}
