/** What `sluice analyze` does. Loaded when it is called. */
import { analyzeCapture } from '../../analysis/analyze-capture.ts';
import type { BurstOptions } from '../../analysis/burst-facts.ts';
import { formatAnalysis } from '../../analysis/format-analysis.ts';
import { NetError } from '../../base/errors.ts';
import { openCapture } from '../../edge/capture-input.ts';
import { EXPECTED, parseBytes, parseRate } from '../../scenario/quantity.ts';
import type { AnalyzeOptions } from '../commands/analyze.ts';
import { parseBlock, parseCount } from '../option-values.ts';
import { OutputFolder } from '../output-folder.ts';
import { Progress } from '../progress.ts';
import { totalBytes } from '../scenario-files.ts';

/** Throws NetError for a mistake in an option or a file. */
export async function runAnalyze(trace: string, options: AnalyzeOptions): Promise<void> {
  const maxFlows = options.flows === undefined ? undefined : parseCount('--flows', options.flows);
  const bursts = parseBursts(options);
  const source = await openCapture(trace);
  const progress = new Progress('reading', totalBytes([trace]));
  const name = trace === '-' ? 'standard input' : trace;
  const onProgress = (bytes: number) => progress.update(bytes);
  const result = await analyzeCapture(source, name, onProgress, bursts).finally(() => {
    progress.stop();
    source.close();
  });
  if (options.out !== undefined) new OutputFolder(options.out).writeJson('result.json', result);
  const text =
    options.json === true
      ? JSON.stringify(result, undefined, 2)
      : formatAnalysis(result, maxFlows === undefined ? {} : { maxFlows });
  process.stdout.write(`${text}\n`);
  if (result.bursts?.bound?.holds === false) process.exitCode = 1;
}

function parseBursts({ bursts, drain, inside, bound }: AnalyzeOptions): BurstOptions | undefined {
  if (bursts === undefined) {
    const [alone] = Object.entries({ drain, inside, bound }).filter(
      ([, text]) => text !== undefined,
    );
    if (alone !== undefined) throw NetError.value(`--${alone[0]}`, 'it beside --bursts', alone[1]);
    return undefined;
  }
  const drainRate = drain === undefined ? undefined : parseRateOption('--drain', drain);
  const boundBytes = bound === undefined ? undefined : parseBytes(bound);
  if (bound !== undefined && boundBytes === undefined) {
    throw NetError.value('--bound', EXPECTED.bytes, bound);
  }
  return {
    rate: parseRateOption('--bursts', bursts),
    ...(drainRate !== undefined && { drainRate }),
    ...(boundBytes !== undefined && { boundBytes }),
    ...(inside !== undefined && {
      inside: inside.split(',').map((block) => parseBlock('--inside', block)),
    }),
  };
}

function parseRateOption(option: string, text: string): number {
  const rate = parseRate(text);
  if (rate === undefined) throw NetError.value(option, EXPECTED.rate, text);
  return rate;
}
