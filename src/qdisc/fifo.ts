/**
 * First in, first out with a drop-tail or a drop-head limit: when an arriving frame would take the queue past
 * it, either that frame is dropped, or those that have waited longest until it fits. The limit counts the
 * frames that wait with the arriving one; the frame in transmission is no longer in the queue.
 * Hot: no allocation per frame.
 */
import { DropReason } from '../engine/drop-reason.ts';
import { type FrameId, NO_FRAME } from '../frame/frame-record.ts';
import { BufferedQueue } from './_buffered.ts';
import type { QueueEnvironment } from './queue-discipline.ts';

export class Fifo extends BufferedQueue {
  readonly #dropsHead: boolean;

  constructor(environment: QueueEnvironment, drops: 'tail' | 'head' = 'tail') {
    super(environment);
    this.#dropsHead = drops === 'head';
  }

  /** It never waited, so no limit speaks of it. */
  letsPass(): boolean {
    return true;
  }

  enqueue(frame: FrameId): boolean {
    const { queues } = this;
    const length = this.lengthOf(frame);
    if (this.#dropsHead) {
      while (!queues.hasRoomFor(length)) {
        const oldest = queues.shift(0);
        if (oldest === NO_FRAME) break;
        this.outcomes.drop(oldest, DropReason.QueueFull, this.place);
      }
    }
    if (!queues.hasRoomFor(length)) {
      this.outcomes.drop(frame, DropReason.QueueFull, this.place);
      return false;
    }
    queues.push(0, frame);
    return true;
  }

  dequeue(): FrameId {
    return this.queues.shift(0);
  }
}
