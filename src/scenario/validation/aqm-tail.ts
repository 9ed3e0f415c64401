/**
 * The tail of classic active queue management: with long flows beside web pages, the 99th of 100 packets waits 20
 * to 30 ms with PIE and FQ-CoDel (RFC 9332 §1.1), since the sawtooth of Reno-like senders needs that much room.
 */
import { type Experiment, type Measurement, oursOf, seedsFrom1 } from './experiment.ts';
import { measureQueueDelays } from './queue-delays.ts';

const PARAMETERS = {
  rate: '40 Mbps',
  rtt: '20 ms',
  flows: '2',
  cc: 'cubic,reno',
  queue: '1000 packets',
  duration: '60 s',
};

export const aqmTail: Experiment = {
  name: 'aqm-tail',
  title: 'p99 of the queueing delay with PIE and FQ-CoDel under long flows',
  source: 'RFC 9332 §1.1',
  firmness: 'S',
  method: 'a CUBIC and a Reno flow at 40 Mb/s, RTT 20 ms, after 10 s',
  seeds: seedsFrom1(3),
  numbers: 2,
  run,
};

function* run(seeds: readonly number[]): Iterable<Measurement> {
  for (const qdisc of ['pie', 'fq_codel']) {
    yield {
      quantity: `p99 with ${qdisc}, ms`,
      theirs: 25,
      ...oursOf(seeds.map((seed) => p99Ms(qdisc, seed))),
      tolerance: { kind: 'band', min: 20, max: 30 },
      reportedBecause: 'the source does not say which load this is of, and ours has no web pages',
    };
  }
}

function p99Ms(qdisc: string, seed: number): number {
  return measureQueueDelays({
    scenario: 'dumbbell',
    parameters: { ...PARAMETERS, qdisc },
    seed,
    link: 'bottleneck',
    warmUpSeconds: 10,
  }).p99Ms;
}
