import { describe, expect, it } from 'vitest';
import { ControllerRegistry, type ParameterValues } from '../../../src/recovery/cc/controllers.ts';
import {
  measureResponse,
  type ResponsePath,
} from '../../../src/scenario/validation/response-model.ts';

const registry = ControllerRegistry.withBuiltIns();
const C = 0.4;
const BETA = 0.7;
/** Average over the largest window of a cycle that is all concave: RFC 9438 Appendix B. */
const AVERAGE_OF_MAX = (3 + BETA) / 4;

type PathOptions = Partial<ResponsePath> & { readonly values?: ParameterValues };

function measure(name: string, lossEvery: number, options: PathOptions = {}) {
  const { values = {}, ...path } = options;
  return measureResponse({
    factory: registry.factory(name, { slowStart: 'classic', ...values }),
    granularity: 'bytes',
    rttNs: 100e6,
    lossEvery,
    warmUpCycles: 15,
    cycles: 10,
    ...path,
  });
}

/**
 * The deterministic loss model as a differential equation, without packets or ACKs: from a loss at
 * `windowMax` the larger of W_cubic and W_est is followed until 1/p packets are sent. Gives the window
 * then and the average.
 */
function integrateCycle(windowMax: number, packetsToLoss: number, rtt: number) {
  const k = Math.cbrt((windowMax * (1 - BETA)) / C);
  const step = rtt / 200;
  let window = BETA * windowMax;
  let estimate = window;
  let packets = 0;
  let t = 0;
  while (packets < packetsToLoss) {
    t += step;
    const alpha = estimate >= windowMax ? 1 : (3 * (1 - BETA)) / (1 + BETA);
    estimate += (alpha * step) / rtt;
    window = Math.max(window, C * (t - k) ** 3 + windowMax, estimate);
    packets += (window * step) / rtt;
  }
  return { window, average: (packets * rtt) / t };
}

/** The average window of the cycle that repeats itself. */
function solveModel(packetsToLoss: number, rtt: number): number {
  let low = 2;
  let high = packetsToLoss;
  for (let halving = 0; halving < 60; halving++) {
    const middle = (low + high) / 2;
    // Below the cycle that repeats itself a window grows from loss to loss, above it shrinks.
    if (integrateCycle(middle, packetsToLoss, rtt).window > middle) low = middle;
    else high = middle;
  }
  return integrateCycle(low, packetsToLoss, rtt).average;
}

describe('Reno response function — RFC 3649 Table 2', () => {
  for (const granularity of ['bytes', 'segments'] as const) {
    for (const [lossEvery, window, roundTrips] of [
      [1e2, 12, 8],
      [1e3, 38, 25],
      [1e4, 120, 80],
      [1e5, 379, 252],
    ] as const) {
      it(`has an average window of ${window} at one loss in ${lossEvery}, in ${granularity}, ±3 %`, () => {
        const firstLossWindow = 1.5 * window;
        const response = measure('reno', lossEvery, { granularity, firstLossWindow });
        expect(Math.abs(response.meanWindow / window - 1)).toBeLessThan(0.03);
        expect(Math.abs(response.roundTripsBetweenLosses - roundTrips)).toBeLessThan(
          1 + 0.03 * roundTrips,
        );
        // From 2/3 to 4/3 of the average.
        expect(response.windowMax / response.windowMin).toBeGreaterThan(1.9);
        expect(response.windowMax / response.windowMin).toBeLessThan(2.1);
      });
    }
  }
});

describe('CUBIC response function in the Reno-friendly region, RTT 10 ms — RFC 9438 Table 2', () => {
  for (const fastConvergence of [true, false]) {
    for (const [lossEvery, window] of [
      [1e2, 12],
      [1e3, 38],
      [1e4, 120],
      [1e5, 379],
    ] as const) {
      it(`has an average window of ${window} at one loss in ${lossEvery}, ±5 %, fast convergence ${fastConvergence}`, () => {
        const { meanWindow } = measure('cubic', lossEvery, {
          rttNs: 10e6,
          firstLossWindow: 1.2 * window,
          values: { fastConvergence },
        });
        expect(Math.abs(meanWindow / window - 1)).toBeLessThan(0.05);
      });
    }
  }

  it('is up to three segments lower in segments, where the estimate of Linux lags', () => {
    for (const lossEvery of [1e2, 1e3, 1e4]) {
      const path = { rttNs: 10e6, firstLossWindow: 1.45 * Math.sqrt(lossEvery) };
      const inBytes = measure('cubic', lossEvery, path);
      const inSegments = measure('cubic', lossEvery, { ...path, granularity: 'segments' });
      const lag = inBytes.meanWindow - inSegments.meanWindow;
      expect(lag).toBeGreaterThan(0);
      expect(lag).toBeLessThan(3);
    }
  });
});

describe('CUBIC response function, RTT 100 ms — RFC 9438 Table 1', () => {
  // Without fast convergence, which the deterministic model does not have (Appendix B). The cycle from loss
  // to loss comes to rest slowly: a relative distance x of the window from the one that repeats itself
  // shrinks by 0.7 x^3 a loss, since the curve is flat there. So what happens beside it shows its place.
  for (const [lossEvery, window] of [
    [1e4, 187],
    [1e5, 1054],
  ] as const) {
    it(`comes to rest within 5 % of ${window} at one loss in ${lossEvery}`, () => {
      for (const [offset, sign] of [
        [1.05, -1],
        [0.95, 1],
      ] as const) {
        const windows: number[] = [];
        const path: PathOptions = {
          firstLossWindow: (offset * window) / AVERAGE_OF_MAX,
          warmUpCycles: 1,
          cycles: 8,
          values: { fastConvergence: false },
        };
        const options = { ...path, onLoss: (atLoss: number) => windows.push(atLoss) };
        measure('cubic', lossEvery, options);
        for (let cycle = 1; cycle < windows.length; cycle++) {
          const step = (windows[cycle] as number) - (windows[cycle - 1] as number);
          expect(step * sign).toBeGreaterThan(0);
        }
      }
    });
  }

  it('agrees with the differential equation of the model to 2 %, after 300 losses', () => {
    for (const lossEvery of [1e3, 1e4]) {
      const model = solveModel(lossEvery, 0.1);
      const { meanWindow } = measure('cubic', lossEvery, {
        firstLossWindow: model / AVERAGE_OF_MAX,
        warmUpCycles: 300,
        values: { fastConvergence: false },
      });
      expect(Math.abs(meanWindow / model - 1)).toBeLessThan(0.02);
    }
  });

  // The table has the larger of two averages, 38 of Reno and 33 of CUBIC. The law is the larger of the two
  // windows at each moment, CUBIC's first and Reno's later, and its average is above both: by 5 %.
  it('is above the 38 of the table at one loss in 1000, as its own law says', () => {
    const model = solveModel(1e3, 0.1);
    expect(model / 38).toBeGreaterThan(1.04);
    expect(model / 38).toBeLessThan(1.06);
    // With fast convergence, the default, it is within the 5 %.
    const { meanWindow } = measure('cubic', 1e3, { firstLossWindow: 45, warmUpCycles: 100 });
    expect(Math.abs(meanWindow / 38 - 1)).toBeLessThan(0.05);
  });
});
