/**
 * The parking lot: routers in a row with a bottleneck between each and the next. One flow group crosses them all, and
 * each bottleneck has a cross group of its own that comes in before it and leaves behind it. Cold.
 *
 *   long1 ─ r0 ═ r1 ═ r2 ─ sink1        cross1.1: r0 → r1, cross2.1: r1 → r2
 */
import { type GraphNode, type GraphPlan, type LinkKind, linkPair } from './graph-plan.ts';
import { hostAddress, type IpFamily } from './host-address.ts';

export interface ParkingLotConfig {
  readonly bottlenecks: number;
  /** Flows, each with a pair of hosts of its own: over all bottlenecks, and over each. */
  readonly longFlows: number;
  readonly crossFlows: number;
  readonly family: IpFamily;
  readonly bottleneck: LinkKind;
  readonly bottleneckBack: LinkKind;
  /** Of hosts: up to the router, down from it. */
  readonly up: LinkKind;
  readonly down: LinkKind;
}

export interface ParkingLot {
  readonly plan: GraphPlan;
  /** Names of senders and receivers, pair by pair: the long ones first. */
  readonly pairs: readonly (readonly [from: string, to: string])[];
  /** Names of the bottleneck links, in the direction of the flows. */
  readonly bottlenecks: readonly string[];
}

/** The group of addresses of hosts, and that of routers. */
const HOSTS = 0;
const ROUTERS = 1;

export function planParkingLot(config: ParkingLotConfig): ParkingLot {
  const { bottlenecks, longFlows, crossFlows, family, bottleneck, bottleneckBack } = config;
  const nodes: GraphNode[] = [];
  const links = [];
  for (let n = 0; n <= bottlenecks; n++) {
    nodes.push({ name: `r${n}`, kind: 'router', address: hostAddress(family, ROUTERS, n + 1) });
    if (n > 0) links.push(...linkPair(`r${n - 1}`, `r${n}`, bottleneck, bottleneckBack));
  }
  const pairs: (readonly [string, string])[] = [];
  const addPair = (name: string, sinkName: string, enters: number, leaves: number): void => {
    const number = 2 * pairs.length + 1;
    nodes.push({ name, kind: 'host', address: hostAddress(family, HOSTS, number) });
    nodes.push({ name: sinkName, kind: 'host', address: hostAddress(family, HOSTS, number + 1) });
    links.push(...linkPair(name, `r${enters}`, config.up, config.down));
    links.push(...linkPair(sinkName, `r${leaves}`, config.up, config.down));
    pairs.push([name, sinkName]);
  };
  for (let flow = 1; flow <= longFlows; flow++)
    addPair(`long${flow}`, `sink${flow}`, 0, bottlenecks);
  for (let n = 1; n <= bottlenecks; n++) {
    for (let flow = 1; flow <= crossFlows; flow++) {
      addPair(`cross${n}.${flow}`, `sink${n}.${flow}`, n - 1, n);
    }
  }
  const names = Array.from({ length: bottlenecks }, (_, index) => `r${index}-r${index + 1}`);
  return { plan: { nodes, links }, pairs, bottlenecks: names };
}
