/**
 * How BBR starts up and drains: the gains it paces with, the queue it builds and how long it takes to give it back. A long
 * round trip, so that its states can be seen in the time series. Version 3 by draft-ietf-ccwg-bbr; version 1
 * as recalled from the paper and from Linux.
 */
import type { FlowSeries, RunSeries } from '../run-result.ts';
import { runDumbbell } from './dumbbell-runs.ts';
import { type Experiment, type Measurement, seedsFrom1 } from './experiment.ts';

const RTT_SECONDS = 0.2;
const BDP_BYTES = 250_000;
const PATH = {
  rate: '10 Mbps',
  rtt: '200 ms',
  queue: '8 bdp',
  duration: '10 s',
  processing: '0 s',
};
/** Of the bandwidth: the margin below it. */
const PACING_SHARE = 0.99;
const ROUNDING = { kind: 'relative', ratio: 0.002 } as const;

export const bbr3Startup: Experiment = {
  name: 'bbr3-startup',
  title: 'BBR version 3: start-up and drain',
  source: 'draft-ietf-ccwg-bbr §3.2, §5.3.1, §5.3.2',
  firmness: 'S',
  method: 'TCP, one flow, 10 Mb/s, 200 ms, deep queue, without chance',
  seeds: seedsFrom1(1),
  numbers: 4,
  run: () => measure('bbr3', { startup: 2.772588722239781, drain: 0.5, queueBdp: 1 }),
};

export const bbrStartup: Experiment = {
  name: 'bbr-startup',
  title: 'BBR version 1: start-up and drain',
  source: 'Cardwell et al., ACM Queue 2016',
  firmness: 'R',
  method: bbr3Startup.method,
  seeds: seedsFrom1(1),
  numbers: 4,
  run: () => measure('bbr', { startup: 2.885, drain: 1 / 2.885, queueBdp: 1.885 }),
};

interface Published {
  readonly startup: number;
  readonly drain: number;
  readonly queueBdp: number;
}

function* measure(cc: string, { startup, drain, queueBdp }: Published): Iterable<Measurement> {
  const { series } = runDumbbell({ ...PATH, cc }, 1, 0);
  const [flow] = series.flows;
  const [link] = series.links;
  const { phase } = flow as FlowSeries;
  const draining = phase.indexOf('drain');
  const done = phase.findIndex((name, index) => index > draining && name !== 'drain');
  yield {
    quantity: 'pacing gain of start-up',
    theirs: startup,
    ours: gainAt(flow as FlowSeries, draining - 1),
    tolerance: ROUNDING,
  };
  yield {
    quantity: 'pacing gain of drain',
    theirs: drain,
    ours: gainAt(flow as FlowSeries, draining),
    tolerance: ROUNDING,
  };
  yield {
    quantity: 'longest queue, BDP',
    theirs: queueBdp,
    ours: Math.max(...(link as RunSeries['links'][number]).queueBytes.slice(0, done)) / BDP_BYTES,
    tolerance: { kind: 'relative', ratio: 0.1 },
  };
  const seconds = (series.seconds[done] as number) - (series.seconds[draining] as number);
  yield {
    quantity: 'drain, round trips of an empty path',
    theirs: 1,
    ours: seconds / RTT_SECONDS,
    // A round trip takes so much longer with what is queued.
    tolerance: { kind: 'band', min: 0, max: 1 + queueBdp },
  };
}

function gainAt({ pacingMbps, bandwidthMbps }: FlowSeries, index: number): number {
  return (pacingMbps[index] as number) / (PACING_SHARE * (bandwidthMbps[index] as number));
}
