/**
 * Dynamic thresholds: S ports that get more than they send hold αB/(1 + αS) each of a shared buffer B, the fixed
 * point of Q = α(B - S·Q) (Choudhury and Hahne 1998; the rule as recalled, so that the number is reported).
 */
import type { Bytes } from '../../base/units.ts';
import { FramePool } from '../../frame/frame-pool.ts';
import type { FrameId } from '../../frame/frame-record.ts';
import type { FrameSink } from '../../frame/frame-sink.ts';
import { PayloadArena } from '../../frame/payload-arena.ts';
import { Link } from '../../net/link.ts';
import { Network } from '../../net/network.ts';
import { Switch } from '../../net/switch.ts';
import { SharedBuffer, SharedBufferPort } from '../../qdisc/shared-buffer.ts';
import { DatagramSource } from '../../traffic/datagram-source.ts';
import { type Experiment, type Measurement, seedsFrom1 } from './experiment.ts';

const BUFFER_BYTES: Bytes = 12_000_000;
const RATE = 1e9;
/** 1514 bytes on the wire, at twice the rate of the port. */
const PAYLOAD_BYTES = 1472;
const INTERVAL_NS = 6056;
/** Twice the time in which ports that get twice their rate fill any share of the buffer. */
const END_NS = 200e6;
const SHAPES = [
  { alpha: 1, ports: 1 },
  { alpha: 1, ports: 2 },
  { alpha: 1, ports: 8 },
];

export const bufferShare: Experiment = {
  name: 'buffer-share',
  title: 'Share of a shared buffer that each saturated port holds, dynamic thresholds',
  source: 'Choudhury and Hahne, IEEE/ACM ToN 6(2), 1998',
  firmness: 'R',
  method: 'datagrams at twice the rate of each port, the backlog when it has settled',
  seeds: seedsFrom1(1),
  numbers: SHAPES.length,
  run,
};

function* run(seeds: readonly number[]): Iterable<Measurement> {
  for (const { alpha, ports } of SHAPES) {
    yield {
      quantity: `share of the buffer, α ${alpha}, ${ports} saturated`,
      theirs: alpha / (1 + alpha * ports),
      ours: settledShare(alpha, ports, seeds[0] ?? 1),
      tolerance: { kind: 'relative', ratio: 0.01 },
    };
  }
}

/** The mean of all ports. */
function settledShare(alpha: number, count: number, seed: number): number {
  const pool = new FramePool(1 << 15, new PayloadArena(1 << 16, 2));
  const network = new Network({ seed, pool });
  const middle = new Switch(network, 'switch');
  const buffer = new SharedBuffer(BUFFER_BYTES, { kind: 'dynamic', alpha });
  const end: FrameSink = { deliver: (frame: FrameId) => pool.release(frame) };
  const ports = Array.from({ length: count }, (_, index) => {
    const link = new Link(network, {
      name: `port ${index}`,
      rate: RATE,
      discipline: (environment) => new SharedBufferPort(environment, buffer),
    });
    link.connect(end);
    const destination = `10.1.0.${index + 1}`;
    const port = middle.addPort(link, link, RATE);
    middle.routes.setRoute(network.addresses.internText(destination), [port]);
    const ends = { source: '10.0.0.1', destination, sourcePort: 9, destinationPort: 9 };
    const pace = { payloadBytes: PAYLOAD_BYTES, intervalNs: INTERVAL_NS };
    new DatagramSource(network, `source ${index}`, middle, ends, pace).run(index * 100, END_NS);
    return link;
  });
  network.scheduler.runUntil(END_NS);
  const held = ports.reduce((sum, { backlogBytes }) => sum + backlogBytes, 0);
  return held / count / BUFFER_BYTES;
}
