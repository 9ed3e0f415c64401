/**
 * Runs of the dumbbell for experiments about controllers that share a bottleneck: each flow's goodput and the queue after
 * a warm-up, from the time series, so that what start-up does is not in them. Cold.
 */

import { runCatalogScenario } from '../run-catalog.ts';
import type { RunSeries } from '../run-result.ts';

export interface DumbbellShare {
  /** Of each flow, after the warm-up. */
  readonly goodputMbps: readonly number[];
  /** At the bottleneck, after the warm-up. */
  readonly meanQueueBytes: number;
  readonly maxQueueBytes: number;
  readonly series: RunSeries;
}

/** @param parameters of the dumbbell, as texts; `duration` in whole seconds */
export function runDumbbell(
  parameters: Readonly<Record<string, string>>,
  seed: number,
  warmUpSeconds: number,
): DumbbellShare {
  const { series } = runCatalogScenario('dumbbell', parameters, { seed, keepsSeries: true });
  const { seconds, flows, links } = series as RunSeries;
  const from = seconds.findIndex((at) => at >= warmUpSeconds);
  const measuredSeconds = (seconds.at(-1) as number) - (seconds[from] as number);
  const queue = (links[0] as RunSeries['links'][number]).queueBytes.slice(from);
  return {
    goodputMbps: flows.map(({ deliveredBytes }) => {
      const bytes = (deliveredBytes.at(-1) as number) - (deliveredBytes[from] as number);
      return (bytes * 8) / 1e6 / measuredSeconds;
    }),
    meanQueueBytes: queue.reduce((sum, bytes) => sum + bytes, 0) / queue.length,
    maxQueueBytes: Math.max(...queue),
    series: series as RunSeries,
  };
}
