/**
 * Step marking: a drop-tail queue that marks an arriving frame when the queue with it is longer than K, by
 * its length of this instant (RFC 8257 §3.1, DCTCP). Frames that are not ECN-capable are only dropped, at the
 * limit. Hot: no allocation per frame.
 */
import { DropReason } from '../engine/drop-reason.ts';
import type { FrameId } from '../frame/frame-record.ts';
import { BufferedQueue } from './_buffered.ts';
import type { QueueEnvironment, QueueLimits } from './queue-discipline.ts';

export class StepMarking extends BufferedQueue {
  readonly #thresholdBytes: number;
  readonly #thresholdPackets: number;

  /** @param threshold K, in bytes or in packets */
  constructor(environment: QueueEnvironment, threshold: QueueLimits) {
    super(environment);
    this.#thresholdBytes = threshold.bytes ?? Number.MAX_SAFE_INTEGER;
    this.#thresholdPackets = threshold.packets ?? Number.MAX_SAFE_INTEGER;
  }

  /** It is in no queue, so there is none to be longer than K. */
  letsPass(): boolean {
    return true;
  }

  enqueue(frame: FrameId): boolean {
    const { queues } = this;
    if (!queues.hasRoomFor(this.lengthOf(frame))) {
      this.outcomes.drop(frame, DropReason.QueueFull, this.place);
      return false;
    }
    queues.push(0, frame);
    const isLong =
      queues.totalBytes > this.#thresholdBytes || queues.totalPackets > this.#thresholdPackets;
    if (isLong) this.outcomes.mark(frame, this.place);
    return true;
  }

  dequeue(): FrameId {
    return this.queues.shift(0);
  }
}
