/**
 * Runs the benchmarks, each in a child process of its own (call-site feedback is per process), and prints
 * what they print. `npm run bench` runs all, `npm run bench hold replay` those two.
 */
import { spawnSync } from 'node:child_process';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';

/** In order of running; the figures they stand for are in docs/performance.md. */
const SUITE = [
  'hold',
  'capture-read',
  'replay',
  'replay-loop',
  'garbage',
  'dumbbell',
  'incast',
  'fat-tree',
  'idle-connections',
  'deoptimisations',
  'checksum.bench',
  'dissect.bench',
] as const;
/** As `sluice replay` has it (cli/actions/replay). */
const REPLAY_OPTIONS = ['--max-inlined-bytecode-size-cumulative=3000'];
const V8_OPTIONS: Partial<Record<(typeof SUITE)[number], string[]>> = {
  hold: REPLAY_OPTIONS,
  'replay-loop': REPLAY_OPTIONS,
  'idle-connections': ['--expose-gc'],
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !SUITE.some((known) => known === name));
if (unknown.length > 0) {
  console.error(`bench: expected some of ${SUITE.join(', ')}, got ${unknown.join(', ')}`);
  process.exit(2);
}
const load = loadavg().map((value) => value.toFixed(2));
console.log(`Node ${process.version}, ${process.arch}, load average ${load.join(' ')}`);
let failed = false;
for (const name of SUITE) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`\n== ${name}`);
  const script = fileURLToPath(new URL(`${name}.js`, import.meta.url));
  const run = spawnSync(process.execPath, [...(V8_OPTIONS[name] ?? []), script], {
    stdio: 'inherit',
  });
  if (run.status !== 0) failed = true;
}
process.exit(failed ? 1 : 0);
