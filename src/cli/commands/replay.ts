/**
 * `sluice replay TRACE…`: replays captures open-loop through an emulated path, tells what the path did to
 * every flow, and writes the capture as it left the path.
 */
import { type Command, Option } from 'commander';
import { NetError } from '../../base/errors.ts';
import { openCapture } from '../../edge/capture-input.ts';
import { assembleReplay, queueSeriesOf } from '../../scenario/assemble-replay.ts';
import { buildPath } from '../../scenario/build-path.ts';
import { ReplayRun } from '../../scenario/replay-run.ts';
import { parseScenario, type ScenarioSpec } from '../../scenario/schema.ts';
import { CostMeter } from '../cost.ts';
import { parseBlock, parseCount, parseInstant, parseSeed, parseSpeed } from '../option-values.ts';
import { OutputFolder } from '../output-folder.ts';
import { addPathOptions, PATH_GROUP, type PathOptions, pathFromOptions } from '../path-options.ts';
import { Progress } from '../progress.ts';
import { formatReplay } from '../replay-report.ts';
import { loadScenarioFile, loadTraceTexts, totalBytes } from '../scenario-files.ts';

interface ReplayOptions extends PathOptions {
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
}

const DEFAULT_SEED = 1;

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
      new Option('--scenario <FILE>', 'path from a YAML or JSON file instead').helpGroup(
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
    .option('--seed <N>', `seed of all chance (default ${DEFAULT_SEED})`)
    .addOption(
      new Option(
        '--wire <MODE>',
        'encode and decode frames at every link: slower, same result',
      ).choices(['lazy', 'always']),
    )
    .option('--json', 'print the result as JSON')
    .option('--out <DIR>', 'write result.json, series.json and trace.pcapng there')
    .addHelpText(
      'after',
      `
Examples:
  sluice replay office.pcap --rate 20Mbps --delay 20ms --queue 64KiB
  sluice replay office.pcap --rate 5Mbps/20Mbps --delay 10ms/10ms --loss 0.1%/1%
  sluice replay office.pcap --trace-down lte.down --queue 100packets --out out
  zcat day.pcap.gz | sluice replay - --rate 1Gbps --queue 1MiB --from 60s --to 120s --json`,
    )
    .action(runReplay);
}

async function runReplay(traces: string[], options: ReplayOptions): Promise<void> {
  const cost = new CostMeter();
  const { spec, name, folder } = loadSpec(options);
  const path = buildPath(spec, loadTraceTexts(spec, folder));
  const rounds =
    options.loop === undefined ? (spec.replay?.loop ?? 1) : parseCount('--loop', options.loop);
  checkInputs(traces, rounds);
  const output = options.out === undefined ? undefined : new OutputFolder(options.out);
  const run = new ReplayRun({
    scenario: name,
    seed:
      options.seed === undefined ? (spec.seed ?? DEFAULT_SEED) : parseSeed('--seed', options.seed),
    path,
    captures: traces.map((trace) => ({
      name: trace === '-' ? 'standard input' : trace,
      open: () => openCapture(trace),
    })),
    inside:
      options.inside?.split(',').map((text) => parseBlock('--inside', text)) ??
      spec.replay?.inside ??
      [],
    timing: {
      speed:
        options.speed === undefined
          ? (spec.replay?.speed ?? 1)
          : parseSpeed('--speed', options.speed),
      from: parseInstant('--from', options.from),
      to: parseInstant('--to', options.to),
    },
    rounds,
    wireAlways: (options.wire ?? spec.wire) === 'always',
    traceSink: output?.openTrace(),
  });
  const progress = new Progress('replaying', totalBytes(traces) * rounds);
  try {
    await run.run((bytes) => progress.update(bytes));
  } finally {
    progress.stop();
    output?.closeTrace();
  }
  const result = { ...assembleReplay(run), cost: cost.take(run.deliveredFrames) };
  output?.writeJson('result.json', result);
  output?.writeJson('series.json', { queues: queueSeriesOf(run) });
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
    return;
  }
  process.stdout.write(`${formatReplay(result)}\n`);
  if (output !== undefined) process.stdout.write(`Results   ${output.describe()}\n`);
}

function loadSpec(options: ReplayOptions): { spec: ScenarioSpec; name: string; folder: string } {
  const path = pathFromOptions(options);
  if (options.scenario === undefined) {
    return { spec: parseScenario('options', { path: path ?? {} }), name: 'options', folder: '.' };
  }
  if (path !== undefined) {
    throw new NetError(
      'ERR_OPTIONS',
      '--scenario: expected either a scenario file or options that shape the path, got both',
    );
  }
  return loadScenarioFile(options.scenario);
}

function checkInputs(traces: readonly string[], rounds: number): void {
  const pipes = traces.filter((trace) => trace === '-').length;
  if (pipes > 1) throw NetError.value('TRACE', 'standard input (-) at most once', traces.join(' '));
  if (pipes > 0 && rounds > 1) {
    throw NetError.value('--loop', 'files, since standard input can be read only once', '-');
  }
}
