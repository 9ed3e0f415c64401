/** What `sluice validate` does. Loaded when it is called. */
import type { ExperimentResult } from '../../scenario/validation/experiment.ts';
import { EXPERIMENTS, findExperiments } from '../../scenario/validation/experiments.ts';
import type { ValidateOptions } from '../commands/validate.ts';
import { parseWorkers } from '../option-values.ts';
import { NUMBERS, Progress } from '../progress.ts';
import { formatExperimentList, formatExperiments } from '../validation-report.ts';
import { runInLanes } from '../worker-lanes.ts';

const SOMETHING_DIFFERS = 1;

export async function runValidate(
  names: readonly string[],
  options: ValidateOptions,
): Promise<void> {
  const experiments = findExperiments(names);
  if (options.list === true) {
    const facts = EXPERIMENTS.map(({ run: _, ...rest }) => rest);
    const text = options.json ? JSON.stringify({ experiments: facts }, undefined, 2) : undefined;
    process.stdout.write(`${text ?? formatExperimentList(EXPERIMENTS)}\n`);
    return;
  }
  const total = experiments.reduce((sum, { numbers }) => sum + numbers, 0);
  const progress = new Progress('validating', total, NUMBERS);
  const results = new Map<string, ExperimentResult>();
  try {
    await runInLanes<string, ExperimentResult[]>({
      worker: 'validate-worker.js',
      // Those with the most runs first, so that no long one is left at the end.
      orders: [...experiments]
        .sort((a, b) => b.seeds.length * b.numbers - a.seeds.length * a.numbers)
        .map(({ name }) => name),
      workers: parseWorkers(options.workers),
      onAnswer: (name, answers) => {
        for (const answer of answers) results.set(name, answer);
      },
      onProgress: (done) => progress.update(done),
    });
  } finally {
    progress.stop();
  }
  report(
    experiments.map(({ name }) => results.get(name) as ExperimentResult),
    options,
  );
}

function report(results: readonly ExperimentResult[], options: ValidateOptions): void {
  const text = options.json
    ? JSON.stringify({ command: 'validate', experiments: results }, undefined, 2)
    : formatExperiments(results);
  process.stdout.write(`${text}\n`);
  const differs = results.some(({ rows }) => rows.some(({ verdict }) => verdict === 'differs'));
  if (differs) process.exitCode = SOMETHING_DIFFERS;
}
