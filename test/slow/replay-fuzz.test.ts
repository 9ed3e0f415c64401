/**
 * Mutated real captures through `analyze` and `replay` over random paths: no crash, no hang, no memory that
 * grows, books that balance. SLUICE_FUZZ_RUNS sets the number of cases, SLUICE_FUZZ_SEED the first one; a
 * failure names the seed that shows it again.
 */
import { expect, it } from 'vitest';
import { fuzzReplay, loadSources, type Met, Watchdog } from '../support/replay-fuzz.ts';

const RUNS = Number(process.env['SLUICE_FUZZ_RUNS'] ?? 100_000);
const FIRST_SEED = Number(process.env['SLUICE_FUZZ_SEED'] ?? 1);
const HEAP_GROWTH_MAX = 64 << 20;
const RSS_MAX = 1 << 30;

it(`replays ${RUNS} mutated captures without crash, hang or growth`, async () => {
  const sources = loadSources();
  const watchdog = new Watchdog();
  const met: Met = new Map();
  let heapBefore = 0;
  let rssMax = 0;
  for (let run = 0; run < RUNS; run++) {
    if (run === RUNS >> 3) heapBefore = process.memoryUsage().heapUsed;
    const seed = FIRST_SEED + run;
    watchdog.note(seed);
    try {
      await fuzzReplay(sources, seed, met);
    } catch (error) {
      throw new Error(`seed ${seed}: ${error}`, { cause: error });
    }
    if (run % 100 === 0) rssMax = Math.max(rssMax, process.memoryUsage.rss());
  }
  await watchdog.stop();
  console.log(Object.fromEntries(met), `RSS up to ${rssMax >> 20} MiB`);
  expect(met.get('replayed')).toBeGreaterThan(RUNS / 2);
  expect(met.get('refused')).toBeGreaterThan(RUNS / 100);
  expect(process.memoryUsage().heapUsed - heapBefore).toBeLessThan(HEAP_GROWTH_MAX);
  expect(rssMax).toBeLessThan(RSS_MAX);
});
