/**
 * The scheduler of RFC 8290 §4.2: flows with frames are in a list of new ones or in a list of old ones, each
 * with a byte credit. New flows come first until they have used a quantum; a flow that runs empty goes through
 * the old list once before it counts as new again, so that it cannot starve the others.
 * Hot: no allocation per frame. It knows flows as rows and holds no frames.
 */
import type { Bytes } from '../base/units.ts';

export const NO_FLOW = -1;

const enum FlowState {
  Idle = 0,
  New = 1,
  Old = 2,
}

/** Rows in the order of their turn, as a list through one array of all rows. */
export class FlowList {
  head = NO_FLOW;
  #tail = NO_FLOW;
  readonly #next: Int32Array;

  constructor(next: Int32Array) {
    this.#next = next;
  }

  append(flow: number): void {
    this.#next[flow] = NO_FLOW;
    if (this.#tail === NO_FLOW) this.head = flow;
    else this.#next[this.#tail] = flow;
    this.#tail = flow;
  }

  removeHead(): void {
    this.head = this.#next[this.head];
    if (this.head === NO_FLOW) this.#tail = NO_FLOW;
  }
}

export class FlowLists {
  readonly #quantum: Bytes;
  readonly #states: Uint8Array;
  readonly #credits: Int32Array;
  readonly #newFlows: FlowList;
  readonly #oldFlows: FlowList;

  constructor(flows: number, quantumBytes: Bytes) {
    this.#quantum = quantumBytes;
    this.#states = new Uint8Array(flows);
    this.#credits = new Int32Array(flows);
    const next = new Int32Array(flows);
    this.#newFlows = new FlowList(next);
    this.#oldFlows = new FlowList(next);
  }

  /** A frame has been queued: an idle flow becomes a new one with a quantum of credit. */
  activate(flow: number): void {
    if (this.#states[flow] !== FlowState.Idle) return;
    this.#states[flow] = FlowState.New;
    this.#credits[flow] = this.#quantum;
    this.#newFlows.append(flow);
  }

  /** The flow whose turn it is, or NO_FLOW. Those that have used up their credit get a quantum and go last. */
  select(): number {
    const credits = this.#credits;
    for (;;) {
      const isNew = this.#newFlows.head !== NO_FLOW;
      const list = isNew ? this.#newFlows : this.#oldFlows;
      const flow = list.head;
      if (flow === NO_FLOW || credits[flow] > 0) return flow;
      credits[flow] += this.#quantum;
      this.#moveToOld(list, flow);
    }
  }

  /** The selected flow has sent so much. */
  charge(flow: number, bytes: Bytes): void {
    this.#credits[flow] -= bytes;
  }

  /** The selected flow turned out to be empty. */
  retire(flow: number): void {
    if (this.#states[flow] === FlowState.New) {
      this.#moveToOld(this.#newFlows, flow);
    } else {
      this.#oldFlows.removeHead();
      this.#states[flow] = FlowState.Idle;
    }
  }

  #moveToOld(from: FlowList, flow: number): void {
    from.removeHead();
    this.#states[flow] = FlowState.Old;
    this.#oldFlows.append(flow);
  }
}
