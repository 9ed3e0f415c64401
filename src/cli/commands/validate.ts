/** `sluice validate [NAME…]`: re-runs published results and recordings of Linux, and says whether ours agree. */
import type { Command } from 'commander';
import { NetError } from '../../base/errors.ts';

export interface ValidateOptions {
  readonly data?: string;
  readonly list?: boolean;
  readonly json?: boolean;
}

export function addValidateCommand(program: Command): void {
  program
    .command('validate')
    .summary('re-run published results and compare')
    .description(
      'Re-runs published results and prints theirs, ours, the tolerance and a verdict. A number that was read in\n' +
        'its source is judged; one that is only quoted or recalled is reported. `linux` compares with recordings of\n' +
        'the Linux kernel. Exit code 1 when something differs.',
    )
    .argument('[NAME...]', 'experiments; all when none is named')
    .option('--data <DIR>', 'for linux: the directory of the recordings')
    .option('--list', 'list the experiments')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  sluice validate --list
  sluice validate reno-response
  sluice validate --json
  sluice validate linux --data recordings`,
    )
    .action(async (names: string[], options: ValidateOptions) => {
      if (names.includes('linux')) {
        if (names.length > 1) throw NetError.value('experiments', 'linux alone', names.join(' '));
        const { runValidateLinux } = await import('../actions/validate-linux.ts');
        runValidateLinux(options);
        return;
      }
      if (options.data !== undefined) throw NetError.value('--data', 'linux', names.join(' '));
      const { runValidate } = await import('../actions/validate.ts');
      runValidate(names, options);
    });
}
