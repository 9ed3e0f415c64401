/** CoDel over one queue: RFC 8289. The control loop is codel-rows. Hot: no allocation per frame. */
import { DropReason } from '../engine/drop-reason.ts';
import type { FrameId } from '../frame/frame-record.ts';
import { BufferedQueue } from './_buffered.ts';
import { type CodelConfig, CodelRows } from './codel-rows.ts';
import type { QueueEnvironment } from './queue-discipline.ts';

export class Codel extends BufferedQueue {
  readonly #codel: CodelRows;

  constructor(environment: QueueEnvironment, config: CodelConfig) {
    super(environment);
    this.#codel = new CodelRows(this.queues, environment, config);
  }

  /** A frame that did not wait ends drop state: the control loop has to see it. */
  letsPass(): boolean {
    return false;
  }

  enqueue(frame: FrameId): boolean {
    // A full buffer's drops do not count for CoDel: RFC 8289 §5.4.
    if (!this.queues.hasRoomFor(this.lengthOf(frame))) {
      this.outcomes.drop(frame, DropReason.QueueFull, this.place);
      return false;
    }
    this.queues.push(0, frame);
    return true;
  }

  dequeue(): FrameId {
    return this.#codel.dequeue(0);
  }
}
