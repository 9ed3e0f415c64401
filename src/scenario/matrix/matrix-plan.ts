/** From the file of a matrix to its cells and runs, in the one order that results have. */
import { findScenario } from '../catalog/catalog.ts';
import { type ParameterTexts, parseNames } from '../parameters.ts';
import type { MatrixSpec } from './matrix-file.ts';

/** For latency under load, unless the file says otherwise. */
const PROBE = '50 ms';

/** One controller on one path under one load: as many runs as there are seeds. */
export interface MatrixCell {
  readonly controller: string;
  readonly path: string;
  readonly load: string;
  /** Of the scenario, `cc` among them. */
  readonly parameters: ParameterTexts;
}

/** What a worker needs to know of a run. Plain data. */
export interface MatrixRun {
  readonly scenario: string;
  readonly parameters: ParameterTexts;
  readonly seed: number;
  readonly warmupNs: number;
}

export function cellsOf(spec: MatrixSpec): MatrixCell[] {
  const cells: MatrixCell[] = [];
  const hasProbe = findScenario(spec.scenario).parameters['probe'] !== undefined;
  const usual = hasProbe ? { probe: PROBE } : {};
  for (const [path, pathTexts] of Object.entries(spec.paths)) {
    for (const [load, loadTexts] of Object.entries(spec.loads)) {
      for (const { name, cc } of spec.controllers) {
        const parameters = { ...usual, ...pathTexts, ...loadTexts, cc };
        cells.push({ controller: name, path, load, parameters });
      }
    }
  }
  return cells;
}

/** The runs of a cell, in the order of the seeds. */
export function runsOf(spec: MatrixSpec, cell: MatrixCell): MatrixRun[] {
  const { scenario, seeds, warmupNs } = spec;
  return seeds.map((seed) => ({ scenario, parameters: cell.parameters, seed, warmupNs }));
}

/** Names of the controllers of a run. */
export const controllersOf = ({ parameters }: MatrixRun): readonly string[] =>
  parseNames(parameters['cc'] ?? '') ?? [];

/**
 * Names a run by all that its result depends on, so that a finished one is recognised when the matrix is
 * run again, also after the file has changed elsewhere.
 */
export function keyOf(run: MatrixRun): string {
  const parameters = Object.entries(run.parameters).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([run.scenario, parameters, run.seed, run.warmupNs]);
}
