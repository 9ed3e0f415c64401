/**
 * One run of a matrix: builds the scenario, lets the warm-up pass, measures the rest. A controller that
 * misbehaves, or parameters that do not fit together, end this run with a reason and no other.
 */
import { AssertionError } from '../../base/assert.ts';
import { NetError } from '../../base/errors.ts';
import type { ControllerRegistry } from '../../recovery/cc/controllers.ts';
import { nameOf } from '../assemble-run.ts';
import { findScenario } from '../catalog/catalog.ts';
import { FlowRun } from '../flow-run.ts';
import { completeTexts } from '../parameters.ts';
import type { MatrixRun } from './matrix-plan.ts';
import { MeasuredWindow, type RunMeasures } from './measured-window.ts';

export interface FinishedRun extends RunMeasures {
  readonly fingerprint: string;
  readonly events: number;
}

/** Plain data: it crosses from workers and is kept in files. */
export type RunRecord = { readonly finished: FinishedRun } | { readonly failure: string };

export function runCell(run: MatrixRun, controllers: ControllerRegistry): RunRecord {
  try {
    return { finished: measure(run, controllers) };
  } catch (error) {
    // A broken invariant of ours is a bug, not an outcome.
    if (error instanceof AssertionError) throw error;
    const isMistake = error instanceof NetError;
    const text = error instanceof Error ? error.message : String(error);
    return { failure: isMistake ? text : `the run threw: ${text}` };
  }
}

function measure(run: MatrixRun, controllers: ControllerRegistry): FinishedRun {
  const entry = findScenario(run.scenario);
  const { plan } = entry.build(completeTexts(entry.parameters, run.parameters), {
    seed: run.seed,
    controllers,
    wireAlways: false,
    trace: undefined,
  });
  if (run.warmupNs >= plan.endNs) {
    throw NetError.value(
      'warmup',
      `less than the ${plan.endNs / 1e9} s of the run`,
      `${run.warmupNs / 1e9} s`,
    );
  }
  const flowRun = new FlowRun(plan, true);
  let window: MeasuredWindow | undefined;
  flowRun.run((nowNs) => {
    if (window === undefined && nowNs >= run.warmupNs) window = new MeasuredWindow(flowRun);
  });
  const names = flowRun.flows.map((flow) => nameOf(plan.network, flow));
  const series = flowRun.series?.toSeries(names);
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
