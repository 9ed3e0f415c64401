/**
 * Runs what a scenario was built into, and scenarios of the catalogue from their parameters' texts. It knows nothing of
 * the schema of files, which takes longer to load than many a run takes: run-scenario does.
 */
import { burstFactsOf } from '../analysis/burst-facts.ts';
import type { Instant } from '../base/units.ts';
import { ControllerRegistry } from '../recovery/cc/controllers.ts';
import { assembleRun, nameOf } from './assemble-run.ts';
import { findScenario } from './catalog/catalog.ts';
import type { BuiltScenario, ScenarioContext } from './catalog/catalog-entry.ts';
import { FlowRun } from './flow-run.ts';
import { completeTexts, type ParameterTexts } from './parameters.ts';
import { QueueEventLog } from './queue-event-log.ts';
import type { RunResult, RunSeries } from './run-result.ts';
import type { TraceRequest } from './trace-taps.ts';

/** What can be said of the run of any scenario. */
export interface RunSettings {
  /** A whole number from 0; that of the network, or 1, when absent. */
  readonly seed?: number;
  /** Encodes and decodes every frame at every link: slower, same result. */
  readonly wire?: 'lazy' | 'always';
  /** The controllers that `cc` can name; the built-in ones when absent. */
  readonly controllers?: ControllerRegistry;
  /** Takes a capture of the run. */
  readonly trace?: TraceRequest;
  readonly keepsSeries?: boolean;
  /** Takes lines of comma-separated values about every frame at every queue: see queue-event-log. */
  readonly queueEvents?: ((bytes: Uint8Array) => void) | undefined;
  /** Called now and then with the virtual time and its end. */
  readonly onProgress?: (nowNs: Instant, endNs: Instant) => void;
}

export interface RunOutcome {
  readonly result: RunResult;
  /** When the request asked for it. */
  readonly series: RunSeries | undefined;
}

/** A scenario that was found, and how it is built. */
export interface NamedScenario {
  readonly scenario: string;
  readonly parameters: ParameterTexts;
  /** When the settings say nothing. */
  readonly seed: number;
  readonly wireAlways: boolean;
  build(context: ScenarioContext): BuiltScenario;
}

/**
 * A scenario of the catalogue; `given` are its parameters as texts with units, defaults for the rest.
 * Throws NetError for an unknown scenario or parameter.
 */
export function catalogScenario(name: string, given: ParameterTexts): NamedScenario {
  const entry = findScenario(name);
  const parameters = completeTexts(entry.parameters, given);
  return {
    scenario: entry.name,
    parameters,
    seed: 1,
    wireAlways: false,
    build: (context) => entry.build(parameters, context),
  };
}

/** Throws NetError for an unknown scenario, parameter or value. */
export function runCatalogScenario(
  name: string,
  given: ParameterTexts,
  settings: RunSettings,
): RunOutcome {
  return runNamed(catalogScenario(name, given), settings);
}

/** What will run. Throws NetError for a value that is none, and for parts that do not fit each other. */
export function buildNamed(
  named: NamedScenario,
  settings: RunSettings,
  queueProbe?: QueueEventLog,
): BuiltScenario {
  const { seed = named.seed, trace, wire } = settings;
  const { controllers = ControllerRegistry.withBuiltIns() } = settings;
  const wireAlways = wire === undefined ? named.wireAlways : wire === 'always';
  return named.build({ seed, controllers, wireAlways, trace, queueProbe });
}

/** Builds and runs. */
export function runNamed(named: NamedScenario, settings: RunSettings): RunOutcome {
  const { scenario, parameters } = named;
  const { onProgress, queueEvents, seed = named.seed } = settings;
  const queueProbe = queueEvents && new QueueEventLog(queueEvents);
  const built = buildNamed(named, settings, queueProbe);
  const { plan, taps, processingDelayNs, bursts } = built;
  const run = new FlowRun(plan, settings.keepsSeries ?? false);
  run.run((nowNs) => onProgress?.(nowNs, plan.endNs));
  taps.flush();
  queueProbe?.flush();
  const result: RunResult = {
    command: 'run',
    scenario,
    seed,
    parameters,
    processingDelayMs: processingDelayNs / 1e6,
    ...assembleRun(run),
    ...(bursts && { bursts: burstFactsOf(bursts.meter, bursts.name, bursts.rate) }),
  };
  const names = () => run.flows.map((flow) => nameOf(plan.network, flow));
  return { result, series: run.series?.toSeries(names()) };
}
