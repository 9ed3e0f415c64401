/**
 * The runs that harm is measured by: each controller of a mixture alone, one flow on the same path under the
 * same load. Scenarios without the parameter `flows` have none.
 */
import { findScenario } from '../catalog/catalog.ts';
import { parseNames } from '../parameters.ts';
import type { MatrixSpec } from './matrix-file.ts';
import { cellsOf, keyOf, type MatrixCell, type MatrixRun, runsOf } from './matrix-plan.ts';

/** By controller, in the order of the mixture; each in the order of the seeds. Empty for no mixture. */
export function aloneRuns(spec: MatrixSpec, cell: MatrixCell): Map<string, MatrixRun[]> {
  const names = new Set(parseNames(cell.parameters['cc'] ?? '') ?? []);
  if (names.size < 2 || findScenario(spec.scenario).parameters['flows'] === undefined)
    return new Map();
  return new Map(
    [...names].map((cc) => [
      cc,
      runsOf(spec, { ...cell, parameters: { ...cell.parameters, cc, flows: '1' } }),
    ]),
  );
}

/** Every run of the matrix once, those for harm last. */
export function allRuns(spec: MatrixSpec): MatrixRun[] {
  const cells = cellsOf(spec);
  const runs = [
    ...cells.flatMap((cell) => runsOf(spec, cell)),
    ...cells.flatMap((cell) => [...aloneRuns(spec, cell).values()].flat()),
  ];
  return [...new Map(runs.map((run) => [keyOf(run), run])).values()];
}
