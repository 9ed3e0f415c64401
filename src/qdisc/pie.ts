/** PIE over one queue: RFC 8033. The controller is pie-rows. Hot: no allocation per frame. */
import { DropReason } from '../engine/drop-reason.ts';
import type { FrameId } from '../frame/frame-record.ts';
import { BufferedQueue } from './_buffered.ts';
import { type PieConfig, PieRows } from './pie-rows.ts';
import type { QueueEnvironment } from './queue-discipline.ts';

export class Pie extends BufferedQueue {
  readonly #pie: PieRows;

  constructor(environment: QueueEnvironment, config: PieConfig) {
    super(environment);
    this.#pie = new PieRows(this.queues, environment, config);
  }

  /** The chance of a drop as it is now. */
  get dropChance(): number {
    return this.#pie.dropChance(0);
  }

  /** A frame that did not wait is a delay of 0, which the controller has to see. */
  letsPass(): boolean {
    return false;
  }

  enqueue(frame: FrameId): boolean {
    if (!this.queues.hasRoomFor(this.lengthOf(frame))) {
      this.#pie.onTailDrop(0);
      this.outcomes.drop(frame, DropReason.QueueFull, this.place);
      return false;
    }
    if (!this.#pie.admits(0, frame)) {
      this.outcomes.drop(frame, DropReason.Aqm, this.place);
      return false;
    }
    this.queues.push(0, frame);
    return true;
  }

  dequeue(): FrameId {
    const frame = this.queues.shift(0);
    this.#pie.onDequeue(0, frame);
    return frame;
  }
}
