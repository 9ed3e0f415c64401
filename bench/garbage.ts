/**
 * Garbage collections of `sluice replay` by the length of the capture: those of 1 M records and of 4 M, through
 * one link that queues and drops. What a packet allocates would show as collections that grow with the length.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { largeCapture } from './captures.ts';
import { median } from './statistics.ts';

const MILLIONS = [1, 4];
/** The compiler's own garbage differs from run to run. */
const ROUNDS = 5;

const command = fileURLToPath(new URL('../dist/main.js', import.meta.url));

function replay(path: string): { collections: number; drops: string } {
  const options = ['--rate', '1Gbps/1Gbps', '--delay', '1ms', '--queue', '256KiB', '--json'];
  const run = spawnSync(process.execPath, ['--trace-gc', command, 'replay', path, ...options], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (run.status !== 0) throw new Error(run.stderr);
  const collections = run.stdout.match(/: (Scavenge|Mark-Compact) /g)?.length ?? 0;
  return { collections, drops: /"queueFull": (\d+)/.exec(run.stdout)?.[1] ?? '0' };
}

const counts: number[][] = MILLIONS.map(() => []);
for (let round = 0; round < ROUNDS; round++) {
  for (const [index, millions] of MILLIONS.entries()) {
    const { collections, drops } = replay(largeCapture(millions * 1_000_000, 96));
    counts[index]?.push(collections);
    if (round === 0) console.log(`${millions} M records: ${drops} frames dropped`);
  }
}
const tell = (each: number[]) => `${median(each)} [${Math.min(...each)} to ${Math.max(...each)}]`;
console.log(
  `garbage collections of 1 M and of 4 M records: ${counts.map(tell).join(' and ')} ` +
    '(goal: not more in the longer run)',
);
