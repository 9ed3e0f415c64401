/**
 * Which side of the path a packet comes from. With blocks of inside addresses, inside is the client's side.
 * Without, the opener of each connection is the client (analysis/flow-facts has the grounds), as far as the
 * capture has shown by then; a SYN that comes later corrects a weaker ground. Frames that are no IP take the side of their MAC address.
 * Hot path: a look-up per packet; a decision is made once a flow.
 */
import { findClient } from '../analysis/flow-facts.ts';
import { FLOW_WORDS, FlowKind, FlowWord } from '../analysis/flow-record.ts';
import type { FlowTable } from '../analysis/flow-table.ts';
import type { CidrBlock } from '../base/ip-address.ts';
import { PathDirection } from './replay-ledger.ts';

/** Why a side is the client, in the order of GROUND_NAMES. */
export const enum Ground {
  Inside = 0,
  Syn = 1,
  SynAck = 2,
  Port = 3,
  First = 4,
  /** Both ends are on one side: the flow does not cross the path. */
  NotCrossing = 5,
}
export const GROUND_NAMES = ['inside', 'syn', 'syn-ack', 'port', 'first', 'not crossing'] as const;

const UNKNOWN = -1;

export class PathSides {
  readonly #flows: FlowTable;
  readonly #inside: readonly CidrBlock[];
  /** Ground << 1 | side of the client, by flow. */
  #decisions = new Int8Array(256).fill(UNKNOWN);

  constructor(flows: FlowTable, inside: readonly CidrBlock[]) {
    this.#flows = flows;
    this.#inside = inside;
  }

  /** Side (0 or 1) of the flow's client. Decided at the flow's first packet. */
  clientSide(flow: number): number {
    return this.#decisions[flow] & 1;
  }

  groundOf(flow: number): Ground {
    return this.#decisions[flow] >> 1;
  }

  /** Decides for a flow that is new, and again when a SYN may correct the decision. */
  decide(flow: number): void {
    if (flow >= this.#decisions.length) this.#grow(flow);
    if (this.#decisions[flow] !== UNKNOWN && this.groundOf(flow) < Ground.Port) return;
    this.#decisions[flow] = this.#decide(flow);
  }

  /** Whether the flow has been decided. */
  isKnown(flow: number): boolean {
    return flow < this.#decisions.length && this.#decisions[flow] !== UNKNOWN;
  }

  directionOf(flow: number, senderSide: number): PathDirection {
    return senderSide === this.clientSide(flow) ? PathDirection.ToServer : PathDirection.ToClient;
  }

  #decide(flow: number): number {
    const kind = this.#flows.words[flow * FLOW_WORDS + FlowWord.Kind] >> 8;
    if (this.#inside.length > 0 && kind !== FlowKind.Link) return this.#decideByBlocks(flow);
    const { side, ground } = findClient(this.#flows, flow);
    return (GROUND_NAMES.indexOf(ground) << 1) | side;
  }

  #decideByBlocks(flow: number): number {
    const words = this.#flows.words;
    const addresses = this.#flows.addresses.words;
    const isInside = (side: number) => {
      const address = words[flow * FLOW_WORDS + FlowWord.Address0 + side];
      return this.#inside.some((block) => block.contains(addresses, address * 4));
    };
    const first = isInside(0);
    if (first === isInside(1)) return Ground.NotCrossing << 1;
    return (Ground.Inside << 1) | (first ? 0 : 1);
  }

  #grow(flow: number): void {
    const decisions = new Int8Array(Math.max(this.#decisions.length * 2, flow + 1)).fill(UNKNOWN);
    decisions.set(this.#decisions);
    this.#decisions = decisions;
  }
}
