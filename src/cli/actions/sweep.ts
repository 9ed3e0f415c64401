/**
 * What `sluice run --sweep` does: one run for each value of a parameter, and a table of what the whole of each came
 * to, like goodput against the number of senders of an incast. Loaded when it is called.
 */
import { NetError } from '../../base/errors.ts';
import { bytesText, countText, formatTable } from '../../base/text-table.ts';
import type { RunSettings } from '../../scenario/run-catalog.ts';
import type { RunResult } from '../../scenario/run-result.ts';
import { CostMeter } from '../cost.ts';
import { OutputFolder } from '../output-folder.ts';
import { Progress } from '../progress.ts';
import { loadRunner } from '../run-sources.ts';

export interface SweepRequest {
  readonly scenario: string;
  /** `NAME=VALUE,VALUE`. */
  readonly sweep: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly settings: RunSettings;
  readonly isJson: boolean;
  readonly out: string | undefined;
}

/** What is kept of each run: all but its single flows. */
type SweptRun = Omit<RunResult, 'flows' | 'command'> & { readonly value: string };

/** Throws NetError for a mistake in the sweep, a parameter or a file. */
export async function runSweep(request: SweepRequest): Promise<void> {
  const { scenario, parameters, settings, isJson, out } = request;
  const cost = new CostMeter();
  const { name, values } = parseSweep(request.sweep);
  const progress = new Progress('running', values.length, { name: 'runs', size: 1 });
  const runs: SweptRun[] = [];
  let delivered = 0;
  try {
    for (const [done, value] of values.entries()) {
      const run = await loadRunner(scenario, { ...parameters, [name]: value });
      const { flows: _, command: __, ...result } = run(settings).result;
      runs.push({ value, ...result });
      delivered += result.engine.deliveredPackets;
      progress.update(done + 1);
    }
  } finally {
    progress.stop();
  }
  const result = { command: 'run', scenario, sweep: name, runs, cost: cost.take(delivered) };
  const output = out === undefined ? undefined : new OutputFolder(out);
  output?.writeJson('result.json', result);
  output?.close();
  if (runs.some(({ checks }) => checks.some(({ holds }) => !holds))) process.exitCode = 1;
  const text = isJson ? JSON.stringify(result, undefined, 2) : formatSweep(scenario, name, runs);
  process.stdout.write(`${text}\n`);
}

function parseSweep(text: string): { readonly name: string; readonly values: string[] } {
  const at = text.indexOf('=');
  const values = text
    .slice(at + 1)
    .split(',')
    .map((value) => value.trim());
  if (at < 1 || values.some((value) => value === '')) {
    throw NetError.value('--sweep', 'NAME=VALUE,VALUE like senders=8,32,128', text);
  }
  return { name: text.slice(0, at).trim(), values };
}

function formatSweep(scenario: string, name: string, runs: readonly SweptRun[]): string {
  const [first] = runs;
  const others = Object.entries(first?.parameters ?? {}).filter(([key]) => key !== name);
  const failed = runs.flatMap(({ value, checks }) =>
    checks
      .filter(({ holds }) => !holds)
      .map((check) => `Check     ${check.name} FAILED at ${name} ${value}: ${check.detail}`),
  );
  return [
    `Scenario  ${scenario}, seed ${first?.seed}: ${others.map((pair) => pair.join('=')).join(' ')}`,
    '',
    formatTable([
      [
        name,
        'done',
        'Mbps',
        'first ms',
        'median',
        'last',
        'RTOs',
        'drops',
        'CE marks',
        'queue peak',
        'wait p99 ms',
      ],
      ...runs.map(rowOf),
    ]),
    ...failed,
    '',
    `Runs      ${countText(runs.length, 'run')}, frames balance at every port of each`,
  ].join('\n');
}

/** Drops and marks of the links that the scenario tells of, the deepest queue and the longest wait of them. */
function rowOf({ value, completion, links }: SweptRun): string[] {
  const most = (figure: (link: (typeof links)[number]) => number) =>
    Math.max(0, ...links.map(figure));
  const sum = (figure: (link: (typeof links)[number]) => number) =>
    links.reduce((total, link) => total + figure(link), 0);
  return [
    value,
    completion === undefined ? '-' : `${completion.completed} of ${completion.flows}`,
    figureText(completion?.goodputMbps),
    figureText(completion?.firstMs),
    figureText(completion?.medianMs),
    figureText(completion?.lastMs),
    String(completion?.timeouts ?? '-'),
    String(sum(({ queueDrops }) => queueDrops)),
    String(sum(({ ceMarks }) => ceMarks)),
    bytesText(most(({ peakQueueBytes }) => peakQueueBytes)),
    figureText(most(({ p99QueueDelayMs }) => p99QueueDelayMs)),
  ];
}

function figureText(value: number | null | undefined): string {
  if (value === null || value === undefined) return '-';
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
