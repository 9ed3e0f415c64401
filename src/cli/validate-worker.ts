/** A worker of `sluice validate`: runs an experiment by its name. Loaded by the pool, not by name. */
import { type ExperimentResult, runExperiment } from '../scenario/validation/experiment.ts';
import { findExperiments } from '../scenario/validation/experiments.ts';
import type { LaneTask } from './worker-lanes.ts';

export default function runOne({ order, progress }: LaneTask<string>): ExperimentResult[] {
  return findExperiments([order]).map((experiment) =>
    runExperiment(experiment, () => Atomics.add(progress, 0, 1)),
  );
}
