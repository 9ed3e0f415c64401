/**
 * What `sluice run` runs: a scenario of the catalogue by its name, or one of a file, with the delivery traces and the
 * controllers that it names. Files are YAML, JSON, or modules whose default export is a scenario.
 */
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { NetError } from '../base/errors.ts';
import { loadControllers } from '../edge/load-controller.ts';
import { ControllerRegistry } from '../recovery/cc/controllers.ts';
import { networkTraceNames } from '../scenario/build-network.ts';
import {
  isNetworkInput,
  type NetworkInput,
  type NetworkSpec,
  parseNetwork,
} from '../scenario/network-schema.ts';
import type { RunRequest } from '../scenario/run-scenario.ts';
import { applySettings, type Settings } from '../scenario/settings.ts';
import { loadTextFiles, readDocument } from './scenario-files.ts';

type RunSource = Pick<RunRequest, 'scenario' | 'source' | 'traces' | 'controllers'>;

const FILE = /[/\\]|\.(?:ya?ml|json|[cm]?js)$/;
const MODULE = /\.[cm]?js$/;
const CC_SETTING = /(?:^|\.)cc$/;

/** Throws NetError for a mistake in a file or in a setting that changes it. */
export async function loadRunSource(name: string, settings: Settings): Promise<RunSource> {
  const controllers = ControllerRegistry.withBuiltIns();
  const set = Object.entries(settings).filter(([path]) => CC_SETTING.test(path));
  await loadControllers(
    controllers,
    set.flatMap(([, text]) => namesIn(text)),
    '.',
  );
  if (!FILE.test(name)) return { scenario: name, controllers };
  const input = await readInput(name);
  const spec = parseNetwork(name, applySettings(input, settings));
  const folder = dirname(name);
  await loadControllers(controllers, controllersOf(spec), folder);
  const traces = loadTextFiles(networkTraceNames(spec), folder);
  return { scenario: input, source: name, traces, controllers };
}

async function readInput(path: string): Promise<NetworkInput> {
  const input = MODULE.test(path) ? await importDefault(path) : await readDocument(path);
  if (isNetworkInput(input)) return input as NetworkInput;
  const got = typeof input === 'object' && input !== null ? Object.keys(input).join(', ') : input;
  const expected = 'nodes, links and traffic (a path is for sluice replay)';
  throw NetError.value(path, expected, got);
}

async function importDefault(path: string): Promise<unknown> {
  try {
    const module = (await import(pathToFileURL(resolve(path)).href)) as { default?: unknown };
    return module.default;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new NetError('ERR_SCENARIO', `${path}: expected a module that loads, got ${reason}`);
  }
}

const namesIn = (text: string): string[] => text.split(',').map((name) => name.trim());

const controllersOf = ({ cc = [], traffic }: NetworkSpec): string[] => [
  ...cc,
  ...traffic.flatMap((each) => each.cc ?? []),
];
