/** `sluice run SCENARIO`: runs a scenario of the catalogue with real transports in virtual time. */
import { type Command, Option } from 'commander';

export interface RunOptions {
  readonly set?: readonly string[];
  readonly sweep?: string;
  readonly seed?: string;
  readonly wire?: 'lazy' | 'always';
  readonly json?: boolean;
  readonly out?: string;
  readonly queueEvents?: boolean;
  readonly snaplen?: string;
}

const collect = (value: string, before: readonly string[] = []): string[] => [...before, value];

export function addRunCommand(program: Command): void {
  program
    .command('run')
    .summary('run a scenario: real TCP over emulated links')
    .description(
      'Runs a scenario of the catalogue: real TCP connections over emulated links, in virtual time, and says\n' +
        'what each flow and each link did. `sluice list` shows the scenarios and their parameters.',
    )
    .argument(
      '<SCENARIO>',
      'name in the catalogue, like dumbbell, or a file: YAML, JSON, .js or .ts',
    )
    .option(
      '--set <NAME=VALUE>',
      'set a parameter, like rate=20Mbps, or a field of a file, like links.0.rate=20Mbps; may be repeated',
      collect,
    )
    .option('--sweep <NAME=VALUES>', 'a run for each value, like senders=8,32,128, and one table')
    .option('--seed <N>', 'seed of all chance (default 1)')
    .addOption(
      new Option(
        '--wire <MODE>',
        'encode and decode frames at every link: slower, same result',
      ).choices(['lazy', 'always']),
    )
    .option('--json', 'print the result as JSON')
    .option('--out <DIR>', 'write result.json, series.json and trace.pcapng there')
    .option(
      '--queue-events',
      'with --out, what became of every frame at every queue, in queue-events.csv',
    )
    .option('--snaplen <SIZE>', 'cut packets of the trace, like 96B')
    .addHelpText(
      'after',
      `
Examples:
  sluice run dumbbell --set rate=20Mbps --set rtt=40ms --set queue=100000B --set cc=reno,cubic
  sluice run dumbbell --set flows=16 --set rate=1Gbps --set rtt=20ms --set duration=10s --json
  sluice run incast --sweep senders=8,16,32,64,128 --set rate=1Gbps --set rtoMin=200us
  sluice run leaf-spine --set pattern=random --set size=web-search --set load=60% --set duration=100ms
  sluice run office.yaml --set links.uplink.rate=5Mbps --set traffic.0.cc=./mine.js
  sluice run dumbbell --set loss=1% --set size=10MB --set duration=60s --out out --snaplen 96B`,
    )
    .action(async (scenario: string, options: RunOptions) => {
      const { runRun } = await import('../actions/run.ts');
      await runRun(scenario, options);
    });
}
