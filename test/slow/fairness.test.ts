/** `sluice validate fairness` as a whole, with few seeds: what is known of these controllers must be there. */
import { expect, it } from 'vitest';
import type { MatrixResult } from '../../src/scenario/matrix/matrix-result.ts';
import { sluice } from '../support/command.ts';

it('shows RTT unfairness, a late comer, and CUBIC against BBR over buffers', async () => {
  const ran = await sluice(['validate', 'fairness', '--seeds', '3', '--json']);
  expect(ran).toMatchObject({ status: 0, stderr: '' });
  const { matrices } = JSON.parse(ran.stdout) as { matrices: MatrixResult[] };
  const [rtts, late, buffers] = matrices as [MatrixResult, MatrixResult, MatrixResult];
  for (const { cells } of matrices) {
    for (const { failures, runs } of cells) expect([failures.length, runs]).toEqual([0, 3]);
  }
  const reno = rtts.cells.filter(({ controller }) => controller === 'reno');
  const ratios = reno.map(({ metrics }) => metrics.rttFairness?.mean as number);
  // Reno's goodput falls with its RTT (Mathis 1997), the more the longer it is.
  expect(ratios[0]).toBeGreaterThan(1);
  expect(ratios[2]).toBeGreaterThan(ratios[0] as number);
  expect(late.cells.every(({ metrics }) => (metrics.jain?.mean as number) > 0.5)).toBe(true);
  const bbr = buffers.cells.filter(({ controller }) => controller === 'cubic with bbr');
  const shares = bbr.map(({ shares: of = {} }) => of['bbr']?.mean as number);
  // Version 1 takes nearly all of a shallow buffer's link and less than half of a deep one's (Hock et al. 2017).
  expect(shares[0]).toBeGreaterThan(0.75);
  expect(shares.at(-1)).toBeLessThan(0.5);
}, 600_000);
