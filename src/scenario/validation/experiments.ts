/** The experiments that `sluice validate` knows, in the order in which they are run. */
import { NetError } from '../../base/errors.ts';
import type { Experiment } from './experiment.ts';
import { renoResponse } from './reno-response.ts';

export const EXPERIMENTS: readonly Experiment[] = [renoResponse];

/** All experiments for no names. Throws NetError for a name that is none. */
export function findExperiments(names: readonly string[]): readonly Experiment[] {
  if (names.length === 0) return EXPERIMENTS;
  return names.map((name) => {
    const experiment = EXPERIMENTS.find((candidate) => candidate.name === name);
    if (experiment !== undefined) return experiment;
    const known = ['linux', ...EXPERIMENTS.map((candidate) => candidate.name)].join(', ');
    throw NetError.value('experiment', `one of ${known}`, name);
  });
}
