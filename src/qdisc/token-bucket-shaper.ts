/**
 * Token-bucket shaper, tbf of tc: a drop-tail queue whose frames leave only when there are tokens for their
 * whole length. Over any time t no more than rate · t + burst leaves, and a queue that does not run empty gets
 * exactly its rate. A frame longer than the burst could never leave and is dropped.
 * Hot: no allocation per frame.
 */
import { type BitsPerSecond, type Bytes, NEVER } from '../base/units.ts';
import { DropReason } from '../engine/drop-reason.ts';
import { type FrameId, NO_FRAME } from '../frame/frame-record.ts';
import { BufferedQueue } from './_buffered.ts';
import { TokenBucket } from './_token-bucket.ts';
import type { QueueEnvironment } from './queue-discipline.ts';

export interface TokenBucketConfig {
  readonly rate: BitsPerSecond;
  readonly burstBytes: Bytes;
}

export class TokenBucketShaper extends BufferedQueue {
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
    if (length > this.#bucket.burstBytes) {
      this.outcomes.drop(frame, DropReason.Policed, this.place);
      return false;
    }
    if (!this.queues.hasRoomFor(length)) {
      this.outcomes.drop(frame, DropReason.QueueFull, this.place);
      return false;
    }
    this.queues.push(0, frame);
    return true;
  }

  dequeue(): FrameId {
    const head = this.queues.head(0);
    if (head === NO_FRAME || !this.#bucket.take(this.lengthOf(head))) return NO_FRAME;
    return this.queues.shift(0);
  }

  override findEligible(cell: Float64Array): void {
    const head = this.queues.head(0);
    if (head === NO_FRAME) cell[0] = NEVER;
    else this.#bucket.findReady(this.lengthOf(head), cell);
  }
}
