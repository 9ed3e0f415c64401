/**
 * When flows start, from where to where, and how large they are: Poisson arrivals at a mean rate, with sizes of a
 * distribution. All are drawn before the run, from one stream of chance, so that they are the same whatever
 * the network does with them. Cold.
 */
import type { Bytes, Duration, Instant } from '../base/units.ts';
import type { RandomSource } from '../engine/random.ts';
import type { SizeDistribution } from './size-distribution.ts';

/** Indices of hosts. */
export type Pair = readonly [from: number, to: number];

export interface FlowArrival {
  readonly startNs: Instant;
  readonly pair: Pair;
  readonly sizeBytes: Bytes;
}

export interface ArrivalConfig {
  /** Between one start and the next, over all pairs. */
  readonly meanIntervalNs: Duration;
  readonly startNs: Instant;
  /** No flow starts from then on. */
  readonly endNs: Instant;
  /** At most so many flows; Infinity when only `endNs` counts. */
  readonly countMax: number;
  readonly sizes: SizeDistribution;
  /** Draws who sends to whom. */
  readonly pair: (random: RandomSource) => Pair;
}

/** In the order of their starts. */
export function poissonArrivals(random: RandomSource, config: ArrivalConfig): FlowArrival[] {
  const { meanIntervalNs, startNs, endNs, countMax, sizes, pair } = config;
  const arrivals: FlowArrival[] = [];
  let atNs = startNs;
  while (arrivals.length < countMax) {
    atNs += random.exponential(meanIntervalNs);
    if (atNs >= endNs) break;
    arrivals.push({
      startNs: Math.floor(atNs),
      pair: pair(random),
      sizeBytes: sizes.draw(random),
    });
  }
  return arrivals;
}

/** Two different ones of `count` hosts. */
export function drawPair(random: RandomSource, count: number): Pair {
  const from = random.below(count);
  const to = random.below(count - 1);
  return [from, to < from ? to : to + 1];
}

/**
 * For each of `count` hosts another one, all different: one random cycle (Sattolo 1986), so that every host sends to
 * one host and hears from one.
 */
export function drawPermutation(random: RandomSource, count: number): Pair[] {
  const to = Array.from({ length: count }, (_, index) => index);
  for (let index = count - 1; index > 0; index--) {
    const other = random.below(index);
    const kept = to[index] as number;
    to[index] = to[other] as number;
    to[other] = kept;
  }
  return to.map((target, from) => [from, target] as const);
}
