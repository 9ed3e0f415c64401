/**
 * Many random lists of operations on both ends of a connection. SLUICE_FUZZ_RUNS sets their number and
 * SLUICE_FUZZ_SEED the seed; a failure names what shows it again.
 */
import { it } from 'vitest';
import { checkOperations } from '../support/tcp-operations.ts';

const RUNS = Number(process.env['SLUICE_FUZZ_RUNS'] ?? 5000);
const SEED = Number(process.env['SLUICE_FUZZ_SEED'] ?? 1);

it(`keeps ${RUNS} lists of operations to the model: every byte once, in order, nobody stuck`, () => {
  checkOperations(SEED, RUNS);
});
