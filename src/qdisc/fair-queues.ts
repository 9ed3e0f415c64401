/**
 * Flow queues under the scheduler of RFC 8290 §4.2. How a frame is admitted to its flow, and what its flow gives up,
 * is for the AQM that extends it. Hot: no allocation per frame.
 */
import { type FrameId, NO_FRAME } from '../frame/frame-record.ts';
import { FlowLists, NO_FLOW } from './flow-lists.ts';
import { FlowQueues, type FlowQueuesConfig } from './flow-queues.ts';
import type { QueueEnvironment } from './queue-discipline.ts';

export abstract class FairQueues extends FlowQueues {
  readonly #lists: FlowLists;

  constructor(environment: QueueEnvironment, config: FlowQueuesConfig) {
    super(environment, config);
    this.#lists = new FlowLists(config.flows, config.quantumBytes);
  }

  /** Whether `flow` takes the frame; one that it does not take has ended. */
  protected abstract admits(flow: number, frame: FrameId): boolean;

  /** The frame to send of `flow`, or NO_FRAME when it has none left. */
  protected abstract take(flow: number): FrameId;

  enqueue(frame: FrameId): boolean {
    const flow = this.rowOf(frame);
    if (!this.admits(flow, frame)) return false;
    this.queues.push(flow, frame);
    this.#lists.activate(flow);
    return this.keepToLimit(flow);
  }

  dequeue(): FrameId {
    const lists = this.#lists;
    for (;;) {
      const flow = lists.select();
      if (flow === NO_FLOW) return NO_FRAME;
      const frame = this.take(flow);
      if (frame !== NO_FRAME) {
        lists.charge(flow, this.lengthOf(frame));
        return frame;
      }
      lists.retire(flow);
    }
  }
}
