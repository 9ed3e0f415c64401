/**
 * What `sluice validate fairness` prints: a table for each of its matrices, rows being the paths. These figures are
 * measurements without a published number to hold them against, so there is no verdict.
 */
import { countText, formatTable } from '../base/text-table.ts';
import type {
  MatrixCellResult,
  MatrixResult,
  MetricSummary,
} from '../scenario/matrix/matrix-result.ts';
import { formatCost } from './matrix-report.ts';
import type { MatrixCost } from './matrix-runs.ts';

interface FairnessTable {
  /** Name of the standard matrix. */
  readonly matrix: string;
  readonly title: string;
  /** Of the rows. */
  readonly path: string;
  readonly columns: (cell: MatrixCellResult) => readonly {
    readonly head: string;
    readonly figure: MetricSummary | undefined;
    readonly digits: number;
  }[];
}

export const FAIRNESS_TABLES: readonly FairnessTable[] = [
  {
    matrix: 'rtt-fairness',
    title: 'RTT unfairness: goodput of the flow with 20 ms over that of the other, after 20 s',
    path: 'RTTs',
    columns: ({ controller, metrics }) => [
      { head: controller, figure: metrics.rttFairness, digits: 2 },
    ],
  },
  {
    matrix: 'late-comer',
    title:
      'Late comer: seconds from its start until both flows are within 20 % of their share for a second;\n' +
      '          (k of n): in the others never, in 60 s',
    path: 'buffer',
    columns: ({ controller, metrics }) => [
      { head: controller, figure: metrics.convergenceSeconds, digits: 1 },
      { head: 'Jain', figure: metrics.jain, digits: 2 },
    ],
  },
  {
    matrix: 'cubic-bbr',
    title: 'CUBIC against BBR, a flow each: share of the goodput, after 30 s',
    path: 'buffer',
    columns: ({ shares = {} }) =>
      Object.entries(shares).map(([cc, share]) => ({ head: cc, figure: share, digits: 3 })),
  },
];

/** @param results in the order of the tables */
export function formatFairness(results: readonly MatrixResult[], cost: MatrixCost): string {
  const seeds = results[0]?.seeds.length ?? 0;
  const parts = [
    `Fairness  flows that share 20 Mb/s, base RTT 40 ms, drop-tail, ${countText(seeds, 'seed')}; mean ± half of its 95 % interval`,
  ];
  for (const [index, result] of results.entries()) {
    const table = FAIRNESS_TABLES[index] as FairnessTable;
    parts.push('', table.title, formatPaths(table, result), ...failuresOf(result));
  }
  return [...parts, '', formatCost(cost)].join('\n');
}

function formatPaths({ path, columns }: FairnessTable, { cells }: MatrixResult): string {
  const paths = [...new Set(cells.map((cell) => cell.path))];
  const ofPath = (name: string) => cells.filter((cell) => cell.path === name);
  const heads = ofPath(paths[0] as string).flatMap((cell) => columns(cell).map(({ head }) => head));
  const rows = paths.map((name) => [
    `  ${name}`,
    ...ofPath(name).flatMap((cell) =>
      columns(cell).map(({ figure, digits }) => summaryText(figure, cell.runs, digits)),
    ),
  ]);
  return formatTable([[`  ${path}`, ...heads], ...rows]);
}

function summaryText(summary: MetricSummary | undefined, runs: number, digits: number): string {
  if (summary === undefined) return runs === 0 ? '-' : `never`;
  const { mean, halfWidth95 } = summary;
  const spread = halfWidth95 === null ? '' : ` ±${halfWidth95.toFixed(digits)}`;
  const some = summary.runs < runs ? ` (${summary.runs} of ${runs})` : '';
  return `${mean.toFixed(digits)}${spread}${some}`;
}

const failuresOf = ({ cells }: MatrixResult): string[] =>
  cells.flatMap(({ controller, path, failures }) =>
    failures.map(({ seed, reason }) => `  ${controller}, ${path}, seed ${seed}: ${reason}`),
  );
