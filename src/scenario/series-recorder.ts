/** Time series of a run of flows: one point of every column each time it is asked. Cold. */
import { NS_PER_SECOND } from '../base/units.ts';
import type { Link } from '../net/link.ts';
import { type BytesPerSecond, UNPACED } from '../recovery/congestion.ts';
import type { FlowRun } from './flow-run.ts';
import type { LinkSeries, RunSeries } from './run-result.ts';
import type { RunningFlow } from './running-flow.ts';

const NS_PER_MS = 1e6;

class FlowColumns {
  readonly cwndBytes: number[] = [];
  readonly inFlightBytes: number[] = [];
  readonly smoothedRttMs: (number | null)[] = [];
  readonly deliveredBytes: number[] = [];
  readonly retransmits: number[] = [];
  readonly pacingMbps: (number | null)[] = [];
  readonly bandwidthMbps: (number | null)[] = [];
  readonly phase: (string | null)[] = [];

  record(flow: RunningFlow): void {
    const { sender } = flow;
    const smoothedNs = sender?.rtt.smoothedNs ?? -1;
    this.cwndBytes.push(sender?.controller?.cwnd ?? 0);
    this.inFlightBytes.push(sender?.scoreboard.inFlightBytes ?? 0);
    this.smoothedRttMs.push(smoothedNs < 0 ? null : smoothedNs / NS_PER_MS);
    this.deliveredBytes.push(flow.deliveredBytes);
    this.retransmits.push(sender?.totalRetransmits ?? 0);
    const controller = sender?.controller;
    this.pacingMbps.push(toMbps(controller?.pacingRate));
    this.bandwidthMbps.push(toMbps(controller?.bandwidth));
    this.phase.push(controller?.phase ?? null);
  }
}

function toMbps(rate: BytesPerSecond = UNPACED): number | null {
  return rate === UNPACED ? null : (rate * 8) / 1e6;
}

export class SeriesRecorder {
  readonly #run: FlowRun;
  readonly #seconds: number[] = [];
  readonly #flows: readonly FlowColumns[];
  readonly #queueBytes: readonly number[][];

  constructor(run: FlowRun) {
    this.#run = run;
    this.#flows = run.flows.map(() => new FlowColumns());
    this.#queueBytes = run.plan.reportedLinks.map(() => []);
  }

  record(): void {
    const { flows, plan } = this.#run;
    this.#seconds.push(plan.network.clock.nowNs / NS_PER_SECOND);
    for (const [index, columns] of this.#flows.entries()) {
      columns.record(flows[index] as RunningFlow);
    }
    for (const [index, link] of plan.reportedLinks.entries()) {
      this.#queueBytes[index]?.push(link.backlogBytes);
    }
  }

  /** @param names of the flows, in their order */
  toSeries(names: readonly string[]): RunSeries {
    return {
      seconds: this.#seconds,
      flows: this.#flows.map((columns, index) => ({ flow: names[index] ?? '', ...columns })),
      links: this.#run.plan.reportedLinks.map((link, index) => ({
        link: link.name,
        queueBytes: this.#queueBytes[index] ?? [],
        ...depthOf(link),
      })),
    };
  }
}

function depthOf(link: Link): Pick<LinkSeries, 'depth'> {
  const depth = link.queueDepth();
  if (depth === undefined) return {};
  const { binWidthNs, maxLevel, meanLevel } = depth;
  return {
    depth: {
      binSeconds: binWidthNs / NS_PER_SECOND,
      maxBytes: [...maxLevel],
      meanBytes: [...meanLevel],
    },
  };
}
