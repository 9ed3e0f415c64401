/**
 * One run of a matrix: builds the scenario, lets the warm-up pass, measures the rest. A controller that
 * misbehaves, or parameters that do not fit together, end this run with a reason and no other.
 */
import { AssertionError } from '../../base/assert.ts';
import { NetError } from '../../base/errors.ts';
import type { Duration } from '../../base/units.ts';
import type { ControllerRegistry } from '../../recovery/cc/controllers.ts';
import { FlowRun, type RunPlan } from '../flow-run.ts';
import { buildNamed, catalogScenario } from '../run-catalog.ts';
import type { MatrixRun } from './matrix-plan.ts';
import { MeasuredWindow, type RunMeasures } from './measured-window.ts';

/** More points than these are not kept, though a round trip is shorter. */
const SAMPLES_MAX = 10_000;

export interface FinishedRun extends RunMeasures {
  readonly fingerprint: string;
  readonly events: number;
}

/** Plain data: it crosses from workers and is kept in files. */
export type RunRecord = { readonly finished: FinishedRun } | { readonly failure: string };

/** @param onProgress called now and then while virtual time passes */
export function runCell(
  run: MatrixRun,
  controllers: ControllerRegistry,
  onProgress: () => void = () => {},
): RunRecord {
  try {
    return { finished: measure(run, controllers, onProgress) };
  } catch (error) {
    // A broken invariant of ours is a bug, not an outcome.
    if (error instanceof AssertionError) throw error;
    const isMistake = error instanceof NetError;
    const text = error instanceof Error ? error.message : String(error);
    return { failure: isMistake ? text : `the run threw: ${text}` };
  }
}

function measure(
  run: MatrixRun,
  controllers: ControllerRegistry,
  onProgress: () => void,
): FinishedRun {
  const { scenario, parameters, seed } = run;
  const { plan } = buildNamed(catalogScenario(scenario, parameters), { seed, controllers });
  if (run.warmupNs >= plan.endNs) {
    throw NetError.value(
      'warmup',
      `less than the ${plan.endNs / 1e9} s of the run`,
      `${run.warmupNs / 1e9} s`,
    );
  }
  const flowRun = new FlowRun({ ...plan, sampleNs: sampleNsOf(plan) }, true);
  let window: MeasuredWindow | undefined;
  flowRun.run((nowNs) => {
    onProgress();
    if (window === undefined && nowNs >= run.warmupNs) window = new MeasuredWindow(flowRun);
  });
  const series = flowRun.series?.toSeries(flowRun.flows.map(() => ''));
  if (window === undefined || series === undefined) {
    throw new NetError(
      'ERR_MATRIX',
      'warmup: expected a run that lasts longer, got its end before',
    );
  }
  const { network } = plan;
  return {
    ...window.finish(series),
    fingerprint: network.fingerprint.digest(),
    events: network.scheduler.eventCount,
  };
}

/** A whole share of a round trip of the shortest path, so that bins of both are whole. */
function sampleNsOf({ baseRttNs, sampleNs, endNs }: RunPlan): Duration {
  if (baseRttNs === undefined || endNs / baseRttNs > SAMPLES_MAX) return sampleNs;
  return Math.round(baseRttNs / Math.ceil(baseRttNs / sampleNs));
}
