/**
 * Any network of hosts, switches and routers, joined by one-way links: add the nodes, link them, then set up
 * routes. `routeByShortestPaths` finds, from every node to every host, all next hops of least cost, among which
 * the nodes choose by flow (equal-cost multipath); `setRoute` states single routes, which later calls replace.
 * Hosts forward nothing, so no path leads through one. What the parts do is theirs; this joins them. Cold, and
 * linear in nodes, links and routes.
 *
 *   const topology = new Topology(network);
 *   const a = topology.addHost({ name: 'a', address: '10.0.0.1', ...common });
 *   const b = topology.addHost({ name: 'b', address: '10.0.0.2', ...common });
 *   const middle = topology.addSwitch('middle');
 *   topology.join(a, middle, { name: 'a up', rate: 1e9 }, { name: 'a down', rate: 1e9 });
 *   topology.join(b, middle, { name: 'b up', rate: 1e9 }, { name: 'b down', rate: 1e9 });
 *   topology.routeByShortestPaths();
 */
import { assert } from '../base/assert.ts';
import type { FrameSink } from '../frame/frame-sink.ts';
import { Router } from '../ip/router.ts';
import { Link } from '../net/link.ts';
import type { LinkConfig } from '../net/link-config.ts';
import type { Network } from '../net/network.ts';
import { Switch } from '../net/switch.ts';
import type { SwitchConfig } from '../net/switch-config.ts';
import { FlowControl } from './flow-control.ts';
import { Host, type HostConfig } from './host.ts';
import { type Edge, type PathGraph, ShortestPaths } from './shortest-paths.ts';
import { SwitchEnds } from './switch-ends.ts';

export type TopologyNode = Host | Switch | Router;

/** Where a link is captured: before its queue, behind its line, or both. */
export type CaptureSide = 'in' | 'out' | 'both';

export interface LinkOptions {
  /** Of crossing it: a whole number from 1, 1 when absent. Paths of the least sum are used. */
  readonly cost?: number;
  readonly capture?: CaptureSide | undefined;
}

/** Puts something, a tap say, in front of where frames would go. `point` is `LINK in` or `LINK out`. */
export type Watch = (point: string, to: FrameSink) => FrameSink;

interface LinkEdge extends Edge {
  readonly link: Link;
}

export class Topology {
  readonly network: Network;
  readonly hosts: Host[] = [];
  readonly switches: Switch[] = [];
  readonly routers: Router[] = [];
  /** All links, in the order in which they were added. */
  readonly links: Link[] = [];
  readonly flowControl: FlowControl;
  readonly #ends: SwitchEnds;
  readonly #watch: Watch;
  readonly #nodes: TopologyNode[] = [];
  readonly #indexOf = new Map<TopologyNode, number>();
  /** Links that leave each node. */
  readonly #edges: LinkEdge[][] = [];

  constructor(network: Network, watch: Watch = (_, to) => to) {
    this.network = network;
    this.flowControl = new FlowControl(network);
    this.#ends = new SwitchEnds(network);
    this.#watch = watch;
  }

  /** Frames of which a switch that cuts through waits for the last bit: those in no link. */
  get heldPackets(): number {
    return this.#ends.heldPackets;
  }

  /** Whether switches hold frames or speak flow control, so that what a run is told of asks for it. */
  get hasSwitchState(): boolean {
    return this.#ends.mayHold || this.flowControl.links.length > 0;
  }

  addHost(config: HostConfig): Host {
    const host = this.#add(new Host(this.network, config));
    this.hosts.push(host);
    return host;
  }

  /** @param name distinct in the network, as all names of nodes and links */
  addSwitch(name: string, config: SwitchConfig = {}): Switch {
    const added = this.#add(new Switch(this.network, name, config));
    this.switches.push(added);
    return added;
  }

  /** @param address IPv4 or IPv6 as text, where its ICMP messages come from */
  addRouter(name: string, address: string): Router {
    const router = this.#add(new Router(this.network, name, address));
    this.routers.push(router);
    return router;
  }

  /** A link from one node to another, one way. Throws NetError for a link that makes no sense. */
  addLink(
    from: TopologyNode,
    to: TopologyNode,
    config: LinkConfig,
    options: LinkOptions = {},
  ): Link {
    const { cost = 1, capture } = options;
    assert(Number.isInteger(cost) && cost >= 1, 'the cost of a link is a whole number from 1');
    const entered = this.#ends.entering(to, this.#ends.leaving(from, config));
    const controlled = this.flowControl.prepare(from, to, entered.config, entered.port);
    const end = controlled?.to ?? entered.port;
    const link = new Link(this.network, controlled?.config ?? entered.config);
    const isCaptured = (side: CaptureSide) => capture === side || capture === 'both';
    link.connect(isCaptured('out') ? this.#watch(`${link.name} out`, end) : end);
    const entrance = isCaptured('in') ? this.#watch(`${link.name} in`, link) : link;
    if (controlled !== undefined) this.flowControl.add(controlled.made(), link, entrance);
    const port = addPort(from, entrance, link, config);
    this.#edgesOf(from).push({ to: this.#index(to), port, cost, link });
    this.links.push(link);
    return link;
  }

  /** A link each way. */
  join(
    a: TopologyNode,
    b: TopologyNode,
    there: LinkConfig,
    back: LinkConfig,
    options: LinkOptions = {},
  ): { readonly there: Link; readonly back: Link } {
    return { there: this.addLink(a, b, there, options), back: this.addLink(b, a, back, options) };
  }

  /** Frames for `destination` leave `at` for one of `neighbours`, all of which a link leads to. */
  setRoute(at: TopologyNode, destination: Host, neighbours: readonly TopologyNode[]): void {
    const ports = neighbours.flatMap((neighbour) => this.#portsBetween(at, neighbour));
    assert(ports.length > 0, 'a route leads over a link that there is');
    at.routes.setRoute(destination.address, ports);
  }

  /** What leaves a host with one link goes there. */
  routeByDefault(): void {
    for (const host of this.hosts) {
      const edges = this.#edgesOf(host);
      if (edges.length === 1) host.routes.setDefaultRoute([(edges[0] as Edge).port]);
    }
  }

  /** Routes from everywhere to all hosts, as far as links lead. */
  routeByShortestPaths(): void {
    const graph: PathGraph = {
      edges: this.#edges,
      forwards: this.#nodes.map((node) => !(node instanceof Host)),
    };
    const paths = new ShortestPaths(graph);
    const hosts = this.hosts.map((host) => this.#index(host));
    this.routeByDefault();
    paths.forEachRoute(hosts, (at, destination, ports) => {
      const node = this.#nodes[at] as TopologyNode;
      node.routes.setRoute((this.#nodes[destination] as Host).address, ports);
    });
  }

  /** Whether a link leads from one node to the other. */
  isLinked(from: TopologyNode, to: TopologyNode): boolean {
    return this.#portsBetween(from, to).length > 0;
  }

  /** Whether the routes lead from one host to the other, whichever of equal ones is taken. */
  leads(from: Host, to: Host): boolean {
    const seen = new Set<TopologyNode>();
    const leads = (node: TopologyNode): boolean => {
      if (node === to) return true;
      if ((node instanceof Host && node !== from) || seen.has(node)) return false;
      seen.add(node);
      return this.linksTowards(node, to).some((next) => leads(next.to));
    };
    return leads(from);
  }

  /** Where frames for `destination` may go from a node. */
  linksTowards(
    at: TopologyNode,
    destination: Host,
  ): { readonly to: TopologyNode; readonly link: Link }[] {
    const ports = at.routes.portsTo(destination.address);
    return this.#edgesOf(at).flatMap(({ to, port, link }) =>
      ports.includes(port) ? [{ to: this.#nodes[to] as TopologyNode, link }] : [],
    );
  }

  #portsBetween(from: TopologyNode, to: TopologyNode): number[] {
    const target = this.#index(to);
    return this.#edgesOf(from)
      .filter((edge) => edge.to === target)
      .map(({ port }) => port);
  }

  #add<Node extends TopologyNode>(node: Node): Node {
    this.#indexOf.set(node, this.#nodes.push(node) - 1);
    this.#edges.push([]);
    return node;
  }

  #edgesOf(node: TopologyNode): LinkEdge[] {
    return this.#edges[this.#index(node)] as LinkEdge[];
  }

  #index(node: TopologyNode): number {
    const index = this.#indexOf.get(node);
    assert(index !== undefined, 'a node is of the topology that it is joined in');
    return index;
  }
}

/** The port by which a link leaves a node. */
function addPort(from: TopologyNode, entrance: FrameSink, link: Link, config: LinkConfig): number {
  if (from instanceof Router) return from.addPort(entrance, config.mtuBytes);
  if (from instanceof Host) return from.routes.addPort(entrance);
  return from.addPort(entrance, link, config.rate ?? Number.POSITIVE_INFINITY);
}
