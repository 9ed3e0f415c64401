/**
 * A switch: hands every frame to the link on which its destination lies. Its queues are those of the links
 * that leave it, so it takes no time of its own and holds no frame; one that cuts through has ports that hold what
 * they cannot pass on yet (net/cut-through-port). It learns nothing and floods nothing:
 * routes are set up. It changes no frame, so it costs no TTL, and it reads no header but the destination's
 * index: frames whose addresses were corrupted go where they now say, or nowhere.
 * Hot: no allocation per frame.
 */
import type { BitsPerSecond } from '../base/units.ts';
import { DropReason } from '../engine/drop-reason.ts';
import type { FrameId } from '../frame/frame-record.ts';
import type { FrameSink } from '../frame/frame-sink.ts';
import { ForwardingTable, NO_PORT } from './forwarding-table.ts';
import type { Link } from './link.ts';
import type { Network } from './network.ts';
import { FlowletChooser, type PathChooser, SprayChooser } from './path-chooser.ts';
import type { SwitchConfig } from './switch-config.ts';

export class Switch implements FrameSink {
  readonly name: string;
  /** Where frames without a route are counted: Network.dropCount. */
  readonly place: number;
  readonly routes: ForwardingTable;
  readonly config: SwitchConfig;
  readonly #network: Network;
  /** By port, with their rates, of a switch that cuts through. */
  readonly #links: (Link | undefined)[] = [];
  readonly #rates: BitsPerSecond[] = [];

  /** @param name distinct in its network: it names its place and its choices among equal paths */
  constructor(network: Network, name: string, config: SwitchConfig = {}) {
    this.name = name;
    this.config = config;
    this.place = network.addPlace(name);
    const salt = network.random.fork(name).nextInt32();
    this.routes = new ForwardingTable(network, salt, createChooser(network, this));
    this.#network = network;
  }

  /** Set-up time: a port to a link of this rate, by its entrance. */
  addPort(entrance: FrameSink, link: Link, rate: BitsPerSecond): number {
    const port = this.routes.addPort(entrance);
    this.#links[port] = link;
    this.#rates[port] = rate;
    return port;
  }

  /** Takes ownership. */
  deliver(frame: FrameId): void {
    if (!this.routes.forward(frame)) this.#network.drop(frame, DropReason.NoRoute, this.place);
  }

  /** Where a frame goes, or NO_PORT: asked once for each frame. */
  portOf(frame: FrameId): number {
    return this.routes.find(frame);
  }

  /** Takes ownership of a frame that goes by this port. */
  forward(frame: FrameId, port: number): void {
    if (port === NO_PORT) this.#network.drop(frame, DropReason.NoRoute, this.place);
    else this.routes.send(frame, port);
  }

  /** Whether a frame that comes in at `rate` can leave before its last bit is there. */
  cutsThrough(port: number, rate: BitsPerSecond): boolean {
    if (port === NO_PORT) return false;
    return this.#rates[port] <= rate && (this.#links[port] as Link).isIdle;
  }
}

function createChooser(network: Network, { name, config }: Switch): PathChooser | undefined {
  const { balance } = config;
  if (balance === undefined) return undefined;
  const random = network.random.fork(`${name} paths`);
  return balance.kind === 'spray'
    ? new SprayChooser(random)
    : new FlowletChooser(network.clock, random, balance.gapNs);
}
