/**
 * Makes the runs of matrices in worker threads and assembles their results. Runs that a journal has already are not made
 * again; results do not depend on which, nor on the number of workers.
 */
import { controllerVersion } from '../edge/load-controller.ts';
import type { MatrixSpec } from '../scenario/matrix/matrix-file.ts';
import { controllersOf, keyOf, type MatrixRun } from '../scenario/matrix/matrix-plan.ts';
import { assembleMatrix, type MatrixResult } from '../scenario/matrix/matrix-result.ts';
import { allRuns } from '../scenario/matrix/solo-runs.ts';
import type { WorkerAnswer, WorkerOrder } from './matrix-worker.ts';
import { Progress, RUNS } from './progress.ts';
import type { RunJournal } from './run-journal.ts';
import { runInLanes } from './worker-lanes.ts';

export interface PlannedMatrix {
  readonly spec: MatrixSpec;
  /** Where paths of controllers begin. */
  readonly folder: string;
}

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

/** Without progress of a run. */
const STALLED_SECONDS = 30;
const STALLED = `the run was ended: no virtual time passed in ${STALLED_SECONDS} s; expected a controller without endless loops`;

interface JournalledRun extends WorkerOrder {
  /** What it is kept by. */
  readonly key: string;
}

/** @param label of the progress bar */
export async function runMatrices(
  matrices: readonly PlannedMatrix[],
  options: { readonly label: string; readonly workers: number; readonly journal: RunJournal },
): Promise<{ readonly results: readonly MatrixResult[]; readonly cost: MatrixCost }> {
  const { label, workers, journal } = options;
  const startedMs = performance.now();
  const journalKey = keyMaker();
  const runs = new Map<string, JournalledRun>();
  for (const { spec, folder } of matrices) {
    for (const run of allRuns(spec)) {
      const key = journalKey(run, folder);
      runs.set(key, { run, folder, key });
    }
  }
  const missing = [...runs.values()].filter(({ key }) => journal.get(key) === undefined);
  const runSeconds = await makeRuns(missing, label, workers, journal);
  const results = matrices.map(({ spec, folder }) =>
    assembleMatrix(spec, (run) => journal.get(journalKey(run, folder))),
  );
  const events = [...runs.keys()].map((key) => {
    const record = journal.get(key);
    return record !== undefined && 'finished' in record ? record.finished.events : 0;
  });
  const { user, system } = process.cpuUsage();
  const cost: MatrixCost = {
    workers,
    runs: missing.length,
    keptRuns: runs.size - missing.length,
    wallSeconds: (performance.now() - startedMs) / 1e3,
    cpuSeconds: (user + system) / 1e6,
    runSeconds,
    events: events.reduce((sum, count) => sum + count, 0),
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
  };
  return { results, cost };
}

/** A module that has changed is another controller: its content, as it is now, is part of what a kept run is kept by. */
function keyMaker(): (run: MatrixRun, folder: string) => string {
  const versions = new Map<string, string>();
  const versionOf = (name: string, folder: string): string => {
    const path = `${folder} ${name}`;
    const version = versions.get(path) ?? controllerVersion(name, folder);
    versions.set(path, version);
    return version;
  };
  return (run, folder) => {
    const ofRun = controllersOf(run).map((name) => versionOf(name, folder));
    return `${keyOf(run)}${ofRun.join(' ').trim()}`;
  };
}

/** Gives the sum of the runs' own times. */
async function makeRuns(
  orders: readonly JournalledRun[],
  label: string,
  workers: number,
  journal: RunJournal,
): Promise<number> {
  const progress = new Progress(label, orders.length, RUNS);
  let done = 0;
  let seconds = 0;
  try {
    await runInLanes<JournalledRun, WorkerAnswer>({
      worker: 'matrix-worker.js',
      // The stable sort leaves seeds of a cell together.
      orders: [...orders].sort((a, b) => compareTexts(ccOf(a), ccOf(b))),
      workers,
      stalledSeconds: STALLED_SECONDS,
      onAnswer: ({ key }, answer) => {
        journal.add(key, answer.record);
        seconds += answer.seconds;
        progress.update(++done);
      },
      // Perhaps only this machine was slow: it is tried again the next time.
      onStalled: ({ key }) => {
        journal.add(key, { failure: STALLED }, false);
        progress.update(++done);
      },
    });
  } finally {
    progress.stop();
  }
  return seconds;
}

const ccOf = ({ run }: WorkerOrder): string => run.parameters['cc'] ?? '';

const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
