import { describe, expect, it } from 'vitest';
import { runExperiment } from '../../src/scenario/validation/experiment.ts';
import { EXPERIMENTS } from '../../src/scenario/validation/experiments.ts';

describe('published results', () => {
  it.each(EXPERIMENTS.map((experiment) => [experiment.name, experiment] as const))(
    'agree: %s',
    (_, experiment) => {
      const { rows } = runExperiment(experiment);
      expect(rows.filter(({ verdict }) => verdict === 'differs')).toEqual([]);
      expect(rows.length).toBe(experiment.numbers);
    },
    600_000,
  );
});
