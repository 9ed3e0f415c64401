/**
 * Packet-hops a CPU second: a fat tree of 128 hosts (k = 8), each sending to one other, as the command runs it.
 * A hop is a frame that leaves a link, ACKs among them. Whole processes, and what a longer run adds, which is
 * without starting and compiling.
 */
import { fileURLToPath } from 'node:url';
import { cpuSeconds } from './cpu-seconds.ts';
import { median } from './statistics.ts';

const ROUNDS = 3;
const GOAL = 1e6;
const SIZES_MB = [5, 20];

interface Result {
  readonly completion: { readonly completed: number; readonly lastMs: number };
  readonly conservation: { readonly forwardedPackets: number };
  readonly links: readonly { readonly queueDrops: number }[];
  readonly fairness: { readonly jain: number };
}

function run(sizeMb: number): { seconds: number; result: Result } {
  const command = fileURLToPath(new URL('../dist/main.js', import.meta.url));
  const settings = ['k=8', 'pattern=permutation', `size=${sizeMb}MB`];
  const { seconds, output } = cpuSeconds(
    process.execPath,
    ...[command, 'run', 'fat-tree', '--json', ...settings.flatMap((text) => ['--set', text])],
  );
  return { seconds, result: JSON.parse(output) as Result };
}

const times = new Map(SIZES_MB.map((size) => [size, [] as number[]]));
const hops: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  SIZES_MB.forEach((size, index) => {
    const { seconds, result } = run(size);
    times.get(size)?.push(seconds);
    hops[index] = result.conservation.forwardedPackets;
    if (round > 0) return;
    const drops = result.links.reduce((sum, link) => sum + link.queueDrops, 0);
    const { completed, lastMs } = result.completion;
    console.log(
      `${size} MB a flow: ${hops[index]} packet-hops, ${completed} flows done, last ${lastMs.toFixed(1)} ms, ` +
        `${drops} drops, Jain ${result.fairness.jain.toFixed(3)}`,
    );
  });
}
const [short, long] = [...times.values()].map(median) as [number, number];
const [few, many] = hops as [number, number];
const inMillions = (rate: number) => (rate / 1e6).toFixed(2);
console.log(
  `whole process: ${inMillions(many / long)} M packet-hops/CPU s (goal >= ${GOAL / 1e6} M)`,
);
console.log(`what the longer run adds: ${inMillions((many - few) / (long - short))} M`);
