/**
 * How much of a link one Reno flow uses with a buffer of f bandwidth-delay products: (3 + 6f - f²)/(4(1 + f)) for
 * f from 0 to 1 (RFC 8289 §3.2). The model is a fluid: a window that is halved once the buffer is full and
 * grows by one packet a round trip. So the flow is paced, and a buffer of 0 is the one packet that a queue needs
 * for packets to meet in it.
 */
import { ControllerRegistry } from '../../recovery/cc/controllers.ts';
import { RFC_PROFILE, type TcpConfig } from '../../tcp/config.ts';
import { runBulk } from './bulk-path.ts';
import { type Experiment, type Measurement, oursOf, seedsFrom1 } from './experiment.ts';

const RATE = 20e6;
const RTT_NS = 100e6;
const FRAME_BYTES = 1514;
const SEGMENT_BYTES = 1448;
const WARM_UP_NS = 60e9;
const END_NS = 400e9;
const BDP_BYTES = (RATE * RTT_NS) / 8e9;
const BUFFERS = [0, 0.05, 0.1, 1];
const TOLERANCE = { kind: 'absolute', by: 0.02 } as const;

export const bufferSizing: Experiment = {
  name: 'buffer-sizing',
  title: 'Goodput of one Reno flow by the size of the buffer',
  source: 'RFC 8289 §3.2',
  firmness: 'C',
  method: 'TCP, Reno, paced, an ACK a segment, 20 Mb/s, RTT 100 ms, 340 s after 60 s',
  seeds: seedsFrom1(1),
  numbers: BUFFERS.length,
  run,
};

function* run(seeds: readonly number[]): Iterable<Measurement> {
  for (const f of BUFFERS) {
    yield {
      quantity: `share of the capacity with ${f} BDP`,
      theirs: (3 + 6 * f - f * f) / (4 * (1 + f)),
      ...oursOf(seeds.map((seed) => goodputShare(f, seed))),
      tolerance: TOLERANCE,
    };
  }
}

function goodputShare(f: number, seed: number): number {
  const controllers = ControllerRegistry.withBuiltIns().factory('reno');
  const tcp: TcpConfig = { ...RFC_PROFILE, usesPacing: true, delayedAckNs: 0 };
  const { deliveredBytes } = runBulk({
    path: {
      seed,
      rate: RATE,
      rttNs: RTT_NS,
      queue: { bytes: Math.max(FRAME_BYTES, f * BDP_BYTES) },
      tcp,
    },
    flows: [{ controllers, startNs: 0, sizeBytes: Number.POSITIVE_INFINITY }],
    warmUpNs: WARM_UP_NS,
    endNs: END_NS,
  });
  const capacity = (((RATE * (END_NS - WARM_UP_NS)) / 8e9) * SEGMENT_BYTES) / FRAME_BYTES;
  return deliveredBytes / capacity;
}
