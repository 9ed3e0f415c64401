/**
 * FQ-CoDel (RFC 8290): flows in queues of their own, new flows first, then round robin by bytes, and CoDel on
 * each. A sparse flow waits for no one's queue but its own. Hot: no allocation per frame.
 */
import type { FrameId } from '../frame/frame-record.ts';
import { type CodelConfig, CodelRows } from './codel-rows.ts';
import { FairQueues } from './fair-queues.ts';
import type { FlowQueuesConfig } from './flow-queues.ts';
import type { QueueEnvironment } from './queue-discipline.ts';

export class FqCodel extends FairQueues {
  readonly #codel: CodelRows;

  constructor(environment: QueueEnvironment, config: FlowQueuesConfig & CodelConfig) {
    super(environment, config);
    this.#codel = new CodelRows(this.queues, environment, config);
  }

  protected admits(): boolean {
    return true;
  }

  protected take(flow: number): FrameId {
    return this.#codel.dequeue(flow);
  }
}
