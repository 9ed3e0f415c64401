/** The part of a metric card about flows with an end: completion times, and how far they are from the ideal. Cold. */
import { nearestRanks, summarise } from '../../base/sample-statistics.ts';
import type { RunningFlow } from '../running-flow.ts';
import type { MetricCard } from './metric-card.ts';

export type CompletionFigure = Extract<keyof MetricCard, `fct${string}` | `slowdown${string}`>;

const NS_PER_MS = 1e6;
/** Classes of sizes as in data-centre studies (pFabric, SIGCOMM 2013, recalled). */
const SHORT_BYTES = 100e3;
const MEDIUM_BYTES = 10e6;

interface Completion {
  readonly sizeBytes: number;
  readonly ms: number;
  /** Null where the path was not measured. */
  readonly slowdown: number | null;
}

/** @param capacityMbps of the bottleneck, in bytes of whole frames */
export function completionFigures(
  flows: readonly RunningFlow[],
  nowNs: number,
  capacityMbps: number | null,
): Pick<MetricCard, CompletionFigure> {
  const done = flows
    .filter(({ plan, completedNs }) => Number.isFinite(plan.sizeBytes) && completedNs <= nowNs)
    .map((flow) => completionOf(flow, capacityMbps));
  const times = done.map(({ ms }) => ms);
  const rank = nearestRanks(times);
  const slowdown = (above: number, upTo: number) =>
    meanOrNull(
      done
        .filter(({ sizeBytes }) => sizeBytes > above && sizeBytes <= upTo)
        .flatMap((each) => each.slowdown ?? []),
    );
  return {
    fctMeanMs: meanOrNull(times),
    fctP50Ms: rank(0.5),
    fctP99Ms: rank(0.99),
    fctP999Ms: rank(0.999),
    slowdownMean: slowdown(0, Number.POSITIVE_INFINITY),
    slowdownTo100kB: slowdown(0, SHORT_BYTES),
    slowdownTo10MB: slowdown(SHORT_BYTES, MEDIUM_BYTES),
    slowdownAbove10MB: slowdown(MEDIUM_BYTES, Number.POSITIVE_INFINITY),
  };
}

/** Ideal: the handshake, the way of the data, and its transmission at the full rate. */
function completionOf(flow: RunningFlow, capacityMbps: number | null): Completion {
  const { sizeBytes } = flow.plan;
  const ms = (flow.completedNs - flow.beganNs) / NS_PER_MS;
  const rttMs = (flow.baseRttNs ?? 0) / NS_PER_MS;
  const sendingMs = capacityMbps === null ? 0 : (sizeBytes * 8) / 1e3 / capacityMbps;
  return { sizeBytes, ms, slowdown: rttMs > 0 ? ms / (1.5 * rttMs + sendingMs) : null };
}

const meanOrNull = (values: readonly number[]): number | null =>
  values.length === 0 ? null : summarise(values).mean;
