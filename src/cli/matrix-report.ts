/**
 * What `sluice matrix` prints: for each path and load a table of the metric card with a column a controller, the
 * harm of mixtures, failures, and the cost.
 */
import { countText, formatTable } from '../base/text-table.ts';
import type {
  MatrixCellResult,
  MatrixResult,
  MetricSummary,
} from '../scenario/matrix/matrix-result.ts';
import { METRICS, type MetricName } from '../scenario/matrix/metric-card.ts';
import type { MatrixCost } from './matrix-runs.ts';

/** Differences with a larger effect size are marked. */
const LARGE_EFFECT = 0.8;
/** Shares of the mean below which an interval is rounding. */
const NO_SPREAD = 1e-9;

/** @param columns at most, as long as two controllers fit beside each other */
export function formatMatrix(
  result: MatrixResult,
  metrics: readonly MetricName[],
  cost: MatrixCost,
  columns: number,
): string {
  const groups = new Map<string, MatrixCellResult[]>();
  for (const cell of result.cells) {
    const title = `${cell.path}, ${cell.load}`;
    groups.set(title, [...(groups.get(title) ?? []), cell]);
  }
  const { name, scenario, seeds, warmupSeconds, baseline } = result;
  const parts = [
    `Matrix    ${name}: ${scenario}, ${countText(seeds.length, 'seed')}, measured after ${warmupSeconds} s`,
    '          mean ± half of its 95 % interval; (k of n): only k runs had the figure',
    `          d: difference to ${baseline} on the same seeds, in standard deviations; * |d| > ${LARGE_EFFECT}, interval without 0`,
  ];
  for (const [title, cells] of groups) {
    parts.push('', title, ...formatCells(cells, metrics, result.reference, columns));
  }
  parts.push(...formatMixtures(result), ...formatFailures(result), '', formatCost(cost));
  return parts.join('\n');
}

/** As many controllers side by side as there is room for. */
function formatCells(
  cells: readonly MatrixCellResult[],
  metrics: readonly MetricName[],
  reference: string | undefined,
  columns: number,
): string[] {
  const robustness = (some: readonly MatrixCellResult[]) =>
    some.every((cell) => cell.robustness === undefined)
      ? []
      : [[`  goodput of ${reference}`, ...some.flatMap(robustnessTexts)]];
  const known = metrics.filter((name) => cells.some((cell) => cell.metrics[name] !== undefined));
  const table = (some: readonly MatrixCellResult[]) =>
    formatTable([
      ['  ', ...some.flatMap(headOf)],
      ...known.map((name) => [
        `  ${labelOf(name)}`,
        ...some.flatMap((cell) => textsOf(cell, name)),
      ]),
      ...robustness(some),
    ]);
  const widthOf = (text: string) => Math.max(...text.split('\n').map((line) => line.length));
  const tables: string[] = [];
  for (let from = 0, to = cells.length; from < cells.length; ) {
    const text = table(cells.slice(from, to));
    if (to - from > 1 && widthOf(text) > columns) {
      to--;
      continue;
    }
    tables.push(text);
    from = to;
    to = cells.length;
  }
  return tables;
}

const isBaseline = (cell: MatrixCellResult): boolean => cell.differences === undefined;

const headOf = (cell: MatrixCellResult): string[] =>
  isBaseline(cell) ? [cell.controller] : [cell.controller, 'd '];

function labelOf(metric: MetricName): string {
  const facts = METRICS.find(({ name }) => name === metric);
  return [facts?.label, facts?.unit].filter((text) => text !== '').join(' ');
}

function textsOf(cell: MatrixCellResult, metric: MetricName): string[] {
  const summary = cell.metrics[metric];
  const text = summary === undefined ? '-' : summaryText(summary, cell.runs);
  return isBaseline(cell) ? [text] : [text, effectText(cell, metric)];
}

function robustnessTexts(cell: MatrixCellResult): string[] {
  const { robustness } = cell;
  const text = robustness === undefined ? '-' : summaryText(robustness, cell.runs);
  return isBaseline(cell) ? [text] : [text, ''];
}

function summaryText({ mean, halfWidth95, runs }: MetricSummary, ofRuns: number): string {
  const some = runs < ofRuns ? ` (${runs} of ${ofRuns})` : '';
  const isSpread = halfWidth95 !== null && halfWidth95 > NO_SPREAD * Math.abs(mean);
  return `${figureText(mean, 4)}${isSpread ? ` ±${figureText(halfWidth95, 2)}` : ''}${some}`;
}

/** `-2.1*`; nothing where both are equal. */
function effectText(cell: MatrixCellResult, metric: MetricName): string {
  const difference = cell.differences?.[metric];
  if (difference === undefined || difference.halfWidth95 === null) return '';
  const { mean, halfWidth95, effectSize } = difference;
  if (mean === 0) return '0 ';
  const effect = effectSize ?? Math.sign(mean) * Number.POSITIVE_INFINITY;
  const isApart = Math.abs(mean) > halfWidth95 && Math.abs(effect) > LARGE_EFFECT;
  const size = Math.abs(effect) < 100 ? Math.abs(effect).toFixed(1) : '>99';
  return `${effect < 0 ? '-' : '+'}${size}${isApart ? '*' : ' '}`;
}

function figureText(value: number, digits: number): string {
  if (value === 0) return '0';
  if (Math.abs(value) < 1e-3) return value.toExponential(1);
  const text = Number(value.toPrecision(digits));
  return String(Math.abs(text) >= 10 ** digits ? Math.round(value) : text);
}

function formatMixtures({ cells }: MatrixResult): string[] {
  const text = (summary: MetricSummary | undefined) => {
    if (summary === undefined) return '-';
    const { mean, halfWidth95 } = summary;
    return `${mean.toFixed(3)}${halfWidth95 === null ? '' : ` ±${halfWidth95.toFixed(3)}`}`;
  };
  const rows = cells.flatMap(({ path, load, controller, harm, shares }) =>
    Object.entries(shares ?? {}).map(([cc, share]) => [
      `  ${path}, ${load}`,
      controller,
      cc,
      text(share),
      text(harm?.[cc]),
    ]),
  );
  if (rows.length === 0) return [];
  return [
    '',
    'Company   share of the goodput, and harm: what a flow loses of its goodput alone',
    formatTable([['  ', 'in', 'of', 'share', 'harm'], ...rows], 3),
  ];
}

/** Seeds that failed for one reason share a line. */
function formatFailures({ cells }: MatrixResult): string[] {
  const lines = cells.flatMap(({ controller, path, load, failures }) => {
    const reasons = [...new Set(failures.map(({ reason }) => reason))];
    return reasons.map((reason) => {
      const seeds = failures.filter((each) => each.reason === reason).map(({ seed }) => seed);
      const which = `${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')}`;
      return `  ${controller}, ${path}, ${load}, ${which}: ${reason}`;
    });
  });
  return lines.length === 0 ? [] : ['', 'Failed', ...lines];
}

export function formatCost({
  workers,
  runs,
  keptRuns,
  wallSeconds,
  cpuSeconds,
}: MatrixCost): string {
  const kept = keptRuns === 0 ? '' : `, ${keptRuns} kept from before`;
  return `Cost      ${countText(runs, 'run')} by ${countText(workers, 'worker')}${kept}, ${wallSeconds.toFixed(1)} s, ${cpuSeconds.toFixed(1)} s of CPU`;
}
