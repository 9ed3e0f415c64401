/** What `sluice run` does. Loaded when it is called. */
import { setFlagsFromString } from 'node:v8';
import { NetError } from '../../base/errors.ts';
import { EXPECTED, parseBytes } from '../../scenario/quantity.ts';
import type { RunSettings } from '../../scenario/run-catalog.ts';
import type { TraceRequest } from '../../scenario/trace-taps.ts';
import type { RunOptions } from '../commands/run.ts';
import { CostMeter } from '../cost.ts';
import { parseSeed } from '../option-values.ts';
import { OutputFolder, openQueueEvents } from '../output-folder.ts';
import { Progress, VIRTUAL_SECONDS } from '../progress.ts';
import { formatRun } from '../run-report.ts';
import { loadRunner, type ScenarioRunner } from '../run-sources.ts';
import { runSweep } from './sweep.ts';

/** Throws NetError for a mistake in an option, a file or a module. */
export async function runRun(scenario: string, options: RunOptions): Promise<void> {
  const cost = new CostMeter();
  keepHeapSmall();
  const { seed: seedText, ...parameters } = parseSettings(options.set ?? []);
  const seed = options.seed ?? seedText;
  const snapLength = options.snaplen === undefined ? 0 : parseSnapLength(options.snaplen);
  if (options.sweep !== undefined) {
    const settings = { ...(seed !== undefined && { seed: parseSeed('--seed', seed) }) };
    const { sweep, json: isJson = false, out } = options;
    await runSweep({ scenario, sweep, parameters, settings, isJson, out });
    return;
  }
  const run = await loadRunner(scenario, parameters);
  const output = options.out === undefined ? undefined : new OutputFolder(options.out);
  const queueEvents = openQueueEvents(options.queueEvents, output);
  const trace: TraceRequest | undefined = output && { sink: output.openTrace(), snapLength };
  let progress: Progress | undefined;
  const settings: RunSettings = {
    ...(seed !== undefined && { seed: parseSeed('--seed', seed) }),
    ...(options.wire && { wire: options.wire }),
    ...(trace && { trace }),
    keepsSeries: output !== undefined,
    queueEvents,
    onProgress(nowNs, endNs) {
      progress ??= new Progress('running', endNs, VIRTUAL_SECONDS);
      progress.update(nowNs);
    },
  };
  const { result, series } = runToEnd(run, settings, () => {
    progress?.stop();
    output?.close();
  });
  const withCost = { ...result, cost: cost.take(result.engine.deliveredPackets) };
  output?.writeJson('result.json', withCost);
  output?.writeJson('series.json', series);
  if (result.checks.some(({ holds }) => !holds)) process.exitCode = 1;
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(withCost, undefined, 2)}\n`);
    return;
  }
  process.stdout.write(`${formatRun(withCost)}\n`);
  if (output !== undefined) process.stdout.write(`Results   ${output.describe()}\n`);
}

/**
 * What a run allocates is nearly all of its set-up, and stays, for hot code makes no garbage: the room that V8 would
 * leave in its heap, half as much again, and young spaces of 16 MB would be of no use.
 */
function keepHeapSmall(): void {
  setFlagsFromString('--optimize-for-size');
  setFlagsFromString('--semi-space-growth-factor=1');
}

function runToEnd(run: ScenarioRunner, settings: RunSettings, end: () => void) {
  try {
    return run(settings);
  } finally {
    end();
  }
}

/** `NAME=VALUE` texts; the last of a name counts. */
function parseSettings(settings: readonly string[]): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const setting of settings) {
    const at = setting.indexOf('=');
    if (at < 1) throw NetError.value('--set', 'NAME=VALUE like rate=20Mbps', setting);
    texts[setting.slice(0, at).trim()] = setting.slice(at + 1).trim();
  }
  return texts;
}

function parseSnapLength(text: string): number {
  const bytes = parseBytes(text);
  if (bytes === undefined || bytes < 1) throw NetError.value('--snaplen', EXPECTED.bytes, text);
  return bytes;
}
