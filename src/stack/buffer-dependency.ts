/**
 * Whether pauses can wait for each other in a circle. A link into a lossless switch depends on the next one of a
 * route when that can be paused too; with a circle of such dependencies every buffer on it can fill and wait for the
 * next, for ever: a deadlock (Hu et al., HotNets 2016). Routes up and then down a tree have none. Cold.
 */
import type { ControlledLink, FlowControl } from './flow-control.ts';
import type { Host } from './host.ts';
import type { Topology, TopologyNode } from './topology.ts';

/** Links by those that they depend on. */
type Dependencies = ReadonlyMap<ControlledLink, ReadonlySet<ControlledLink>>;

/** Names of the links of a circle among those that hosts' routes lead over, undefined when there is none. */
export function findCyclicDependency(
  topology: Topology,
  pairs: Iterable<readonly [Host, Host]>,
): string[] | undefined {
  const { flowControl } = topology;
  // A circle leads over links between such switches: one switch has none, whatever the number of its hosts.
  if (!flowControl.links.some(({ from, to }) => isCounting(flowControl, from, to)))
    return undefined;
  const sources = new Map<Host, Set<Host>>();
  for (const [from, to] of pairs) {
    sources.set(to, (sources.get(to) ?? new Set()).add(from));
    sources.set(from, (sources.get(from) ?? new Set()).add(to));
  }
  const dependencies = new Map<ControlledLink, Set<ControlledLink>>();
  for (const [destination, hosts] of sources) {
    addDependencies(topology, destination, hosts, dependencies);
  }
  return findCircle(flowControl.links, dependencies, () => true);
}

/** Names of the links of a circle all of which hold frames back now: nothing on it will ever move again. */
export function findDeadlock(topology: Topology): string[] | undefined {
  const { links } = topology.flowControl;
  const leaving = new Map<TopologyNode, ControlledLink[]>();
  for (const link of links) {
    const others = leaving.get(link.from);
    if (others === undefined) leaving.set(link.from, [link]);
    else others.push(link);
  }
  const isHeld = (link: ControlledLink) => link.port?.isHeldBack === true;
  const dependencies = new Map(
    links.filter(isHeld).map((link) => [link, new Set(leaving.get(link.to))] as const),
  );
  return findCircle(links, dependencies, isHeld);
}

/** Those of routes from `hosts` to one destination. */
function addDependencies(
  topology: Topology,
  destination: Host,
  hosts: ReadonlySet<Host>,
  dependencies: Map<ControlledLink, Set<ControlledLink>>,
): void {
  const { flowControl } = topology;
  const seen = new Set<TopologyNode>();
  const walk = (at: TopologyNode): void => {
    if (seen.has(at)) return;
    seen.add(at);
    for (const next of topology.linksTowards(at, destination)) {
      const to = next.to;
      if (to === destination) continue;
      const first = canBePaused(flowControl, next.link.name);
      if (first !== undefined) {
        for (const after of topology.linksTowards(to, destination)) {
          const second = canBePaused(flowControl, after.link.name);
          if (second === undefined) continue;
          dependencies.set(first, (dependencies.get(first) ?? new Set()).add(second));
        }
      }
      walk(to);
    }
  };
  for (const host of hosts) walk(host);
}

function isCounting(flowControl: FlowControl, ...nodes: readonly TopologyNode[]): boolean {
  return nodes.every((node) => flowControl.bufferOf(node) !== undefined);
}

/** The link when its far end counts what comes by it, and its sender obeys. */
function canBePaused(flowControl: FlowControl, name: string): ControlledLink | undefined {
  const link = flowControl.byName.get(name);
  return link?.port !== undefined && flowControl.bufferOf(link.to) !== undefined ? link : undefined;
}

function findCircle(
  links: readonly ControlledLink[],
  dependencies: Dependencies,
  counts: (link: ControlledLink) => boolean,
): string[] | undefined {
  const done = new Set<ControlledLink>();
  const path: ControlledLink[] = [];
  const visit = (link: ControlledLink): ControlledLink[] | undefined => {
    const at = path.indexOf(link);
    if (at >= 0) return path.slice(at);
    if (done.has(link) || !counts(link)) return undefined;
    path.push(link);
    for (const next of dependencies.get(link) ?? []) {
      const circle = visit(next);
      if (circle !== undefined) return circle;
    }
    path.pop();
    done.add(link);
    return undefined;
  };
  for (const link of links) {
    const circle = visit(link);
    if (circle !== undefined) return circle.map(({ config }) => config.name);
  }
  return undefined;
}
