/**
 * How a run answers a change of the bottleneck's rate (RFC 5166 §2.2.1): how long until the new capacity is used
 * when it rises, and until the queue is what it was when it falls. From the series of a run; pure. Cold.
 */
import { summarise } from '../../base/sample-statistics.ts';
import { NS_PER_SECOND } from '../../base/units.ts';
import type { RateStep } from '../rate-steps.ts';
import type { MetricCard } from './metric-card.ts';

export type ResponseFigure = Extract<keyof MetricCard, `rise${string}` | `fall${string}`>;

export const NO_RESPONSE: Pick<MetricCard, ResponseFigure> = {
  riseMs: null,
  fallMs: null,
  fallPeakQueueMs: null,
};

/** Of the new capacity. */
const RISEN = 0.9;
/** Round trips that an answer has to last. */
const HOLD_RTTS = 5;
/** Of the mean queueing delay before. */
const FALLEN = 2;
/** Delays below are as good as none. */
const LEAST_DELAY_SECONDS = 0.001;

export interface ResponseSeries {
  readonly seconds: readonly number[];
  /** Of all flows. */
  readonly deliveredBytes: readonly number[];
  /** At the bottleneck. */
  readonly queueBytes: readonly number[];
}

/**
 * @param rates of the bottleneck, from time 0 on
 * @param fromSeconds when measuring begins
 * @param payloadShare of a frame that is delivered
 * A change that is never answered before the next one leaves its figure null; several of a kind give their mean.
 */
export function responseFigures(
  series: ResponseSeries,
  rates: readonly RateStep[],
  facts: {
    readonly fromSeconds: number;
    readonly rttSeconds: number;
    readonly payloadShare: number;
  },
): Pick<MetricCard, ResponseFigure> {
  const rises: (number | null)[] = [];
  const falls: (number | null)[] = [];
  const peaks: number[] = [];
  for (const [index, { atNs, rate }] of rates.entries()) {
    const atSeconds = atNs / NS_PER_SECOND;
    const before = rates[index - 1];
    if (before === undefined || atSeconds < facts.fromSeconds) continue;
    const span: Span = {
      holdSeconds: HOLD_RTTS * facts.rttSeconds,
      fromSeconds: Math.max(facts.fromSeconds, before.atNs / NS_PER_SECOND),
      atSeconds,
      endSeconds: (rates[index + 1]?.atNs ?? Number.POSITIVE_INFINITY) / NS_PER_SECOND,
    };
    if (rate > before.rate) {
      const bytesPerSecond = (RISEN * facts.payloadShare * rate) / 8;
      rises.push(riseOf(series, span, bytesPerSecond));
    } else {
      const { settledMs, peakMs } = fallOf(series, span, before.rate, rate);
      falls.push(settledMs);
      peaks.push(peakMs);
    }
  }
  return {
    riseMs: meanOfAll(rises),
    fallMs: meanOfAll(falls),
    fallPeakQueueMs: meanOfAll(peaks),
  };
}

/** From the change before, over the change, to the next. */
interface Span {
  readonly fromSeconds: number;
  readonly atSeconds: number;
  readonly endSeconds: number;
  readonly holdSeconds: number;
}

function riseOf(
  { seconds, deliveredBytes }: ResponseSeries,
  { atSeconds, endSeconds, holdSeconds }: Span,
  bytesPerSecond: number,
): number | null {
  const first = seconds.findIndex((second) => second >= atSeconds);
  for (let start = first, end = first; start >= 0 && start < seconds.length; start++) {
    const from = seconds[start] as number;
    while (end < seconds.length && (seconds[end] as number) < from + holdSeconds) end++;
    if (end === seconds.length || (seconds[end] as number) > endSeconds) return null;
    const bytes = (deliveredBytes[end] as number) - (deliveredBytes[start] as number);
    const elapsed = (seconds[end] as number) - from;
    if (bytes >= bytesPerSecond * elapsed) return (from - atSeconds) * 1e3;
  }
  return null;
}

function fallOf(
  { seconds, queueBytes }: ResponseSeries,
  { fromSeconds, atSeconds, endSeconds, holdSeconds }: Span,
  rateBefore: number,
  rate: number,
): { readonly settledMs: number | null; readonly peakMs: number } {
  const delays = (from: number, until: number, bits: number) =>
    seconds.flatMap((second, index) =>
      second >= from && second < until
        ? [{ second, delay: ((queueBytes[index] as number) * 8) / bits }]
        : [],
    );
  const usual = summarise(
    delays(fromSeconds, atSeconds, rateBefore).map(({ delay }) => delay),
  ).mean;
  const after = delays(atSeconds, endSeconds, rate);
  const bound = FALLEN * Math.max(usual, LEAST_DELAY_SECONDS);
  return {
    settledMs: settledMs(after, bound, holdSeconds, atSeconds),
    peakMs: Math.max(0, ...after.map(({ delay }) => delay)) * 1e3,
  };
}

/** Until the first of the delays that stay below for long enough. */
function settledMs(
  delays: readonly { readonly second: number; readonly delay: number }[],
  bound: number,
  holdSeconds: number,
  atSeconds: number,
): number | null {
  let sinceSeconds: number | undefined;
  for (const { second, delay } of delays) {
    if (delay >= bound) sinceSeconds = undefined;
    else sinceSeconds ??= second;
    if (sinceSeconds !== undefined && second >= sinceSeconds + holdSeconds) {
      return (sinceSeconds - atSeconds) * 1e3;
    }
  }
  return null;
}

function meanOfAll(values: readonly (number | null)[]): number | null {
  const all = values.filter((value) => value !== null);
  return all.length === 0 || all.length < values.length ? null : summarise(all).mean;
}
