/**
 * What a run of flows does from a moment on: counters are read at the moment and again at the end, and the
 * histograms of delays and RTTs begin anew. Made between two events, so that it changes nothing. Cold.
 */
import { jainIndex, nearestRank, summarise } from '../../base/sample-statistics.ts';
import { NS_PER_SECOND } from '../../base/units.ts';
import type { Link } from '../../net/link.ts';
import type { FlowRun, RunningFlow } from '../flow-run.ts';
import type { RunSeries } from '../run-result.ts';
import { GoodputSeries } from './goodput-series.ts';
import type { MetricCard } from './metric-card.ts';

const NS_PER_MS = 1e6;
/** RTTs of flows that differ by more are different paths. */
const RTT_SPREAD = 1.2;
const SHARE_SECONDS = 1;
const SHARE_RTTS = 5;

interface LinkCounts {
  readonly forwardedPackets: number;
  readonly forwardedBytes: number;
  readonly drops: number;
  readonly marks: number;
  readonly busySeconds: number;
}

interface FlowCounts {
  readonly deliveredBytes: number;
  readonly bytesSent: number;
  readonly bytesRetransmitted: number;
  readonly segmentsSent: number;
  readonly spurious: number;
  readonly timeouts: number;
}

/** Facts of a run that cells are compared by besides its card: bytes per second of flows by controller. */
export interface RunMeasures {
  readonly card: MetricCard;
  /** Mean goodput of a flow, by the name of its controller. */
  readonly goodputMbpsByCc: Readonly<Record<string, number>>;
}

export class MeasuredWindow {
  readonly #run: FlowRun;
  readonly #startSeconds: number;
  readonly #link: Link | undefined;
  readonly #linkStart: LinkCounts | undefined;
  readonly #flowStarts: readonly FlowCounts[];

  /** The window starts now. */
  constructor(run: FlowRun) {
    this.#run = run;
    this.#startSeconds = this.#nowSeconds();
    this.#link = run.plan.reportedLinks[0];
    this.#linkStart = this.#link && this.#countLink(this.#link);
    this.#link?.meter.restart();
    this.#flowStarts = run.flows.map(countFlow);
    for (const flow of run.flows) flow.restartMeter(run.plan.meter);
  }

  /** The window ends now. `series` is of the whole run. */
  finish(series: RunSeries): RunMeasures {
    const seconds = this.#nowSeconds() - this.#startSeconds;
    const flows = this.#run.flows.map((flow, index) =>
      difference(countFlow(flow), this.#flowStarts[index] as FlowCounts),
    );
    const goodputs = flows.map(({ deliveredBytes }) =>
      seconds > 0 ? (deliveredBytes * 8) / 1e6 / seconds : 0,
    );
    const capacityMbps = this.#capacityMbps();
    const card: MetricCard = {
      ...this.#linkFigures(seconds),
      ...this.#rttFigures(sum(goodputs), capacityMbps),
      ...senderFigures(flows),
      ...this.#shareFigures(goodputs, series),
      ...this.#completionFigures(capacityMbps),
      goodputMbps: seconds > 0 ? sum(goodputs) : null,
    };
    return { card, goodputMbpsByCc: this.#byController(goodputs) };
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
    const forwarded = end.forwardedPackets - start.forwardedPackets;
    const drops = end.drops - start.drops;
    const offered = forwarded + drops;
    const { meter } = link;
    const delayMs = (q: number) =>
      meter.packets === 0 ? null : meter.quantileDelayNs(q) / NS_PER_MS;
    return {
      utilisation: seconds > 0 ? (end.busySeconds - start.busySeconds) / seconds : null,
      queueDelayMeanMs: meter.packets === 0 ? null : meter.meanDelayNs / NS_PER_MS,
      queueDelayP50Ms: delayMs(0.5),
      queueDelayP95Ms: delayMs(0.95),
      queueDelayP99Ms: delayMs(0.99),
      queueDelayMaxMs: delayMs(1),
      lossRatio: offered === 0 ? null : drops / offered,
      markRatio: offered === 0 ? null : (end.marks - start.marks) / offered,
    };
  }

  #rttFigures(goodputMbps: number, capacityMbps: number | null): Pick<MetricCard, RttFigure> {
    const { meter } = this.#run.plan;
    const { rtts } = meter;
    const all = rtts.addRow();
    for (const flow of this.#run.flows) rtts.merge(all, flow.meterRow);
    const baseMs = this.#baseRttMs();
    if (rtts.count(all) === 0 || baseMs === null) return NO_RTT_FIGURES;
    const overMs = (q: number) => Math.max(0, rtts.quantile(all, q) / NS_PER_MS - baseMs);
    const meanMs = rtts.mean(all) / NS_PER_MS;
    return {
      rttOverBaseP50Ms: overMs(0.5),
      rttOverBaseP95Ms: overMs(0.95),
      rttOverBaseP99Ms: overMs(0.99),
      power: capacityMbps === null ? null : goodputMbps / meanMs / (capacityMbps / baseMs),
    };
  }

  /** The least RTT that any flow has ever measured. */
  #baseRttMs(): number | null {
    const mins = this.#run.flows.flatMap(({ sender }) =>
      sender === undefined || sender.rtt.minNs <= 0 ? [] : [sender.rtt.minNs / NS_PER_MS],
    );
    return mins.length === 0 ? null : Math.min(...mins);
  }

  #shareFigures(goodputs: readonly number[], series: RunSeries): Pick<MetricCard, ShareFigure> {
    const from = series.seconds.findIndex((seconds) => seconds >= this.#startSeconds);
    const step = (series.seconds[1] ?? 1) - (series.seconds[0] ?? 0);
    const whole = new GoodputSeries(
      step,
      series.flows.map(({ deliveredBytes }) => deliveredBytes),
    );
    const window = new GoodputSeries(
      step,
      series.flows.map(({ deliveredBytes }) => deliveredBytes.slice(from)),
    );
    const isShared = goodputs.length > 1;
    const largest = Math.max(...goodputs);
    const lastStart = Math.max(...this.#run.flows.map(({ plan }) => plan.startNs)) / NS_PER_SECOND;
    const hold = Math.max(SHARE_SECONDS, (SHARE_RTTS * (this.#baseRttMs() ?? 0)) / 1e3);
    return {
      jain: isShared ? jainIndex(goodputs) : null,
      jainMedian1s: isShared ? window.medianJain(1) : null,
      minMaxGoodput: isShared && largest > 0 ? Math.min(...goodputs) / largest : null,
      rttFairness: this.#rttFairness(goodputs),
      convergenceSeconds: isShared ? whole.convergence(lastStart, hold) : null,
      goodputVariation100ms: window.meanVariation(0.1),
      goodputVariation1s: window.meanVariation(1),
      cwndPeakToTrough: cwndPeakToTrough(series, from),
    };
  }

  #rttFairness(goodputs: readonly number[]): number | null {
    const rtts = this.#run.flows.map(({ sender }) => sender?.rtt.minNs ?? 0);
    const shortest = Math.min(...rtts);
    const longest = Math.max(...rtts);
    if (shortest <= 0 || longest < RTT_SPREAD * shortest) return null;
    const middle = Math.sqrt(shortest * longest);
    const near = goodputs.filter((_, index) => (rtts[index] as number) < middle);
    const far = goodputs.filter((_, index) => (rtts[index] as number) >= middle);
    const farMean = summarise(far).mean;
    return farMean === 0 ? null : summarise(near).mean / farMean;
  }

  #completionFigures(capacityMbps: number | null): Pick<MetricCard, CompletionFigure> {
    const times: number[] = [];
    const slowdowns: number[] = [];
    for (const { plan, completedNs, sender } of this.#run.flows) {
      if (!Number.isFinite(plan.sizeBytes) || !Number.isFinite(completedNs)) continue;
      if (completedNs > this.#run.plan.network.clock.nowNs) continue;
      const ms = (completedNs - plan.startNs) / NS_PER_MS;
      times.push(ms);
      const rttMs = (sender?.rtt.minNs ?? 0) / NS_PER_MS;
      const sendingMs = capacityMbps === null ? 0 : (plan.sizeBytes * 8) / 1e3 / capacityMbps;
      if (rttMs > 0) slowdowns.push(ms / (1.5 * rttMs + sendingMs));
    }
    return {
      fctMeanMs: times.length === 0 ? null : summarise(times).mean,
      fctP50Ms: nearestRank(times, 0.5),
      fctP99Ms: nearestRank(times, 0.99),
      slowdownMean: slowdowns.length === 0 ? null : summarise(slowdowns).mean,
    };
  }

  #byController(goodputs: readonly number[]): Record<string, number> {
    const names = this.#run.flows.map(({ plan }) => plan.cc);
    return Object.fromEntries(
      [...new Set(names)].map((name) => {
        const own = goodputs.filter((_, index) => names[index] === name);
        return [name, summarise(own).mean];
      }),
    );
  }
}

type LinkFigure =
  | 'utilisation'
  | 'queueDelayMeanMs'
  | 'queueDelayP50Ms'
  | 'queueDelayP95Ms'
  | 'queueDelayP99Ms'
  | 'queueDelayMaxMs'
  | 'lossRatio'
  | 'markRatio';
type RttFigure = 'rttOverBaseP50Ms' | 'rttOverBaseP95Ms' | 'rttOverBaseP99Ms' | 'power';
type SenderFigure = 'retransmissionRatio' | 'spuriousRatio' | 'timeoutsPerFlow';
type ShareFigure =
  | 'jain'
  | 'jainMedian1s'
  | 'minMaxGoodput'
  | 'rttFairness'
  | 'convergenceSeconds'
  | 'goodputVariation100ms'
  | 'goodputVariation1s'
  | 'cwndPeakToTrough';
type CompletionFigure = 'fctMeanMs' | 'fctP50Ms' | 'fctP99Ms' | 'slowdownMean';

const NO_LINK_FIGURES: Pick<MetricCard, LinkFigure> = {
  utilisation: null,
  queueDelayMeanMs: null,
  queueDelayP50Ms: null,
  queueDelayP95Ms: null,
  queueDelayP99Ms: null,
  queueDelayMaxMs: null,
  lossRatio: null,
  markRatio: null,
};
const NO_RTT_FIGURES: Pick<MetricCard, RttFigure> = {
  rttOverBaseP50Ms: null,
  rttOverBaseP95Ms: null,
  rttOverBaseP99Ms: null,
  power: null,
};

const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);

function countFlow(flow: RunningFlow): FlowCounts {
  const { sender } = flow;
  return {
    deliveredBytes: flow.deliveredBytes,
    bytesSent: sender?.bytesSent ?? 0,
    bytesRetransmitted: sender?.bytesRetransmitted ?? 0,
    segmentsSent: sender?.dataSegmentsOut ?? 0,
    spurious: sender?.dsackDups ?? 0,
    timeouts: sender?.timeouts ?? 0,
  };
}

function difference(end: FlowCounts, start: FlowCounts): FlowCounts {
  return {
    deliveredBytes: end.deliveredBytes - start.deliveredBytes,
    bytesSent: end.bytesSent - start.bytesSent,
    bytesRetransmitted: end.bytesRetransmitted - start.bytesRetransmitted,
    segmentsSent: end.segmentsSent - start.segmentsSent,
    spurious: end.spurious - start.spurious,
    timeouts: end.timeouts - start.timeouts,
  };
}

function senderFigures(flows: readonly FlowCounts[]): Pick<MetricCard, SenderFigure> {
  const sentBytes = sum(flows.map(({ bytesSent }) => bytesSent));
  const sentSegments = sum(flows.map(({ segmentsSent }) => segmentsSent));
  const again = sum(flows.map(({ bytesRetransmitted }) => bytesRetransmitted));
  const spurious = sum(flows.map((flow) => flow.spurious));
  return {
    retransmissionRatio: sentBytes === 0 ? null : again / sentBytes,
    spuriousRatio: sentSegments === 0 ? null : spurious / sentSegments,
    timeoutsPerFlow:
      flows.length === 0 ? null : sum(flows.map((flow) => flow.timeouts)) / flows.length,
  };
}

function cwndPeakToTrough(series: RunSeries, from: number): number | null {
  const ratios = series.flows.flatMap(({ cwndBytes }) => {
    const window = cwndBytes.slice(from).filter((bytes) => bytes > 0);
    return window.length === 0 ? [] : [Math.max(...window) / Math.min(...window)];
  });
  return ratios.length === 0 ? null : summarise(ratios).mean;
}
