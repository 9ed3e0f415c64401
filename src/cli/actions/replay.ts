/** What `sluice replay` does. Loaded when it is called: a run needs more than its options. */
import { setFlagsFromString } from 'node:v8';
import { NetError } from '../../base/errors.ts';
import { openCapture } from '../../edge/capture-input.ts';
import { type ReplayRequest, replayCaptures } from '../../scenario/replay-captures.ts';
import { parseScenario } from '../../scenario/schema.ts';
import type { CaptureInstant } from '../../traffic/replay-source.ts';
import type { ReplayOptions } from '../commands/replay.ts';
import { CostMeter } from '../cost.ts';
import { parseBlock, parseCount, parseInstant, parseSeed, parseSpeed } from '../option-values.ts';
import { OutputFolder, openQueueEvents } from '../output-folder.ts';
import { pathFromOptions } from '../path-from-options.ts';
import { Progress } from '../progress.ts';
import { formatReplay } from '../replay-report.ts';
import {
  isPipe,
  type LoadedScenario,
  loadScenarioFile,
  loadTraceTexts,
  totalBytes,
} from '../scenario-files.ts';

/** Throws NetError for a mistake in an option or a file. */
export async function runReplay(traces: string[], options: ReplayOptions): Promise<void> {
  const cost = new CostMeter();
  // The path of one frame is a chain of small functions, longer than V8's budget for inlining into one:
  // 806 to 637 ns a frame with a larger one (Node 20.20, bench/replay-loop, machine loaded). Runs of TCP are
  // better off without: theirs would be compiled for longer than they run.
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=3000');
  const { spec, name, folder } = await loadSpec(options);
  const from = optional(options.from, (text) => parseInstant('--from', text));
  const to = optional(options.to, (text) => parseInstant('--to', text));
  if (from !== undefined && to !== undefined && isAfter(from, to)) {
    throw NetError.value('--to', `an end not before --from ${options.from}`, options.to);
  }
  const rounds = optional(options.loop, (text) => parseCount('--loop', text));
  checkInputs(traces, rounds ?? spec.replay?.loop ?? 1);
  const request: ReplayRequest = {
    scenario: spec,
    name,
    traces: loadTraceTexts(spec, folder),
    captures: traces.map((trace) => ({
      name: trace === '-' ? 'standard input' : trace,
      open: () => openCapture(trace),
    })),
    seed: optional(options.seed, (text) => parseSeed('--seed', text)),
    inside: optional(options.inside, (text) =>
      text.split(',').map((block) => parseBlock('--inside', block)),
    ),
    speed: optional(options.speed, (text) => parseSpeed('--speed', text)),
    rounds,
    wire: options.wire,
    from,
    to,
  };
  const output = optional(options.out, (path) => new OutputFolder(path));
  const progress = new Progress('replaying', totalBytes(traces) * (rounds ?? 1));
  const { result, queues } = await replayCaptures({
    ...request,
    traceSink: output?.openTrace(),
    queueEvents: openQueueEvents(options.queueEvents, output),
    onProgress: (bytes) => progress.update(bytes),
  }).finally(() => {
    progress.stop();
    output?.close();
  });
  const withCost = { ...result, cost: cost.take(result.engine.deliveredPackets) };
  output?.writeJson('result.json', withCost);
  output?.writeJson('series.json', { queues });
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(withCost, undefined, 2)}\n`);
    return;
  }
  process.stdout.write(`${formatReplay(result, queues)}\n`);
  if (output !== undefined) process.stdout.write(`Results   ${output.describe()}\n`);
}

/** Whether `one` is later for sure: of two forms, which is later depends on the capture. */
function isAfter(one: CaptureInstant, other: CaptureInstant): boolean {
  if ('sinceStartNs' in one) {
    return 'sinceStartNs' in other && one.sinceStartNs > other.sinceStartNs;
  }
  if ('sinceStartNs' in other) return false;
  const seconds = one.epochSeconds - other.epochSeconds;
  return seconds > 0 || (seconds === 0 && one.epochNanoseconds > other.epochNanoseconds);
}

/** `read(text)` when the option was given. */
const optional = <T>(text: string | undefined, read: (text: string) => T): T | undefined =>
  text === undefined ? undefined : read(text);

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
  const pipe = traces.find(isPipe);
  if (pipe !== undefined && rounds > 1) {
    throw NetError.value('--loop', 'files, since a pipe can be read only once', pipe);
  }
}
