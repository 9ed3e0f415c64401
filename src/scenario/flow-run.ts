/**
 * A run of flows over a network: starts them, runs to the end, keeps time series, checks that no frame was
 * lost or made. What the network looks like and which flows there are is the scenario's; the result is made
 * by assemble-run. Series are taken between events, so that they change nothing.
 */
import { assert } from '../base/assert.ts';
import type { Bytes, Instant } from '../base/units.ts';
import { Task } from '../engine/task.ts';
import type { Link } from '../net/link.ts';
import type { Network } from '../net/network.ts';
import type { CongestionControllerFactory } from '../recovery/congestion.ts';
import type { Host } from '../stack/host.ts';
import type { TcpConnection } from '../tcp/connection.ts';
import type { FlowMeter } from '../tcp/flow-meter.ts';
import { BulkReader, BulkSender } from '../traffic/bulk.ts';
import { SeriesRecorder } from './series-recorder.ts';

export interface FlowPlan {
  readonly from: Host;
  readonly to: Host;
  readonly port: number;
  /** Name of the controller, and what makes it. */
  readonly cc: string;
  readonly controllers: CongestionControllerFactory;
  readonly startNs: Instant;
  /** Infinity without end. */
  readonly sizeBytes: Bytes;
}

export interface RunPlan {
  readonly network: Network;
  /** What the hosts' TCP measures with. */
  readonly meter: FlowMeter;
  readonly flows: readonly FlowPlan[];
  /** All links. */
  readonly links: readonly Link[];
  /** Those the result tells of; `deliveredPackets` counts at the first. */
  readonly reportedLinks: readonly Link[];
  readonly endNs: Instant;
  /** Between two points of the time series. */
  readonly sampleNs: Instant;
}

/** A flow of a run; its ends are undefined until it has started. */
export class RunningFlow {
  readonly plan: FlowPlan;
  meterRow: number;
  readonly reader: BulkReader;
  sender: TcpConnection | undefined = undefined;
  receiver: TcpConnection | undefined = undefined;

  constructor(plan: FlowPlan, meterRow: number, reader: BulkReader) {
    this.plan = plan;
    this.meterRow = meterRow;
    this.reader = reader;
  }

  /** Measures RTTs from now on in a row of their own. */
  restartMeter(meter: FlowMeter): void {
    this.meterRow = meter.addRow();
    if (this.sender !== undefined) this.sender.meterRow = this.meterRow;
  }

  get deliveredBytes(): Bytes {
    return this.receiver?.bytesReceived ?? 0;
  }
}

export class FlowRun {
  readonly plan: RunPlan;
  readonly flows: readonly RunningFlow[];
  readonly #series: SeriesRecorder | undefined;
  /** Flows that have not ended. */
  #openFlows: number;

  /** @param keepsSeries asks for time series */
  constructor(plan: RunPlan, keepsSeries: boolean) {
    this.plan = plan;
    this.#openFlows = plan.flows.length;
    this.flows = plan.flows.map((flow) => this.#prepare(flow));
    this.#series = keepsSeries ? new SeriesRecorder(this) : undefined;
  }

  get series(): SeriesRecorder | undefined {
    return this.#series;
  }

  /**
   * Runs until the end of the plan, or until all flows have ended.
   * @param onProgress called now and then with the virtual time
   */
  run(onProgress: (nowNs: Instant) => void = () => {}): void {
    const { network, endNs, sampleNs } = this.plan;
    const { scheduler, clock } = network;
    for (let step = 0; ; step++) {
      const untilNs = Math.min(step * sampleNs, endNs);
      scheduler.runUntil(untilNs);
      this.#series?.record();
      onProgress(clock.nowNs);
      if (untilNs === endNs || this.#openFlows === 0) break;
    }
    this.#assertConserved();
  }

  #prepare(plan: FlowPlan): RunningFlow {
    const { network, meter } = this.plan;
    const reader = new BulkReader(network.clock, plan.sizeBytes, () => this.#onEnd());
    const flow = new RunningFlow(plan, meter.addRow(), reader);
    plan.to.listen(plan.port, (connection) => {
      flow.receiver = connection;
      return reader;
    });
    new Task(network.scheduler, () => this.#start(flow)).runAt(plan.startNs);
    return flow;
  }

  #start(flow: RunningFlow): void {
    const { from, to, port, controllers, sizeBytes } = flow.plan;
    flow.sender = from.connect(to, port, new BulkSender(sizeBytes), {
      controllers,
      configure: (connection) => {
        connection.meterRow = flow.meterRow;
      },
    });
  }

  #onEnd(): void {
    this.#openFlows--;
    if (this.#openFlows === 0) this.plan.network.scheduler.stop();
  }

  /** Every frame that was sent was delivered, was dropped for a reason, or is on a link. */
  #assertConserved(): void {
    let inside = 0;
    for (const link of this.plan.links) {
      link.assertConserved();
      inside += link.insidePackets;
    }
    assert(this.plan.network.pool.inUse === inside, 'frames are outside of all links');
  }
}
