/**
 * Runs a scenario, of the catalogue from its parameters' texts or of a network from its nodes, links and traffic:
 * one call for the library. The same scenario, parameters and seed give the same result everywhere.
 */
import { buildNetwork } from './build-network.ts';
import type { TraceTexts } from './build-path.ts';
import { type NetworkInput, parseNetwork } from './network-schema.ts';
import type { ParameterTexts } from './parameters.ts';
import { type RunOutcome, type RunSettings, runCatalogScenario, runNamed } from './run-catalog.ts';
import { applySettings } from './settings.ts';

export interface RunRequest extends RunSettings {
  /** A name of the catalogue, or a network of nodes, links and traffic. */
  readonly scenario: string | NetworkInput;
  /**
   * Of a catalogue scenario: its parameters as texts with units, `{ rate: '20 Mbps' }`; defaults for the rest. Of a
   * network: changes by path, `{ 'links.0.rate': '20 Mbps' }`.
   */
  readonly parameters?: ParameterTexts;
  /** Of a network, named in errors; its own name, or `network`, when absent. */
  readonly source?: string;
  /** Texts of the delivery traces that a network's links name. */
  readonly traces?: TraceTexts;
}

/** Throws NetError for an unknown scenario, parameter or value, and for parts that do not fit each other. */
export function runScenario(request: RunRequest): RunOutcome {
  const { scenario, parameters = {}, source = 'network', traces = new Map() } = request;
  if (typeof scenario === 'string') return runCatalogScenario(scenario, parameters, request);
  const spec = parseNetwork(source, applySettings(scenario, parameters));
  return runNamed(
    {
      scenario: spec.name ?? source,
      parameters,
      seed: spec.seed ?? 1,
      wireAlways: spec.wire === 'always',
      build: (context) => buildNetwork(spec, traces, context),
    },
    request,
  );
}
