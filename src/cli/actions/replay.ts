/** What `sluice replay` does. Loaded when it is called: a run needs more than its options. */
import { NetError } from '../../base/errors.ts';
import { openCapture } from '../../edge/capture-input.ts';
import { assembleReplay, queueSeriesOf } from '../../scenario/assemble-replay.ts';
import { buildPath } from '../../scenario/build-path.ts';
import { ReplayRun } from '../../scenario/replay-run.ts';
import { parseScenario } from '../../scenario/schema.ts';
import { DEFAULT_SEED, type ReplayOptions } from '../commands/replay.ts';
import { CostMeter } from '../cost.ts';
import { parseBlock, parseCount, parseInstant, parseSeed, parseSpeed } from '../option-values.ts';
import { OutputFolder } from '../output-folder.ts';
import { pathFromOptions } from '../path-from-options.ts';
import { Progress } from '../progress.ts';
import { formatReplay } from '../replay-report.ts';
import {
  type LoadedScenario,
  loadScenarioFile,
  loadTraceTexts,
  totalBytes,
} from '../scenario-files.ts';

/** Throws NetError for a mistake in an option or a file. */
export async function runReplay(traces: string[], options: ReplayOptions): Promise<void> {
  const cost = new CostMeter();
  const { spec, name, folder } = await loadSpec(options);
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

async function loadSpec(options: ReplayOptions): Promise<LoadedScenario> {
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
