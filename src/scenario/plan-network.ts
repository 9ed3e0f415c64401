/**
 * From a network as a plan and its flows to a run: builds the nodes and links, with room for every frame that
 * the flows can have on the way. Catalogue scenarios and scenario files both end here. Cold.
 */
import { assert } from '../base/assert.ts';
import type { BitsPerSecond, Bytes, Duration, Instant } from '../base/units.ts';
import { FramePool } from '../frame/frame-pool.ts';
import type { FrameSink } from '../frame/frame-sink.ts';
import { PayloadArena } from '../frame/payload-arena.ts';
import type { Link } from '../net/link.ts';
import type { LinkConfig } from '../net/link-config.ts';
import { Network } from '../net/network.ts';
import { buildGraph, type GraphLink, type GraphPlan } from '../stack/graph-plan.ts';
import type { TcpConfig } from '../tcp/config.ts';
import { FlowMeter } from '../tcp/flow-meter.ts';
import { BurstTap } from './burst-tap.ts';
import type { BuiltScenario, ScenarioContext } from './catalog/catalog-entry.ts';
import type { RunPlan } from './flow-run.ts';
import type { FlowPlan } from './running-flow.ts';
import { TraceTaps } from './trace-taps.ts';

/** A flow between hosts by their names. */
export type NamedFlow = Omit<FlowPlan, 'from' | 'to'> & {
  readonly from: string;
  readonly to: string;
};

export interface NetworkScenario {
  readonly graph: GraphPlan;
  /** Of all hosts. */
  readonly tcp: TcpConfig;
  /** At least one. */
  readonly flows: readonly NamedFlow[];
  /** Names of the links that the result tells of, in this order. */
  readonly reportedLinks: readonly string[];
  /** Names of the links where delivered packets are counted: the bottleneck, or the last hops. */
  readonly countedLinks: readonly string[];
  /** A link with a capture point behind its line, whose bursts the result tells. */
  readonly burstLink?: { readonly name: string; readonly rate: BitsPerSecond };
  /** What no queue of the reported links may exceed: a check of the run. */
  readonly queueBoundBytes?: Bytes | undefined;
  readonly endNs: Instant;
  /** Of links that leave hosts: what hosts take over a packet, uniform from 0. */
  readonly processingDelayNs: Duration;
  /** Whether flows carry bytes, which take room, or only lengths. */
  readonly hasBytes?: boolean;
}

/** Payload of a full segment with timestamps. */
const SEGMENT_BYTES = 1448;
/** A full frame without FCS. */
const FRAME_BYTES = 1514;
const FRAMES_MAX = 1 << 22;
/** For captures and frames that carry bytes; memory is touched only as it is used. */
const ARENA_CHUNK_BYTES: Bytes = 1 << 20;
const ARENA_CHUNKS = 256;
const ARENA_CHUNKS_MAX = 2047;
/** Between the points of time series, as long as there are not too many. */
const SAMPLE_NS = 100e6;
const SAMPLES_MAX = 2000;

/** Throws NetError for a link that makes no sense. */
export function planNetwork(scenario: NetworkScenario, context: ScenarioContext): BuiltScenario {
  const { tcp, flows, endNs, processingDelayNs } = scenario;
  const [first] = flows;
  assert(first !== undefined, 'a run has a flow');
  const { network, meter, taps } = createNetwork(
    context,
    { flows: flows.length, links: scenario.graph.links.length },
    tcp,
    scenario.hasBytes === true,
  );
  let bursts: BurstTap | undefined;
  const { burstLink } = scenario;
  const measured = (point: string, to: FrameSink): FrameSink => {
    if (burstLink === undefined || point !== `${burstLink.name} out`) return to;
    bursts = new BurstTap(network, burstLink.rate, to);
    return bursts;
  };
  const graph = withDuties(scenario, processingDelayNs);
  const { topology, host } = buildGraph(
    network,
    graph,
    { tcp, controllers: first.controllers, meter },
    (point, to) => taps.tap(point, measured(point, to)),
  );
  const { reportedLinks, countedLinks } = scenario;
  const asked = new Set([...reportedLinks, ...countedLinks]);
  const found = topology.links.filter(({ name }) => asked.has(name));
  const byName = new Map(found.map((link) => [link.name, link]));
  const named = (names: readonly string[]) => names.map((name) => byName.get(name) as Link);
  const plan: RunPlan = {
    network,
    meter,
    flows: flows.map((flow): FlowPlan => ({ ...flow, from: host(flow.from), to: host(flow.to) })),
    links: topology.links,
    reportedLinks: named(reportedLinks),
    countedLinks: named(countedLinks),
    endNs,
    sampleNs: sampleIntervalNs(endNs),
    // What it knows of routes is the memory of half a host each.
    ...(topology.hasSwitchState && { topology }),
    queueBoundBytes: scenario.queueBoundBytes,
  };
  return {
    plan,
    taps,
    processingDelayNs,
    ...(bursts !== undefined &&
      burstLink !== undefined && { bursts: { meter: bursts.meter, ...burstLink } }),
  };
}

interface EmptyNetwork {
  readonly network: Network;
  readonly meter: FlowMeter;
  readonly taps: TraceTaps;
}

/** A network with room for what so many flows can have on the way. */
export function createNetwork(
  { seed, wireAlways, trace, queueProbe }: ScenarioContext,
  { flows, links }: { readonly flows: number; readonly links: number },
  tcp: TcpConfig,
  hasBytes: boolean,
): EmptyNetwork {
  const arena = new PayloadArena(ARENA_CHUNK_BYTES, hasBytes ? ARENA_CHUNKS_MAX : ARENA_CHUNKS);
  const pool = new FramePool(frameCapacity(flows, tcp), arena);
  // A link and what a flow does are a source each; so is a host.
  const sourceCount = 2 * (links + flows);
  const network = new Network({
    seed,
    pool,
    wireAlways,
    queueProbe,
    sourceCount,
    linkCount: links,
  });
  return { network, meter: new FlowMeter(flows), taps: new TraceTaps(network, trace) };
}

/** Between two points of time series. */
export function sampleIntervalNs(endNs: Duration | Instant): Duration {
  return Math.max(SAMPLE_NS, Math.ceil(endNs / SAMPLES_MAX));
}

/** One full frame at the slowest link: enough to break phase effects there (Floyd and Jacobson 1992). */
export function processingDelayFor(links: readonly GraphLink[]): Duration {
  const rateOf = ({ rate, trace }: LinkConfig) =>
    trace?.meanBitsPerSecond ?? rate ?? Number.POSITIVE_INFINITY;
  const slowest = links.reduce(
    (least, { config }) => Math.min(least, rateOf(config)),
    Number.POSITIVE_INFINITY,
  );
  return Math.round((FRAME_BYTES * 8e9) / slowest);
}

/** All frames that can be on links: a window of data of each flow, an ACK for each, and a handshake. */
function frameCapacity(flowCount: number, tcp: TcpConfig): number {
  const window = Math.ceil(tcp.sendBufferBytesMax / SEGMENT_BYTES);
  return Math.min(FRAMES_MAX, flowCount * (2 * window + 16));
}

/** Hosts take their time over what they send, where the link can say so: see LinkConfig. Links are watched if told of. */
function withDuties(
  { graph, reportedLinks }: NetworkScenario,
  processingDelayNs: Duration,
): GraphPlan {
  const hosts = new Set(graph.nodes.filter(({ kind }) => kind === 'host').map(({ name }) => name));
  const reported = new Set(reportedLinks);
  const links = graph.links.map((link): GraphLink => {
    const { impairments, schedule, name } = link.config;
    const varies = impairments?.jitter ?? impairments?.reorder ?? schedule;
    const takesTime = hosts.has(link.from) && varies === undefined;
    const none: Duration | undefined = undefined;
    const config = {
      recordsWaits: reported.has(name),
      processingDelayNs: none,
      ...link.config,
    };
    if (takesTime) config.processingDelayNs = processingDelayNs;
    return { ...link, config };
  });
  return { ...graph, links };
}
