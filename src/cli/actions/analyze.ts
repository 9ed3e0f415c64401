/** What `sluice analyze` does. Loaded when it is called. */
import { analyzeCapture } from '../../analysis/analyze-capture.ts';
import { formatAnalysis } from '../../analysis/format-analysis.ts';
import { openCapture } from '../../edge/capture-input.ts';
import type { AnalyzeOptions } from '../commands/analyze.ts';
import { parseCount } from '../option-values.ts';
import { OutputFolder } from '../output-folder.ts';
import { Progress } from '../progress.ts';
import { totalBytes } from '../scenario-files.ts';

/** Throws NetError for a mistake in an option or a file. */
export async function runAnalyze(trace: string, options: AnalyzeOptions): Promise<void> {
  const maxFlows = options.flows === undefined ? undefined : parseCount('--flows', options.flows);
  const source = await openCapture(trace);
  const progress = new Progress('reading', totalBytes([trace]));
  const name = trace === '-' ? 'standard input' : trace;
  const result = await analyzeCapture(source, name, (bytes) => progress.update(bytes)).finally(
    () => {
      progress.stop();
      source.close();
    },
  );
  if (options.out !== undefined) new OutputFolder(options.out).writeJson('result.json', result);
  const text =
    options.json === true
      ? JSON.stringify(result, undefined, 2)
      : formatAnalysis(result, maxFlows === undefined ? {} : { maxFlows });
  process.stdout.write(`${text}\n`);
}
