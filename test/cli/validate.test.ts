/** `sluice validate` as a user runs it: results in the order of the list, whatever the threads. */
import { expect, it } from 'vitest';
import type { ExperimentResult } from '../../src/scenario/validation/experiment.ts';
import { sluice } from '../support/command.ts';

it('judges what was read in its source, and reports what is recalled', async () => {
  const ran = await sluice(['validate', 'bbr-startup', 'bbr3-startup', '--json']);
  expect(ran).toMatchObject({ status: 0, stderr: '' });
  const { experiments } = JSON.parse(ran.stdout) as { experiments: ExperimentResult[] };
  expect(experiments.map(({ name }) => name)).toEqual(['bbr-startup', 'bbr3-startup']);
  const verdicts = experiments.map(({ rows }) => [...new Set(rows.map(({ verdict }) => verdict))]);
  expect(verdicts).toEqual([['reported'], ['agrees']]);
});
