/**
 * `star`, `leaf-spine` and `fat-tree`: hosts that are all alike around switches, with links of one kind and
 * traffic by a pattern. Delivered packets are counted on the links to the hosts, the last hops.
 */
import { NetError } from '../../base/errors.ts';
import { planFatTree } from '../../stack/fat-tree.ts';
import type { GraphPlan, LinkKind } from '../../stack/graph-plan.ts';
import { planLeafSpine } from '../../stack/leaf-spine.ts';
import { planStar } from '../../stack/star.ts';
import { choiceOf, FORMS, orWord, type ParameterValuesOf } from '../parameters.ts';
import { planNetwork, processingDelayFor } from '../plan-network.ts';
import { QDISC_FORM } from '../qdisc-spec.ts';
import { limitsOf } from '../queue-spec.ts';
import { BALANCE_PARAMETER, SWITCH_PARAMETERS, withSwitchOptions } from '../switch-options.ts';
import { type BuiltScenario, defineScenario, type ScenarioContext } from './catalog-entry.ts';
import { FABRIC_TRAFFIC_PARAMETERS, fabricTraffic } from './fabric-traffic.ts';
import {
  dealControllers,
  hasBytes,
  processingOf,
  TRANSPORT_PARAMETERS,
  tcpOf,
} from './transport-parameters.ts';

const link = {
  rate: { ...FORMS.rate, default: '10 Gbps', description: 'of the links of hosts, each way' },
  delay: { ...FORMS.duration, default: '2 us', description: 'propagation of each link' },
  queue: {
    ...FORMS.queue,
    default: '256 KiB',
    description: 'limit of what waits at each port of a switch; a bdp is that of the longest path',
  },
  qdisc: {
    ...QDISC_FORM,
    default: 'fifo',
    description: 'queue discipline of these ports; its own limit counts before `queue`',
  },
};
const switches = SWITCH_PARAMETERS;
/** A full frame without FCS. */
const FRAME_BYTES = 1514;
const FIRST_HOST = 'h1';
const AS_HOSTS = 0;
const fabric = {
  fabric: {
    ...orWord('same', AS_HOSTS, FORMS.rate),
    default: 'same',
    description: 'rate of the links between switches; same: as those of hosts',
  },
  balance: BALANCE_PARAMETER,
};
const traffic = { ...FABRIC_TRAFFIC_PARAMETERS, ...TRANSPORT_PARAMETERS };

type Values = ParameterValuesOf<typeof link & typeof switches & typeof traffic> &
  Partial<ParameterValuesOf<Pick<typeof fabric, 'balance'>>>;

/** Links of hosts and between switches on paths of up to `hops` links. */
function kindsOf(
  { rate, delay, queue, qdisc }: Pick<Values, 'rate' | 'delay' | 'queue' | 'qdisc'>,
  hops: number,
  fabricRate = rate,
): { up: LinkKind; down: LinkKind; fabric: LinkKind } {
  const kind = (linkRate: number): LinkKind => ({
    rate: linkRate,
    delayNs: delay,
    queue: limitsOf(qdisc.limit ?? queue, linkRate, 2 * hops * delay),
    discipline: qdisc.create,
  });
  return { up: { rate, delayNs: delay }, down: kind(rate), fabric: kind(fabricRate) };
}

/** Captures are taken at the first host: what leaves it, and what reaches it. */
function withCapture({ nodes, links }: GraphPlan): GraphPlan {
  return {
    nodes,
    links: links.map((link) => {
      if (link.from === FIRST_HOST) return { ...link, capture: 'in' };
      return link.to === FIRST_HOST ? { ...link, capture: 'out' } : link;
    }),
  };
}

function build(plan: GraphPlan, values: Values, context: ScenarioContext): BuiltScenario {
  const { bytes, packets = 0 } = limitsOf(values.queue, values.rate, 12 * values.delay);
  const portBytes = bytes ?? packets * FRAME_BYTES;
  const graph = withSwitchOptions(withCapture(plan), values, portBytes);
  const hosts = graph.nodes.filter(({ kind }) => kind === 'host').map(({ name }) => name);
  const isHost = new Set(hosts);
  const { flows, endNs } = fabricTraffic(values, hosts, values.rate, context.seed);
  return planNetwork(
    {
      graph,
      tcp: tcpOf(values),
      flows: dealControllers(values, flows, context),
      reportedLinks: graph.links.filter(({ from }) => !isHost.has(from)).map(nameOfLink),
      countedLinks: graph.links.filter(({ to }) => isHost.has(to)).map(nameOfLink),
      endNs,
      processingDelayNs: processingOf(values, processingDelayFor(graph.links)),
      hasBytes: hasBytes(values),
    },
    context,
  );
}

const nameOfLink = ({ config }: GraphPlan['links'][number]): string => config.name;

export const star = defineScenario({
  name: 'star',
  description: 'hosts around one switch',
  parameters: {
    hosts: { ...FORMS.count, default: '8', description: 'how many' },
    ...link,
    ...switches,
    ...traffic,
  },
  build: (values, context) => {
    if (values.hosts > 65_000) throw NetError.value('hosts', 'at most 65000', values.hosts);
    const { up, down } = kindsOf(values, 2);
    return build(planStar({ hosts: values.hosts, family: values.ip, up, down }), values, context);
  },
});

export const leafSpine = defineScenario({
  name: 'leaf-spine',
  description: 'racks of hosts whose leaf switches each have a link to every spine switch',
  parameters: {
    leaves: { ...FORMS.smallCount, default: '4', description: 'leaf switches, 256 at most' },
    spines: { ...FORMS.smallCount, default: '4', description: 'spine switches: equal paths' },
    hosts: { ...FORMS.smallCount, default: '4', description: 'hosts of each leaf' },
    ...link,
    ...switches,
    ...fabric,
    ...traffic,
  },
  build: (values, context) => {
    const { leaves, spines, hosts: hostsPerLeaf, ip: family } = values;
    if (leaves > 256) throw NetError.value('leaves', 'at most 256', leaves);
    const kinds = kindsOf(values, 4, values.fabric || values.rate);
    const graph = planLeafSpine({ leaves, spines, hostsPerLeaf, family, ...kinds });
    return build(graph, values, context);
  },
});

const PORT_COUNTS = ['2', '4', '6', '8', '10', '12', '14', '16', '20', '24', '32'] as const;

export const fatTree = defineScenario({
  name: 'fat-tree',
  description: 'k³/4 hosts on switches of k ports in three tiers (Al-Fares et al., SIGCOMM 2008)',
  parameters: {
    k: { ...choiceOf(PORT_COUNTS), default: '4', description: 'ports of each switch' },
    ...link,
    ...switches,
    ...fabric,
    ...traffic,
  },
  build: (values, context) => {
    const kinds = kindsOf(values, 6, values.fabric || values.rate);
    const graph = planFatTree({ k: Number(values.k), family: values.ip, ...kinds });
    return build(graph, values, context);
  },
});
