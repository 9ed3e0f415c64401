/** `sluice analyze TRACE`: facts of a capture and a table of its flows. */
import type { Command } from 'commander';

export interface AnalyzeOptions {
  readonly flows?: string;
  readonly bursts?: string;
  readonly drain?: string;
  readonly inside?: string;
  readonly bound?: string;
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
    .option('--bursts <RATE>', 'bursts on a line of this rate, like 10Gbps: bins from 1 us to 1 s')
    .option('--drain <RATE>', 'rate of the port whose buffer is asked for (default: of the line)')
    .option(
      '--inside <CIDR,...>',
      'tells the two directions apart; else an interface is one stream',
    )
    .option('--bound <SIZE>', 'exit code 1 when that buffer would exceed it')
    .option('--json', 'print the result as JSON, with all flows')
    .option('--out <DIR>', 'write result.json there')
    .action(async (trace: string, options: AnalyzeOptions) => {
      const { runAnalyze } = await import('../actions/analyze.ts');
      await runAnalyze(trace, options);
    });
}
