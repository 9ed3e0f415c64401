/**
 * The standing queue of several BBR version 1 flows (Hock, Bless, Zitterbart, "Experimental Evaluation of BBR Congestion
 * Control", ICNP 2017, recalled): their estimates together exceed the link, so that the window of two BDP is the bound,
 * and 1 to 1.5 BDP stand in a deep queue.
 */
import { runDumbbell } from './dumbbell-runs.ts';
import { type Experiment, type Measurement, oursOf, seedsFrom1 } from './experiment.ts';

const FLOWS = [2, 6, 10];
const BDP_BYTES = 500_000;
const WARM_UP_SECONDS = 15;

export const bbrQueue: Experiment = {
  name: 'bbr-queue',
  title: 'Standing queue of several BBR flows',
  source: 'Hock, Bless, Zitterbart, ICNP 2017',
  firmness: 'R',
  method: 'TCP, 100 Mb/s, 40 ms, queue of 8 BDP, 30 s after 15 s',
  seeds: seedsFrom1(20),
  numbers: FLOWS.length,
  run,
};

function* run(seeds: readonly number[]): Iterable<Measurement> {
  for (const count of FLOWS) {
    const queues = seeds.map((seed) => {
      const parameters = {
        rate: '100 Mbps',
        rtt: '40 ms',
        queue: '8 bdp',
        cc: 'bbr',
        flows: String(count),
        duration: '45 s',
      };
      return runDumbbell(parameters, seed, WARM_UP_SECONDS).meanQueueBytes / BDP_BYTES;
    });
    yield {
      quantity: `mean queue of ${count} flows, BDP`,
      theirs: 1.25,
      ...oursOf(queues),
      tolerance: { kind: 'band', min: 1, max: 1.5 },
    };
  }
}
