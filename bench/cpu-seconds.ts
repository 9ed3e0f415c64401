/** CPU time of whole programs. */
import { spawnSync } from 'node:child_process';

/** Runs a program to its end. bash's `time` counts its user and system seconds. */
export function cpuSeconds(
  program: string,
  ...options: string[]
): { seconds: number; output: string } {
  const script = 'TIMEFORMAT="%U %S"; time "$0" "$@" 2>/dev/null';
  const run = spawnSync('bash', ['-c', script, program, ...options], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (run.status !== 0) throw new Error(`${program} failed: ${run.stderr}`);
  const [user, system] = run.stderr.trim().split(' ');
  return { seconds: Number(user) + Number(system), output: run.stdout.trim() };
}
