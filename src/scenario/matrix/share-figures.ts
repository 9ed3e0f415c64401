/** The part of a metric card about how flows share the bottleneck and how steadily (RFC 5166 §2.2.2, §2.3). Cold. */
import { jainIndex, summarise } from '../../base/sample-statistics.ts';
import { NS_PER_SECOND } from '../../base/units.ts';
import type { FlowRun } from '../flow-run.ts';
import type { RunSeries } from '../run-result.ts';
import { GoodputSeries } from './goodput-series.ts';
import type { MetricCard } from './metric-card.ts';

export type ShareFigure =
  | 'jain'
  | 'jainMedian1s'
  | 'minMaxGoodput'
  | 'rttFairness'
  | 'convergenceSeconds'
  | 'goodputVariationRtt'
  | 'goodputVariation1s'
  | 'cwndPeakToTrough';

/** RTTs of flows that differ by more are different paths. */
const RTT_SPREAD = 1.2;
const SHARE_SECONDS = 1;
const SHARE_RTTS = 5;

/** @param goodputs of the flows in the window */
export function shareFigures(
  { flows }: FlowRun,
  series: RunSeries,
  goodputs: readonly number[],
  window: { readonly fromSeconds: number; readonly rttSeconds: number },
): Pick<MetricCard, ShareFigure> {
  const { fromSeconds, rttSeconds } = window;
  const from = series.seconds.findIndex((seconds) => seconds >= fromSeconds);
  const step = (series.seconds[1] ?? 1) - (series.seconds[0] ?? 0);
  const delivered = series.flows.map(({ deliveredBytes }) => deliveredBytes);
  const whole = new GoodputSeries(step, delivered);
  const measured = new GoodputSeries(
    step,
    delivered.map((row) => row.slice(from)),
  );
  const isShared = goodputs.length > 1;
  const largest = Math.max(...goodputs);
  const lastStart = Math.max(...flows.map(({ plan }) => plan.startNs)) / NS_PER_SECOND;
  const hold = Math.max(SHARE_SECONDS, SHARE_RTTS * rttSeconds);
  return {
    jain: isShared ? jainIndex(goodputs) : null,
    jainMedian1s: isShared ? measured.medianJain(1) : null,
    minMaxGoodput: isShared && largest > 0 ? Math.min(...goodputs) / largest : null,
    rttFairness: rttFairness(
      flows.map(({ baseRttNs = 0 }) => baseRttNs),
      goodputs,
    ),
    convergenceSeconds: isShared ? whole.convergence(lastStart, hold) : null,
    // Null where the series has fewer points than round trips.
    goodputVariationRtt: rttSeconds >= step ? measured.meanVariation(rttSeconds) : null,
    goodputVariation1s: measured.meanVariation(1),
    cwndPeakToTrough: cwndPeakToTrough(series, from),
  };
}

/** Mean goodput of the shorter half of the RTTs over that of the longer half, on a logarithmic scale. */
function rttFairness(rtts: readonly number[], goodputs: readonly number[]): number | null {
  const shortest = Math.min(...rtts);
  const longest = Math.max(...rtts);
  if (shortest <= 0 || longest < RTT_SPREAD * shortest) return null;
  const middle = Math.sqrt(shortest * longest);
  const near = goodputs.filter((_, index) => (rtts[index] as number) < middle);
  const far = goodputs.filter((_, index) => (rtts[index] as number) >= middle);
  const farMean = summarise(far).mean;
  return farMean === 0 ? null : summarise(near).mean / farMean;
}

function cwndPeakToTrough(series: RunSeries, from: number): number | null {
  const ratios = series.flows.flatMap(({ cwndBytes }) => {
    const window = cwndBytes.slice(from).filter((bytes) => bytes > 0);
    return window.length === 0 ? [] : [Math.max(...window) / Math.min(...window)];
  });
  return ratios.length === 0 ? null : summarise(ratios).mean;
}
