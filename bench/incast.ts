/**
 * Incast: beside ns-3 at 32, 256 and 1000 senders; 10,000 senders, which ns-3 does not finish; and what a packet
 * costs at 10,000 beside 100. CPU time is user and system, runs are in turn, medians and ratios are the figures.
 * Two ways of counting: whole processes from their start, and only what follows the instant of the answers, where
 * ours is compiled (incast-loop). The ns-3 program is found in $SLUICE_PEERS (default ../shared/peers).
 */
import { fileURLToPath } from 'node:url';
import { cpuSeconds } from './cpu-seconds.ts';
import { INCAST, incastTexts } from './incast-texts.ts';
import { findNs3, isPeer } from './peers.ts';
import { median } from './statistics.ts';

const ROUNDS = 3;
const BESIDE_NS3 = [32, 256, 1000];
const RATIO_GOAL = 30;
const MANY = 10_000;
const CPU_GOAL_SECONDS = 5;
const MEMORY_GOAL_MIB = 150;
const FEW = 100;
const GROWTH_GOAL = 3;
const LOOP_SECONDS = 2;

interface OurResult {
  readonly engine: { readonly deliveredPackets: number };
  readonly completion: {
    readonly completed: number;
    readonly lastMs: number;
    readonly timeouts: number;
  };
  readonly links: readonly { readonly queueDrops: number }[];
  readonly cost: { readonly peakRssBytes: number };
}

interface Ns3Result {
  readonly finished: number;
  readonly last_fct_ms: number;
  readonly timeouts: number;
  readonly drops: number;
  readonly pkts: number;
  readonly cpu_s: number;
}

const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));

function runOurs(senders: number): { seconds: number; result: OurResult } {
  const texts = Object.entries(incastTexts(senders)).flatMap(([name, text]) => [
    '--set',
    `${name}=${text}`,
  ]);
  const command = [script('../dist/main.js'), 'run', 'incast', '--json', ...texts];
  const { seconds, output } = cpuSeconds(process.execPath, ...command);
  return { seconds, result: JSON.parse(output) as OurResult };
}

interface Loop {
  readonly seconds: number;
  readonly packets: number;
}

function runLoop(senders: number): Loop {
  const { output } = cpuSeconds(
    process.execPath,
    script('incast-loop.js'),
    String(senders),
    String(LOOP_SECONDS),
  );
  return JSON.parse(output) as Loop;
}

function runNs3(program: string, senders: number): { seconds: number; result: Ns3Result } {
  const { rtoMinMs, bytes, bufferBytes, delayNs } = INCAST;
  const { seconds, output } = cpuSeconds(
    program,
    ...[`--senders=${senders}`, `--bytes=${bytes}`, `--buf=${bufferBytes}B`],
    ...[`--rtoMinMs=${rtoMinMs}`, `--delayNs=${delayNs}`, '--cc=TcpCubic'],
  );
  const line = output.split('\n').find((text) => text.startsWith('{')) ?? '{}';
  return { seconds, result: JSON.parse(line) as Ns3Result };
}

const thousands = (rate: number) => `${(rate / 1000).toFixed(0)} k`;

function besideNs3(program: string, senders: number): void {
  const ours: number[] = [];
  const theirs: number[] = [];
  const loops: number[] = [];
  const theirLoops: number[] = [];
  let result: OurResult | undefined;
  let peer: Ns3Result | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    const one = runOurs(senders);
    const other = runNs3(program, senders);
    const loop = runLoop(senders);
    result = one.result;
    peer = other.result;
    ours.push(result.engine.deliveredPackets / one.seconds);
    theirs.push(peer.pkts / other.seconds);
    loops.push(loop.packets / loop.seconds);
    theirLoops.push(peer.pkts / peer.cpu_s);
  }
  const describe = (a: number[], b: number[]) =>
    `${thousands(median(a))} packets/CPU s beside ${thousands(median(b))}: ` +
    `${(median(a) / median(b)).toFixed(1)} x (goal >= ${RATIO_GOAL})`;
  console.log(`${senders} senders:`);
  console.log(`  whole processes       ${describe(ours, theirs)}`);
  console.log(`  from the answers on   ${describe(loops, theirLoops)}`);
  const { completed, lastMs, timeouts } = (result as OurResult).completion;
  const { finished, last_fct_ms, timeouts: theirTimeouts, drops } = peer as Ns3Result;
  console.log(
    `  sluice: ${completed} done, last ${lastMs.toFixed(1)} ms, ${timeouts} timeouts, ` +
      `${(result as OurResult).links[0]?.queueDrops} drops; ns-3: ${finished} done, last ${last_fct_ms.toFixed(1)} ms, ` +
      `${theirTimeouts} timeouts, ${drops} drops`,
  );
}

function many(): void {
  const times: number[] = [];
  const memories: number[] = [];
  let completed = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const { seconds, result } = runOurs(MANY);
    times.push(seconds);
    memories.push(result.cost.peakRssBytes / 2 ** 20);
    completed = result.completion.completed;
  }
  console.log(
    `${MANY} senders: ${completed} done in ${median(times).toFixed(2)} CPU s (goal <= ${CPU_GOAL_SECONDS}), ` +
      `${median(memories).toFixed(0)} MiB in all (goal <= ${MEMORY_GOAL_MIB})`,
  );
}

function growth(): void {
  const costs = new Map<number, number[]>([
    [FEW, []],
    [MANY, []],
  ]);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [senders, list] of costs) {
      const { seconds, packets } = runLoop(senders);
      list.push((seconds * 1e9) / packets);
    }
  }
  const [few, most] = [...costs.values()].map(median);
  console.log(
    `from the answers on, compiled: ${few?.toFixed(0)} ns a packet at ${FEW} senders, ${most?.toFixed(0)} at ${MANY}: ` +
      `${((most as number) / (few as number)).toFixed(2)} x (goal <= ${GROWTH_GOAL})`,
  );
}

const ns3 = findNs3('incast');
if (isPeer(ns3)) for (const senders of BESIDE_NS3) besideNs3(ns3.program, senders);
else console.log(`${ns3.name}: skipped, ${ns3.reason}`);
many();
growth();
