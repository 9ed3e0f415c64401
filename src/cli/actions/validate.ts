/** What `sluice validate` does. Loaded when it is called. */
import { type ExperimentResult, runExperiment } from '../../scenario/validation/experiment.ts';
import { EXPERIMENTS, findExperiments } from '../../scenario/validation/experiments.ts';
import type { ValidateOptions } from '../commands/validate.ts';
import { NUMBERS, Progress } from '../progress.ts';
import { formatExperimentList, formatExperiments } from '../validation-report.ts';

const SOMETHING_DIFFERS = 1;

export function runValidate(names: readonly string[], options: ValidateOptions): void {
  const experiments = findExperiments(names);
  if (options.list === true) {
    const facts = EXPERIMENTS.map(({ run: _, ...rest }) => rest);
    const text = options.json ? JSON.stringify({ experiments: facts }, undefined, 2) : undefined;
    process.stdout.write(`${text ?? formatExperimentList(EXPERIMENTS)}\n`);
    return;
  }
  const total = experiments.reduce((sum, { numbers }) => sum + numbers, 0);
  const progress = new Progress('validating', total, NUMBERS);
  let done = 0;
  const results: ExperimentResult[] = [];
  try {
    for (const experiment of experiments) {
      results.push(runExperiment(experiment, () => progress.update(++done)));
    }
  } finally {
    progress.stop();
  }
  const text = options.json
    ? JSON.stringify({ command: 'validate', experiments: results }, undefined, 2)
    : formatExperiments(results);
  process.stdout.write(`${text}\n`);
  const differs = results.some(({ rows }) => rows.some(({ verdict }) => verdict === 'differs'));
  if (differs) process.exitCode = SOMETHING_DIFFERS;
}
