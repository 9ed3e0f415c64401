/**
 * Traffic of scenarios whose hosts are all alike: who sends to whom, and when. Without a load, one bulk flow a pair,
 * one start after the other; with one, Poisson arrivals that offer this share of the hosts' link rates.
 */
import { NetError } from '../../base/errors.ts';
import type { BitsPerSecond, Duration, Instant } from '../../base/units.ts';
import { RandomSource } from '../../engine/random.ts';
import { drawPair, drawPermutation, type Pair, poissonArrivals } from '../../traffic/arrivals.ts';
import {
  constantSize,
  SIZE_DISTRIBUTIONS,
  type SizeDistribution,
} from '../../traffic/size-distribution.ts';
import { choiceOf, FORMS, orWord, type ParameterValuesOf } from '../parameters.ts';
import { parseRatio } from '../quantity.ts';
import { AUTO, type BulkFlow, SIZE_PARAMETER } from './transport-parameters.ts';

const NO_LOAD = 0;
const SIZE_NAMES = SIZE_DISTRIBUTIONS.map(({ name }) => name);

const sizes = SIZE_DISTRIBUTIONS.reduce(
  (form, distribution) =>
    orWord<SizeDistribution | number, SizeDistribution>(distribution.name, distribution, form),
  SIZE_PARAMETER as {
    expected: string;
    parse: (text: string) => SizeDistribution | number | undefined;
  },
);

export const FABRIC_TRAFFIC_PARAMETERS = {
  pattern: {
    ...choiceOf(['permutation', 'random', 'all-to-all', 'incast'] as const),
    default: 'permutation',
    description:
      'who sends to whom: each host to one other, to any other, to all others, or all to the first',
  },
  size: {
    ...sizes,
    default: '1 MB',
    description: `of each flow: bytes, or a published distribution (${SIZE_NAMES.join(', ')})`,
  },
  load: {
    ...orWord('none', NO_LOAD, {
      expected: 'a share above 0 % like 50 %',
      parse: (text) => parseRatio(text) || undefined,
    }),
    default: 'none',
    description:
      'of what hosts can send (incast: of what the first can receive), offered by Poisson arrivals; none: one flow a pair',
  },
  flows: {
    ...orWord('auto', AUTO, FORMS.count),
    default: 'auto',
    description: 'number of flows; auto: one a pair, or as many as arrive within `duration`',
  },
  duration: {
    ...FORMS.positiveDuration,
    default: '1 s',
    description: 'length of the run; with a load, of the time in which flows start',
  },
  drain: {
    ...FORMS.duration,
    default: '10 s',
    description: 'with a load, longest time for the last flows to end',
  },
  stagger: {
    ...FORMS.duration,
    default: '0 s',
    description: 'between the starts of one flow and the next, without a load',
  },
};

type Values = ParameterValuesOf<typeof FABRIC_TRAFFIC_PARAMETERS>;

export interface FabricTraffic {
  readonly flows: readonly BulkFlow[];
  readonly endNs: Instant;
}

/** More are a mistake: each takes a kilobyte from the start on. */
const FLOWS_MAX = 1_000_000;

/** Throws NetError for values that do not fit each other. */
export function fabricTraffic(
  values: Values,
  hosts: readonly string[],
  hostRate: BitsPerSecond,
  seed: number,
): FabricTraffic {
  if (hosts.length < 2) throw NetError.value('hosts', 'two at least', hosts.length);
  const random = RandomSource.fromSeed(seed).fork('traffic');
  const flow = ([from, to]: Pair, startNs: Instant, sizeBytes: number): BulkFlow => ({
    from: hosts[from] as string,
    to: hosts[to] as string,
    startNs,
    sizeBytes,
  });
  if (values.load === NO_LOAD) {
    const draw = sizeDrawer(values, random);
    const flows = staticPairs(values, hosts.length, random).map((pair, index) =>
      flow(pair, index * values.stagger, draw()),
    );
    return { flows, endNs: values.duration };
  }
  const arrivals = poissonArrivals(random, {
    meanIntervalNs: meanIntervalNs(values, hosts.length, hostRate),
    startNs: 0,
    endNs: values.duration,
    countMax: values.flows === AUTO ? FLOWS_MAX : values.flows,
    sizes: finiteSizes(values),
    pair: pairDrawer(values, hosts.length, random),
  });
  const flows = arrivals.map(({ pair, startNs, sizeBytes }) => flow(pair, startNs, sizeBytes));
  if (flows.length === 0)
    throw NetError.value('duration', 'time for a flow to arrive', 'none does');
  return { flows, endNs: values.duration + values.drain };
}

function sizeDrawer({ size }: Values, random: RandomSource): () => number {
  return typeof size === 'number' ? () => size : () => size.draw(random);
}

function finiteSizes({ size }: Values): SizeDistribution {
  if (size === Number.POSITIVE_INFINITY) {
    throw NetError.value('size', 'sizes with an end, since a load is given', 'endless');
  }
  return typeof size === 'number' ? constantSize(size) : size;
}

function meanIntervalNs(values: Values, hosts: number, hostRate: BitsPerSecond): Duration {
  const links = values.pattern === 'incast' ? 1 : hosts;
  const { meanBytes } = finiteSizes(values);
  const intervalNs = (meanBytes * 8e9) / (values.load * hostRate * links);
  const expected = Math.min(
    values.duration / intervalNs,
    values.flows === AUTO ? Infinity : values.flows,
  );
  if (expected > FLOWS_MAX / 2) {
    throw NetError.value('load', `at most ${FLOWS_MAX / 2} flows`, Math.round(expected));
  }
  return intervalNs;
}

/** Pairs of flows without a load, in the order of their starts. */
function staticPairs(values: Values, hosts: number, random: RandomSource): readonly Pair[] {
  const pairs = pairsOf(values, hosts, random);
  const { flows } = values;
  if (flows === AUTO) return pairs;
  return Array.from({ length: flows }, (_, index) => pairs[index % pairs.length] as Pair);
}

function pairsOf({ pattern }: Values, hosts: number, random: RandomSource): readonly Pair[] {
  const all = Array.from({ length: hosts }, (_, index) => index);
  switch (pattern) {
    case 'permutation':
      return drawPermutation(random, hosts);
    case 'random':
      return all.map(() => drawPair(random, hosts));
    case 'incast':
      return all.slice(1).map((from) => [from, 0] as const);
    case 'all-to-all':
      return all.flatMap((step) =>
        step === 0 ? [] : all.map((from) => [from, (from + step) % hosts] as const),
      );
  }
}

/** Of flows that arrive. */
function pairDrawer(
  { pattern }: Values,
  hosts: number,
  random: RandomSource,
): (random: RandomSource) => Pair {
  if (pattern === 'incast') return (draws) => [1 + draws.below(hosts - 1), 0];
  if (pattern !== 'permutation') return (draws) => drawPair(draws, hosts);
  const permutation = drawPermutation(random, hosts);
  return (draws) => permutation[draws.below(hosts)] as Pair;
}
