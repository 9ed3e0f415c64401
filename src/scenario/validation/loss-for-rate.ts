/**
 * The loss rate at which a controller keeps up a rate (RFC 9438 Table 3, RTT 100 ms, 1500-byte packets): the window
 * that the rate needs is made the average of a cycle, from one loss at a window to the next at the same, and the
 * packets of the cycle are counted.
 */
import { ControllerRegistry } from '../../recovery/cc/controllers.ts';
import { type Experiment, type Measurement, seedsFrom1 } from './experiment.ts';
import { measureResponse } from './response-model.ts';

const RTT_NS = 100e6;
const PACKET_BITS = 12_000;
const TOLERANCE = { kind: 'factor', factor: 1.3 } as const;
/** The average is brought so near to what the rate needs. */
const WINDOW_RATIO = 0.01;
const TRIES_MAX = 5;

const TABLE = [
  { cc: 'reno', rate: 1e8, text: '100 Mb/s', loss: 2.0e-6 },
  { cc: 'cubic', rate: 1e8, text: '100 Mb/s', loss: 1.4e-5 },
  { cc: 'reno', rate: 1e9, text: '1 Gb/s', loss: 2.0e-8 },
  { cc: 'cubic', rate: 1e9, text: '1 Gb/s', loss: 6.3e-7 },
];

export const lossForRate: Experiment = {
  name: 'loss-for-rate',
  title: 'Loss rate at which Reno and CUBIC keep up a rate',
  source: 'RFC 9438 Table 3',
  firmness: 'S',
  method: 'controller alone, RTT 100 ms, 1500-byte packets',
  seeds: seedsFrom1(1),
  numbers: TABLE.length,
  run,
};

function* run(): Iterable<Measurement> {
  for (const { cc, rate, text, loss } of TABLE) {
    const window = (rate * RTT_NS) / 1e9 / PACKET_BITS;
    yield {
      quantity: `p for ${text}, ${cc}`,
      theirs: loss,
      ours: findLoss(cc, window),
      tolerance: TOLERANCE,
    };
  }
}

function findLoss(cc: string, window: number): number {
  const factory = ControllerRegistry.withBuiltIns().factory(
    cc,
    cc === 'cubic' ? { slowStart: 'classic', fastConvergence: false } : { slowStart: 'classic' },
  );
  let lossWindow = window * 1.2;
  let loss = 0;
  for (let attempt = 0; attempt < TRIES_MAX; attempt++) {
    const { meanWindow, packetsBetweenLosses } = measureResponse({
      factory,
      granularity: 'bytes',
      rttNs: RTT_NS,
      lossEvery: Number.POSITIVE_INFINITY,
      lossWindow,
      warmUpCycles: 1,
      cycles: 1,
    });
    loss = 1 / packetsBetweenLosses;
    if (Math.abs(meanWindow / window - 1) < WINDOW_RATIO) break;
    lossWindow *= window / meanWindow;
  }
  return loss;
}
