/**
 * FQ-PIE: the flow queues and the scheduler of RFC 8290 with PIE (RFC 8033) on each flow instead of CoDel
 * (Ramakrishnan and others 2019). RFC 8033 §6 would rather have one controller for all, scaled by each queue's
 * share; with sojourn times every flow can have its own. Hot: no allocation per frame.
 */
import { DropReason } from '../engine/drop-reason.ts';
import type { FrameId } from '../frame/frame-record.ts';
import { FairQueues } from './fair-queues.ts';
import type { FlowQueuesConfig } from './flow-queues.ts';
import { type PieConfig, PieRows } from './pie-rows.ts';
import type { QueueEnvironment } from './queue-discipline.ts';

export class FqPie extends FairQueues {
  readonly #pie: PieRows;

  constructor(environment: QueueEnvironment, config: FlowQueuesConfig & PieConfig) {
    super(environment, config);
    this.#pie = new PieRows(this.queues, environment, config);
  }

  protected admits(flow: number, frame: FrameId): boolean {
    const isAdmitted = this.#pie.admits(flow, frame);
    if (!isAdmitted) this.outcomes.drop(frame, DropReason.Aqm, this.place);
    return isAdmitted;
  }

  protected take(flow: number): FrameId {
    const frame = this.queues.shift(flow);
    this.#pie.onDequeue(flow, frame);
    return frame;
  }
}
