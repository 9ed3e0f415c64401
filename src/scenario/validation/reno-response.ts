/**
 * Reno's response function (RFC 3649 Table 2, standard TCP): the average window at a loss rate, where one
 * packet in 1/p is lost. The published model has no recovery: the window falls by half and grows on. Where a
 * cycle is short, real TCP's round trip of recovery is a good part of it; there the controller alone is
 * judged and real TCP reported beside it.
 */
import { ControllerRegistry } from '../../recovery/cc/controllers.ts';
import { type Experiment, type Measurement, seedsFrom1 } from './experiment.ts';
import { measureResponse } from './response-model.ts';
import { measureRealWindow } from './response-real.ts';

const RTT_NS = 100e6;
const TOLERANCE = { kind: 'relative', ratio: 0.03 } as const;
/** From 2/3 to 4/3 of the average. */
const PEAK = 4 / 3;

/** Losses a packet, average window, round trips between losses. */
const TABLE = [
  { lossEvery: 1e2, window: 12, rounds: 8 },
  { lossEvery: 1e3, window: 38, rounds: 25 },
  { lossEvery: 1e4, window: 120, rounds: 80 },
  { lossEvery: 1e5, window: 379, rounds: 252 },
  { lossEvery: 1e6, window: 1200, rounds: 800 },
];
/** Cycles shorter than this are judged without recovery, longer than that are not run with real TCP. */
const ROUNDS_WITHOUT_RECOVERY = 50;
const ROUNDS_OF_REAL_TCP = 400;
const WARM_UP_CYCLES = 10;
const CYCLES = 10;

export const renoResponse: Experiment = {
  name: 'reno-response',
  title: 'Reno response function, one loss every 1/p packets',
  source: 'RFC 3649 Table 2',
  firmness: 'S',
  method: 'Reno (RFC 5681 slow start), RTT 100 ms, no queue',
  seeds: seedsFrom1(1),
  numbers: 7,
  run,
};

function* run(): Iterable<Measurement> {
  const controllers = ControllerRegistry.withBuiltIns().factory('reno', { slowStart: 'classic' });
  for (const { lossEvery, window, rounds } of TABLE) {
    const row = {
      quantity: `window at p = ${(1 / lossEvery).toExponential(0)}`,
      theirs: window,
      tolerance: TOLERANCE,
    };
    const isShort = rounds < ROUNDS_WITHOUT_RECOVERY;
    if (isShort || rounds > ROUNDS_OF_REAL_TCP) {
      const { meanWindow } = measureResponse({
        factory: controllers,
        granularity: 'bytes',
        rttNs: RTT_NS,
        lossEvery,
        firstLossWindow: PEAK * window,
        warmUpCycles: WARM_UP_CYCLES,
        cycles: CYCLES,
      });
      yield { ...row, ours: meanWindow, method: 'controller alone' };
    }
    if (rounds > ROUNDS_OF_REAL_TCP) continue;
    const ours = measureRealWindow({
      controllers,
      rttNs: RTT_NS,
      lossEvery,
      firstLoss: Math.round(PEAK * window),
      warmUpRounds: WARM_UP_CYCLES * rounds,
      rounds: CYCLES * rounds,
    });
    const measured = { ...row, ours, method: 'TCP' };
    yield isShort
      ? { ...measured, reportedBecause: 'the model has no round trip of recovery' }
      : measured;
  }
}
