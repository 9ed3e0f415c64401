/**
 * The four distributions of tc-netem(8)'s jitter as tables of quantiles, in units of the stated jitter:
 * uniform over -1 … 1; normal with standard deviation 1; pareto, (x - 3/2) 4/3 for a Pareto x of shape 3
 * from 1 on, so of mean 0; paretonormal, a quarter of the normal's quantile and three quarters of the
 * pareto's. The last three are cut at ±4, as the 16-bit tables of iproute2 are.
 * Made at set-up, read by linear interpolation; between nodes the error is below 1/4096 in probability.
 */
import { normalCdf, power } from '../base/math.ts';
import type { DelayDistribution } from './impairment-config.ts';

/** Intervals of a table; node i holds the quantile of i / INTERVALS. */
const INTERVALS = 4096;
const CUT = 4;
const PARETO_SHAPE = 3;
const PARETO_MEAN = 1.5;
const PARETO_SCALE = 4 / 3;

/** Made once for all links: never written again. */
const tables = new Map<DelayDistribution, Float64Array>();

/** INTERVALS + 1 ascending quantiles, shared: read only. */
export function quantileTable(distribution: DelayDistribution): Float64Array {
  let table = tables.get(distribution);
  if (table === undefined) {
    table = makeTable(distribution);
    tables.set(distribution, table);
  }
  return table;
}

function makeTable(distribution: DelayDistribution): Float64Array {
  if (distribution === 'normal') return makeNormalTable();
  const table = new Float64Array(INTERVALS + 1);
  const normal = distribution === 'paretonormal' ? quantileTable('normal') : table;
  for (let node = 0; node <= INTERVALS; node++) {
    const u = node / INTERVALS;
    if (distribution === 'uniform') table[node] = 2 * u - 1;
    else if (distribution === 'pareto') table[node] = paretoQuantile(u);
    else table[node] = normal[node] / 4 + (paretoQuantile(u) * 3) / 4;
  }
  return table;
}

/** Replaces a probability, 0 to 1, in cell[0] by its quantile: no double crosses the call. */
export function interpolateInPlace(table: Float64Array, cell: Float64Array): void {
  const position = cell[0] * INTERVALS;
  const node = Math.min(INTERVALS - 1, Math.floor(position));
  cell[0] = table[node] + (position - node) * (table[node + 1] - table[node]);
}

function paretoQuantile(u: number): number {
  if (u === 1) return CUT;
  const x = power(1 - u, -1 / PARETO_SHAPE);
  return Math.min(CUT, (x - PARETO_MEAN) * PARETO_SCALE);
}

/** Quantiles of the standard normal from -CUT to CUT, by bisection of its distribution function. */
function makeNormalTable(): Float64Array {
  const table = new Float64Array(INTERVALS + 1);
  for (let node = INTERVALS / 2; node <= INTERVALS; node++) {
    let low = 0;
    let high = CUT;
    for (let step = 0; step < 40; step++) {
      const middle = (low + high) / 2;
      if (normalCdf(middle) < node / INTERVALS) low = middle;
      else high = middle;
    }
    table[node] = high;
    table[INTERVALS - node] = -high;
  }
  return table;
}
