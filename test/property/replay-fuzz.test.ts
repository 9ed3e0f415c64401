/** A few hundred cases of the fuzzer; test/slow/replay-fuzz.test.ts runs 100,000. */
import { expect, it } from 'vitest';
import { fuzzReplay, loadSources, type Met, Watchdog } from '../support/replay-fuzz.ts';

const RUNS = 200;

it('replays mutated captures over random paths without crash, and its books balance', async () => {
  const sources = loadSources();
  const watchdog = new Watchdog();
  const met: Met = new Map();
  for (let seed = 1; seed <= RUNS; seed++) {
    watchdog.note(seed);
    try {
      await fuzzReplay(sources, seed, met);
    } catch (error) {
      throw new Error(`seed ${seed}: ${error}`, { cause: error });
    }
  }
  await watchdog.stop();
  expect(met.get('replayed')).toBeGreaterThan(RUNS / 2);
  for (const name of [
    'refused',
    'malformed',
    'superSegments',
    'copies',
    'queueFull',
    'randomLoss',
  ]) {
    expect(met.get(name), name).toBeGreaterThan(0);
  }
});
