/** `sluice analyze TRACE`: facts of a capture and a table of its flows. */
import type { Command } from 'commander';
import { analyzeCapture } from '../../analysis/analyze-capture.ts';
import { formatAnalysis } from '../../analysis/format-analysis.ts';
import { openCapture } from '../../edge/capture-input.ts';
import { parseCount } from '../option-values.ts';
import { OutputFolder } from '../output-folder.ts';
import { Progress } from '../progress.ts';
import { totalBytes } from '../scenario-files.ts';

interface AnalyzeOptions {
  readonly flows?: string;
  readonly json?: boolean;
  readonly out?: string;
}

export function addAnalyzeCommand(program: Command): void {
  program
    .command('analyze')
    .summary('facts of a capture and its flows')
    .description('Reads a capture (pcap, pcapng, gzip; - reads a pipe) and says what is in it.')
    .argument('<TRACE>', 'the capture')
    .option('--flows <N>', 'flows to show, those with the most bytes (default 20)')
    .option('--json', 'print the result as JSON, with all flows')
    .option('--out <DIR>', 'write result.json there')
    .action(runAnalyze);
}

async function runAnalyze(trace: string, options: AnalyzeOptions): Promise<void> {
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
