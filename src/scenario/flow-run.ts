/**
 * A run of flows over a network: starts them, runs to the end, keeps time series, checks that no frame was
 * lost or made. What the network looks like and which flows there are is the scenario's; the result is made
 * by assemble-run. Series are taken between events, so that they change nothing.
 */
import { NetError } from '../base/errors.ts';
import type { Bytes, Duration, Instant } from '../base/units.ts';
import { outOfLine, Task } from '../engine/task.ts';
import { swapPorts } from '../frame/frame-record.ts';
import type { Link } from '../net/link.ts';
import type { Network } from '../net/network.ts';
import type { Host } from '../stack/host.ts';
import type { Acceptor, Application } from '../stack/tcp-service.ts';
import type { Topology } from '../stack/topology.ts';
import { abort } from '../tcp/commands.ts';
import type { TcpConnection } from '../tcp/connection.ts';
import { ConnectionTable } from '../tcp/connection-table.ts';
import { TCP_ERROR_NAMES } from '../tcp/errors.ts';
import { TransportEvent } from '../tcp/events.ts';
import type { FlowMeter } from '../tcp/flow-meter.ts';
import { bulkTraffic } from '../traffic/bulk.ts';
import { assertConserved } from './conservation.ts';
import type { LatencyProbe } from './latency-probe.ts';
import type { RateStep } from './rate-steps.ts';
import { type FlowPlan, RunningFlow } from './running-flow.ts';
import { SeriesRecorder } from './series-recorder.ts';
import type { UnderLoad } from './under-load.ts';

export interface RunPlan {
  readonly network: Network;
  /** What the hosts' TCP measures with. */
  readonly meter: FlowMeter;
  readonly flows: readonly FlowPlan[];
  /** All links. */
  readonly links: readonly Link[];
  /** Those the result tells of. */
  readonly reportedLinks: readonly Link[];
  /** Where `deliveredPackets` are counted; at the first of the reported links when absent. */
  readonly countedLinks?: readonly Link[];
  readonly endNs: Instant;
  /** Between two points of the time series. */
  readonly sampleNs: Duration;
  readonly underLoad?: UnderLoad;
  /** What no queue of the reported links may exceed: a check of the run. */
  readonly queueBoundBytes?: Bytes | undefined;
  /** Where its switches may speak flow control. */
  readonly topology?: Topology;
  readonly probe?: LatencyProbe;
  /** Of the shortest path, empty; of runs that have one bottleneck. */
  readonly baseRttNs?: Duration;
  /** Rates of the first of the reported links, from time 0 on; of runs where they change. */
  readonly rates?: readonly RateStep[];
}

/** Behind it in the traffic class is ECN. */
const DSCP_SHIFT = 2;

/** Of a connection that no flow has opened: damage that no checksum found has made it. */
const STRANGER: Application = {
  onTransportEvent(event, connection) {
    if (event === TransportEvent.Established) abort(connection);
  },
};

export class FlowRun {
  readonly plan: RunPlan;
  readonly flows: readonly RunningFlow[];
  readonly #series: SeriesRecorder | undefined;
  /** In the order of their starts. */
  readonly #waiting: readonly RunningFlow[];
  readonly #starter: Task;
  /** Flows, as their place in `flows`, by the four ends of their connection as its opener has them. */
  readonly #opened = new ConnectionTable();
  #started = 0;
  /** Flows that have not ended. */
  #openFlows: number;

  /** @param keepsSeries asks for time series */
  constructor(plan: RunPlan, keepsSeries: boolean) {
    this.plan = plan;
    this.#openFlows = plan.flows.length;
    this.flows = plan.flows.map((flow, index) => this.#prepare(flow, index));
    this.#listen();
    this.#waiting = [...this.flows].sort((a, b) => a.plan.startNs - b.plan.startNs);
    const startDue = outOfLine(() => this.#startDue());
    this.#starter = new Task(plan.network.scheduler, startDue);
    this.#awaitStart();
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
    assertConserved(this.plan);
  }

  #prepare(plan: FlowPlan, index: number): RunningFlow {
    const { network, meter } = this.plan;
    const { scheduler, random } = network;
    const traffic = plan.traffic ?? bulkTraffic(plan.sizeBytes);
    const ends = traffic({
      scheduler,
      random: () => random.fork(`flow ${index}`),
      opener: plan.from,
    });
    return new RunningFlow(plan, index, meter.addRow(), ends, this);
  }

  /** On every port that flows lead to. */
  #listen(): void {
    const acceptor: Acceptor = (connection) => {
      const opened = this.#openedBy(connection);
      const { remoteAddress, localAddress, ports } = connection;
      this.#opened.delete(remoteAddress, localAddress, swapPorts(ports));
      return opened?.accept(connection) ?? STRANGER;
    };
    // ECN and what the acceptor sends are the flow's as well.
    const configure = (connection: TcpConnection): void => {
      const opened = this.#openedBy(connection);
      if (opened === undefined) return;
      const { controllers, dscp = 0 } = opened.plan;
      connection.controllers = controllers;
      connection.trafficClass = dscp << DSCP_SHIFT;
    };
    const ports = new Map<Host, Set<number>>();
    for (const { to, port } of this.plan.flows) {
      const ofHost = ports.get(to) ?? new Set();
      if (!ofHost.has(port)) to.listen(port, acceptor, configure);
      ports.set(to, ofHost.add(port));
    }
  }

  #awaitStart(): void {
    const next = this.#waiting[this.#started];
    if (next !== undefined) this.#starter.runAt(next.plan.startNs);
  }

  #startDue(): void {
    const { nowNs } = this.plan.network.clock;
    for (;;) {
      const flow = this.#waiting[this.#started];
      if (flow === undefined || flow.plan.startNs > nowNs) break;
      this.#started++;
      this.#start(flow);
    }
    this.#awaitStart();
  }

  #start(flow: RunningFlow): void {
    const { ends, plan } = flow;
    const { from, to, port, controllers, dscp = 0 } = plan;
    const connection = from.connect(to, port, flow.open(), {
      controllers,
      configure: (opened) => {
        opened.trafficClass = dscp << DSCP_SHIFT;
        if (ends.dataFrom === 'opener') opened.meterRow = flow.meterRow;
      },
    });
    if (typeof connection === 'number') {
      const reason = TCP_ERROR_NAMES[connection];
      throw NetError.value('flows', 'no more between two hosts than there are ports', reason);
    }
    flow.opener = connection;
    const { localAddress, remoteAddress, ports } = connection;
    flow.openerPort = connection.localPort;
    this.#opened.set(localAddress, remoteAddress, ports, flow.index);
  }

  /** The flow whose passive end this is. */
  #openedBy({ remoteAddress, localAddress, ports }: TcpConnection): RunningFlow | undefined {
    return this.flows[this.#opened.find(remoteAddress, localAddress, swapPorts(ports))];
  }

  /** @internal */
  onFlowOver(flow: RunningFlow): void {
    // Who keeps no series asks no ended connection anything: of ten thousand, it saves 20 MB.
    if (this.#series === undefined) flow.releaseSender();
    this.#openFlows--;
    if (this.#openFlows === 0) this.plan.network.scheduler.stop();
  }
}
