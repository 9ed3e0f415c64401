/**
 * Microbursts: in a data centre more than 70 % of the bursts at a port, runs of 25 µs counters above half of line
 * rate, last at most tens of microseconds (Zhang et al., IMC 2017, abstract: reported); a counter of a second sees
 * nothing of them. Ours is synthetic rack traffic.
 */
import { summarise } from '../../base/sample-statistics.ts';
import { runCatalogScenario } from '../run-catalog.ts';
import { type Experiment, type Measurement, seedsFrom1 } from './experiment.ts';

const SECOND = 1;
const COUNTER_SECONDS = 25e-6;

export const burstLengths: Experiment = {
  name: 'burst-lengths',
  title: 'Bursts at the port of a rack that last at most tens of microseconds',
  source: 'Zhang et al., IMC 2017, abstract',
  firmness: 'A',
  method: '32 hosts, short messages to one port at 15 % of 10 Gb/s, 2 s',
  seeds: seedsFrom1(5),
  numbers: 3,
  run,
};

function* run(seeds: readonly number[]): Iterable<Measurement> {
  const streams = seeds.map((seed) => {
    const { bursts } = runCatalogScenario('microburst', {}, { seed }).result;
    const [stream] = bursts?.streams ?? [];
    const busiest = (seconds: number) =>
      stream?.bins.find(({ widthSeconds }) => widthSeconds === seconds)?.max ?? 0;
    return {
      short: stream?.shortBurstShare ?? 0,
      fine: busiest(COUNTER_SECONDS),
      coarse: busiest(SECOND),
    };
  });
  const over = (figure: (stream: (typeof streams)[number]) => number) => {
    const { mean, halfWidth95 } = summarise(streams.map(figure));
    return { ours: mean, ...(halfWidth95 !== null && { halfWidth: halfWidth95 }) };
  };
  yield {
    quantity: 'share of bursts of at most tens of µs',
    theirs: 0.7,
    ...over(({ short }) => short),
    tolerance: { kind: 'band', min: 0.7, max: 1 },
  };
  yield {
    quantity: 'utilisation of the busiest 25 µs',
    theirs: 1,
    ...over(({ fine }) => fine),
    tolerance: { kind: 'relative', ratio: 0.05 },
  };
  yield {
    quantity: 'utilisation of the busiest second',
    theirs: 0.15,
    ...over(({ coarse }) => coarse),
    tolerance: { kind: 'relative', ratio: 0.2 },
  };
}
