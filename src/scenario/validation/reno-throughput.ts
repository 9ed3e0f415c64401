/**
 * Reno's throughput under random loss with timeouts (PFTK as in RFC 5348 §3.1), and the constant of Mathis et al.
 * 1997. PFTK models Reno, so that recovery is by duplicate ACKs, without SACK, limited transmit, probes or undo, and
 * the timeout is four round trips. Its rows with two packets an ACK suppose that the window grows by ACKs; ours
 * grows by bytes (RFC 3465), so that delayed ACKs make no difference, and these rows are reported.
 */

import { summarise } from '../../base/sample-statistics.ts';
import { ControllerRegistry } from '../../recovery/cc/controllers.ts';
import { RFC_PROFILE, type TcpConfig } from '../../tcp/config.ts';
import { runBulk } from './bulk-path.ts';
import { type Experiment, type Measurement, seedsFrom1 } from './experiment.ts';
import { measureRealWindow } from './response-real.ts';

const RTT_NS = 100e6;
const RTO_NS = 4 * RTT_NS;
const WARM_UP_NS = 10e9;
const MEASURED_NS = 100e9;
/** No time to speak of for a frame. */
const RATE = 1e12;
const BY_BYTES = 'the window grows by bytes, not by ACKs (RFC 3465)';

const RENO_TCP: TcpConfig = {
  ...RFC_PROFILE,
  usesSack: false,
  usesTailLossProbe: false,
  usesLimitedTransmit: false,
  usesFrto: false,
  usesUndo: false,
  // 1460 bytes in a segment.
  usesTimestamps: false,
  rtt: { ...RFC_PROFILE.rtt, rtoMinNs: RTO_NS, rtoMaxNs: 64 * RTO_NS },
};
const EVERY_SEGMENT: TcpConfig = { ...RENO_TCP, delayedAckNs: 0, delayedAckNsMax: 0 };

/** Loss rate and Mb/s with one and with two packets an ACK. */
const PFTK = [
  { loss: 1e-3, one: 4.48, two: 3.17 },
  { loss: 1e-2, one: 1.31, two: 0.928 },
  { loss: 5e-2, one: 0.431, two: 0.304 },
  { loss: 0.1, one: 0.207, two: 0.146 },
];

export const renoThroughput: Experiment = {
  name: 'reno-throughput',
  title: 'Throughput of Reno with timeouts (PFTK)',
  source: 'RFC 5348 §3.1',
  firmness: 'C',
  method: 'TCP, Reno without SACK, RTO 4 RTT, RTT 100 ms, 1460 bytes, random loss; Mb/s',
  seeds: seedsFrom1(20),
  numbers: 2 * PFTK.length,
  run: measurePftk,
};

function* measurePftk(seeds: readonly number[]): Iterable<Measurement> {
  for (const { loss, one, two } of PFTK) {
    const row = { tolerance: { kind: 'relative', ratio: 0.2 } as const };
    yield {
      ...row,
      quantity: `p = ${loss}, every packet acknowledged`,
      theirs: one,
      ...measureThroughput(seeds, loss, EVERY_SEGMENT),
    };
    yield {
      ...row,
      quantity: `p = ${loss}, every second packet`,
      theirs: two,
      ...measureThroughput(seeds, loss, RENO_TCP),
      reportedBecause: BY_BYTES,
    };
  }
}

function measureThroughput(seeds: readonly number[], loss: number, tcp: TcpConfig) {
  const controllers = ControllerRegistry.withBuiltIns().factory('reno', { slowStart: 'classic' });
  const megabits = seeds.map((seed) => {
    const { deliveredBytes } = runBulk({
      path: {
        seed,
        rate: RATE,
        rttNs: RTT_NS,
        queue: {},
        loss: { kind: 'random', ratio: loss, correlation: 0 },
        tcp,
      },
      flows: [{ controllers, startNs: 0, sizeBytes: Number.POSITIVE_INFINITY }],
      warmUpNs: WARM_UP_NS,
      endNs: WARM_UP_NS + MEASURED_NS,
    });
    return (deliveredBytes * 8e3) / MEASURED_NS;
  });
  const { mean, halfWidth95 } = summarise(megabits);
  return { ours: mean, halfWidth: halfWidth95 ?? 0 };
}

/** Losses a packet of the regression. */
const MATHIS_LOSS_EVERY = [1e3, 3e3, 1e4, 3e4];

export const renoConstant: Experiment = {
  name: 'reno-constant',
  title: 'Constant C of throughput = C MSS / (RTT √p)',
  source: 'Mathis et al., CCR 1997',
  firmness: 'R',
  method: 'TCP, one loss every 1/p packets, least squares over p ≤ 1e-3, RTT 100 ms',
  seeds: seedsFrom1(1),
  numbers: 2,
  run: measureMathis,
};

function* measureMathis(): Iterable<Measurement> {
  const tolerance = { kind: 'relative', ratio: 0.05 } as const;
  const ours = regress();
  yield { quantity: 'C, every packet acknowledged', theirs: 1.22, ours, tolerance };
  yield {
    quantity: 'C, every second packet',
    theirs: 0.87,
    ours,
    tolerance,
    reportedBecause: BY_BYTES,
  };
}

function regress(): number {
  const controllers = ControllerRegistry.withBuiltIns().factory('reno', { slowStart: 'classic' });
  let products = 0;
  let squares = 0;
  for (const lossEvery of MATHIS_LOSS_EVERY) {
    const root = Math.sqrt(lossEvery);
    const roundsToLoss = Math.ceil(lossEvery / root);
    const window = measureRealWindow({
      controllers,
      rttNs: RTT_NS,
      lossEvery,
      firstLoss: Math.round(2 * root),
      warmUpRounds: 10 * roundsToLoss,
      rounds: 20 * roundsToLoss,
    });
    products += window * root;
    squares += lossEvery;
  }
  return products / squares;
}
