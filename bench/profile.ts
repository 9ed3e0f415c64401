/**
 * Where the time of a TCP run goes, per function: `node dist-bench/profile.js [FILE]` takes V8's sampling
 * profile of a long dumbbell (bench/transfer), after its warm-up third and as a whole, and writes a table. What
 * V8 inlines counts for the function that was inlined.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cpuSeconds } from './cpu-seconds.ts';
import { median } from './statistics.ts';

const SECONDS = 30;
const INTERVAL_US = 250;
const ROWS = 40;
const ROUNDS = 3;

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      readonly lineNumber: number;
    };
  }[];
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** The source file of each line of a bundle: esbuild names it in a comment before its code. */
class SourceLines {
  readonly #files = new Map<string, string[]>();

  fileAt(url: string, line: number): string {
    if (!url.startsWith('file:')) return url === '' ? 'V8' : 'Node';
    let files = this.#files.get(url);
    if (files === undefined) {
      files = SourceLines.#read(readFileSync(fileURLToPath(url), 'utf8'));
      this.#files.set(url, files);
    }
    return files[line] ?? '';
  }

  static #read(text: string): string[] {
    let current = '';
    return text.split('\n').map((line) => {
      current = line.match(/^\/\/ (?:src\/)?(\S+\.ts)$/)?.[1] ?? current;
      return current;
    });
  }
}

function takeProfile(): { profile: Profile; warmMs: number } {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-profile-'));
  const script = fileURLToPath(new URL('transfer.js', import.meta.url));
  const options = ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-interval=${INTERVAL_US}`];
  const run = spawnSync(process.execPath, [...options, script, String(SECONDS)], {
    encoding: 'utf8',
  });
  if (run.status !== 0) throw new Error(run.stderr);
  const file = readdirSync(folder)[0] as string;
  const profile = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Profile;
  rmSync(folder, { recursive: true });
  return { profile, warmMs: Number(run.stdout.split(' ')[0]) };
}

/** Shares of the samples from a time of the run on, by function and file. */
function sharesAfter(profile: Profile, fromMs: number): Map<string, number> {
  const lines = new SourceLines();
  const nodes = new Map(profile.nodes.map((node) => [node.id, node.callFrame]));
  const times = new Map<string, number>();
  let us = 0;
  let total = 0;
  profile.samples.forEach((sample, index) => {
    const delta = profile.timeDeltas[index] ?? 0;
    us += delta;
    if (us / 1000 < fromMs) return;
    const frame = nodes.get(sample);
    if (frame === undefined) return;
    const name = (frame.functionName || '(module)').replace(/^\$/, '#');
    const key = `\`${name}\` | ${lines.fileAt(frame.url, frame.lineNumber)}`;
    times.set(key, (times.get(key) ?? 0) + delta);
    total += delta;
  });
  return new Map([...times].map(([key, time]) => [key, time / total]));
}

interface Costs {
  readonly nodeSeconds: number;
  /** Of threads beside the main one in the short run; undefined where that is not known. */
  readonly compilerSeconds: number | undefined;
  readonly startSeconds: number;
  readonly shortSeconds: number;
  readonly longSeconds: number;
  readonly shortPackets: number;
  readonly longPackets: number;
}

/** The median of what threads beside the main one take in a run of the command. */
function compilerSeconds(command: string, options: readonly string[]): number | undefined {
  const hook = new URL('thread-times.js', import.meta.url).href;
  const times = Array.from({ length: ROUNDS }, () => {
    const run = spawnSync(process.execPath, ['--import', hook, command, ...options], {
      encoding: 'utf8',
    });
    return Number(run.stderr.trim().split(' ')[1]) / 1e9;
  });
  return times.every(Number.isFinite) ? median(times) : undefined;
}

/** CPU seconds of whole processes: an empty one, the command without a run, a run of 60 s and one of 240 s. */
function measureCosts(): Costs {
  const command = fileURLToPath(new URL('../dist/main.js', import.meta.url));
  const path = ['rate=100Mbps', 'rtt=40ms', 'flows=4', 'stagger=137us'];
  let packets = 0;
  const optionsOf = (duration: string) => [
    ...['run', 'dumbbell', '--json'],
    ...[...path, `duration=${duration}`].flatMap((text) => ['--set', text]),
  ];
  const run = (duration: string) => {
    const times: number[] = [];
    const options = optionsOf(duration);
    for (let round = 0; round < ROUNDS; round++) {
      const { seconds, output } = cpuSeconds(process.execPath, command, ...options);
      packets = (JSON.parse(output) as { engine: { deliveredPackets: number } }).engine
        .deliveredPackets;
      times.push(seconds);
    }
    return median(times);
  };
  const empty = Array.from(
    { length: ROUNDS },
    () => cpuSeconds(process.execPath, '-e', '0').seconds,
  );
  const startSeconds = run('1ms');
  const shortSeconds = run('60s');
  const shortPackets = packets;
  const longSeconds = run('240s');
  return {
    nodeSeconds: median(empty),
    compilerSeconds: compilerSeconds(command, optionsOf('60s')),
    startSeconds,
    shortSeconds,
    longSeconds,
    shortPackets,
    longPackets: packets,
  };
}

/** What of a run of a second or two is not spent on packets. */
function describeCosts(costs: Costs): string[] {
  const { nodeSeconds, startSeconds, shortSeconds, longSeconds, shortPackets, longPackets } = costs;
  const packetSeconds = (longSeconds - shortSeconds) / (longPackets - shortPackets);
  const warmSeconds = shortSeconds - startSeconds - packetSeconds * shortPackets;
  const { compilerSeconds: compiling } = costs;
  const ofCompiler =
    compiling === undefined ? 'counts as well' : `takes ${compiling.toFixed(2)} s of it`;
  return [
    '## What limits short runs',
    '',
    `The dumbbell of 100 Mbit/s, 40 ms and 4 flows for 60 s delivers ${shortPackets} packets in`,
    `${shortSeconds.toFixed(2)} CPU s (user and system of the whole process). Of these`,
    '',
    `- ${nodeSeconds.toFixed(2)} s start Node, and ${(startSeconds - nodeSeconds).toFixed(2)} s more load the command and build the network;`,
    `- ${warmSeconds.toFixed(2)} s go until the code is compiled: V8 interprets it first, and its compiler, on threads of`,
    `  its own, ${ofCompiler};`,
    `- ${(packetSeconds * shortPackets).toFixed(2)} s move packets: ${(packetSeconds * 1e9).toFixed(0)} ns for each, found from a run four times as long.`,
    '',
    'An ahead-of-time compiled simulator has none of the first two. No option of V8 shortens them: see',
    'docs/performance.md. Per packet there are 4.5 events (three links',
    'there, three back for every second packet), one segment built and one and a half received.',
    '',
  ];
}

const FOLDERS = ['engine', 'frame', 'net', 'recovery', 'tcp', 'stack', 'traffic', 'base', 'V8'];

function byFolder(shares: Map<string, number>): string[] {
  const sums = new Map<string, number>();
  for (const [key, share] of shares) {
    const folder = key.split(' | ')[1]?.split('/')[0] ?? '';
    const name = FOLDERS.includes(folder) ? folder : 'rest';
    sums.set(name, (sums.get(name) ?? 0) + share);
  }
  return [...sums]
    .sort((a, b) => b[1] - a[1])
    .map(([folder, share]) => `| ${(share * 100).toFixed(1)} % | ${folder} |`);
}

function describe(profile: Profile, warmMs: number, costs: Costs): string {
  const load = loadavg()[0]?.toFixed(1);
  const shares = sharesAfter(profile, warmMs);
  const rows = [...shares].sort((a, b) => b[1] - a[1]).slice(0, ROWS);
  return [
    '# Where the time of a TCP run goes',
    '',
    `Written by \`node dist-bench/profile.js\` (Node ${process.version}, load average ${load}): 16 CUBIC flows over a dumbbell of 1 Gbit/s and`,
    `20 ms, ${SECONDS} s of which the last two thirds are counted, when code is compiled. Share of samples every`,
    `${INTERVAL_US} µs by where the processor was; what V8 inlines counts for the function inlined.`,
    '',
    ...describeCosts(costs),
    '## When it is compiled',
    '',
    '| share | folder |',
    '| --- | --- |',
    ...byFolder(shares),
    '',
    `The ${ROWS} functions with the largest share:`,
    '',
    '| share | function | file |',
    '| --- | --- | --- |',
    ...rows.map(([key, share]) => `| ${(share * 100).toFixed(1)} % | ${key} |`),
    '',
  ].join('\n');
}

const { profile, warmMs } = takeProfile();
const text = describe(profile, warmMs, measureCosts());
const target = process.argv[2];
if (target === undefined) console.log(text);
else {
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
}
