/** What `sluice matrix` does. Loaded when it is called. */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { NetError } from '../../base/errors.ts';
import { loadControllers } from '../../edge/load-controller.ts';
import { ControllerRegistry } from '../../recovery/cc/controllers.ts';
import { type MatrixSpec, parseMatrix } from '../../scenario/matrix/matrix-file.ts';
import type { MatrixResult } from '../../scenario/matrix/matrix-result.ts';
import { METRICS, type MetricName } from '../../scenario/matrix/metric-card.ts';
import { parseNames } from '../../scenario/parameters.ts';
import type { MatrixOptions } from '../commands/matrix.ts';
import { formatMatrix } from '../matrix-report.ts';
import { runMatrices } from '../matrix-runs.ts';
import { parseCount, parseWorkers } from '../option-values.ts';
import { OutputFolder } from '../output-folder.ts';
import { readPackageVersion } from '../package-version.ts';
import { RunJournal } from '../run-journal.ts';
import { readDocument } from '../scenario-files.ts';
import { standardMatrix } from '../standard-matrices.ts';

/** Of a terminal, when standard output is none. */
const COLUMNS = 120;

/** Throws NetError for a mistake in the file or an option. */
export async function runMatrix(file: string, options: MatrixOptions): Promise<void> {
  const path = existsSync(file) ? file : (standardMatrix(file) ?? file);
  const spec = parseMatrix(file, await readWithOptions(path, options));
  const folder = options.cc === undefined ? dirname(path) : '.';
  await checkControllers(spec, folder);
  const metrics = parseMetrics(options.metrics);
  const workers = parseWorkers(options.workers);
  const output = options.out === undefined ? undefined : new OutputFolder(options.out);
  const journal = new RunJournal(output?.pathOf('runs.jsonl'), readPackageVersion());
  const planned = [{ spec, folder }];
  const { results, cost } = await runMatrices(planned, { label: 'matrix', workers, journal });
  const result = results[0] as MatrixResult;
  output?.writeJson('matrix.json', result);
  output?.writeJson('cost.json', cost);
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
    return;
  }
  process.stdout.write(
    `${formatMatrix(result, metrics, cost, process.stdout.columns ?? COLUMNS)}\n`,
  );
  if (output !== undefined) process.stdout.write(`Results   ${output.describe()}\n`);
}

/** Throws NetError for a controller that there is not, or a module that cannot be loaded. */
async function checkControllers(spec: MatrixSpec, folder: string): Promise<void> {
  const registry = ControllerRegistry.withBuiltIns();
  const names = spec.controllers.flatMap(({ cc }) => parseNames(cc) ?? []);
  await loadControllers(registry, names, folder);
  for (const name of names) registry.factory(name);
}

/** The file with what the command line says instead. */
async function readWithOptions(path: string, { cc, seeds }: MatrixOptions): Promise<unknown> {
  const input = await readDocument(path);
  if (typeof input !== 'object' || input === null) return input;
  return {
    ...input,
    ...(cc !== undefined && { controllers: cc, baseline: cc[0] }),
    ...(seeds !== undefined && { seeds: parseCount('--seeds', seeds) }),
  };
}

/** All of the card when none are named. */
function parseMetrics(text: string | undefined): MetricName[] {
  const names = METRICS.map(({ name }) => name);
  if (text === undefined) return names;
  return text.split(',').map((word) => {
    const name = names.find((known) => known === word.trim());
    if (name === undefined) throw NetError.value('--metrics', `some of ${names.join(',')}`, word);
    return name;
  });
}
