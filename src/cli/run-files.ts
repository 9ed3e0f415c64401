/**
 * Scenario files that `sluice run` runs: YAML, JSON, or modules whose default export is a scenario, with the delivery
 * traces and the controllers that they name. Loaded when there is one: the schema of files takes 100 ms to load.
 */
import { dirname } from 'node:path';
import { NetError } from '../base/errors.ts';
import { loadControllers } from '../edge/load-controller.ts';
import type { ControllerRegistry } from '../recovery/cc/controllers.ts';
import { networkTraceNames } from '../scenario/build-network.ts';
import {
  isNetworkInput,
  type NetworkInput,
  type NetworkSpec,
  parseNetwork,
} from '../scenario/network-schema.ts';
import { runScenario } from '../scenario/run-scenario.ts';
import { applySettings, type Settings } from '../scenario/settings.ts';
import type { ScenarioRunner } from './run-sources.ts';
import { loadTextFiles, readDocument } from './scenario-files.ts';

/** Adds the controllers that the file names. Throws NetError for a mistake in it or in a setting that changes it. */
export async function loadFileRunner(
  path: string,
  parameters: Settings,
  controllers: ControllerRegistry,
): Promise<ScenarioRunner> {
  const scenario = await readInput(path);
  const spec = parseNetwork(path, applySettings(scenario, parameters));
  const folder = dirname(path);
  await loadControllers(controllers, controllersOf(spec), folder);
  const traces = loadTextFiles(networkTraceNames(spec), folder);
  return (settings) => runScenario({ ...settings, scenario, source: path, parameters, traces });
}

async function readInput(path: string): Promise<NetworkInput> {
  const input = await readDocument(path);
  if (isNetworkInput(input)) return input as NetworkInput;
  const got = typeof input === 'object' && input !== null ? Object.keys(input).join(', ') : input;
  const expected = 'nodes, links and traffic (a path is for sluice replay)';
  throw NetError.value(path, expected, got);
}

const controllersOf = ({ cc = [], traffic }: NetworkSpec): string[] => [
  ...cc,
  ...traffic.flatMap((each) => each.cc ?? []),
];
