/**
 * A switch: hands every frame to the link on which its destination lies. Its queues are those of the links
 * that leave it, so it takes no time of its own and holds no frame. It learns nothing and floods nothing:
 * routes are set up. It changes no frame, so it costs no TTL, and it reads no header but the destination's
 * index: frames whose addresses were corrupted go where they now say, or nowhere.
 * Hot: no allocation per frame.
 */
import { DropReason } from '../engine/drop-reason.ts';
import type { FrameId } from '../frame/frame-record.ts';
import type { FrameSink } from '../frame/frame-sink.ts';
import { ForwardingTable, NO_PORT } from './forwarding-table.ts';
import type { Network } from './network.ts';
import type { SwitchConfig } from './switch-config.ts';

export class Switch implements FrameSink {
  readonly name: string;
  /** Where frames without a route are counted: Network.dropCount. */
  readonly place: number;
  readonly routes: ForwardingTable;
  readonly config: SwitchConfig;
  readonly #network: Network;

  /** @param name distinct in its network: it names its place and its choices among equal paths */
  constructor(network: Network, name: string, config: SwitchConfig = {}) {
    this.name = name;
    this.config = config;
    this.place = network.addPlace(name);
    this.routes = new ForwardingTable(network.pool.words, network.random.fork(name).nextInt32());
    this.#network = network;
  }

  /** Takes ownership. */
  deliver(frame: FrameId): void {
    const { routes } = this;
    const port = routes.find(frame);
    if (port === NO_PORT) this.#network.drop(frame, DropReason.NoRoute, this.place);
    else (routes.sinks[port] as FrameSink).deliver(frame);
  }
}
