/**
 * Deficit round robin (Shreedhar and Varghese 1995): flows in queues of their own; each in turn gets a quantum
 * and sends while its next frame fits what it has. What is left is kept for the next turn, until the flow runs
 * empty. Beyond the limit the longest queue loses frames (their §4, buffer stealing).
 * Hot: no allocation per frame.
 */
import type { Bytes } from '../base/units.ts';
import { type FrameId, NO_FRAME } from '../frame/frame-record.ts';
import { FlowList, NO_FLOW } from './flow-lists.ts';
import { FlowQueues, type FlowQueuesConfig } from './flow-queues.ts';
import type { QueueEnvironment } from './queue-discipline.ts';

export class Drr extends FlowQueues {
  readonly #quantum: Bytes;
  readonly #active: FlowList;
  readonly #isActive: Uint8Array;
  readonly #deficits: Int32Array;
  /** The flow whose turn it is has got its quantum. */
  #hasQuantum = false;

  constructor(environment: QueueEnvironment, config: FlowQueuesConfig) {
    super(environment, config);
    this.#quantum = config.quantumBytes;
    this.#active = new FlowList(new Int32Array(config.flows));
    this.#isActive = new Uint8Array(config.flows);
    this.#deficits = new Int32Array(config.flows);
  }

  enqueue(frame: FrameId): boolean {
    const flow = this.rowOf(frame);
    this.queues.push(flow, frame);
    if (this.#isActive[flow] === 0) {
      this.#isActive[flow] = 1;
      this.#active.append(flow);
    }
    return this.keepToLimit(flow);
  }

  dequeue(): FrameId {
    const { queues } = this;
    const deficits = this.#deficits;
    for (;;) {
      const flow = this.#active.head;
      if (flow === NO_FLOW) return NO_FRAME;
      const head = queues.head(flow);
      if (head === NO_FRAME) {
        this.#endTurn(flow);
        continue;
      }
      if (!this.#hasQuantum) deficits[flow] += this.#quantum;
      this.#hasQuantum = true;
      const length = this.lengthOf(head);
      if (length <= deficits[flow]) {
        deficits[flow] -= length;
        queues.shift(flow);
        if (queues.packets(flow) === 0) this.#endTurn(flow);
        return head;
      }
      this.#endTurn(flow);
    }
  }

  /** The next flow's turn; an empty flow leaves and keeps nothing. */
  #endTurn(flow: number): void {
    this.#hasQuantum = false;
    this.#active.removeHead();
    if (this.queues.packets(flow) > 0) {
      this.#active.append(flow);
    } else {
      this.#isActive[flow] = 0;
      this.#deficits[flow] = 0;
    }
  }
}
