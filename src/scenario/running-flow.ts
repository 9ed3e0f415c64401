/** A flow of a run: what was planned, its two ends, and what it has come to. The run (flow-run) starts it. Cold. */
import type { Bytes, Duration, Instant } from '../base/units.ts';
import type { CongestionControllerFactory } from '../recovery/congestion.ts';
import type { Host } from '../stack/host.ts';
import type { Application } from '../stack/tcp-service.ts';
import type { TcpConnection } from '../tcp/connection.ts';
import { TransportEvent } from '../tcp/events.ts';
import type { FlowMeter } from '../tcp/flow-meter.ts';
import type { FlowEnds, FlowTraffic } from '../traffic/flow-traffic.ts';

export interface FlowPlan {
  /** Opens the connection. */
  readonly from: Host;
  readonly to: Host;
  /** Of `to`; flows may share it. */
  readonly port: number;
  /** Name of the controller of both ends, and what makes it. */
  readonly cc: string;
  readonly controllers: CongestionControllerFactory;
  readonly startNs: Instant;
  /** Infinity without end. */
  readonly sizeBytes: Bytes;
  /** Of the packets of both ends; 0 when absent. */
  readonly dscp?: number | undefined;
  /** Round trip of a full frame and its acknowledgment on the empty path, where the scenario knows it. */
  readonly baseRttNs?: Duration | undefined;
  /** What the ends do; a bulk transfer of `sizeBytes` when absent. */
  readonly traffic?: FlowTraffic | undefined;
}

/** Hears once of every flow. */
interface FlowWatcher {
  onFlowOver(flow: RunningFlow): void;
}

/** What the result tells of a sender. */
export interface SenderTotals {
  readonly retransmits: number;
  readonly timeouts: number;
  readonly spuriousRetransmits: number;
}

/** A flow of a run; its ends are undefined until it has started. */
export class RunningFlow {
  readonly plan: FlowPlan;
  /** Its place among the flows of the run. */
  readonly index: number;
  meterRow: number;
  readonly ends: FlowEnds;
  opener: TcpConnection | undefined = undefined;
  acceptor: TcpConnection | undefined = undefined;
  /** Of the opener; undefined until it has started. */
  openerPort: number | undefined = undefined;
  isOver = false;
  readonly #run: FlowWatcher;
  /** FlowEnd of those that are over. */
  #endsOver = 0;
  /** Of a receiver that is gone. */
  #receivedBytes: Bytes = 0;
  /** Of a sender that is gone. */
  #senderTotals: SenderTotals | undefined = undefined;

  constructor(plan: FlowPlan, index: number, meterRow: number, ends: FlowEnds, run: FlowWatcher) {
    this.plan = plan;
    this.index = index;
    this.meterRow = meterRow;
    this.ends = ends;
    this.#run = run;
  }

  /** The end whose data is the flow's. */
  get sender(): TcpConnection | undefined {
    return this.ends.dataFrom === 'opener' ? this.opener : this.acceptor;
  }

  /** Undefined when the flow is over as well: of ten thousand that are done, half of all memory. */
  get receiver(): TcpConnection | undefined {
    return this.ends.dataFrom === 'opener' ? this.acceptor : this.opener;
  }

  /** When its work began: what its times count from. */
  get beganNs(): Instant {
    return this.ends.progress.beganNs ?? this.plan.startNs;
  }

  /** NEVER while it is not complete. */
  get completedNs(): Instant {
    return this.ends.progress.completedNs;
  }

  /** Measures RTTs from now on in a row of their own. */
  restartMeter(meter: FlowMeter): void {
    this.meterRow = meter.addRow();
    if (this.sender !== undefined) this.sender.meterRow = this.meterRow;
  }

  /** Of its path when empty: known, or the least that was measured; undefined before that. */
  get baseRttNs(): Duration | undefined {
    const measuredNs = this.sender?.rtt.minNs ?? 0;
    return this.plan.baseRttNs ?? (measuredNs > 0 ? measuredNs : undefined);
  }

  get deliveredBytes(): Bytes {
    return this.receiver?.bytesReceived ?? this.#receivedBytes;
  }

  get senderTotals(): SenderTotals {
    const { sender } = this;
    return (
      this.#senderTotals ?? {
        retransmits: sender?.totalRetransmits ?? 0,
        timeouts: sender?.timeouts ?? 0,
        spuriousRetransmits: sender?.dsackDups ?? 0,
      }
    );
  }

  /** Lets go of the sender of a flow that is over, of which only the totals are asked from now on. */
  releaseSender(): void {
    this.#senderTotals = this.senderTotals;
    this.opener = undefined;
    this.acceptor = undefined;
  }

  /** @internal For the end that opens. */
  open(): Application {
    return new FlowEndpoint(this, FlowEnd.Opener);
  }

  /** @internal The passive end is there. */
  accept(connection: TcpConnection): Application {
    this.acceptor = connection;
    if (this.ends.dataFrom === 'acceptor') connection.meterRow = this.meterRow;
    return new FlowEndpoint(this, FlowEnd.Acceptor);
  }

  /** @internal Told again and again once an end is over. A flow is over with its last end; one that nobody accepted, with its first. */
  onEndOver(end: FlowEnd): void {
    this.#endsOver |= end;
    const ends = this.acceptor === undefined ? FlowEnd.Opener : FlowEnd.Opener | FlowEnd.Acceptor;
    if (this.isOver || this.#endsOver !== ends) return;
    this.isOver = true;
    this.#receivedBytes = this.deliveredBytes;
    if (this.ends.dataFrom === 'opener') this.acceptor = undefined;
    else this.opener = undefined;
    this.#run.onFlowOver(this);
  }
}

const enum FlowEnd {
  Opener = 1,
  Acceptor = 2,
}

/** One end of a flow, which hears for it when it is over. */
class FlowEndpoint implements Application {
  readonly #flow: RunningFlow;
  readonly #end: FlowEnd;

  constructor(flow: RunningFlow, end: FlowEnd) {
    this.#flow = flow;
    this.#end = end;
  }

  onTransportEvent(event: TransportEvent, connection: TcpConnection): void {
    const { opener, acceptor } = this.#flow.ends;
    const application = this.#end === FlowEnd.Opener ? opener : acceptor;
    application.onTransportEvent(event, connection);
    if (event >= TransportEvent.Closed) this.#flow.onEndOver(this.#end);
  }
}
