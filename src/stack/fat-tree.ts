/**
 * The fat tree of Al-Fares, Loukissas and Vahdat (SIGCOMM 2008 §3): k pods of k/2 edge and k/2 aggregation
 * switches, (k/2)² core switches, k³/4 hosts, every switch with k links. Each aggregation switch of a pod goes to
 * another group of k/2 cores; hosts of different pods have (k/2)² equal paths. Cold.
 */
import { assert } from '../base/assert.ts';
import {
  type GraphLink,
  type GraphNode,
  type GraphPlan,
  type LinkKind,
  linkPair,
} from './graph-plan.ts';
import { hostAddress, type IpFamily } from './host-address.ts';

export interface FatTreeConfig {
  /** Links of each switch: even, from 2. */
  readonly k: number;
  readonly family: IpFamily;
  /** Between a host and its edge switch. */
  readonly up: LinkKind;
  readonly down: LinkKind;
  /** Between switches, each way. */
  readonly fabric: LinkKind;
}

/** Switches `coreC`, `aggP.N`, `edgeP.N` of pod P; hosts `h1` … in the order of pods and edges. */
export function planFatTree(config: FatTreeConfig): GraphPlan {
  const { k, fabric } = config;
  const half = k / 2;
  assert(Number.isInteger(half) && half >= 1, 'a fat tree has an even number of ports');
  const nodes: GraphNode[] = [];
  const links: GraphLink[] = [];
  for (let core = 1; core <= half * half; core++)
    nodes.push({ name: `core${core}`, kind: 'switch' });
  for (let pod = 1; pod <= k; pod++) {
    for (let n = 1; n <= half; n++) {
      nodes.push(
        { name: `agg${pod}.${n}`, kind: 'switch' },
        { name: `edge${pod}.${n}`, kind: 'switch' },
      );
      for (let core = 1; core <= half; core++) {
        links.push(...linkPair(`agg${pod}.${n}`, `core${(n - 1) * half + core}`, fabric));
      }
    }
    for (let edge = 1; edge <= half; edge++) {
      for (let agg = 1; agg <= half; agg++) {
        links.push(...linkPair(`edge${pod}.${edge}`, `agg${pod}.${agg}`, fabric));
      }
      addHosts(config, pod, edge, nodes, links);
    }
  }
  return { nodes, links };
}

/** Those of one edge switch. */
function addHosts(
  { k, family, up, down }: FatTreeConfig,
  pod: number,
  edge: number,
  nodes: GraphNode[],
  links: GraphLink[],
): void {
  const half = k / 2;
  for (let host = 1; host <= half; host++) {
    const inPod = (edge - 1) * half + host;
    const name = `h${(pod - 1) * half * half + inPod}`;
    nodes.push({ name, kind: 'host', address: hostAddress(family, pod - 1, inPod) });
    links.push(...linkPair(name, `edge${pod}.${edge}`, up, down));
  }
}
