/** A worker of `sluice matrix`: runs what it is given, one run at a time. Loaded by the pool, not by name. */
import { ControllerRegistry } from '../recovery/cc/controllers.ts';
import type { MatrixRun } from '../scenario/matrix/matrix-plan.ts';
import { type RunRecord, runCell } from '../scenario/matrix/run-cell.ts';

/** The record of a run, and the CPU time that this thread took over it. */
export interface WorkerAnswer {
  readonly record: RunRecord;
  readonly seconds: number;
}

export default function runOne(run: MatrixRun): WorkerAnswer {
  const startedMs = performance.now();
  const record = runCell(run, ControllerRegistry.withBuiltIns());
  return { record, seconds: (performance.now() - startedMs) / 1e3 };
}
