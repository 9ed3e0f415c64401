/**
 * Token-bucket policer in front of a drop-tail queue: an arriving frame without tokens for its whole length is
 * dropped at once; the others are not delayed by it. Hot: no allocation per frame.
 */
import { DropReason } from '../engine/drop-reason.ts';
import type { FrameId } from '../frame/frame-record.ts';
import { BufferedQueue } from './_buffered.ts';
import { TokenBucket } from './_token-bucket.ts';
import type { QueueEnvironment } from './queue-discipline.ts';
import type { TokenBucketConfig } from './token-bucket-shaper.ts';

export class TokenBucketPolicer extends BufferedQueue {
  readonly #bucket: TokenBucket;

  constructor(environment: QueueEnvironment, { rate, burstBytes }: TokenBucketConfig) {
    super(environment);
    this.#bucket = new TokenBucket(environment.clock, rate, burstBytes);
  }

  /** It would take no tokens. */
  letsPass(): boolean {
    return false;
  }

  enqueue(frame: FrameId): boolean {
    const length = this.lengthOf(frame);
    if (!this.queues.hasRoomFor(length)) {
      this.outcomes.drop(frame, DropReason.QueueFull, this.place);
      return false;
    }
    if (!this.#bucket.take(length)) {
      this.outcomes.drop(frame, DropReason.Policed, this.place);
      return false;
    }
    this.queues.push(0, frame);
    return true;
  }

  dequeue(): FrameId {
    return this.queues.shift(0);
  }
}
