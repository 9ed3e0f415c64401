/**
 * The result of a matrix: per cell and figure the mean over seeds with its 95 % interval, per cell and
 * controller the difference to the baseline on the same seeds, and the harm that mixed controllers do each
 * other. It depends on the runs alone: not on how many workers made them, nor in what order.
 */
import { summarise } from '../../base/sample-statistics.ts';
import type { MatrixSpec } from './matrix-file.ts';
import { cellsOf, type MatrixCell, type MatrixRun, runsOf } from './matrix-plan.ts';
import { METRICS, type MetricName } from './metric-card.ts';
import type { FinishedRun, RunRecord } from './run-cell.ts';
import { aloneRuns } from './solo-runs.ts';

export interface MetricSummary {
  /** Runs that had the figure. */
  readonly runs: number;
  readonly mean: number;
  readonly standardDeviation: number;
  /** 95 % confidence interval of the mean: mean ± this; null for fewer than two runs. */
  readonly halfWidth95: number | null;
}

export interface MetricDifference {
  /** Runs of both with the same seed. */
  readonly pairs: number;
  /** This controller minus the baseline, mean over pairs, with its 95 % interval. */
  readonly mean: number;
  readonly halfWidth95: number | null;
  /** Mean difference over its standard deviation (Cohen's d of pairs); null when all differ equally. */
  readonly effectSize: number | null;
}

export interface MatrixCellResult {
  readonly controller: string;
  readonly path: string;
  readonly load: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly runs: number;
  /** Runs that ended without figures, with the reason. */
  readonly failures: readonly { readonly seed: number; readonly reason: string }[];
  readonly fingerprints: readonly string[];
  readonly metrics: Readonly<Partial<Record<MetricName, MetricSummary>>>;
  /** Against the baseline on the same path, load and seeds; absent for the baseline itself. */
  readonly differences?: Readonly<Partial<Record<MetricName, MetricDifference>>>;
  /** Goodput over that on the reference path, same controller, load and seed; absent without one, and there. */
  readonly robustness?: MetricSummary;
  /** Of mixed controllers, by name: part of the goodput that the flows of each have. */
  readonly shares?: Readonly<Record<string, MetricSummary>>;
  /**
   * Of mixed controllers, by name: (goodput of a flow alone on the path − its goodput here) / alone (Ware et
   * al. 2019). Absent where one controller is alone.
   */
  readonly harm?: Readonly<Record<string, MetricSummary>>;
}

export interface MatrixResult {
  readonly command: 'matrix';
  readonly name: string;
  readonly description: string;
  readonly scenario: string;
  readonly baseline: string;
  readonly reference?: string;
  readonly seeds: readonly number[];
  readonly warmupSeconds: number;
  readonly cells: readonly MatrixCellResult[];
}

/** @param recordOf gives the record of every run of the matrix */
export function assembleMatrix(
  spec: MatrixSpec,
  recordOf: (run: MatrixRun) => RunRecord | undefined,
): MatrixResult {
  const cells = cellsOf(spec);
  const finished = new Map(cells.map((cell) => [cell, finishedRuns(spec, cell, recordOf)]));
  const referenceRuns = ({ controller, load, path }: MatrixCell): SeedRuns => {
    if (path === spec.reference) return [];
    const of = cells.find(
      (cell) =>
        cell.controller === controller && cell.load === load && cell.path === spec.reference,
    );
    return of === undefined ? [] : (finished.get(of) as SeedRuns);
  };
  const baselineOf = (cell: MatrixCell) =>
    cells.find(
      ({ controller, path, load }) =>
        controller === spec.baseline && path === cell.path && load === cell.load,
    ) as MatrixCell;
  return {
    command: 'matrix',
    name: spec.name,
    description: spec.description,
    scenario: spec.scenario,
    baseline: spec.baseline,
    ...(spec.reference !== undefined && { reference: spec.reference }),
    seeds: spec.seeds,
    warmupSeconds: spec.warmupNs / 1e9,
    cells: cells.map((cell): MatrixCellResult => {
      const runs = finished.get(cell) as SeedRuns;
      const robustness = robustnessOf(runs, referenceRuns(cell));
      const harm = harmOf(spec, cell, runs, recordOf);
      return {
        ...facts(spec, cell, runs, recordOf),
        ...(cell.controller !== spec.baseline && {
          differences: differences(runs, finished.get(baselineOf(cell)) as SeedRuns),
        }),
        ...(robustness !== undefined && { robustness }),
        ...(runs.some((run) => Object.keys(run?.shareByCc ?? {}).length > 1) && {
          shares: sharesOf(runs),
        }),
        ...(harm !== undefined && { harm }),
      };
    }),
  };
}

/** Finished runs in the order of the seeds; undefined where a run failed. */
type SeedRuns = readonly (FinishedRun | undefined)[];

function finishedRuns(
  spec: MatrixSpec,
  cell: MatrixCell,
  recordOf: (run: MatrixRun) => RunRecord | undefined,
): SeedRuns {
  return runsOf(spec, cell).map((run) => {
    const record = recordOf(run);
    return record !== undefined && 'finished' in record ? record.finished : undefined;
  });
}

function facts(
  spec: MatrixSpec,
  cell: MatrixCell,
  runs: SeedRuns,
  recordOf: (run: MatrixRun) => RunRecord | undefined,
): Omit<MatrixCellResult, 'differences' | 'harm'> {
  const failures = runsOf(spec, cell).flatMap((run) => {
    const record = recordOf(run);
    const reason = record === undefined ? 'not run' : 'failure' in record ? record.failure : '';
    return reason === '' ? [] : [{ seed: run.seed, reason }];
  });
  const metrics: Partial<Record<MetricName, MetricSummary>> = {};
  for (const { name } of METRICS) {
    const values = runs.flatMap((run) => figure(run, name) ?? []);
    if (values.length > 0) metrics[name] = summaryOf(values);
  }
  return {
    controller: cell.controller,
    path: cell.path,
    load: cell.load,
    parameters: cell.parameters,
    runs: runs.filter((run) => run !== undefined).length,
    failures,
    fingerprints: runs.map((run) => run?.fingerprint ?? ''),
    metrics,
  };
}

const figure = (run: FinishedRun | undefined, name: MetricName) => run?.card[name] ?? undefined;

function summaryOf(values: readonly number[]): MetricSummary {
  const { count, mean, standardDeviation, halfWidth95 } = summarise(values);
  return { runs: count, mean, standardDeviation, halfWidth95 };
}

function differences(
  runs: SeedRuns,
  baseline: SeedRuns,
): Partial<Record<MetricName, MetricDifference>> {
  const all: Partial<Record<MetricName, MetricDifference>> = {};
  for (const { name } of METRICS) {
    const pairs = runs.flatMap((run, index) => {
      const own = figure(run, name);
      const other = figure(baseline[index], name);
      return own === undefined || other === undefined ? [] : [own - other];
    });
    if (pairs.length === 0) continue;
    const { count, mean, standardDeviation, halfWidth95 } = summarise(pairs);
    const effectSize = standardDeviation === 0 ? null : mean / standardDeviation;
    all[name] = { pairs: count, mean, halfWidth95, effectSize };
  }
  return all;
}

function robustnessOf(runs: SeedRuns, reference: SeedRuns): MetricSummary | undefined {
  const values = runs.flatMap((run, index) => {
    const own = figure(run, 'goodputMbps');
    const other = figure(reference[index], 'goodputMbps');
    return own === undefined || other === undefined || other === 0 ? [] : [own / other];
  });
  return values.length === 0 ? undefined : summaryOf(values);
}

function sharesOf(runs: SeedRuns): Record<string, MetricSummary> {
  const names = new Set(runs.flatMap((run) => Object.keys(run?.shareByCc ?? {})));
  return Object.fromEntries(
    [...names].map((name) => [name, summaryOf(runs.flatMap((run) => run?.shareByCc[name] ?? []))]),
  );
}

function harmOf(
  spec: MatrixSpec,
  cell: MatrixCell,
  runs: SeedRuns,
  recordOf: (run: MatrixRun) => RunRecord | undefined,
): Record<string, MetricSummary> | undefined {
  const harm: Record<string, MetricSummary> = {};
  for (const [cc, alone] of aloneRuns(spec, cell)) {
    const values = runs.flatMap((run, index) => {
      const record = recordOf(alone[index] as MatrixRun);
      const solo = record !== undefined && 'finished' in record ? record.finished : undefined;
      const own = run?.goodputMbpsByCc[cc];
      const best = solo?.goodputMbpsByCc[cc];
      return own === undefined || best === undefined || best === 0 ? [] : [(best - own) / best];
    });
    if (values.length > 0) harm[cc] = summaryOf(values);
  }
  return Object.keys(harm).length === 0 ? undefined : harm;
}
