/**
 * FQ-CoDel (RFC 8290): flows in queues of their own, new flows first, then round robin by bytes, and CoDel on
 * each. A sparse flow waits for no one's queue but its own. Hot: no allocation per frame.
 */
import { type FrameId, NO_FRAME } from '../frame/frame-record.ts';
import { type CodelConfig, CodelRows } from './codel-rows.ts';
import { FlowLists, NO_FLOW } from './flow-lists.ts';
import { FlowQueues, type FlowQueuesConfig } from './flow-queues.ts';
import type { QueueEnvironment } from './queue-discipline.ts';

export class FqCodel extends FlowQueues {
  readonly #codel: CodelRows;
  readonly #lists: FlowLists;

  constructor(environment: QueueEnvironment, config: FlowQueuesConfig & CodelConfig) {
    super(environment, config);
    this.#lists = new FlowLists(config.flows, config.quantumBytes);
    this.#codel = new CodelRows(this.queues, environment, config);
  }

  enqueue(frame: FrameId): boolean {
    const flow = this.rowOf(frame);
    this.queues.push(flow, frame);
    this.#lists.activate(flow);
    return this.keepToLimit(flow);
  }

  /** RFC 8290 §4.2. */
  dequeue(): FrameId {
    const lists = this.#lists;
    for (;;) {
      const flow = lists.select();
      if (flow === NO_FLOW) return NO_FRAME;
      const frame = this.#codel.dequeue(flow);
      if (frame !== NO_FRAME) {
        lists.charge(flow, this.lengthOf(frame));
        return frame;
      }
      lists.retire(flow);
    }
  }
}
