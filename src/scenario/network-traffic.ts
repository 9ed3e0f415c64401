/** Flows of a network's scenario file: pairs of hosts, starts, sizes and what the ends do. Cold. */
import { NetError } from '../base/errors.ts';
import type { BitsPerSecond, Duration } from '../base/units.ts';
import { RandomSource } from '../engine/random.ts';
import type { CongestionControllerFactory } from '../recovery/congestion.ts';
import { type Pair, poissonArrivals } from '../traffic/arrivals.ts';
import { bulkTraffic, type Payload } from '../traffic/bulk.ts';
import type { FlowTraffic } from '../traffic/flow-traffic.ts';
import { onOffTraffic } from '../traffic/on-off.ts';
import { requestResponseTraffic } from '../traffic/request-response.ts';
import { constantSize, type SizeDistribution } from '../traffic/size-distribution.ts';
import type { ScenarioContext } from './catalog/catalog-entry.ts';
import type { NetworkNames } from './network-names.ts';
import type { NetworkSpec, TrafficSpec } from './network-schema.ts';
import type { NamedFlow } from './plan-network.ts';

type Kind<Name extends TrafficSpec['kind']> = Extract<TrafficSpec, { kind: Name }>;

/** A flow but for its controller. */
type Flow = Pick<NamedFlow, 'from' | 'to' | 'startNs' | 'sizeBytes' | 'traffic'>;

/** Finds the rate of a link that a load is of. */
type RateOf = (where: string, link: string) => BitsPerSecond;

const PORT = 5001;
const DEFAULT_REQUEST_BYTES = 200;
const DEFAULT_RESPONSE_BYTES = 100_000;
const DEFAULT_ON_OFF_NS: Duration = 1e9;
/** More are a mistake: each takes a kilobyte from the start on. */
const FLOWS_MAX = 1_000_000;

interface Context {
  readonly spec: NetworkSpec;
  readonly names: NetworkNames;
  readonly rateOf: RateOf;
  readonly random: RandomSource;
  readonly payload: Payload;
}

/** Throws NetError for names that are none, or values that do not fit each other. */
export function buildTraffic(
  spec: NetworkSpec,
  names: NetworkNames,
  rateOf: RateOf,
  scenario: ScenarioContext,
): NamedFlow[] {
  const random = RandomSource.fromSeed(scenario.seed).fork('traffic');
  const context: Context = { spec, names, rateOf, random, payload: spec.payload ?? 'zeros' };
  const flows = spec.traffic.flatMap((traffic, index) => {
    const where = `traffic.${index}`;
    const cc = traffic.cc ?? spec.cc ?? ['cubic'];
    const factories = cc.map((name) => scenario.controllers.factory(name));
    return flowsOf(context, traffic, where).map((flow, turn) => ({
      ...flow,
      dscp: traffic.dscp,
      port: PORT,
      cc: cc[turn % cc.length] as string,
      controllers: factories[turn % cc.length] as CongestionControllerFactory,
    }));
  });
  if (flows.length === 0) throw NetError.value('traffic', 'a flow at least', 'none');
  if (flows.length > FLOWS_MAX) {
    throw NetError.value('traffic', `at most ${FLOWS_MAX} flows`, flows.length);
  }
  return flows;
}

function flowsOf(context: Context, traffic: TrafficSpec, where: string): readonly Flow[] {
  const { payload, random } = context;
  if (traffic.kind === 'poisson') return poissonFlows(context, traffic, where);
  const pairs = pairsOf(context, traffic, where);
  const { start = 0, stagger = 0, count = 1 } = traffic;
  const sizes = random.fork(where);
  return Array.from({ length: pairs.length * count }, (_, index) => {
    const [from, to] = pairs[index % pairs.length] as readonly [string, string];
    const work = workOf(traffic, payload, sizes);
    return { from, to, startNs: start + index * stagger, ...work };
  });
}

/** What the ends of one flow do. */
function workOf(
  traffic: Exclude<TrafficSpec, Kind<'poisson'>>,
  payload: Payload,
  random: RandomSource,
): { sizeBytes: number; traffic: FlowTraffic } {
  switch (traffic.kind) {
    case 'bulk': {
      const { size = Number.POSITIVE_INFINITY } = traffic;
      const sizeBytes = typeof size === 'number' ? size : size.draw(random);
      return { sizeBytes, traffic: bulkTraffic(sizeBytes, payload) };
    }
    case 'request-response': {
      const { request = DEFAULT_REQUEST_BYTES, response = DEFAULT_RESPONSE_BYTES } = traffic;
      const { requests = Number.POSITIVE_INFINITY, think = 0 } = traffic;
      const responses = typeof response === 'number' ? constantSize(response) : response;
      const config = { requestBytes: request, responses, count: requests, thinkNs: think, payload };
      const sizeBytes = requests * responses.meanBytes;
      return { sizeBytes, traffic: requestResponseTraffic(config) };
    }
    case 'on-off': {
      const { on = DEFAULT_ON_OFF_NS, off = DEFAULT_ON_OFF_NS } = traffic;
      const { rate = Number.POSITIVE_INFINITY, times = 'exponential' } = traffic;
      const isExponential = times === 'exponential';
      const config = { onNs: on, offNs: off, isExponential, rate, payload };
      return { sizeBytes: Number.POSITIVE_INFINITY, traffic: onOffTraffic(config) };
    }
  }
}

/** One by one where there are as many on both sides; from or to one, all. */
function pairsOf(
  { names }: Context,
  traffic: { readonly from: readonly string[]; readonly to: readonly string[] },
  where: string,
): (readonly [from: string, to: string])[] {
  const from = names.allHosts(`${where}.from`, traffic.from);
  const to = names.allHosts(`${where}.to`, traffic.to);
  if (from.length !== to.length && from.length !== 1 && to.length !== 1) {
    throw NetError.value(`${where}.to`, `${from.length} hosts like from, or one`, to.length);
  }
  return Array.from({ length: Math.max(from.length, to.length) }, (_, index) => {
    const [a, b] = [from[index % from.length] as string, to[index % to.length] as string];
    if (a === b) throw NetError.value(`${where}.to`, 'another host than from', b);
    return [a, b] as const;
  });
}

function poissonFlows(context: Context, traffic: Kind<'poisson'>, where: string): Flow[] {
  const { names, payload, random, spec } = context;
  const from = names.allHosts(`${where}.from`, traffic.from);
  const to = names.allHosts(`${where}.to`, traffic.to);
  if (from.length === 1 && to.length === 1 && from[0] === to[0]) {
    throw NetError.value(`${where}.to`, 'another host than from', to[0]);
  }
  const { size, start = 0, until = spec.duration, count = FLOWS_MAX } = traffic;
  if (size === Number.POSITIVE_INFINITY) {
    throw NetError.value(`${where}.size`, 'sizes with an end', 'endless');
  }
  const sizes = typeof size === 'number' ? constantSize(size) : size;
  const meanIntervalNs = intervalOf(context, traffic, where, sizes);
  if ((until - start) / meanIntervalNs > FLOWS_MAX && count === FLOWS_MAX) {
    throw NetError.value(where, `at most ${FLOWS_MAX} flows`, 'more');
  }
  const arrivals = poissonArrivals(random.fork(where), {
    meanIntervalNs,
    startNs: start,
    endNs: until,
    countMax: count,
    sizes,
    pair: (draws): Pair => {
      for (;;) {
        const pair = [draws.below(from.length), draws.below(to.length)] as const;
        if (from[pair[0]] !== to[pair[1]]) return pair;
      }
    },
  });
  return arrivals.map(({ pair, startNs, sizeBytes }) => ({
    from: from[pair[0]] as string,
    to: to[pair[1]] as string,
    startNs,
    sizeBytes,
    traffic: bulkTraffic(sizeBytes, payload),
  }));
}

/** Mean time between two flows: as stated, or from a load of a link. */
function intervalOf(
  { rateOf }: Context,
  { interval, load, of }: Kind<'poisson'>,
  where: string,
  sizes: SizeDistribution,
): Duration {
  if ((interval === undefined) === (load === undefined)) {
    const got = interval === undefined ? 'neither' : 'both';
    throw NetError.value(where, 'either an interval or a load', got);
  }
  if (interval !== undefined) return interval;
  if (of === undefined)
    throw NetError.value(`${where}.of`, 'the link that the load is of', 'nothing');
  return (sizes.meanBytes * 8e9) / ((load as number) * rateOf(`${where}.of`, of));
}
