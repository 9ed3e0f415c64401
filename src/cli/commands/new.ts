/** `sluice new KIND NAME`: a file to begin with. */
import type { Command } from 'commander';

export interface NewOptions {
  readonly force?: boolean;
}

export function addNewCommand(program: Command): void {
  program
    .command('new')
    .summary('write a file to begin with: a congestion controller')
    .description(
      'Writes NAME.ts, or NAME.js when the name says so, into the current folder: a working controller (Reno)\n' +
        'to change, for --set cc=./NAME.ts and --cc ./NAME.ts.',
    )
    .argument('<KIND>', 'cc')
    .argument('<NAME>', 'a name in letters and digits, like Mine or Mine.js')
    .option('--force', 'replace a file that is there')
    .action(async (kind: string, name: string, options: NewOptions) => {
      const { runNew } = await import('../actions/new.ts');
      runNew(kind, name, options);
    });
}
