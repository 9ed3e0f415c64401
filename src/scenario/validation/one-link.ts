/**
 * Two hosts and one link between them, whose way back has a delay only: the path of single-bottleneck
 * experiments. All flows share the two hosts. Cold.
 */
import { assert } from '../../base/assert.ts';
import type { BitsPerSecond, Duration } from '../../base/units.ts';
import { FramePool } from '../../frame/frame-pool.ts';
import { PayloadArena } from '../../frame/payload-arena.ts';
import type { LossConfig } from '../../net/impairment-config.ts';
import type { Link } from '../../net/link.ts';
import { Network } from '../../net/network.ts';
import type { QueueLimits } from '../../qdisc/queue-discipline.ts';
import type { CongestionControllerFactory } from '../../recovery/congestion.ts';
import type { Host } from '../../stack/host.ts';
import { Topology } from '../../stack/topology.ts';
import type { TcpConfig } from '../../tcp/config.ts';
import { FlowMeter } from '../../tcp/flow-meter.ts';

export interface OneLinkConfig {
  readonly seed: number;
  readonly rate: BitsPerSecond;
  /** Propagation there and back, half each way. */
  readonly rttNs: Duration;
  readonly queue: QueueLimits;
  readonly loss?: LossConfig | undefined;
  readonly tcp: TcpConfig;
  /** For connections that choose none. */
  readonly controllers: CongestionControllerFactory;
  /** At most so many at a time; 1 when absent. */
  readonly flowCount?: number;
  /** The receiver takes so long over a packet, uniform from 0, which breaks phase effects; 0 when absent. */
  readonly processingDelayNs?: Duration;
}

const SEGMENT_BYTES = 1448;
const FRAMES_MAX = 1 << 20;
const ARENA_BYTES = 1 << 16;

/** The hosts and links; who connects is the caller's. */
export class OneLinkPath {
  readonly network: Network;
  readonly meter = new FlowMeter();
  readonly from: Host;
  readonly to: Host;
  readonly bottleneck: Link;
  readonly back: Link;

  constructor(config: OneLinkConfig) {
    const { seed, rate, rttNs, queue, loss, tcp, controllers, processingDelayNs = 0 } = config;
    const pool = new FramePool(frameCapacity(config), new PayloadArena(ARENA_BYTES, 1));
    const network = new Network({ seed, pool });
    this.network = network;
    const { meter } = this;
    const topology = new Topology(network);
    const host = { tcp, meter, controllers };
    this.from = topology.addHost({ name: 'sender', address: '10.0.0.1', ...host });
    this.to = topology.addHost({ name: 'receiver', address: '10.0.0.2', ...host });
    this.bottleneck = topology.addLink(this.from, this.to, {
      name: 'bottleneck',
      rate,
      delayNs: Math.floor(rttNs / 2),
      queue,
      ...(loss && { impairments: { loss } }),
    });
    const delayNs = Math.ceil(rttNs / 2);
    this.back = topology.addLink(this.to, this.from, { name: 'back', delayNs, processingDelayNs });
    topology.routeByShortestPaths();
  }

  /** Every frame that was sent was delivered, was dropped, or is on a link or `held` behind one. */
  assertConserved(held = 0): void {
    this.bottleneck.assertConserved();
    this.back.assertConserved();
    const inside = held + this.bottleneck.insidePackets + this.back.insidePackets;
    assert(this.network.pool.inUse === inside, 'frames are outside of both links');
  }
}

/** A window of data of each flow, an ACK for each, and a handshake. */
function frameCapacity({ flowCount = 1, tcp }: OneLinkConfig): number {
  const window = Math.ceil(tcp.sendBufferBytesMax / SEGMENT_BYTES);
  return Math.min(FRAMES_MAX, flowCount * (2 * window + 16));
}
