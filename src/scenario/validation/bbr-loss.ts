/**
 * BBR against CUBIC under random loss (Cardwell et al., "BBR: Congestion-Based Congestion Control", ACM Queue 2016,
 * figure 8, recalled): one flow on 100 Mb/s and 100 ms. BBR keeps about 1 - p of the link, CUBIC collapses. Both versions are
 * measured: version 3 answers loss above 2 % by design.
 */
import { runDumbbell } from './dumbbell-runs.ts';
import { type Experiment, type Measurement, oursOf, seedsFrom1 } from './experiment.ts';

const PAYLOAD_MBPS = (100 * 1448) / 1514;
const LOSSES = [0.001, 0.01, 0.05, 0.1];
const WARM_UP_SECONDS = 10;
/** What of 1 - p is near enough. */
const SHARE = 0.85;
/** CUBIC at 0.1 % has a tenth of the link. */
const CUBIC_LOSS = 0.001;
const CUBIC_SHARE = 0.1;

export const bbrLoss: Experiment = {
  name: 'bbr-loss',
  title: 'BBR and CUBIC under random loss, 100 Mb/s, 100 ms',
  source: 'Cardwell et al., ACM Queue 2016, figure 8',
  firmness: 'R',
  method: 'TCP, one flow, queue of one BDP, 20 s after 10 s',
  seeds: seedsFrom1(20),
  numbers: 2 * LOSSES.length + 1,
  run,
};

function* run(seeds: readonly number[]): Iterable<Measurement> {
  for (const cc of ['bbr', 'bbr3']) {
    for (const loss of LOSSES) {
      yield {
        quantity: `share of the link, ${cc}, ${loss * 100} % loss`,
        theirs: 1 - loss,
        ...oursOf(seeds.map((seed) => share(cc, loss, seed))),
        tolerance: { kind: 'band', min: SHARE * (1 - loss), max: 1 },
      };
    }
  }
  yield {
    quantity: `share of the link, cubic, ${CUBIC_LOSS * 100} % loss`,
    theirs: CUBIC_SHARE,
    ...oursOf(seeds.map((seed) => share('cubic', CUBIC_LOSS, seed))),
    tolerance: { kind: 'factor', factor: 2 },
  };
}

function share(cc: string, loss: number, seed: number): number {
  const parameters = {
    rate: '100 Mbps',
    rtt: '100 ms',
    queue: '1 bdp',
    loss: `${loss * 100} %`,
    cc,
    duration: '30 s',
    // Buffers of 128 MiB, so that only the loss limits.
    profile: 'rfc',
  };
  const { goodputMbps } = runDumbbell(parameters, seed, WARM_UP_SECONDS);
  return (goodputMbps[0] as number) / PAYLOAD_MBPS;
}
