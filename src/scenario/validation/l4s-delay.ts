/**
 * DualPI2's low-latency queue: for every L4S packet at most 1 ms of queueing on average (or 2 packets' time on slower
 * links), 2 ms at the 99th of 100, and no drop (RFC 9332 §1.4). The L4S packets are those of a call that is paced
 * and marked ECT(1), beside classic uploads that fill the other queue.
 */
import { type Experiment, type Measurement, oursOf, seedsFrom1 } from './experiment.ts';
import { measureQueueDelays, type QueueDelays } from './queue-delays.ts';

const LINES = [
  { rateMbps: 10, rttMs: 20 },
  { rateMbps: 40, rttMs: 10 },
  { rateMbps: 100, rttMs: 50 },
  { rateMbps: 200, rttMs: 100 },
];
const PACKET_BITS = 1514 * 8;

export const l4sDelay: Experiment = {
  name: 'l4s-delay',
  title: 'Queueing delay of L4S packets with DualPI2 beside classic uploads',
  source: 'RFC 9332 §1.4',
  firmness: 'S',
  method: 'a paced call marked ECT(1), beside a CUBIC and a Reno upload, after they have begun',
  seeds: seedsFrom1(1),
  numbers: LINES.length * 3,
  run,
};

function* run(seeds: readonly number[]): Iterable<Measurement> {
  for (const { rateMbps, rttMs } of LINES) {
    const runs = seeds.map((seed) => measure(rateMbps, rttMs, seed));
    const line = `${rateMbps} Mb/s, RTT ${rttMs} ms`;
    const twoPacketsMs = (2 * PACKET_BITS) / (rateMbps * 1e3);
    const mostMs = Math.max(1, twoPacketsMs);
    yield {
      quantity: `mean at ${line}, ms`,
      theirs: mostMs,
      ...oursOf(runs.map(({ meanMs }) => meanMs)),
      tolerance: { kind: 'band', min: 0, max: mostMs },
    };
    yield {
      quantity: `p99 at ${line}, ms`,
      theirs: Math.max(2, twoPacketsMs),
      ...oursOf(runs.map(({ p99Ms }) => p99Ms)),
      tolerance: { kind: 'band', min: 0, max: Math.max(2, twoPacketsMs) },
    };
    yield {
      quantity: `L4S drops at ${line}`,
      theirs: 0,
      ...oursOf(runs.map(({ drops }) => drops)),
      tolerance: { kind: 'absolute', by: 0 },
    };
  }
}

function measure(rateMbps: number, rttMs: number, seed: number): QueueDelays {
  return measureQueueDelays({
    scenario: 'bufferbloat',
    parameters: {
      up: `${rateMbps} Mbps`,
      down: `${rateMbps} Mbps`,
      rtt: `${rttMs} ms`,
      cc: 'cubic,reno',
      qdisc: 'dualpi2 limit 10000packets',
      l4s: 'on',
      duration: '20 s',
    },
    seed,
    link: 'uplink',
    warmUpSeconds: 5,
    isOnlyL4s: true,
  });
}
