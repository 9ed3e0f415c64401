/**
 * DCTCP's queue (RFC 8257 §3.1): with a step of marking K above a seventh of the BDP the link stays busy, and the queue
 * near K. That it stays below K + N segments for N flows is recalled from Alizadeh et al., "Data Center TCP (DCTCP)", SIGCOMM
 * 2010, and reported.
 */
import { runDumbbell } from './dumbbell-runs.ts';
import { type Experiment, type Measurement, oursOf, seedsFrom1 } from './experiment.ts';

const FLOWS = [2, 8];
const K_SEGMENTS = 20;
const FRAME_BYTES = 1514;
/** 1 Gb/s and 500 us: 41 frames, of which K is more than a seventh. */
const RATE_MBPS = 1000;
const PAYLOAD_SHARE = 1448 / FRAME_BYTES;
const WARM_UP_SECONDS = 1;

export const dctcpQueue: Experiment = {
  name: 'dctcp-queue',
  title: 'DCTCP: use of the link and queue with a step of marking',
  source: 'RFC 8257 §3.1',
  firmness: 'S',
  method: 'TCP, 1 Gb/s, 500 us, K = 20 packets, 2 s after 1 s',
  seeds: seedsFrom1(3),
  numbers: 2 * FLOWS.length,
  run,
};

function* run(seeds: readonly number[]): Iterable<Measurement> {
  for (const count of FLOWS) {
    const runs = seeds.map((seed) => {
      const parameters = {
        rate: `${RATE_MBPS} Mbps`,
        rtt: '500 us',
        queue: '500 KB',
        qdisc: `step threshold ${K_SEGMENTS}packets`,
        cc: 'dctcp',
        flows: String(count),
        duration: '3 s',
      };
      return runDumbbell(parameters, seed, WARM_UP_SECONDS);
    });
    const use = runs.map(({ goodputMbps }) => {
      const mbps = goodputMbps.reduce((sum, value) => sum + value, 0);
      return mbps / (RATE_MBPS * PAYLOAD_SHARE);
    });
    yield {
      quantity: `share of the link, ${count} flows`,
      theirs: 1,
      ...oursOf(use),
      tolerance: { kind: 'absolute', by: 0.01 },
    };
    yield {
      quantity: `longest queue of ${count} flows, packets`,
      theirs: K_SEGMENTS + count,
      ours: Math.max(...runs.map(({ maxQueueBytes }) => maxQueueBytes)) / FRAME_BYTES,
      tolerance: { kind: 'band', min: 0, max: K_SEGMENTS + count },
      reportedBecause: 'K + N is recalled from Alizadeh et al., SIGCOMM 2010',
    };
  }
}
