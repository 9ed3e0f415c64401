/**
 * Whether V8 throws compiled code of a TCP run away after its first third: every such function is printed, and
 * the goal is none. V8 logs what it does with the time since it started; the run says when it was warm.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SECONDS = 12;

const log = join(tmpdir(), `sluice-deoptimisations-${process.pid}.log`);
const script = fileURLToPath(new URL('transfer.js', import.meta.url));
const options = ['--log-deopt', `--logfile=${log}`, '--no-logfile-per-isolate'];
const run = spawnSync(process.execPath, [...options, script, String(SECONDS)], {
  encoding: 'utf8',
});
if (run.status !== 0) throw new Error(run.stderr);
const warmMs = Number(run.stdout);

interface Deoptimisation {
  readonly ms: number;
  readonly place: string;
  readonly reason: string;
}

/** Lines like `code-deopt,1234567,…,<file:line:column>…,reason`: the time is in microseconds. */
function readLog(text: string): Deoptimisation[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('code-deopt,'))
    .map((line) => {
      const fields = line.split(',');
      const place = line.match(/<[^>]*\/([^/>]*)>/)?.[1] ?? 'unknown';
      return { ms: Number(fields[1]) / 1000, place, reason: fields.at(-1) ?? '' };
    });
}

const all = readLog(readFileSync(log, 'utf8'));
rmSync(log);
const late = all.filter(({ ms }) => ms > warmMs);
console.log(
  `dumbbell 1 Gbit/s of ${SECONDS} s: ${all.length - late.length} deoptimisations in the first third, ` +
    `${late.length} after it (goal 0)`,
);
for (const { place, reason } of late) console.log(`  ${place}: ${reason}`);
