/**
 * From the checked scenario of a network to a run of it: groups become nodes, names become nodes and links, traffic
 * becomes flows. Every mistake is one line that names the place in the file. Cold.
 */
import { NetError } from '../base/errors.ts';
import type { BitsPerSecond } from '../base/units.ts';
import type { GraphLink, GraphNode, GraphPlan, GraphRoute } from '../stack/graph-plan.ts';
import { HOSTS_PER_GROUP_MAX, hostAddress, type IpFamily } from '../stack/host-address.ts';
import { ecnOf, LINUX_PROFILE, RFC_PROFILE, type TcpConfig } from '../tcp/config.ts';
import { buildLink, type TraceTexts } from './build-path.ts';
import type { BuiltScenario, ScenarioContext } from './catalog/catalog-entry.ts';
import { NetworkNames, showNames } from './network-names.ts';
import type { NetworkLinkSpec, NetworkSpec } from './network-schema.ts';
import { buildTraffic } from './network-traffic.ts';
import { planNetwork, processingDelayFor } from './plan-network.ts';

/** Names of the delivery traces that buildNetwork will ask for. */
export function networkTraceNames({ links }: NetworkSpec): string[] {
  return links.flatMap(({ trace, back }) => {
    const backTrace = typeof back === 'object' ? back.trace : undefined;
    return [trace, backTrace].filter((name) => name !== undefined);
  });
}

/** Throws NetError when parts of the scenario do not fit each other. */
export function buildNetwork(
  spec: NetworkSpec,
  traces: TraceTexts,
  context: ScenarioContext,
): BuiltScenario {
  const names = new NetworkNames(spec.nodes);
  const nodes = addressed(names.nodes, spec.ip ?? 'ipv4');
  const links = spec.links.flatMap((link, index) =>
    buildLinks(spec, names, link, `links.${index}`, traces),
  );
  checkDistinct(nodes, links);
  const graph: GraphPlan = {
    nodes,
    links,
    routes: buildRoutes(spec, names, links),
    usesShortestPaths: spec.routing !== 'static',
  };
  const isHost = new Set(nodes.filter(({ kind }) => kind === 'host').map((node) => node.name));
  const rateOf = (where: string, name: string) => rateOfLink(links, where, name);
  const flows = buildTraffic(spec, names, rateOf, context);
  const fromNodes = links.filter(({ from }) => !isHost.has(from));
  const toHosts = links.filter(({ to }) => isHost.has(to)).map(nameOfLink);
  const bottleneck = linkNamed(links, 'bottleneck', spec.bottleneck);
  const report = spec.report?.map(
    (name, index) => linkNamed(links, `report.${index}`, name) as string,
  );
  return planNetwork(
    {
      graph,
      tcp: buildTcp(spec),
      flows,
      reportedLinks: report ?? (fromNodes.length > 0 ? fromNodes : links).map(nameOfLink),
      countedLinks: bottleneck === undefined ? toHosts : [bottleneck],
      endNs: spec.duration,
      processingDelayNs: spec.processing ?? processingDelayFor(links),
      hasBytes: spec.payload === 'pattern',
    },
    context,
  );
}

const nameOfLink = ({ config }: GraphLink): string => config.name;

function buildTcp({ tcp = {} }: NetworkSpec): TcpConfig {
  const profile = tcp.profile === 'rfc' ? RFC_PROFILE : LINUX_PROFILE;
  return {
    ...profile,
    usesPacing: tcp.pacing === 'on',
    ...ecnOf(tcp.ecn ?? 'off'),
    ...(tcp.mtu !== undefined && { mtuBytes: tcp.mtu }),
  };
}

/** Hosts and routers without an address get one, of the next numbers of two groups. */
function addressed(nodes: readonly GraphNode[], family: IpFamily): GraphNode[] {
  const taken = new Set(nodes.map(({ address }) => address));
  const next = { host: 0, router: 0 };
  const free = (kind: 'host' | 'router'): string => {
    for (;;) {
      const number = ++next[kind];
      if (number > HOSTS_PER_GROUP_MAX) {
        throw NetError.value('nodes', `at most ${HOSTS_PER_GROUP_MAX} ${kind}s`, 'more');
      }
      const address = hostAddress(family, kind === 'host' ? 0 : 255, number);
      if (!taken.has(address)) return address;
    }
  };
  return nodes.map((node) => {
    if (node.kind === 'switch' || node.address !== undefined) return node;
    return { ...node, address: free(node.kind) };
  });
}

/** One link each way, for each member of a group. */
function buildLinks(
  spec: NetworkSpec,
  names: NetworkNames,
  link: NetworkLinkSpec,
  where: string,
  traces: TraceTexts,
): GraphLink[] {
  const from = names.members(`${where}.from`, link.from);
  const to = names.members(`${where}.to`, link.to);
  if (from.length > 1 && to.length > 1) {
    throw NetError.value(`${where}.to`, 'one node, since from is a group', link.to);
  }
  const count = Math.max(from.length, to.length);
  const { back, cost } = link;
  return Array.from({ length: count }, (_, index) => {
    const a = from[index % from.length] as string;
    const b = to[index % to.length] as string;
    if (a === b) throw NetError.value(`${where}.to`, 'another node than from', link.to);
    const named = count > 1 || link.name === undefined ? undefined : link.name;
    const oneWay = (
      [start, end, name]: readonly [string, string, string],
      fields: Omit<NetworkLinkSpec, 'from' | 'to' | 'cost' | 'back'>,
      at: string,
    ): GraphLink => ({
      from: start,
      to: end,
      config: inFile(at, () => buildLink(name, fields, spec.rtt ?? 0, traces)),
      cost,
      capture: fields.capture,
    });
    const there = oneWay([a, b, named ?? `${a}-${b}`], link, where);
    if (back === false) return [there];
    const fields = { ...withoutName(link), ...back };
    const backName = back?.name ?? (named === undefined ? `${b}-${a}` : `${named} back`);
    return [there, oneWay([b, a, backName], fields, `${where}.back`)];
  }).flat();
}

/** The way back has a name of its own, and either a rate or a trace of its own. */
function withoutName(link: NetworkLinkSpec): Omit<NetworkLinkSpec, 'name'> {
  const { name: _, ...rest } = link;
  return rest;
}

/** Says where in the file a link makes no sense. */
function inFile<Value>(where: string, build: () => Value): Value {
  try {
    return build();
  } catch (error) {
    if (error instanceof NetError) throw new NetError(error.code, `${where}: ${error.message}`);
    throw error;
  }
}

function checkDistinct(nodes: readonly GraphNode[], links: readonly GraphLink[]): void {
  const names = new Set<string>();
  for (const name of [...nodes.map((node) => node.name), ...links.map(nameOfLink)]) {
    if (names.has(name)) {
      throw NetError.value('nodes and links', 'a different name for each', name);
    }
    names.add(name);
  }
  const addresses = new Set<string>();
  for (const { address } of nodes) {
    if (address === undefined) continue;
    if (addresses.has(address))
      throw NetError.value('nodes', 'a different address for each', address);
    addresses.add(address);
  }
}

function buildRoutes(
  { routes = [] }: NetworkSpec,
  names: NetworkNames,
  links: readonly GraphLink[],
): GraphRoute[] {
  return routes.flatMap(({ at, to, via }, index) => {
    const where = `routes.${index}`;
    const hops = via.map((hop) => names.one(`${where}.via`, hop));
    const nodes = names.members(`${where}.at`, at);
    for (const node of nodes) {
      const hop = hops.find(
        (next) => !links.some((link) => link.from === node && link.to === next),
      );
      if (hop !== undefined)
        throw NetError.value(`${where}.via`, `a node that ${node} has a link to`, hop);
    }
    const hosts = names.hosts(`${where}.to`, to);
    return nodes.flatMap((node) => hosts.map((host) => ({ at: node, to: host, via: hops })));
  });
}

function linkNamed(
  links: readonly GraphLink[],
  where: string,
  name: string | undefined,
): string | undefined {
  if (name === undefined || links.some((link) => nameOfLink(link) === name)) return name;
  throw NetError.value(where, `a link (${showNames(links.map(nameOfLink))})`, name);
}

/** Of a link by its name, for loads. */
function rateOfLink(links: readonly GraphLink[], where: string, name: string): BitsPerSecond {
  linkNamed(links, where, name);
  const { rate, trace } = (links.find((link) => nameOfLink(link) === name) as GraphLink).config;
  const bits = trace?.meanBitsPerSecond ?? rate;
  if (bits !== undefined && Number.isFinite(bits)) return bits;
  throw NetError.value(where, 'a link with a rate', name);
}
