/**
 * Runs a scenario, of the catalogue from its parameters' texts or of a network from its nodes, links and traffic:
 * one call for the command and the library. The same scenario, parameters and seed give the same result everywhere.
 */
import { burstFactsOf } from '../analysis/burst-facts.ts';
import type { Instant } from '../base/units.ts';
import type { QueueProbe } from '../net/probed-queue.ts';
import { ControllerRegistry } from '../recovery/cc/controllers.ts';
import { assembleRun, nameOf } from './assemble-run.ts';
import { buildNetwork } from './build-network.ts';
import type { TraceTexts } from './build-path.ts';
import { findScenario } from './catalog/catalog.ts';
import type { BuiltScenario, ScenarioContext } from './catalog/catalog-entry.ts';
import { FlowRun } from './flow-run.ts';
import { type NetworkInput, parseNetwork } from './network-schema.ts';
import { completeTexts, type ParameterTexts } from './parameters.ts';
import { QueueEventLog } from './queue-event-log.ts';
import type { RunResult, RunSeries } from './run-result.ts';
import { applySettings } from './settings.ts';
import type { TraceRequest } from './trace-taps.ts';

export interface RunRequest {
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

/** Throws NetError for an unknown scenario, parameter or value, and for parts that do not fit each other. */
export function runScenario(request: RunRequest): RunOutcome {
  const { onProgress } = request;
  const queueLog = request.queueEvents && new QueueEventLog(request.queueEvents);
  const { scenario, seed, parameters, built } = buildRun(request, queueLog);
  const { plan, taps, processingDelayNs, bursts } = built;
  const run = new FlowRun(plan, request.keepsSeries ?? false);
  run.run((nowNs) => onProgress?.(nowNs, plan.endNs));
  taps.flush();
  queueLog?.flush();
  const result: RunResult = {
    command: 'run',
    scenario,
    seed,
    parameters,
    processingDelayMs: processingDelayNs / 1e6,
    ...assembleRun(run),
    ...(bursts && { bursts: burstFactsOf(bursts.meter, bursts.name, bursts.rate) }),
  };
  const names = run.flows.map((flow) => nameOf(plan.network, flow));
  return { result, series: run.series?.toSeries(names) };
}

interface NamedRun {
  readonly scenario: string;
  readonly seed: number;
  readonly parameters: ParameterTexts;
  readonly built: BuiltScenario;
}

function buildRun(request: RunRequest, queueProbe: QueueProbe | undefined): NamedRun {
  const { scenario, parameters: given = {}, trace, wire, traces = new Map() } = request;
  const { controllers = ControllerRegistry.withBuiltIns() } = request;
  const context = (seed = 1, isAlways = false): ScenarioContext => ({
    seed,
    controllers,
    wireAlways: wire === undefined ? isAlways : wire === 'always',
    trace,
    queueProbe,
  });
  if (typeof scenario === 'string') {
    const entry = findScenario(scenario);
    const parameters = completeTexts(entry.parameters, given);
    const ofRun = context(request.seed);
    const built = entry.build(parameters, ofRun);
    return { scenario: entry.name, seed: ofRun.seed, parameters, built };
  }
  const spec = parseNetwork(request.source ?? 'network', applySettings(scenario, given));
  const ofRun = context(request.seed ?? spec.seed, spec.wire === 'always');
  const built = buildNetwork(spec, traces, ofRun);
  const name = spec.name ?? request.source ?? 'network';
  return { scenario: name, seed: ofRun.seed, parameters: given, built };
}
