/** What a link is made of where it leaves and where it enters a switch with options (net/switch-config). Cold. */
import { NetError } from '../base/errors.ts';
import type { FrameSink } from '../frame/frame-sink.ts';
import { CutThroughPort } from '../net/cut-through-port.ts';
import type { LinkConfig } from '../net/link-config.ts';
import type { Network } from '../net/network.ts';
import { Switch } from '../net/switch.ts';
import { SharedBuffer, SharedBufferPort } from '../qdisc/shared-buffer.ts';
import type { TopologyNode } from './topology.ts';

export class SwitchEnds {
  readonly #network: Network;
  readonly #buffers = new Map<Switch, SharedBuffer>();
  readonly #cutThroughPorts: CutThroughPort[] = [];

  constructor(network: Network) {
    this.#network = network;
  }

  /** Whether there are switches that cut through. */
  get mayHold(): boolean {
    return this.#cutThroughPorts.length > 0;
  }

  /** Frames of which a switch that cuts through waits for the last bit. */
  get heldPackets(): number {
    return this.#cutThroughPorts.reduce((sum, port) => sum + port.heldPackets, 0);
  }

  /** A link that leaves a switch with shared memory queues in it. Throws NetError beside another discipline. */
  leaving(from: TopologyNode, config: LinkConfig): LinkConfig {
    const sharing = from instanceof Switch ? from.config.sharedBuffer : undefined;
    if (sharing === undefined) return config;
    const { name, discipline } = config;
    const { pfc } = (from as Switch).config;
    if (discipline !== undefined || pfc !== undefined) {
      const got = pfc === undefined ? 'another discipline' : 'pfc, which shares by itself';
      throw NetError.value(`link ${name}: sharedBuffer`, 'fifo and no pfc', got);
    }
    const buffer =
      this.#buffers.get(from as Switch) ?? new SharedBuffer(sharing.bytes, sharing.policy);
    this.#buffers.set(from as Switch, buffer);
    return {
      ...config,
      queue: undefined,
      discipline: (environment) => new SharedBufferPort(environment, buffer),
    };
  }

  /** Where a link enters a node: the node, or a port of it that need not wait for the last bit. */
  entering(
    to: TopologyNode,
    config: LinkConfig,
  ): { readonly port: FrameSink; readonly config: LinkConfig } {
    const headerBytes = to instanceof Switch ? to.config.cutThroughBytes : undefined;
    if (headerBytes === undefined) return { port: to, config };
    const { rate = Number.POSITIVE_INFINITY, overheadBytes = 0 } = config;
    const timing = { headerBytes, rate, overheadBytes };
    const port = new CutThroughPort(this.#network, to as Switch, timing);
    this.#cutThroughPorts.push(port);
    return { port, config: { ...config, headerBytes } };
  }
}
