/** What `sluice matrix` does. Loaded when it is called. */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { NetError } from '../../base/errors.ts';
import { controllerVersion, loadControllers } from '../../edge/load-controller.ts';
import { ControllerRegistry } from '../../recovery/cc/controllers.ts';
import { type MatrixSpec, parseMatrix } from '../../scenario/matrix/matrix-file.ts';
import { controllersOf, keyOf, type MatrixRun } from '../../scenario/matrix/matrix-plan.ts';
import { assembleMatrix } from '../../scenario/matrix/matrix-result.ts';
import { METRICS, type MetricName } from '../../scenario/matrix/metric-card.ts';
import type { RunRecord } from '../../scenario/matrix/run-cell.ts';
import { allRuns } from '../../scenario/matrix/solo-runs.ts';
import { parseNames } from '../../scenario/parameters.ts';
import type { MatrixOptions } from '../commands/matrix.ts';
import { formatMatrix } from '../matrix-report.ts';
import type { WorkerAnswer, WorkerOrder } from '../matrix-worker.ts';
import { parseCount } from '../option-values.ts';
import { OutputFolder } from '../output-folder.ts';
import { readPackageVersion } from '../package-version.ts';
import { Progress, RUNS } from '../progress.ts';
import { RunJournal } from '../run-journal.ts';
import { readDocument } from '../scenario-files.ts';
import { standardMatrix } from '../standard-matrices.ts';
import { runInLanes, STALLED_SECONDS } from '../worker-lanes.ts';

/** Of a terminal, when standard output is none. */
const COLUMNS = 120;

export interface MatrixCost {
  readonly workers: number;
  /** Runs made now, and those that an earlier time had made. */
  readonly runs: number;
  readonly keptRuns: number;
  readonly wallSeconds: number;
  /** User and system, of all threads. */
  readonly cpuSeconds: number;
  /** Wall time of the runs made now, added up. */
  readonly runSeconds: number;
  /** Of all runs, those of earlier times too. */
  readonly events: number;
  readonly peakRssBytes: number;
}

/** Throws NetError for a mistake in the file or an option. */
export async function runMatrix(file: string, options: MatrixOptions): Promise<void> {
  const startedMs = performance.now();
  const path = existsSync(file) ? file : (standardMatrix(file) ?? file);
  const spec = parseMatrix(file, await readWithOptions(path, options));
  const folder = options.cc === undefined ? dirname(path) : '.';
  await checkControllers(spec, folder);
  const metrics = parseMetrics(options.metrics);
  const workers =
    options.workers === undefined
      ? availableParallelism()
      : parseCount('--workers', options.workers);
  const output = options.out === undefined ? undefined : new OutputFolder(options.out);
  const journal = new RunJournal(output?.pathOf('runs.jsonl'), readPackageVersion());
  // A module that has changed since is another controller: its content is part of what a kept run is kept by.
  const versionOf = (run: MatrixRun) =>
    controllersOf(run).map((name) => controllerVersion(name, folder));
  const versions = new Map(
    allRuns(spec).map((run) => [keyOf(run), versionOf(run).join(' ').trim()]),
  );
  const journalKey = (key: string) => `${key}${versions.get(key) ?? ''}`;
  const runs = allRuns(spec).filter((run) => journal.get(journalKey(keyOf(run))) === undefined);
  const keptRuns = allRuns(spec).length - runs.length;
  const runSeconds = await runAll(
    runs.map((run) => ({ run, folder })),
    workers,
    (run, record, isKept) => journal.add(journalKey(keyOf(run)), record, isKept),
  );
  const result = assembleMatrix(spec, (key) => journal.get(journalKey(key)));
  const { user, system } = process.cpuUsage();
  const events = allRuns(spec).reduce((sum, run) => {
    const record = journal.get(journalKey(keyOf(run)));
    return record !== undefined && 'finished' in record ? sum + record.finished.events : sum;
  }, 0);
  const cost: MatrixCost = {
    workers,
    runs: runs.length,
    keptRuns,
    wallSeconds: (performance.now() - startedMs) / 1e3,
    cpuSeconds: (user + system) / 1e6,
    runSeconds,
    events,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
  };
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

/** Gives the sum of the runs' own times. */
async function runAll(
  orders: readonly WorkerOrder[],
  workers: number,
  onRecord: (run: MatrixRun, record: RunRecord, isKept: boolean) => void,
): Promise<number> {
  const progress = new Progress('matrix', orders.length, RUNS);
  let done = 0;
  let seconds = 0;
  try {
    await runInLanes<WorkerOrder, WorkerAnswer>({
      worker: 'matrix-worker.js',
      // The stable sort leaves seeds of a cell together.
      orders: [...orders].sort((a, b) => compareTexts(ccOf(a), ccOf(b))),
      workers,
      onAnswer: ({ run }, answer) => {
        onRecord(run, answer.record, true);
        seconds += answer.seconds;
        progress.update(++done);
      },
      // Perhaps only this machine was slow: it is tried again the next time.
      onStalled: ({ run }) => {
        onRecord(run, { failure: STALLED }, false);
        progress.update(++done);
      },
    });
  } finally {
    progress.stop();
  }
  return seconds;
}

const STALLED = `the run was ended: no virtual time passed in ${STALLED_SECONDS} s; expected a controller without endless loops`;

const ccOf = ({ run }: WorkerOrder): string => run.parameters['cc'] ?? '';

const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
