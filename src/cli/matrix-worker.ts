/** A worker of `sluice matrix`: runs what it is given, one run at a time. Loaded by the pool, not by name. */
import { loadControllers } from '../edge/load-controller.ts';
import { ControllerRegistry } from '../recovery/cc/controllers.ts';
import { controllersOf, type MatrixRun } from '../scenario/matrix/matrix-plan.ts';
import { type RunRecord, runCell } from '../scenario/matrix/run-cell.ts';
import type { LaneTask } from './worker-lanes.ts';

export interface WorkerOrder {
  readonly run: MatrixRun;
  /** Where paths of controllers begin. */
  readonly folder: string;
}

/** The record of a run, and the wall time that this thread took over it. */
export interface WorkerAnswer {
  readonly record: RunRecord;
  readonly seconds: number;
}

/** A thread loads a module once. */
const registry = ControllerRegistry.withBuiltIns();

export default async function runOne(task: LaneTask<WorkerOrder>): Promise<WorkerAnswer> {
  const { run, folder } = task.order;
  await loadControllers(registry, controllersOf(run), folder);
  const startedMs = performance.now();
  const record = runCell(run, registry, () => Atomics.add(task.progress, 0, 1));
  return { record, seconds: (performance.now() - startedMs) / 1e3 };
}
