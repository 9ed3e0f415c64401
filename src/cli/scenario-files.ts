/** Files that a scenario lives in or names: the YAML or JSON itself, delivery traces, captures' sizes. */
import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { NetError } from '../base/errors.ts';
import { type TraceTexts, traceNames } from '../scenario/build-path.ts';
import { parseScenario, type ScenarioSpec } from '../scenario/schema.ts';

export interface LoadedScenario {
  readonly spec: ScenarioSpec;
  readonly name: string;
  /** Where the files it names lie. */
  readonly folder: string;
}

/** Reads and checks a scenario file; JSON is YAML too. Throws NetError. */
export async function loadScenarioFile(path: string): Promise<LoadedScenario> {
  const text = readText(path);
  // Most runs have no scenario file, and the parser takes 40 ms to load.
  const { parse, YAMLParseError } = await import('yaml');
  let input: unknown;
  try {
    input = parse(text);
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    const reason = error.message.split('\n')[0]?.replace(/:$/, '') ?? '';
    throw new NetError('ERR_SCENARIO', `${path}: expected YAML or JSON, got ${reason}`);
  }
  const spec = parseScenario(path, input);
  return { spec, name: spec.name ?? path, folder: dirname(path) };
}

/** Texts of the delivery traces a scenario names, relative to `folder`. Throws NetError. */
export function loadTraceTexts(spec: ScenarioSpec, folder: string): TraceTexts {
  const names = new Set(traceNames(spec));
  return new Map([...names].map((name) => [name, readText(resolve(folder, name))]));
}

/** Sizes of the files together; what has no size (pipes) counts as 0. */
export function totalBytes(paths: readonly string[]): number {
  return paths.reduce((sum, path) => {
    const facts = path === '-' ? undefined : statSync(path, { throwIfNoEntry: false });
    return sum + (facts?.isFile() === true ? facts.size : 0);
  }, 0);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const got = error instanceof Error ? error.message : String(error);
    throw new NetError('ERR_FILE', `${path}: expected a file that can be read, got ${got}`);
  }
}
