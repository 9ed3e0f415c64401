/**
 * Shortest paths over nodes and one-way links: from every node to each destination, all ports on a path of least
 * cost. One search a destination, backwards (Dijkstra 1959), but destinations that hang on one forwarding node by
 * one link share that node's search: thousands of hosts on a few switches cost a search a switch. Nodes that do
 * not forward are ends of paths only. Cold.
 */
import { assert } from '../base/assert.ts';

/** A link that leaves a node. */
export interface Edge {
  readonly to: number;
  /** The node's port that leads into the link. */
  readonly port: number;
  readonly cost: number;
}

export interface PathGraph {
  /** By node. */
  readonly edges: readonly (readonly Edge[])[];
  /** By node: whether paths may lead through it. */
  readonly forwards: readonly boolean[];
}

/** Called with ports in ascending order, for nodes from which there is a path. */
export type OnRoute = (at: number, destination: number, ports: readonly number[]) => void;

/** A link backwards: who may come to a node, and at what cost. */
interface Origin {
  readonly from: number;
  readonly cost: number;
}

export class ShortestPaths {
  readonly #graph: PathGraph;
  readonly #origins: readonly Origin[][];
  /** To the target of the last search. */
  readonly #distances: Float64Array;

  constructor(graph: PathGraph) {
    const origins: Origin[][] = graph.edges.map(() => []);
    graph.edges.forEach((edges, from) => {
      for (const { to, cost } of edges) origins[to]?.push({ from, cost });
    });
    this.#graph = graph;
    this.#origins = origins;
    this.#distances = new Float64Array(graph.edges.length);
  }

  /**
   * Routes to all destinations from all nodes that have a choice: those that forward, and those with several links.
   * What has one link sends everything there.
   */
  forEachRoute(destinations: readonly number[], onRoute: OnRoute): void {
    const groups = new Map<number, number[]>();
    for (const destination of destinations) {
      const target = this.#targetFor(destination);
      const group = groups.get(target);
      if (group === undefined) groups.set(target, [destination]);
      else group.push(destination);
    }
    const choosers = this.#choosers();
    for (const [target, group] of groups) this.#routeTo(target, group, choosers, onRoute);
  }

  /** Where the search for a destination begins: the node before it, when there is only that. */
  #targetFor(destination: number): number {
    const origins = this.#origins[destination] as Origin[];
    const before = origins.length === 1 ? (origins[0] as Origin).from : destination;
    return this.#graph.forwards[before] ? before : destination;
  }

  #choosers(): number[] {
    const { edges, forwards } = this.#graph;
    return [...edges.keys()].filter((node) => forwards[node] || (edges[node]?.length ?? 0) > 1);
  }

  #routeTo(
    target: number,
    group: readonly number[],
    choosers: readonly number[],
    onRoute: OnRoute,
  ): void {
    this.#search(target);
    for (const node of choosers) {
      if (node === target) continue;
      const ports = this.#nextPorts(node, target);
      if (ports.length === 0) continue;
      for (const destination of group) if (destination !== node) onRoute(node, destination, ports);
    }
    // Of a leaf, the last hop. By edges, since a switch may have thousands of leaves.
    const members = new Set(group);
    for (const { to, port } of this.#graph.edges[target] ?? []) {
      if (to !== target && members.has(to)) onRoute(target, to, [port]);
    }
  }

  #nextPorts(node: number, target: number): number[] {
    const { edges, forwards } = this.#graph;
    const distances = this.#distances;
    const distance = distances[node];
    if (distance === Number.POSITIVE_INFINITY) return [];
    return (edges[node] ?? [])
      .filter(({ to, cost }) => {
        const isThrough = to === target || forwards[to] === true;
        return isThrough && distances[to] + cost === distance;
      })
      .map(({ port }) => port);
  }

  /** Distances of all nodes to `target`. */
  #search(target: number): void {
    const distances = this.#distances.fill(Number.POSITIVE_INFINITY);
    const { forwards } = this.#graph;
    const queue = new CostQueue();
    distances[target] = 0;
    queue.push(0, target);
    for (let node = queue.pop(); node >= 0; node = queue.pop()) {
      const distance = distances[node];
      if (queue.poppedCost > distance) continue;
      if (node !== target && !forwards[node]) continue;
      for (const { from, cost } of this.#origins[node] as Origin[]) {
        if (distance + cost >= distances[from]) continue;
        distances[from] = distance + cost;
        queue.push(distance + cost, from);
      }
    }
  }
}

/** A binary heap of nodes by cost; of equal costs, in no order. */
class CostQueue {
  /** Of the node that pop gave last. */
  poppedCost = 0;
  readonly #costs: number[] = [];
  readonly #nodes: number[] = [];

  push(cost: number, node: number): void {
    let at = this.#nodes.length;
    for (; at > 0; at = (at - 1) >> 1) {
      const parent = (at - 1) >> 1;
      if (this.#costs[parent] <= cost) break;
      this.#costs[at] = this.#costs[parent];
      this.#nodes[at] = this.#nodes[parent];
    }
    this.#costs[at] = cost;
    this.#nodes[at] = node;
  }

  /** The node of least cost, or -1. */
  pop(): number {
    const [top = -1] = this.#nodes;
    if (top < 0) return -1;
    this.poppedCost = this.#costs[0];
    const cost = this.#costs.pop();
    const node = this.#nodes.pop();
    assert(cost !== undefined && node !== undefined, 'a heap has as many costs as nodes');
    const size = this.#nodes.length;
    if (size === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#costs[child + 1] < this.#costs[child]) child++;
      if (cost <= this.#costs[child]) break;
      this.#costs[at] = this.#costs[child];
      this.#nodes[at] = this.#nodes[child];
      at = child;
    }
    this.#costs[at] = cost;
    this.#nodes[at] = node;
    return top;
  }
}
