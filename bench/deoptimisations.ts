/**
 * Whether V8 throws compiled code of a TCP run away after its first third, one with drops of a full queue and one
 * with random losses too: every such function is printed, and the goal is none. V8 logs what it does with the time since it started; the run says when it was warm.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SECONDS = 30;

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

function measure(name: string, rtt: string, loss: string): void {
  const log = join(tmpdir(), `sluice-deoptimisations-${process.pid}.log`);
  const script = fileURLToPath(new URL('transfer.js', import.meta.url));
  const options = ['--log-deopt', `--logfile=${log}`, '--no-logfile-per-isolate'];
  const run = spawnSync(process.execPath, [...options, script, String(SECONDS), rtt, loss], {
    encoding: 'utf8',
  });
  if (run.status !== 0) throw new Error(run.stderr);
  // V8 writes about each on standard output as well.
  const times = run.stdout.trim().split('\n').at(-1) ?? '';
  const [warmMs, endMs] = times.split(' ').map(Number) as [number, number];
  if (!(endMs > warmMs)) throw new Error(`expected two times, got ${times}`);
  const all = readLog(readFileSync(log, 'utf8')).filter(({ ms }) => ms < endMs);
  rmSync(log);
  const late = all.filter(({ ms }) => ms > warmMs);
  console.log(
    `dumbbell 1 Gbit/s, ${name}, of ${SECONDS} s: ${all.length - late.length} deoptimisations in the first third, ` +
      `${late.length} after it (goal 0)`,
  );
  for (const { place, reason } of late) console.log(`  ${place}: ${reason}`);
}

measure('20 ms', '20 ms', '0 %');
measure('5 ms, 5 % lost at random', '5 ms', '5 %');
