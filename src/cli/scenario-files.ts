/** Files that a scenario lives in or names: the YAML, JSON or module itself, delivery traces, captures' sizes. */
import { readFileSync, type Stats, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { NetError } from '../base/errors.ts';
import { importDefault, MODULE_PATH } from '../edge/load-module.ts';
import { type TraceTexts, traceNames } from '../scenario/build-path.ts';
import { parseScenario, type ScenarioSpec } from '../scenario/schema.ts';

export interface LoadedScenario {
  readonly spec: ScenarioSpec;
  readonly name: string;
  /** Where the files it names lie. */
  readonly folder: string;
}

/** Reads and checks a scenario file. Throws NetError. */
export async function loadScenarioFile(path: string): Promise<LoadedScenario> {
  const spec = parseScenario(path, await readDocument(path));
  return { spec, name: spec.name ?? path, folder: dirname(path) };
}

/** What a YAML file says (JSON is YAML too), or a module exports by default. Throws NetError. */
export async function readDocument(path: string): Promise<unknown> {
  if (MODULE_PATH.test(path)) return await importDefault(resolve(path), path, 'ERR_SCENARIO');
  const text = readText(path);
  // Most runs have no scenario file, and the parser takes 40 ms to load.
  const { parseDocument } = await import('yaml');
  try {
    const document = parseDocument(text);
    const [problem] = [...document.errors, ...document.warnings];
    if (problem !== undefined) throw problem;
    return document.toJS();
  } catch (error) {
    // All of its errors are about the text: aliases of nothing or too many, and nesting too deep for it.
    const reason = error instanceof Error ? error.message.split('\n')[0]?.replace(/:$/, '') : error;
    throw new NetError(
      'ERR_SCENARIO',
      `${path}: expected YAML or JSON, got ${shortened(`${reason}`)}`,
    );
  }
}

/** The parser quotes the text, which may be all of a file that is none: what it says stands at both ends. */
function shortened(reason: string): string {
  return reason.length <= 160 ? reason : `${reason.slice(0, 80)} … ${reason.slice(-60)}`;
}

/** Texts of the delivery traces a scenario names, relative to `folder`. Throws NetError. */
export function loadTraceTexts(spec: ScenarioSpec, folder: string): TraceTexts {
  return loadTextFiles(traceNames(spec), folder);
}

/** Texts by name, relative to `folder`. Throws NetError. */
export function loadTextFiles(names: readonly string[], folder: string): TraceTexts {
  return new Map([...new Set(names)].map((name) => [name, readText(resolve(folder, name))]));
}

/** Sizes of the files together; what has no size (pipes) counts as 0. */
export function totalBytes(paths: readonly string[]): number {
  return paths.reduce((sum, path) => {
    const facts = factsOf(path);
    return sum + (facts?.isFile() === true ? facts.size : 0);
  }, 0);
}

/** Whether the capture can be read only once. */
export const isPipe = (path: string): boolean => path === '-' || factsOf(path)?.isFIFO() === true;

/** Undefined for what cannot be looked at: opening it says why. */
function factsOf(path: string): Stats | undefined {
  if (path === '-') return undefined;
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const got = error instanceof Error ? error.message : String(error);
    throw new NetError('ERR_FILE', `${path}: expected a file that can be read, got ${got}`);
  }
}
