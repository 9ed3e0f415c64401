/**
 * A network as plain data: nodes, one-way links and routes, by name. Shapes (star, leafSpine, …) and scenario files
 * make such plans, and buildGraph builds them; whoever wants another network writes another plan. Names are
 * checked where they come from, so that a wrong one here is a bug. Cold.
 *
 *   const plan = planStar({ hosts: 8, rate: 1e9, delayNs: 1e4, queue: { bytes: 1e5 } });
 *   const { topology, host } = buildGraph(network, plan, { tcp: LINUX_PROFILE, controllers });
 *   host('h1').connect(host('h2'), 80, application);
 */
import { assert } from '../base/assert.ts';
import type { Bytes } from '../base/units.ts';
import type { LinkConfig } from '../net/link-config.ts';
import type { Network } from '../net/network.ts';
import type { SwitchConfig } from '../net/switch-config.ts';
import { Host, type HostConfig } from './host.ts';
import { type CaptureSide, Topology, type TopologyNode, type Watch } from './topology.ts';

export interface GraphNode {
  /** Distinct among nodes and links. */
  readonly name: string;
  readonly kind: 'host' | 'switch' | 'router';
  /** Of a host or a router: IPv4 or IPv6 as text, distinct. */
  readonly address?: string | undefined;
  /** Of a host: an earlier one of the plan, whose TCP serves this one too (tcp-service). */
  readonly sharesTcpOf?: string | undefined;
  /** Of a host: connections to expect at a time, of all hosts that share its TCP. */
  readonly connections?: number | undefined;
  /** Of a switch. */
  readonly switch?: SwitchConfig | undefined;
}

/** One way. */
export interface GraphLink {
  readonly from: string;
  readonly to: string;
  readonly config: LinkConfig;
  /** Of crossing it, from 1; 1 when absent. */
  readonly cost?: number | undefined;
  readonly capture?: CaptureSide | undefined;
}

/** At node `at`, packets for host `to` leave for one of the neighbours `via`. */
export interface GraphRoute {
  readonly at: string;
  readonly to: string;
  readonly via: readonly string[];
}

export interface GraphPlan {
  readonly nodes: readonly GraphNode[];
  readonly links: readonly GraphLink[];
  /** Instead of those that shortest paths give. */
  readonly routes?: readonly GraphRoute[];
  /** False: only `routes`, and what a host's only link says. */
  readonly usesShortestPaths?: boolean;
}

/** Of all hosts. */
type HostCommon = Pick<HostConfig, 'tcp' | 'controllers' | 'meter'>;

export interface Graph {
  readonly topology: Topology;
  host(name: string): Host;
  node(name: string): TopologyNode;
}

/** Throws NetError for a link that makes no sense. */
export function buildGraph(
  network: Network,
  plan: GraphPlan,
  common: HostCommon,
  watch?: Watch,
): Graph {
  const topology = new Topology(network, watch);
  const nodes = new Map<string, TopologyNode>();
  const node = (name: string): TopologyNode => {
    const found = nodes.get(name);
    assert(found !== undefined, 'a plan names nodes that it has');
    return found;
  };
  const host = (name: string): Host => {
    const found = node(name);
    assert(found instanceof Host, 'a plan names a host where there must be one');
    return found;
  };
  const mtus = leastMtus(plan.links);
  for (const planned of plan.nodes) {
    const { tcp } = common;
    const mtuBytes = Math.min(tcp.mtuBytes, mtus.get(planned.name) ?? tcp.mtuBytes);
    const own = mtuBytes < tcp.mtuBytes ? { ...common, tcp: { ...tcp, mtuBytes } } : common;
    const { sharesTcpOf } = planned;
    const sharing = sharesTcpOf === undefined ? undefined : host(sharesTcpOf);
    nodes.set(planned.name, addNode(topology, planned, own, sharing));
  }
  for (const { from, to, config, cost = 1, capture } of plan.links) {
    topology.addLink(node(from), node(to), config, { cost, capture });
  }
  if (plan.usesShortestPaths === false) topology.routeByDefault();
  else topology.routeByShortestPaths();
  for (const { at, to, via } of plan.routes ?? [])
    topology.setRoute(node(at), host(to), via.map(node));
  return { topology, host, node };
}

/** What fits all links that leave a node. */
function leastMtus(links: readonly GraphLink[]): ReadonlyMap<string, Bytes> {
  const mtus = new Map<string, Bytes>();
  for (const { from, config } of links) {
    if (config.mtuBytes === undefined) continue;
    mtus.set(from, Math.min(config.mtuBytes, mtus.get(from) ?? config.mtuBytes));
  }
  return mtus;
}

function addNode(
  topology: Topology,
  { name, kind, address, connections, switch: config }: GraphNode,
  common: HostCommon,
  sharesTcpOf: Host | undefined,
): TopologyNode {
  if (kind === 'switch') return topology.addSwitch(name, config);
  assert(address !== undefined, 'a host or a router has an address');
  if (kind === 'router') return topology.addRouter(name, address);
  return topology.addHost({ name, address, connections, sharesTcpOf, ...common });
}

/** What a link is but for its name. */
export type LinkKind = Omit<LinkConfig, 'name'>;

/**
 * A link each way, `A-B` and `B-A`; the way back is of the same kind unless it is given. (A property that follows a
 * spread costs V8 400 bytes, one before it what it takes: plans have ten thousands of links.)
 */
export function linkPair(
  a: string,
  b: string,
  there: LinkKind,
  back: LinkKind = there,
): GraphLink[] {
  return [
    { from: a, to: b, config: { name: `${a}-${b}`, ...there } },
    { from: b, to: a, config: { name: `${b}-${a}`, ...back } },
  ];
}
