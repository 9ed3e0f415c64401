/**
 * `sluice replay TRACE…`: replays captures open-loop through an emulated path, tells what the path did to
 * every flow, and writes the capture as it left the path.
 */
import { type Command, Option } from 'commander';
import { addPathOptions, PATH_GROUP, type PathOptions } from '../path-options.ts';

export interface ReplayOptions extends PathOptions {
  readonly scenario?: string;
  readonly inside?: string;
  readonly speed?: string;
  readonly loop?: string;
  readonly from?: string;
  readonly to?: string;
  readonly seed?: string;
  readonly wire?: 'lazy' | 'always';
  readonly json?: boolean;
  readonly out?: string;
  readonly queueEvents?: boolean;
}

export function addReplayCommand(program: Command): void {
  const command = program
    .command('replay')
    .summary('replay captures through an emulated path')
    .description(
      'Replays captures (pcap, pcapng, gzip; - reads a pipe) at their recorded times through an emulated ' +
        'path, and says what the path did to each flow. Packets enter from the side they came from. UP is ' +
        'client to server, DOWN server to client.',
    )
    .argument('<TRACE...>', 'captures; several are merged by time');
  addPathOptions(command);
  command
    .addOption(
      new Option('--scenario <FILE>', 'path from a YAML, JSON, .js or .ts file instead').helpGroup(
        PATH_GROUP,
      ),
    )
    .option(
      '--inside <CIDR,...>',
      "the client's side, like 10.0.0.0/8; else the opener is the client",
    )
    .option('--speed <FACTOR>', 'replay faster or slower, like 2x')
    .option('--loop <N>', 'replay N times, one after the other')
    .option('--from <TIME>', 'begin there: 5s after the first packet, or seconds since 1970')
    .option('--to <TIME>', 'end there')
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
    .addHelpText(
      'after',
      `
Examples:
  sluice replay office.pcap --rate 20Mbps --delay 20ms --queue 64KiB
  sluice replay office.pcap --rate 5Mbps/20Mbps --delay 10ms/10ms --loss 0.1%/1%
  sluice replay office.pcap --trace-down lte.down --queue 100packets --out out
  zcat day.pcap.gz | sluice replay - --rate 1Gbps --queue 1MiB --from 60s --to 120s --json`,
    )
    .action(async (traces: string[], options: ReplayOptions) => {
      const { runReplay } = await import('../actions/replay.ts');
      await runReplay(traces, options);
    });
}
