/** `sluice validate [NAME…]`: re-runs published results and recordings of Linux, and says whether ours agree. */
import type { Command } from 'commander';
import { NetError } from '../../base/errors.ts';

export interface ValidateOptions {
  readonly data?: string;
  readonly seeds?: string;
  readonly workers?: string;
  readonly out?: string;
  readonly list?: boolean;
  readonly json?: boolean;
}

export function addValidateCommand(program: Command): void {
  program
    .command('validate')
    .summary('re-run published results and compare')
    .description(
      'Re-runs published results and prints theirs, ours, the tolerance and a verdict. A number that was read in\n' +
        'its source is judged; one that is only quoted or recalled is reported. Exit code 1 when something differs.\n' +
        '`linux` compares with recordings of the Linux kernel. `fairness` shows how flows share a bottleneck: RTTs\n' +
        'that differ, a late comer, CUBIC against BBR over buffers of 0.5 to 16 BDP.',
    )
    .argument('[NAME...]', 'experiments; all when none is named')
    .option('--data <DIR>', 'for linux: the directory of the recordings')
    .option('--seeds <N>', 'for fairness: seeds 1 to N')
    .option('--workers <N>', 'at a time (default: one a core)')
    .option(
      '--out <DIR>',
      'for fairness: write fairness.json, cost.json and the finished runs there',
    )
    .option('--list', 'list the experiments')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  sluice validate --list
  sluice validate reno-response
  sluice validate --json
  sluice validate linux --data recordings
  sluice validate fairness --out out`,
    )
    .action(async (names: string[], options: ValidateOptions) => {
      const alone = names.find((name) => name === 'linux' || name === 'fairness');
      if (alone !== undefined && names.length > 1) {
        throw NetError.value('experiments', `${alone} alone`, names.join(' '));
      }
      if (alone !== 'linux' && options.data !== undefined) {
        throw NetError.value('--data', 'linux', names.join(' '));
      }
      if (alone !== 'fairness' && (options.seeds ?? options.out) !== undefined) {
        const option = options.seeds === undefined ? '--out' : '--seeds';
        throw NetError.value(option, 'fairness', names.join(' '));
      }
      if (alone === 'linux') {
        const { runValidateLinux } = await import('../actions/validate-linux.ts');
        runValidateLinux(options);
        return;
      }
      if (alone === 'fairness') {
        const { runValidateFairness } = await import('../actions/validate-fairness.ts');
        await runValidateFairness(options);
        return;
      }
      const { runValidate } = await import('../actions/validate.ts');
      await runValidate(names, options);
    });
}
