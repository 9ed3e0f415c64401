/**
 * CoDel's queueing delay: below 10 ms even under extreme congestion on the public Internet (RFC 8289 §4.3), and in a
 * data centre, with the target and interval of its round trips, below 1 ms at the mean and the 99th of 100 where
 * drop-tail has several tens of milliseconds (Appendix A).
 */
import { type Experiment, type Measurement, oursOf, seedsFrom1 } from './experiment.ts';
import { measureQueueDelays, type QueueDelays } from './queue-delays.ts';

const INTERNET = {
  rate: '100 Mbps',
  rtt: '100 ms',
  flows: '32',
  cc: 'cubic,reno',
  queue: '4 bdp',
  duration: '40 s',
};
const DATA_CENTRE = {
  rate: '1 Gbps',
  rtt: '200 us',
  flows: '16',
  cc: 'cubic',
  queue: '2500 packets',
  duration: '1500 ms',
};
const DATA_CENTRE_CODEL = 'codel target 50us interval 1ms';

export const codelDelay: Experiment = {
  name: 'codel-delay',
  title: 'Queueing delay with CoDel, on the Internet and in a data centre',
  source: 'RFC 8289 §4.3 and Appendix A',
  firmness: 'S',
  method:
    '32 flows at 100 Mb/s, RTT 100 ms, after 10 s; 16 flows at 1 Gb/s, RTT 200 us, after 0.5 s',
  seeds: seedsFrom1(2),
  numbers: 5,
  run,
};

function* run(seeds: readonly number[]): Iterable<Measurement> {
  const internet = (seed: number) => measure(INTERNET, 'codel', 10, seed);
  yield {
    quantity: 'mean delay under congestion, ms',
    theirs: 10,
    ...oursOf(seeds.map((seed) => internet(seed).meanMs)),
    tolerance: { kind: 'band', min: 0, max: 10 },
  };
  const centre = (qdisc: string) => seeds.map((seed) => measure(DATA_CENTRE, qdisc, 0.5, seed));
  const codel = centre(DATA_CENTRE_CODEL);
  const fifo = centre('fifo');
  const figures = [
    { figure: 'mean', of: ({ meanMs }: QueueDelays) => meanMs },
    { figure: 'p99', of: ({ p99Ms }: QueueDelays) => p99Ms },
  ];
  for (const { figure, of } of figures) {
    yield {
      quantity: `${figure} in a data centre, drop-tail, ms`,
      theirs: 20,
      ...oursOf(fifo.map(of)),
      tolerance: { kind: 'band', min: 20, max: 100 },
      reportedBecause: 'the source says several tens, of benchmarks of its own',
    };
    yield {
      quantity: `${figure} in a data centre, CoDel, ms`,
      theirs: 1,
      ...oursOf(codel.map(of)),
      tolerance: { kind: 'band', min: 0, max: 1 },
    };
  }
}

function measure(
  parameters: Readonly<Record<string, string>>,
  qdisc: string,
  warmUpSeconds: number,
  seed: number,
) {
  return measureQueueDelays({
    scenario: 'dumbbell',
    parameters: { ...parameters, qdisc },
    seed,
    link: 'bottleneck',
    warmUpSeconds,
  });
}
