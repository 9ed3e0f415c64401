/**
 * What a run of flows does from a moment on: counters are read at the moment and again at the end, and the
 * histograms of delays and RTTs begin anew. Made between two events, so that it changes nothing. Cold.
 */
import { summarise } from '../../base/sample-statistics.ts';
import { NS_PER_SECOND } from '../../base/units.ts';
import type { Link } from '../../net/link.ts';
import type { FlowRun } from '../flow-run.ts';
import { queueDropsAt } from '../link-drops.ts';
import type { RateStep } from '../rate-steps.ts';
import type { RunSeries } from '../run-result.ts';
import { completionFigures } from './completion-figures.ts';
import type { MetricCard } from './metric-card.ts';
import { NO_RESPONSE, type ResponseFigure, responseFigures } from './responsiveness.ts';
import {
  countFlow,
  countRecoveries,
  difference,
  type FlowCounts,
  senderFigures,
} from './sender-figures.ts';
import { shareFigures } from './share-figures.ts';

const NS_PER_MS = 1e6;
/** Payload of a full frame. */
const PAYLOAD_SHARE = 1448 / 1514;

interface LinkCounts {
  readonly forwardedPackets: number;
  readonly forwardedBytes: number;
  readonly drops: number;
  readonly queueDrops: number;
  readonly marks: number;
  readonly busySeconds: number;
}

/** Facts of a run that cells are compared by besides its card. */
export interface RunMeasures {
  readonly card: MetricCard;
  /** Mean goodput of a flow, by the name of its controller. */
  readonly goodputMbpsByCc: Readonly<Record<string, number>>;
  /** Of the goodput of all flows, that of the flows of each controller. */
  readonly shareByCc: Readonly<Record<string, number>>;
}

export class MeasuredWindow {
  readonly #run: FlowRun;
  readonly #startSeconds: number;
  readonly #link: Link | undefined;
  readonly #linkStart: LinkCounts | undefined;
  readonly #flowStarts: readonly FlowCounts[];
  readonly #recoveriesBefore: number;

  /** The window starts now. */
  constructor(run: FlowRun) {
    this.#run = run;
    this.#startSeconds = this.#nowSeconds();
    this.#link = run.plan.reportedLinks[0];
    this.#linkStart = this.#link && this.#countLink(this.#link);
    this.#link?.meter.restart();
    this.#recoveriesBefore = countRecoveries(run.flows);
    this.#flowStarts = run.flows.map((flow) => {
      const counts = countFlow(flow);
      // What waits for a hole in front of it came before the window.
      const held = flow.receiver?.reassembly?.byteLength ?? 0;
      return { ...counts, deliveredBytes: counts.deliveredBytes + held };
    });
    for (const flow of run.flows) flow.restartMeter(run.plan.meter);
    run.plan.probe?.restart();
  }

  /** The window ends now. `series` is of the whole run. */
  finish(series: RunSeries): RunMeasures {
    const { flows: running, plan } = this.#run;
    const seconds = this.#nowSeconds() - this.#startSeconds;
    const flows = running.map((flow, index) =>
      difference(countFlow(flow), this.#flowStarts[index] as FlowCounts),
    );
    const goodputs = flows.map(({ deliveredBytes }) =>
      seconds > 0 ? Math.max(0, deliveredBytes * 8) / 1e6 / seconds : 0,
    );
    const capacityMbps = this.#capacityMbps();
    const baseRttSeconds = this.#baseRttMs() / 1e3;
    const card: MetricCard = {
      ...this.#linkFigures(seconds),
      ...this.#rttFigures(sum(goodputs), capacityMbps),
      ...senderFigures(flows, countRecoveries(running) - this.#recoveriesBefore),
      ...shareFigures(this.#run, series, goodputs, {
        fromSeconds: this.#startSeconds,
        rttSeconds: baseRttSeconds,
      }),
      ...this.#responseFigures(series, baseRttSeconds),
      ...completionFigures(running, plan.network.clock.nowNs, capacityMbps),
      goodputMbps: seconds > 0 ? sum(goodputs) : null,
      ...this.#latencyFigures(),
    };
    const total = sum(goodputs);
    return {
      card,
      goodputMbpsByCc: this.#byController(goodputs, (own) => summarise(own).mean),
      shareByCc: this.#byController(goodputs, (own) => (total === 0 ? 0 : sum(own) / total)),
    };
  }

  #nowSeconds(): number {
    return this.#run.plan.network.clock.nowNs / NS_PER_SECOND;
  }

  #countLink(link: Link): LinkCounts {
    const { network } = this.#run.plan;
    return {
      forwardedPackets: link.forwardedPackets,
      forwardedBytes: link.forwardedBytes,
      drops: network.dropsAt(link.place),
      queueDrops: queueDropsAt(network, link.place),
      marks: network.markCount(link.place),
      busySeconds: link.utilisation * this.#nowSeconds(),
    };
  }

  /** What the link can carry, of whole frames: what it carried over the time it was busy. */
  #capacityMbps(): number | null {
    const link = this.#link;
    const busySeconds = link === undefined ? 0 : link.utilisation * this.#nowSeconds();
    return link === undefined || busySeconds === 0
      ? null
      : (link.forwardedBytes * 8) / 1e6 / busySeconds;
  }

  #linkFigures(seconds: number): Pick<MetricCard, LinkFigure> {
    const link = this.#link;
    if (link === undefined || this.#linkStart === undefined) return NO_LINK_FIGURES;
    const start = this.#linkStart;
    const end = this.#countLink(link);
    const offered = end.forwardedPackets - start.forwardedPackets + end.drops - start.drops;
    const ofOffered = (count: number) => (offered === 0 ? null : count / offered);
    const { meter } = link;
    const delayMs = (q: number) =>
      meter.packets === 0 ? null : meter.quantileDelayNs(q) / NS_PER_MS;
    return {
      utilisation: seconds > 0 ? this.#utilisation(start, end, seconds) : null,
      queueDelayMeanMs: meter.packets === 0 ? null : meter.meanDelayNs / NS_PER_MS,
      queueDelayP50Ms: delayMs(0.5),
      queueDelayP95Ms: delayMs(0.95),
      queueDelayP99Ms: delayMs(0.99),
      queueDelayMaxMs: delayMs(1),
      lossRatio: ofOffered(end.drops - start.drops),
      queueLossRatio: ofOffered(end.queueDrops - start.queueDrops),
      markRatio: ofOffered(end.marks - start.marks),
    };
  }

  /** Busy time, or of a rate that changes bits over those that it could have carried. */
  #utilisation(start: LinkCounts, end: LinkCounts, seconds: number): number {
    const { rates } = this.#run.plan;
    if (rates === undefined) return (end.busySeconds - start.busySeconds) / seconds;
    const bits = (end.forwardedBytes - start.forwardedBytes) * 8;
    return bits / capacityBits(rates, this.#startSeconds, this.#nowSeconds());
  }

  #rttFigures(goodputMbps: number, capacityMbps: number | null): Pick<MetricCard, RttFigure> {
    const { rtts } = this.#run.plan.meter;
    const measured = this.#run.flows.flatMap(({ meterRow, baseRttNs }) =>
      rtts.count(meterRow) === 0 || baseRttNs === undefined ? [] : [{ meterRow, baseRttNs }],
    );
    if (measured.length === 0) return NO_RTT_FIGURES;
    const over = (value: (row: number) => number) =>
      measured.map(({ meterRow, baseRttNs }) =>
        Math.max(0, (value(meterRow) - baseRttNs) / NS_PER_MS),
      );
    const meanOver = (q: number) => summarise(over((row) => rtts.quantile(row, q))).mean;
    const all = rtts.addRow();
    for (const { meterRow } of measured) rtts.merge(all, meterRow);
    const meanMs = rtts.mean(all) / NS_PER_MS;
    return {
      rttOverBaseMeanMs: summarise(over((row) => rtts.mean(row))).mean,
      rttOverBaseP50Ms: meanOver(0.5),
      rttOverBaseP95Ms: meanOver(0.95),
      rttOverBaseP99Ms: meanOver(0.99),
      rttOverBaseMaxMs: Math.max(...over((row) => rtts.max(row))),
      power:
        capacityMbps === null ? null : goodputMbps / meanMs / (capacityMbps / this.#baseRttMs()),
    };
  }

  /** Of the shortest path; 0 when none is known. */
  #baseRttMs(): number {
    const known = this.#run.flows.flatMap(({ baseRttNs }) => baseRttNs ?? []);
    return known.length === 0 ? 0 : Math.min(...known) / NS_PER_MS;
  }

  /** By a probe, or by a call that was measured before the load. */
  #latencyFigures(): Pick<MetricCard, 'latencyUnderLoadP50Ms' | 'latencyUnderLoadP95Ms'> {
    const { probe, underLoad } = this.#run.plan;
    const call = underLoad?.toResult(this.#run.flows).rtt;
    const added = (loaded: number | null | undefined, idle: number | null | undefined) =>
      typeof loaded !== 'number' || typeof idle !== 'number' ? null : Math.max(0, loaded - idle);
    return {
      latencyUnderLoadP50Ms: probe?.addedMs(0.5) ?? added(call?.loaded.p50Ms, call?.idle.p50Ms),
      latencyUnderLoadP95Ms: probe?.addedMs(0.95) ?? added(call?.loaded.p95Ms, call?.idle.p50Ms),
    };
  }

  #responseFigures(series: RunSeries, rttSeconds: number): Pick<MetricCard, ResponseFigure> {
    const { rates } = this.#run.plan;
    const link = series.links[0];
    if (rates === undefined || link === undefined) return NO_RESPONSE;
    const delivered = series.flows.map(({ deliveredBytes }) => deliveredBytes);
    return responseFigures(
      {
        seconds: series.seconds,
        deliveredBytes: series.seconds.map((_, at) => sum(delivered.map((row) => row[at] ?? 0))),
        queueBytes: link.queueBytes,
      },
      rates,
      { fromSeconds: this.#startSeconds, rttSeconds, payloadShare: PAYLOAD_SHARE },
    );
  }

  #byController(
    goodputs: readonly number[],
    figure: (own: readonly number[]) => number,
  ): Record<string, number> {
    const names = this.#run.flows.map(({ plan }) => plan.cc);
    return Object.fromEntries(
      [...new Set(names)].map((name) => [
        name,
        figure(goodputs.filter((_, index) => names[index] === name)),
      ]),
    );
  }
}

type LinkFigure = Extract<
  keyof MetricCard,
  'utilisation' | `queueDelay${string}` | 'lossRatio' | 'queueLossRatio' | 'markRatio'
>;
type RttFigure = Extract<keyof MetricCard, `rttOverBase${string}` | 'power'>;

const NO_LINK_FIGURES: Pick<MetricCard, LinkFigure> = {
  utilisation: null,
  queueDelayMeanMs: null,
  queueDelayP50Ms: null,
  queueDelayP95Ms: null,
  queueDelayP99Ms: null,
  queueDelayMaxMs: null,
  lossRatio: null,
  queueLossRatio: null,
  markRatio: null,
};
const NO_RTT_FIGURES: Pick<MetricCard, RttFigure> = {
  rttOverBaseMeanMs: null,
  rttOverBaseP50Ms: null,
  rttOverBaseP95Ms: null,
  rttOverBaseP99Ms: null,
  rttOverBaseMaxMs: null,
  power: null,
};

const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);

/** The rate over time, added up. */
function capacityBits(rates: readonly RateStep[], fromSeconds: number, toSeconds: number): number {
  return sum(
    rates.map(({ atNs, rate }, index) => {
      const from = Math.max(fromSeconds, atNs / NS_PER_SECOND);
      const to = Math.min(toSeconds, (rates[index + 1]?.atNs ?? Infinity) / NS_PER_SECOND);
      return rate * Math.max(0, to - from);
    }),
  );
}
