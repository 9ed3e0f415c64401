/** `sluice matrix FILE`: a grid of controllers, paths, loads and seeds, with confidence intervals. */
import type { Command } from 'commander';

export interface MatrixOptions {
  readonly cc?: readonly string[];
  readonly seeds?: string;
  readonly workers?: string;
  readonly metrics?: string;
  readonly json?: boolean;
  readonly out?: string;
}

export function addMatrixCommand(program: Command): void {
  program
    .command('matrix')
    .summary('compare controllers over a grid of paths, loads and seeds')
    .description(
      'Runs every controller on every path under every load with every seed, in parallel, and prints the\n' +
        'mean and the 95 % confidence interval of each figure, the difference to the baseline on the same\n' +
        'seeds, and the harm of mixed controllers. FILE is YAML, JSON, .js or .ts, or the name of a standard matrix\n' +
        '(see sluice list). With --out, finished runs are kept and an interrupted matrix goes on.',
    )
    .argument('<FILE>', 'a matrix file, or the name of a standard one')
    .option('--cc <NAME...>', 'controllers instead of those in the file')
    .option('--seeds <N>', 'seeds 1 to N instead of those in the file')
    .option('--workers <N>', 'runs at a time (default: one a core)')
    .option('--metrics <NAMES>', 'figures of the table, like jain,queueDelayP99Ms', (text) => text)
    .option('--json', 'print the result as JSON')
    .option('--out <DIR>', 'write matrix.json, cost.json and the finished runs there')
    .addHelpText(
      'after',
      `
Examples:
  sluice matrix wired --out out
  sluice matrix mine.yaml --cc cubic bbr --seeds 20 --metrics goodputMbps,queueDelayP95Ms`,
    )
    .action(async (file: string, options: MatrixOptions) => {
      const { runMatrix } = await import('../actions/matrix.ts');
      await runMatrix(file, options);
    });
}
