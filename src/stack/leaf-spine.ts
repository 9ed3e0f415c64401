/**
 * Leaf and spine, a Clos network of two tiers: every leaf switch has its hosts and a link to every spine switch, so
 * that hosts of different leaves have as many equal paths as there are spines. Cold.
 */
import { type GraphNode, type GraphPlan, type LinkKind, linkPair } from './graph-plan.ts';
import { hostAddress, type IpFamily } from './host-address.ts';

export interface LeafSpineConfig {
  readonly leaves: number;
  readonly spines: number;
  readonly hostsPerLeaf: number;
  readonly family: IpFamily;
  /** Between a host and its leaf. */
  readonly up: LinkKind;
  readonly down: LinkKind;
  /** Between leaf and spine, each way. */
  readonly fabric: LinkKind;
}

/** Leaves `leaf1` …, spines `spine1` …, hosts `h1` … in the order of their leaves. */
export function planLeafSpine(config: LeafSpineConfig): GraphPlan {
  const { leaves, spines, hostsPerLeaf, family, up, down, fabric } = config;
  const nodes: GraphNode[] = [];
  const links = [];
  for (let spine = 1; spine <= spines; spine++)
    nodes.push({ name: `spine${spine}`, kind: 'switch' });
  let number = 0;
  for (let leaf = 1; leaf <= leaves; leaf++) {
    nodes.push({ name: `leaf${leaf}`, kind: 'switch' });
    for (let spine = 1; spine <= spines; spine++) {
      links.push(...linkPair(`leaf${leaf}`, `spine${spine}`, fabric));
    }
    for (let host = 1; host <= hostsPerLeaf; host++) {
      number++;
      const address = hostAddress(family, leaf - 1, host);
      nodes.push({ name: `h${number}`, kind: 'host', address });
      links.push(...linkPair(`h${number}`, `leaf${leaf}`, up, down));
    }
  }
  return { nodes, links };
}
