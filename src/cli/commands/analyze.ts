/** `sluice analyze TRACE`: facts of a capture and a table of its flows. */
import type { Command } from 'commander';

export interface AnalyzeOptions {
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
    .action(async (trace: string, options: AnalyzeOptions) => {
      const { runAnalyze } = await import('../actions/analyze.ts');
      await runAnalyze(trace, options);
    });
}
