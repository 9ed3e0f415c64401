/**
 * The round trip of a ping beside one upload over a home line of 10 Mb/s with a buffer of 100 frames: 100 full
 * packets before it take 120 ms, on top of 4 ms. With FQ-CoDel it stays below 10 ms.
 */
import { runCatalogScenario } from '../run-catalog.ts';
import { type Experiment, type Measurement, oursOf, seedsFrom1 } from './experiment.ts';

const PARAMETERS = {
  up: '10 Mbps',
  down: '10 Mbps',
  rtt: '4 ms',
  queue: '100 packets',
  page: '1 kB',
  voice: '1 s',
  video: 'off',
  duration: '120 s',
};

export const homeBufferbloat: Experiment = {
  name: 'home-bufferbloat',
  title: 'Ping beside an upload, 10 Mb/s, buffer of 100 frames, RTT 4 ms',
  source: 'arithmetic: 100 packets of 1500 bytes at 10 Mb/s, and 4 ms',
  firmness: 'C',
  method:
    'TCP, CUBIC; echoed packets of 202 bytes every second; the longest round trip, and the 99th of 100',
  seeds: seedsFrom1(3),
  numbers: 2,
  run,
};

function* run(seeds: readonly number[]): Iterable<Measurement> {
  yield {
    quantity: 'longest ping behind drop-tail, ms',
    theirs: 124,
    ...oursOf(seeds.map((seed) => loaded('fifo', seed)?.maxMs ?? 0)),
    tolerance: { kind: 'absolute', by: 3 },
  };
  yield {
    quantity: 'p99 of the ping behind FQ-CoDel, ms',
    theirs: 10,
    ...oursOf(seeds.map((seed) => loaded('fq_codel', seed)?.p99Ms ?? Number.POSITIVE_INFINITY)),
    tolerance: { kind: 'band', min: 0, max: 10 },
  };
}

function loaded(qdisc: string, seed: number) {
  const parameters = { ...PARAMETERS, qdisc };
  return runCatalogScenario('bufferbloat', parameters, { seed }).result.underLoad?.rtt.loaded;
}
