/** What `sluice validate fairness` does: three standard matrices of flows that share a bottleneck. Loaded when it is called. */
import { parseMatrix } from '../../scenario/matrix/matrix-file.ts';
import type { ValidateOptions } from '../commands/validate.ts';
import { FAIRNESS_TABLES, formatFairness } from '../fairness-report.ts';
import { runMatrices } from '../matrix-runs.ts';
import { parseCount, parseWorkers } from '../option-values.ts';
import { OutputFolder } from '../output-folder.ts';
import { readPackageVersion } from '../package-version.ts';
import { RunJournal } from '../run-journal.ts';
import { readDocument } from '../scenario-files.ts';
import { standardMatrix } from '../standard-matrices.ts';

/** Throws NetError for an option that is no value. */
export async function runValidateFairness(options: ValidateOptions): Promise<void> {
  const workers = parseWorkers(options.workers);
  const matrices = await Promise.all(
    FAIRNESS_TABLES.map(async ({ matrix }) => {
      const input = (await readDocument(standardMatrix(matrix) ?? matrix)) as object;
      const seeds =
        options.seeds === undefined ? {} : { seeds: parseCount('--seeds', options.seeds) };
      return { spec: parseMatrix(matrix, { ...input, ...seeds }), folder: '.' };
    }),
  );
  const output = options.out === undefined ? undefined : new OutputFolder(options.out);
  const journal = new RunJournal(output?.pathOf('runs.jsonl'), readPackageVersion());
  const { results, cost } = await runMatrices(matrices, { label: 'fairness', workers, journal });
  const document = { command: 'validate fairness', matrices: results };
  output?.writeJson('fairness.json', document);
  output?.writeJson('cost.json', cost);
  const text = options.json
    ? JSON.stringify(document, undefined, 2)
    : formatFairness(results, cost) +
      (output === undefined ? '' : `\nResults   ${output.describe()}`);
  process.stdout.write(`${text}\n`);
}
