/**
 * Sizes of flows: a constant, or a distribution given by points of its cumulative function with straight lines
 * between them, drawn by inversion. The two presets are those that work on data-centre transport has compared
 * itself on since pFabric (SIGCOMM 2013 §5.1):
 *
 * - web search: the flows of a production cluster that answers searches, Alizadeh et al., "Data Center TCP (DCTCP)",
 *   SIGCOMM 2010, figure 4; mean 1.7 MB, with more than 95 % of the bytes in flows above 1 MB.
 * - data mining: the flows of a cluster of map and reduce jobs, Greenberg et al., "VL2", SIGCOMM 2009, figure 2;
 *   half of the flows below 1.1 kB, nearly all of the bytes in flows of 100 MB to 1 GB.
 *
 * The points are those in common use (tables DCTCP_CDF and VL2_CDF of the empirical traffic generators that followed
 * the papers), since the papers have curves only.
 */
import { assert } from '../base/assert.ts';
import type { Bytes } from '../base/units.ts';
import type { RandomSource } from '../engine/random.ts';

export interface SizeDistribution {
  readonly name: string;
  readonly meanBytes: Bytes;
  /** Whole bytes, at least 1. */
  draw(random: RandomSource): Bytes;
}

/** `share` of all flows are of at most `bytes`. */
export type CumulativePoint = readonly [bytes: Bytes, share: number];

export class EmpiricalSizes implements SizeDistribution {
  readonly name: string;
  readonly meanBytes: Bytes;
  readonly #points: readonly CumulativePoint[];

  /** @param points ascending in both, from share 0 to share 1 */
  constructor(name: string, points: readonly CumulativePoint[]) {
    const isAscending = points.every(([bytes, share], index) => {
      const [bytesBefore, shareBefore] = points[index - 1] ?? [0, 0];
      return bytes >= bytesBefore && share >= shareBefore;
    });
    assert(isAscending, 'points of a distribution ascend');
    assert(points[0]?.[1] === 0 && points.at(-1)?.[1] === 1, 'shares go from 0 to 1');
    this.name = name;
    this.#points = points;
    let mean = 0;
    for (let index = 1; index < points.length; index++) {
      const [from, below] = points[index - 1] as CumulativePoint;
      const [to, upTo] = points[index] as CumulativePoint;
      mean += ((from + to) / 2) * (upTo - below);
    }
    this.meanBytes = mean;
  }

  /** The size below which `share` of the flows are. */
  quantile(share: number): Bytes {
    const points = this.#points;
    let index = 1;
    while (index < points.length - 1 && (points[index] as CumulativePoint)[1] < share) index++;
    const [from, below] = points[index - 1] as CumulativePoint;
    const [to, upTo] = points[index] as CumulativePoint;
    return upTo === below ? to : from + ((to - from) * (share - below)) / (upTo - below);
  }

  draw(random: RandomSource): Bytes {
    return Math.max(1, Math.round(this.quantile(random.nextDouble())));
  }
}

/** All flows of one size. */
export function constantSize(bytes: Bytes): SizeDistribution {
  return { name: `${bytes} B`, meanBytes: bytes, draw: () => bytes };
}

export const WEB_SEARCH = new EmpiricalSizes('web-search', [
  [0, 0],
  [10e3, 0.15],
  [20e3, 0.2],
  [30e3, 0.3],
  [50e3, 0.4],
  [80e3, 0.53],
  [200e3, 0.6],
  [1e6, 0.7],
  [2e6, 0.8],
  [5e6, 0.9],
  [10e6, 0.97],
  [30e6, 1],
]);

export const DATA_MINING = new EmpiricalSizes('data-mining', [
  [0, 0],
  [180, 0.1],
  [216, 0.2],
  [560, 0.3],
  [900, 0.4],
  [1100, 0.5],
  [1870, 0.6],
  [3160, 0.7],
  [10e3, 0.8],
  [400e3, 0.9],
  [3.16e6, 0.95],
  [100e6, 0.98],
  [1e9, 1],
]);

/** By name. */
export const SIZE_DISTRIBUTIONS: readonly SizeDistribution[] = [WEB_SEARCH, DATA_MINING];
