/**
 * Two hosts and one link between them, whose way back has a delay only: the path of single-bottleneck
 * experiments. All flows share the sending host, and each may have its own controller. Cold.
 */
import type { BitsPerSecond, Bytes, Duration, Instant } from '../../base/units.ts';
import { FramePool } from '../../frame/frame-pool.ts';
import { PayloadArena } from '../../frame/payload-arena.ts';
import type { LossConfig } from '../../net/impairment-config.ts';
import { Network } from '../../net/network.ts';
import type { QueueLimits } from '../../qdisc/queue-discipline.ts';
import type { CongestionControllerFactory } from '../../recovery/congestion.ts';
import { Topology } from '../../stack/topology.ts';
import type { TcpConfig } from '../../tcp/config.ts';
import { FlowMeter } from '../../tcp/flow-meter.ts';
import type { RunPlan } from '../flow-run.ts';

export interface OneLinkFlow {
  readonly cc: string;
  readonly controllers: CongestionControllerFactory;
  readonly startNs: Instant;
  /** Infinity, or absent, without end. */
  readonly sizeBytes?: Bytes;
}

export interface OneLinkConfig {
  readonly seed: number;
  readonly rate: BitsPerSecond;
  /** Propagation there and back, half each way. */
  readonly rttNs: Duration;
  readonly queue: QueueLimits;
  readonly loss?: LossConfig | undefined;
  readonly tcp: TcpConfig;
  readonly flows: readonly OneLinkFlow[];
  readonly endNs: Instant;
  readonly sampleNs: Instant;
  /** The receiver takes so long over a packet, uniform from 0, which breaks phase effects; 0 when absent. */
  readonly processingDelayNs?: Duration;
}

const PORT = 5201;
const SEGMENT_BYTES = 1448;
const FRAMES_MAX = 1 << 20;
const ARENA_BYTES = 1 << 16;

/** The plan of a run; the first reported link is the bottleneck. */
export function planOneLink(config: OneLinkConfig): RunPlan {
  const { seed, rate, rttNs, queue, loss, tcp, flows, endNs, sampleNs } = config;
  const { processingDelayNs = 0 } = config;
  const pool = new FramePool(frameCapacity(config), new PayloadArena(ARENA_BYTES, 1));
  const network = new Network({ seed, pool });
  const meter = new FlowMeter();
  const topology = new Topology(network);
  const host = (name: string, address: string) =>
    topology.addHost({
      name,
      address,
      tcp,
      meter,
      controllers: (flows[0] as OneLinkFlow).controllers,
    });
  const from = host('sender', '10.0.0.1');
  const to = host('receiver', '10.0.0.2');
  const there = topology.addLink(from, to, {
    name: 'bottleneck',
    rate,
    delayNs: Math.floor(rttNs / 2),
    queue,
    ...(loss && { impairments: { loss } }),
  });
  const delayNs = Math.ceil(rttNs / 2);
  topology.addLink(to, from, { name: 'back', delayNs, processingDelayNs });
  topology.routeByShortestPaths();
  return {
    network,
    meter,
    flows: flows.map((flow, index) => ({
      from,
      to,
      port: PORT + index,
      cc: flow.cc,
      controllers: flow.controllers,
      startNs: flow.startNs,
      sizeBytes: flow.sizeBytes ?? Number.POSITIVE_INFINITY,
    })),
    links: topology.links,
    reportedLinks: [there],
    endNs,
    sampleNs,
  };
}

/** A window of data of each flow, an ACK for each, and a handshake. */
function frameCapacity({ flows, tcp }: OneLinkConfig): number {
  const window = Math.ceil(tcp.sendBufferBytesMax / SEGMENT_BYTES);
  return Math.min(FRAMES_MAX, flows.length * (2 * window + 16));
}
