/** What `sluice validate` prints: each experiment with its numbers, theirs beside ours, and totals. */
import { formatTable } from '../base/text-table.ts';
import {
  type Experiment,
  type ExperimentResult,
  FIRMNESS_TEXTS,
  formatTolerance,
  type ValidationRow,
  type Verdict,
} from '../scenario/validation/experiment.ts';

const VERDICTS: readonly Verdict[] = ['agrees', 'differs', 'reported'];

export function formatExperimentList(experiments: readonly Experiment[]): string {
  const rows = experiments.map(({ name, title, source, firmness, numbers }) => [
    name,
    title,
    `${source} (${FIRMNESS_TEXTS[firmness]})`,
    String(numbers),
  ]);
  return formatTable([['name', 'what', 'source', 'numbers'], ...rows], 3);
}

export function formatExperiments(results: readonly ExperimentResult[]): string {
  const rows = results.flatMap((result) => result.rows);
  const counts = VERDICTS.map((verdict) => {
    const count = rows.filter((row) => row.verdict === verdict).length;
    return `${count} ${verdict}`;
  });
  return [...results.map(formatExperiment), `Verdict   ${counts.join(', ')}`].join('\n\n');
}

function formatExperiment(result: ExperimentResult): string {
  const { name, title, source, firmness, method, seeds, rows } = result;
  const seedText = seeds.length === 1 ? `seed ${seeds[0]}` : `seeds ${seeds[0]} to ${seeds.at(-1)}`;
  return [
    `${name}: ${title}`,
    `  source  ${source} (${FIRMNESS_TEXTS[firmness]})`,
    `  ours    ${method}, ${seedText}`,
    formatTable(
      [['  number', 'theirs', 'ours', 'tolerance', 'verdict', ''], ...rows.map(formatRow)],
      1,
    ),
  ].join('\n');
}

function formatRow(row: ValidationRow): string[] {
  const { quantity, theirs, ours, tolerance, verdict, method, halfWidth } = row;
  const interval = halfWidth === undefined ? '' : ` ± ${figure(halfWidth)}`;
  const why = [method, row.reportedBecause].filter((text) => text !== undefined);
  return [
    `  ${quantity}`,
    figure(theirs),
    figure(ours) + interval,
    formatTolerance(tolerance),
    verdict,
    why.join('; '),
  ];
}

function figure(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3) return value.toExponential(2);
  return size >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(4)));
}
