/**
 * Bulk TCP over a dumbbell beside ns-3 and ns-2, on the same two paths: CPU time (user and system) in turn, on one
 * core where `taskset` is there. The ratio of medians is the figure. Two ways of counting: whole processes from their
 * start, and ours when it is compiled (dumbbell-loop) beside the peers, which always are.
 * Prints what came out beside each rate. The peers' programs are found in $SLUICE_PEERS (default
 * ../shared/peers); a peer that is missing is skipped with the reason.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { cpuSeconds } from './cpu-seconds.ts';
import { DUMBBELLS, type DumbbellPath, dumbbellTexts } from './dumbbell-texts.ts';
import { findNs2, findNs3, isPeer, type Peer } from './peers.ts';
import { median } from './statistics.ts';

const ROUNDS = 3;

const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));

interface Outcome {
  readonly packets: number;
  readonly goodputMbps: number;
  readonly jain: number;
  readonly drops: number;
}

/** One simulator: how it is run over a path, and what it printed. */
interface Simulator {
  readonly name: string;
  readonly goal: number;
  readonly command: (path: DumbbellPath) => readonly [string, ...string[]];
  readonly read: (output: string) => Outcome;
}

interface OurResult {
  readonly engine: { readonly deliveredPackets: number };
  readonly flows: readonly { readonly goodputMbps: number }[];
  readonly fairness: { readonly jain: number };
  readonly links: readonly { readonly queueDrops: number }[];
}

interface PeerResult {
  readonly pkts: number;
  readonly goodput_mbps: number;
  readonly jain: number;
  readonly drops: number;
}

const sluice: Simulator = {
  name: 'sluice',
  goal: 1,
  command: (path) => [
    process.execPath,
    script('../dist/main.js'),
    ...['run', 'dumbbell', '--json'],
    ...Object.entries(dumbbellTexts(path)).flatMap(([name, text]) => ['--set', `${name}=${text}`]),
  ],
  read: (output) => {
    const { engine, flows, fairness, links } = JSON.parse(output) as OurResult;
    return {
      packets: engine.deliveredPackets,
      goodputMbps: flows.reduce((sum, flow) => sum + flow.goodputMbps, 0),
      jain: fairness.jain,
      drops: links[0]?.queueDrops ?? 0,
    };
  },
};

function readPeer(output: string): Outcome {
  const line = output.split('\n').find((text) => text.startsWith('{')) ?? '{}';
  const { pkts, goodput_mbps, jain, drops } = JSON.parse(line) as PeerResult;
  return { packets: pkts, goodputMbps: goodput_mbps, jain, drops };
}

function ns3(program: string): Simulator {
  return {
    name: 'ns-3',
    goal: 25,
    command: ({ mbps, rttMs, flows, seconds, queuePackets }) => [
      program,
      ...[`--rate=${mbps}Mbps`, `--rttUs=${rttMs * 1000}`, `--flows=${flows}`],
      ...[`--time=${seconds}`, `--bufPkts=${queuePackets}`, '--cc=TcpCubic'],
    ],
    read: readPeer,
  };
}

function ns2(script: string): Simulator {
  return {
    name: 'ns-2',
    goal: 1.5,
    command: ({ mbps, rttMs, flows, seconds, queuePackets }) => [
      'ns',
      script,
      ...[flows, mbps, rttMs, queuePackets, seconds].map(String),
      'cubic',
    ],
    read: readPeer,
  };
}

/** The simulators that can be run here. */
function findSimulators(): Simulator[] {
  const found = [sluice];
  const take = (peer: Peer, make: (program: string) => Simulator) => {
    if (isPeer(peer)) found.push(make(peer.program));
    else console.log(`${peer.name}: skipped, ${peer.reason}`);
  };
  take(findNs3('dumbbell'), ns3);
  take(findNs2('dumbbell.tcl'), ns2);
  return found;
}

const pinned = spawnSync('taskset', ['-c', '0', 'true']).status === 0;

/** CPU seconds of a program, on one core, and what it printed. */
function measure(program: string, ...options: string[]): { seconds: number; output: string } {
  return pinned
    ? cpuSeconds('taskset', '-c', '0', program, ...options)
    : cpuSeconds(program, ...options);
}

interface Loop {
  readonly seconds: number;
  readonly packets: number;
  readonly events: number;
}

function runLoop(index: number): Loop {
  const { output } = measure(process.execPath, script('dumbbell-loop.js'), String(index));
  return JSON.parse(output) as Loop;
}

function compare(simulators: readonly Simulator[], path: DumbbellPath, index: number): void {
  const { mbps, rttMs, flows, seconds } = path;
  console.log(`dumbbell ${mbps} Mbit/s, ${rttMs} ms, ${flows} CUBIC flows, ${seconds} s:`);
  const rates = new Map<Simulator, number[]>(simulators.map((simulator) => [simulator, []]));
  const outcomes = new Map<Simulator, Outcome>();
  const loops: Loop[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const simulator of simulators) {
      const { seconds: taken, output } = measure(...simulator.command(path));
      const outcome = simulator.read(output);
      rates.get(simulator)?.push(outcome.packets / taken);
      outcomes.set(simulator, outcome);
    }
    loops.push(runLoop(index));
  }
  const whole = median(rates.get(sluice) ?? []);
  const compiled = median(loops.map((loop) => loop.packets / loop.seconds));
  for (const simulator of simulators) {
    const { packets, goodputMbps, jain, drops } = outcomes.get(simulator) as Outcome;
    const rate = median(rates.get(simulator) ?? []);
    console.log(
      `  ${simulator.name.padEnd(6)} ${thousands(rate)} packets/CPU s of ${packets}, ` +
        `goodput ${goodputMbps.toFixed(1)} Mbit/s, Jain ${jain.toFixed(3)}, ${drops} drops`,
    );
    if (simulator === sluice) {
      const { events, packets: counted } = loops[0] as Loop;
      const perPacket = (events / counted).toFixed(2);
      console.log(
        `         ${thousands(compiled)} when it is compiled, ${perPacket} events a packet`,
      );
      continue;
    }
    console.log(
      `         sluice is ${(whole / rate).toFixed(2)} x, compiled ${(compiled / rate).toFixed(2)} x ` +
        `(goal >= ${simulator.goal})`,
    );
  }
}

const thousands = (rate: number) => `${(rate / 1000).toFixed(0).padStart(5)} k`;

const simulators = findSimulators();
DUMBBELLS.forEach((path, index) => {
  compare(simulators, path, index);
});
