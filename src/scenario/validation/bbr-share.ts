/**
 * What share of a deep queue's link one BBR flow takes from N CUBIC flows (Ware et al., "Modeling BBR's Interactions
 * with Loss-Based Congestion Control", IMC 2019, recalled): about 40 % whatever N is, for version 1. Version 3 is measured
 * beside it, where another share is expected. The share settles within minutes. It falls where the queue is so long that
 * what ProbeRTT gives away every 10 s takes seconds to win back: 25 % and less with 32 BDP, 1.3 s.
 */
import { runDumbbell } from './dumbbell-runs.ts';
import { type Experiment, type Measurement, oursOf, seedsFrom1 } from './experiment.ts';

const FLOWS = [1, 2, 4, 8, 16];
const WARM_UP_SECONDS = 60;
const SHARE = 0.4;

export const bbrShare: Experiment = {
  name: 'bbr-share',
  title: 'One BBR flow against N CUBIC flows, deep buffer',
  source: 'Ware et al., IMC 2019',
  firmness: 'R',
  method: 'TCP, 20 Mb/s, 40 ms, queue of 8 BDP, 120 s after 60 s',
  seeds: seedsFrom1(20),
  numbers: 2 * FLOWS.length,
  run,
};

function* run(seeds: readonly number[]): Iterable<Measurement> {
  for (const cc of ['bbr', 'bbr3']) {
    for (const count of FLOWS) {
      yield {
        quantity: `share of ${cc} against ${count} CUBIC`,
        theirs: SHARE,
        ...oursOf(seeds.map((seed) => shareOf(cc, count, seed))),
        tolerance: { kind: 'band', min: 0.3, max: 0.5 },
      };
    }
  }
}

function shareOf(cc: string, count: number, seed: number): number {
  const parameters = {
    rate: '20 Mbps',
    rtt: '40 ms',
    queue: '8 bdp',
    cc: [cc, ...Array.from({ length: count }, () => 'cubic')].join(','),
    duration: '180 s',
  };
  const { goodputMbps } = runDumbbell(parameters, seed, WARM_UP_SECONDS);
  return (goodputMbps[0] as number) / goodputMbps.reduce((sum, mbps) => sum + mbps, 0);
}
