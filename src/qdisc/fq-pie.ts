/**
 * FQ-PIE: the flow queues and the scheduler of RFC 8290 with PIE (RFC 8033) on each flow instead of CoDel
 * (Ramakrishnan and others 2019). RFC 8033 §6 would rather have one controller for all, scaled by each queue's
 * share; with sojourn times every flow can have its own. Hot: no allocation per frame.
 */
import { DropReason } from '../engine/drop-reason.ts';
import { type FrameId, NO_FRAME } from '../frame/frame-record.ts';
import { FlowLists, NO_FLOW } from './flow-lists.ts';
import { FlowQueues, type FlowQueuesConfig } from './flow-queues.ts';
import { type PieConfig, PieRows } from './pie-rows.ts';
import type { QueueEnvironment } from './queue-discipline.ts';

export class FqPie extends FlowQueues {
  readonly #pie: PieRows;
  readonly #lists: FlowLists;

  constructor(environment: QueueEnvironment, config: FlowQueuesConfig & PieConfig) {
    super(environment, config);
    this.#lists = new FlowLists(config.flows, config.quantumBytes);
    this.#pie = new PieRows(this.queues, environment, config);
  }

  enqueue(frame: FrameId): boolean {
    const flow = this.rowOf(frame);
    if (!this.#pie.admits(flow, frame)) {
      this.outcomes.drop(frame, DropReason.Aqm, this.place);
      return false;
    }
    this.queues.push(flow, frame);
    this.#lists.activate(flow);
    return this.keepToLimit(flow);
  }

  dequeue(): FrameId {
    const lists = this.#lists;
    for (;;) {
      const flow = lists.select();
      if (flow === NO_FLOW) return NO_FRAME;
      const frame = this.queues.shift(flow);
      this.#pie.onDequeue(flow, frame);
      if (frame !== NO_FRAME) {
        lists.charge(flow, this.lengthOf(frame));
        return frame;
      }
      lists.retire(flow);
    }
  }
}
