/** What `sluice matrix` prints: a table a path and load, the harm of mixtures, failures, and the cost. */
import { countText, formatTable } from '../base/text-table.ts';
import type { MatrixCellResult, MatrixResult } from '../scenario/matrix/matrix-result.ts';
import { METRICS, type MetricName } from '../scenario/matrix/metric-card.ts';
import type { MatrixCost } from './actions/matrix.ts';

/** Differences with a larger effect size are marked. */
const LARGE_EFFECT = 0.8;

export function formatMatrix(
  result: MatrixResult,
  metrics: readonly MetricName[],
  cost: MatrixCost,
): string {
  const groups = new Map<string, MatrixCellResult[]>();
  for (const cell of result.cells) {
    const title = `${cell.path}, ${cell.load}`;
    groups.set(title, [...(groups.get(title) ?? []), cell]);
  }
  const { name, scenario, seeds, warmupSeconds, baseline } = result;
  const parts = [
    `Matrix    ${name}: ${scenario}, ${countText(seeds.length, 'seed')}, measured after ${warmupSeconds} s`,
    `          mean ± half of its 95 % interval; * differs from ${baseline} on the same seeds (interval without 0, |d| > ${LARGE_EFFECT})`,
  ];
  for (const [title, cells] of groups) {
    parts.push(
      '',
      formatTable([headOf(title, metrics), ...cells.map((cell) => rowOf(cell, metrics))]),
    );
  }
  parts.push(...formatHarm(result), ...formatFailures(result), '', formatCost(cost));
  return parts.join('\n');
}

function headOf(title: string, metrics: readonly MetricName[]): string[] {
  const units = new Map(METRICS.map(({ name, unit }) => [name, unit]));
  return [
    title,
    ...metrics.map((name) => {
      const unit = units.get(name) ?? '';
      const bare = name.replace(/(?:Mbps|Ms|Seconds)$/, '');
      return unit === '' ? bare : `${bare} ${unit}`;
    }),
  ];
}

function rowOf(cell: MatrixCellResult, metrics: readonly MetricName[]): string[] {
  return [`  ${cell.controller}`, ...metrics.map((metric) => cellText(cell, metric))];
}

function cellText(cell: MatrixCellResult, metric: MetricName): string {
  const summary = cell.metrics[metric];
  if (summary === undefined) return '-';
  const { mean, halfWidth95 } = summary;
  const spread = halfWidth95 === null ? '' : ` ±${halfWidth95.toPrecision(2)}`;
  return `${figureText(mean)}${spread}${isApart(cell, metric) ? '*' : ' '}`;
}

function isApart(cell: MatrixCellResult, metric: MetricName): boolean {
  const difference = cell.differences?.[metric];
  if (difference === undefined || difference.halfWidth95 === null) return false;
  const { mean, halfWidth95, effectSize } = difference;
  return Math.abs(mean) > halfWidth95 && Math.abs(effectSize ?? Infinity) > LARGE_EFFECT;
}

const figureText = (value: number): string =>
  value === 0
    ? '0'
    : Math.abs(value) < 1e-3
      ? value.toExponential(1)
      : String(Number(value.toPrecision(4)));

function formatHarm({ cells }: MatrixResult): string[] {
  const rows = cells.flatMap(({ path, load, controller, harm }) =>
    Object.entries(harm ?? {}).map(([cc, { mean, halfWidth95 }]) => [
      `  ${cc} in ${controller}, ${path}, ${load}`,
      mean.toFixed(3),
      halfWidth95 === null ? '' : `±${halfWidth95.toPrecision(2)}`,
    ]),
  );
  if (rows.length === 0) return [];
  return [
    '',
    'Harm      share of its goodput alone that a flow loses in company',
    formatTable(rows),
  ];
}

function formatFailures({ cells }: MatrixResult): string[] {
  const lines = cells.flatMap(({ controller, path, load, failures }) =>
    failures.map(
      ({ seed, reason }) => `  ${controller}, ${path}, ${load}, seed ${seed}: ${reason}`,
    ),
  );
  return lines.length === 0 ? [] : ['', 'Failed', ...lines];
}

function formatCost({ workers, runs, keptRuns, wallSeconds, cpuSeconds }: MatrixCost): string {
  const kept = keptRuns === 0 ? '' : `, ${keptRuns} kept from before`;
  return `Cost      ${countText(runs, 'run')} by ${countText(workers, 'worker')}${kept}, ${wallSeconds.toFixed(1)} s, ${cpuSeconds.toFixed(1)} s of CPU`;
}
