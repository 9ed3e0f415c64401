/** `sluice validate [NAME…]`: re-runs published results, and says whether ours agree. */
import type { Command } from 'commander';

export interface ValidateOptions {
  readonly list?: boolean;
  readonly json?: boolean;
}

export function addValidateCommand(program: Command): void {
  program
    .command('validate')
    .summary('re-run published results and compare')
    .description(
      'Re-runs published results and prints theirs, ours, the tolerance and a verdict. A number that was read in\n' +
        'its source is judged; one that is only quoted or recalled is reported. Exit code 1 when one differs.',
    )
    .argument('[NAME...]', 'experiments; all when none is named')
    .option('--list', 'list the experiments')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  sluice validate --list
  sluice validate reno-response
  sluice validate --json`,
    )
    .action(async (names: string[], options: ValidateOptions) => {
      const { runValidate } = await import('../actions/validate.ts');
      runValidate(names, options);
    });
}
