/**
 * Our run under the conditions of a recording: the same link, flows and application, the `linux` profile, and
 * the same figures taken in the same way: goodput as the receiver sees it, the smoothed RTT read at the end
 * of each second, segments retransmitted, the window over time. Flows start when the recorded ones did.
 * Deterministic; what the kernel's run has of its machine's jitter is here a small seeded delay.
 */
import type { Bytes, Duration } from '../../../base/units.ts';
import { NS_PER_SECOND } from '../../../base/units.ts';
import { Task } from '../../../engine/task.ts';
import type { FrameSink } from '../../../frame/frame-sink.ts';
import type { LossConfig } from '../../../net/impairment-config.ts';
import type { Link } from '../../../net/link.ts';
import type { ControllerRegistry } from '../../../recovery/cc/controllers.ts';
import type { Host } from '../../../stack/host.ts';
import { abort } from '../../../tcp/commands.ts';
import { LINUX_PROFILE, type TcpConfig } from '../../../tcp/config.ts';
import type { TcpConnection } from '../../../tcp/connection.ts';
import { tcpInfo } from '../../../tcp/info.ts';
import { OneLinkPath } from '../one-link.ts';
import { drawStarts, type StartInterval } from './flow-starts.ts';
import { IperfReceiver, IperfSender } from './iperf.ts';
import { LatePoint, type StallConfig, Stalls } from './lateness.ts';
import type { LinuxRecord, SampledFlow } from './linux-record.ts';

/**
 * The kernel of the recordings: pacing inside TCP, tcp_rmem[2] of 32 MiB, and what its memory is charged with: 2304
 * bytes of send buffer for a segment of a window, of which there are two, 832 for what holds a chunk; and of a frame
 * received, 158 of 256 are its text.
 */
const TCP: TcpConfig = {
  ...LINUX_PROFILE,
  usesPacing: true,
  sendBufferWindows: (2 * 2304) / 1448,
  sendOverheadBytes: 832,
  receiveBufferBytesMax: 32 << 20,
  receiveWindowShare: 158 / 256,
};
const SAMPLES_PER_SECOND = 20;
/**
 * What the recordings' link and hosts took beyond rate and propagation, there and back, where the link was on time: in
 * their captures ACKs of the first second came 0.07 to 0.08 ms late at least, half by 0.12 to 0.14.
 */
const LATE_NS: Duration = 75e3;
const JITTER_NS: Duration = 100e3;
const PORT = 5300;

/** What a record says of its link and its flows. */
export type LinuxConditions = Pick<LinuxRecord, 'rateMbps' | 'rttMs' | 'queueBytes' | 'seconds'> & {
  readonly flows: readonly { readonly cc: string }[];
  /** When the flows began, as far as is known. */
  readonly starts?: readonly StartInterval[] | undefined;
  /** How late the link is: see lateness.ts; undefined for one that is on time. */
  readonly stalls?: StallConfig | undefined;
  /** Of bytes and windows over time; 20 when absent. */
  readonly samplesPerSecond?: number;
};

export interface OurFlow {
  /** When its test began, on the run's clock. */
  readonly startedSeconds: number;
  readonly goodputMbps: number;
  readonly meanRttMs: number;
  readonly retransmits: number;
  readonly samples: SampledFlow;
}

export interface OurRun {
  readonly flows: readonly OurFlow[];
  readonly peakQueueBytes: Bytes;
}

/** Throws NetError for a controller that the registry does not know. */
export function runAsRecorded(
  conditions: LinuxConditions,
  registry: ControllerRegistry,
  loss: LossConfig | undefined,
  seed: number,
): OurRun {
  const { rateMbps, rttMs, queueBytes, seconds } = conditions;
  const path = new OneLinkPath({
    seed,
    rate: rateMbps * 1e6,
    rttNs: rttMs * 1e6 + LATE_NS,
    queue: { bytes: queueBytes, countsUnsent: true },
    loss,
    tcp: TCP,
    flowCount: conditions.flows.length,
    controllers: registry.factory('reno'),
    processingDelayNs: JITTER_NS,
  });
  const late = new LateLink(path, conditions.stalls);
  const starts = drawStarts(
    conditions.starts,
    conditions.flows.length,
    path.network.random.fork('starts'),
  );
  const flows = conditions.flows.map(({ cc }, index) => {
    const flow = new RecordedFlow(path, PORT + index, conditions);
    const controllers = registry.factory(cc);
    new Task(path.network.scheduler, () => {
      path.from.connect(path.to, flow.port, flow.sender, { controllers });
    }).runAt(Math.round((starts[index] ?? 0) * NS_PER_SECOND));
    return flow;
  });
  while (flows.some(({ isOver }) => !isOver)) {
    const { scheduler, clock } = path.network;
    scheduler.runUntil(clock.nowNs + Math.min(seconds, 1) * NS_PER_SECOND);
  }
  path.assertConserved(late.heldPackets);
  return {
    flows: flows.map((flow) => flow.result()),
    peakQueueBytes: path.bottleneck.meter.peakBytes,
  };
}

/** Both directions of the link, and where it takes frames in and lets them out, stand still together. */
class LateLink {
  readonly #points: readonly LatePoint[] = [];

  constructor(
    { network, bottleneck, back, from, to }: OneLinkPath,
    config: StallConfig | undefined,
  ) {
    if (config === undefined) return;
    const stalls = new Stalls(network.random.fork('stalls'), config);
    const before = (sink: FrameSink) => new LatePoint(network, stalls, sink);
    const enter = (host: Host, peer: Host, link: Link) => {
      const point = before(link);
      host.routes.setRoute(peer.address, [host.routes.addPort(point)]);
      return point;
    };
    const exit = (link: Link, host: Host) => {
      const point = before(host);
      link.connect(point);
      return point;
    };
    this.#points = [
      enter(from, to, bottleneck),
      exit(bottleneck, to),
      enter(to, from, back),
      exit(back, from),
    ];
  }

  get heldPackets(): number {
    return this.#points.reduce((sum, { heldPackets }) => sum + heldPackets, 0);
  }
}

/** One flow's ends and what is read of it while it runs. */
class RecordedFlow {
  readonly port: number;
  readonly sender: IperfSender;
  isOver = false;
  readonly #path: OneLinkPath;
  readonly #endSeconds: number;
  readonly #rttNs: Duration;
  readonly #samplesPerSecond: number;
  #from: TcpConnection | undefined = undefined;
  #to: TcpConnection | undefined = undefined;
  #goodputMbps = 0;
  #retransmits = 0;
  readonly #rttsMs: number[] = [];
  readonly #seconds: number[] = [];
  readonly #cwndSegments: number[] = [];
  readonly #ackedBytes: number[] = [];

  constructor(path: OneLinkPath, port: number, conditions: LinuxConditions) {
    const { rttMs, seconds, samplesPerSecond = SAMPLES_PER_SECOND } = conditions;
    this.port = port;
    this.#path = path;
    this.#endSeconds = seconds;
    this.#rttNs = rttMs * 1e6;
    this.#samplesPerSecond = samplesPerSecond;
    this.sender = new IperfSender(path.network, path.from, this.#rttNs, (connection) => {
      this.#from = connection;
      this.#begin();
    });
    path.to.listen(port, (connection) => {
      this.#to = connection;
      return new IperfReceiver();
    });
  }

  result(): OurFlow {
    return {
      startedSeconds: this.sender.startedNs / NS_PER_SECOND,
      goodputMbps: this.#goodputMbps,
      meanRttMs: this.#rttsMs.reduce((sum, rtt) => sum + rtt, 0) / this.#rttsMs.length,
      retransmits: this.#retransmits,
      samples: {
        seconds: this.#seconds,
        cwndSegments: this.#cwndSegments,
        ackedBytes: this.#ackedBytes,
      },
    };
  }

  #begin(): void {
    const { scheduler, clock } = this.#path.network;
    const startNs = clock.nowNs;
    const endNs = startNs + this.#endSeconds * NS_PER_SECOND;
    const sampler = new Task(scheduler, () => {
      this.#sample();
      const nextNs = startNs + (this.#seconds.length * NS_PER_SECOND) / this.#samplesPerSecond;
      if (nextNs <= endNs) sampler.runAt(nextNs);
    });
    sampler.runAt(startNs);
    // The order to end follows the data through the link; the receiver began half a round trip before.
    new Task(scheduler, () => {
      const received = this.#to?.bytesReceived ?? 0;
      this.#goodputMbps = (received * 8e3) / (clock.nowNs - startNs + this.#rttNs / 2);
      this.isOver = true;
      // It closes and refuses what else comes, so that a flow which began later has the link for itself.
      if (this.#to !== undefined) abort(this.#to);
      this.#path.to.pump();
    }).runAt(endNs + this.#rttNs / 2);
  }

  #sample(): void {
    const info = tcpInfo(this.#from as TcpConnection);
    const index = this.#seconds.length;
    this.#seconds.push(index / this.#samplesPerSecond);
    this.#cwndSegments.push(info.tcpi_snd_cwnd);
    this.#ackedBytes.push(info.tcpi_bytes_acked);
    this.#retransmits = info.tcpi_total_retrans;
    if (index > 0 && index % this.#samplesPerSecond === 0) this.#rttsMs.push(info.tcpi_rtt / 1e3);
  }
}
