/** `sluice list`: what can be run by name, and with which parameters. */
import type { Command } from 'commander';

export interface ListOptions {
  readonly json?: boolean;
}

export function addListCommand(program: Command): void {
  program
    .command('list')
    .summary('scenarios, controllers and queue disciplines, with their parameters')
    .description(
      'Lists the scenarios of the catalogue and the congestion controllers and the queue disciplines, with parameters.',
    )
    .option('--json', 'print the lists as JSON')
    .action(async (options: ListOptions) => {
      const { runList } = await import('../actions/list.ts');
      await runList(options);
    });
}
