/** What a scenario of the catalogue is: a name, parameters, and how a run is built from their values. */
import type { BurstMeter } from '../../analysis/burst-meter.ts';
import type { BitsPerSecond, Duration } from '../../base/units.ts';
import type { QueueProbe } from '../../net/probed-queue.ts';
import type { ControllerRegistry } from '../../recovery/cc/controllers.ts';
import type { RunPlan } from '../flow-run.ts';
import {
  type Parameters,
  type ParameterTexts,
  type ParameterValuesOf,
  readValues,
} from '../parameters.ts';
import type { TraceRequest, TraceTaps } from '../trace-taps.ts';

/** What is not the scenario's own: the caller's controllers, and how the run is looked at. */
export interface ScenarioContext {
  readonly seed: number;
  readonly controllers: ControllerRegistry;
  readonly wireAlways: boolean;
  readonly trace: TraceRequest | undefined;
  readonly queueProbe?: QueueProbe | undefined;
}

export interface BuiltScenario {
  readonly plan: RunPlan;
  readonly taps: TraceTaps;
  readonly processingDelayNs: Duration;
  /** Of a link whose bursts are measured. */
  readonly bursts?: {
    readonly meter: BurstMeter;
    readonly name: string;
    readonly rate: BitsPerSecond;
  };
}

export interface CatalogEntry {
  readonly name: string;
  readonly description: string;
  readonly parameters: Parameters;
  /** `texts` has every parameter. Throws NetError for a text that is no value, or values that do not fit. */
  readonly build: (texts: ParameterTexts, context: ScenarioContext) => BuiltScenario;
}

/** A scenario whose `build` gets values instead of texts. */
export function defineScenario<Set extends Parameters>(definition: {
  readonly name: string;
  readonly description: string;
  readonly parameters: Set;
  readonly build: (values: ParameterValuesOf<Set>, context: ScenarioContext) => BuiltScenario;
}): CatalogEntry {
  const { parameters, build } = definition;
  return {
    ...definition,
    build: (texts, context) => build(readValues(parameters, texts), context),
  };
}
