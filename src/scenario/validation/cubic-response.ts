/**
 * CUBIC's response function, where one packet in 1/p is lost (RFC 9438 Tables 1 and 2): at an RTT of 100 ms, where
 * the cubic law rules, and at 10 ms, where Reno's estimate does until the window is large. Where the cubic law
 * rules, the cycle comes to rest slowly, so that it is started where it rests (settled-window), without fast
 * convergence, which the published model does not have.
 */
import type { Duration } from '../../base/units.ts';
import { ControllerRegistry } from '../../recovery/cc/controllers.ts';
import type { CongestionControllerFactory } from '../../recovery/congestion.ts';
import { type Experiment, type Measurement, seedsFrom1 } from './experiment.ts';
import { measureResponse } from './response-model.ts';
import { measureRealWindow } from './response-real.ts';
import { settle } from './settled-window.ts';

const TOLERANCE = { kind: 'relative', ratio: 0.05 } as const;
/** Average over the window at a loss, of a cycle that is all concave: RFC 9438 Appendix B at beta 0.7. */
const AVERAGE_OF_MAX = 0.925;
/** Where to look for the settled window, in published ones. */
const LEAST = 0.7;
const MOST = 1.4;
/** Slow start has seen so many packets a segment of window when the loss of the last of them is found. */
const PACKETS_A_SEGMENT = 1.9;
const CYCLES = 10;
const SLOW_START_ROUNDS = 20;
const NO_RECOVERY = 'the model has no round trip of recovery';

interface Row {
  readonly lossEvery: number;
  readonly window: number;
  /** Which law gives the window, and what is run. */
  readonly law: 'cubic' | 'reno';
  readonly ways: readonly ('TCP' | 'controller alone')[];
}

interface Path {
  readonly rttNs: Duration;
  readonly usual: CongestionControllerFactory;
  readonly withoutFastConvergence: CongestionControllerFactory;
}

const PURE: readonly Row[] = [
  { lossEvery: 1e3, window: 38, law: 'reno', ways: ['TCP'] },
  { lossEvery: 1e4, window: 187, law: 'cubic', ways: ['TCP'] },
  { lossEvery: 1e5, window: 1054, law: 'cubic', ways: ['TCP'] },
  { lossEvery: 1e6, window: 5926, law: 'cubic', ways: ['controller alone'] },
];

const FRIENDLY: readonly Row[] = [
  { lossEvery: 1e2, window: 12, law: 'reno', ways: ['controller alone', 'TCP'] },
  { lossEvery: 1e3, window: 38, law: 'reno', ways: ['controller alone', 'TCP'] },
  { lossEvery: 1e4, window: 120, law: 'reno', ways: ['TCP'] },
  { lossEvery: 1e5, window: 379, law: 'reno', ways: ['TCP'] },
  { lossEvery: 1e6, window: 1200, law: 'reno', ways: ['controller alone'] },
  { lossEvery: 1e7, window: 5926, law: 'cubic', ways: ['controller alone'] },
];

export const cubicResponse: Experiment = {
  name: 'cubic-response',
  title: 'CUBIC response function at RTT 100 ms, one loss every 1/p packets',
  source: 'RFC 9438 Table 1',
  firmness: 'S',
  method: 'CUBIC (C 0.4, beta 0.7), no queue',
  seeds: seedsFrom1(1),
  numbers: 4,
  run: () => measureAll(PURE, 100e6),
};

export const cubicFriendlyResponse: Experiment = {
  name: 'cubic-friendly-response',
  title: 'CUBIC response function at RTT 10 ms, one loss every 1/p packets',
  source: 'RFC 9438 Table 2',
  firmness: 'S',
  method: 'CUBIC (C 0.4, beta 0.7), no queue',
  seeds: seedsFrom1(1),
  numbers: 8,
  run: () => measureAll(FRIENDLY, 10e6),
};

function* measureAll(rows: readonly Row[], rttNs: Duration): Iterable<Measurement> {
  const registry = ControllerRegistry.withBuiltIns();
  const path: Path = {
    rttNs,
    usual: registry.factory('cubic', { slowStart: 'classic' }),
    withoutFastConvergence: registry.factory('cubic', {
      slowStart: 'classic',
      fastConvergence: false,
    }),
  };
  for (const row of rows) {
    const { lossEvery, window, ways } = row;
    for (const method of ways) {
      const measured = {
        quantity: `window at p = ${(1 / lossEvery).toExponential(0)}`,
        theirs: window,
        ours: method === 'TCP' ? measureTcp(row, path) : measureController(row, path),
        tolerance: TOLERANCE,
        method,
      };
      const isBeside = method === 'TCP' && ways.length > 1;
      yield isBeside ? { ...measured, reportedBecause: NO_RECOVERY } : measured;
    }
  }
}

function measureTcp({ lossEvery, window, law }: Row, path: Path): number {
  const { rttNs, usual, withoutFastConvergence } = path;
  const roundsToLoss = Math.ceil(lossEvery / window);
  const response = { rttNs, lossEvery };
  if (law === 'reno') {
    return measureRealWindow({
      ...response,
      controllers: usual,
      firstLoss: Math.round(window / AVERAGE_OF_MAX),
      warmUpRounds: 3 * CYCLES * roundsToLoss,
      rounds: CYCLES * roundsToLoss,
    });
  }
  const controllers = withoutFastConvergence;
  const peak = (PACKETS_A_SEGMENT * window) / AVERAGE_OF_MAX;
  const firstLoss = settle(LEAST * peak, MOST * peak, (start) => {
    const windows: number[] = [];
    measureRealWindow(
      {
        ...response,
        controllers,
        firstLoss: Math.round(start),
        warmUpRounds: 0,
        rounds: SLOW_START_ROUNDS + 2 * roundsToLoss,
      },
      (segments) => windows.push(segments),
    );
    return windows;
  });
  return measureRealWindow({
    ...response,
    controllers,
    firstLoss: Math.round(firstLoss),
    warmUpRounds: SLOW_START_ROUNDS + roundsToLoss,
    rounds: 3 * roundsToLoss,
  });
}

function measureController({ lossEvery, window, law }: Row, path: Path): number {
  const { rttNs, usual, withoutFastConvergence } = path;
  const response = { granularity: 'bytes', rttNs, lossEvery } as const;
  const peak = window / AVERAGE_OF_MAX;
  if (law === 'reno') {
    return measureResponse({
      ...response,
      factory: usual,
      firstLossWindow: peak,
      warmUpCycles: CYCLES,
      cycles: CYCLES,
    }).meanWindow;
  }
  const cycle = { ...response, factory: withoutFastConvergence, warmUpCycles: 1, cycles: 1 };
  const firstLossWindow = settle(LEAST * peak, MOST * peak, (start) => {
    const windows: number[] = [];
    measureResponse({
      ...cycle,
      firstLossWindow: start,
      onLoss: (segments) => windows.push(segments),
    });
    return windows;
  });
  return measureResponse({ ...cycle, firstLossWindow }).meanWindow;
}
