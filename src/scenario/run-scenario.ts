/**
 * Runs a scenario of the catalogue from its parameters' texts and a seed: one call for the command and the
 * library. The same scenario, parameters and seed give the same result everywhere.
 */
import type { Instant } from '../base/units.ts';
import { ControllerRegistry } from '../recovery/cc/controllers.ts';
import { assembleRun, nameOf } from './assemble-run.ts';
import { findScenario } from './catalog/catalog.ts';
import { FlowRun } from './flow-run.ts';
import { completeTexts, type ParameterTexts } from './parameters.ts';
import type { RunResult, RunSeries } from './run-result.ts';
import type { TraceRequest } from './trace-taps.ts';

export interface RunRequest {
  /** A name of the catalogue. */
  readonly scenario: string;
  /** Parameters as texts with units, `{ rate: '20 Mbps' }`; defaults for the rest. */
  readonly parameters?: ParameterTexts;
  /** A whole number from 0; 1 when absent. */
  readonly seed?: number;
  /** Encodes and decodes every frame at every link: slower, same result. */
  readonly wire?: 'lazy' | 'always';
  /** The controllers that `cc` can name; the built-in ones when absent. */
  readonly controllers?: ControllerRegistry;
  /** Takes a capture of the run. */
  readonly trace?: TraceRequest;
  readonly keepsSeries?: boolean;
  /** Called now and then with the virtual time and its end. */
  readonly onProgress?: (nowNs: Instant, endNs: Instant) => void;
}

export interface RunOutcome {
  readonly result: RunResult;
  /** When the request asked for it. */
  readonly series: RunSeries | undefined;
}

/** Throws NetError for an unknown scenario, parameter or value. */
export function runScenario(request: RunRequest): RunOutcome {
  const { seed = 1, controllers = ControllerRegistry.withBuiltIns(), onProgress } = request;
  const entry = findScenario(request.scenario);
  const parameters = completeTexts(entry.parameters, request.parameters ?? {});
  const { plan, taps, processingDelayNs } = entry.build(parameters, {
    seed,
    controllers,
    wireAlways: request.wire === 'always',
    trace: request.trace,
  });
  const run = new FlowRun(plan, request.keepsSeries ?? false);
  run.run((nowNs) => onProgress?.(nowNs, plan.endNs));
  taps.flush();
  const result: RunResult = {
    command: 'run',
    scenario: entry.name,
    seed,
    parameters,
    processingDelayMs: processingDelayNs / 1e6,
    ...assembleRun(run),
  };
  const names = run.flows.map((flow) => nameOf(plan.network, flow));
  return { result, series: run.series?.toSeries(names) };
}
