/**
 * Bulk TCP over a dumbbell beside ns-3 and ns-2, on the same two paths: whole processes, CPU time (user and
 * system) from their start, in turn, on one core where `taskset` is there. The ratio of medians is the figure.
 * Prints what came out beside each rate. The peers' programs are found in $SLUICE_PEERS (default
 * ../shared/peers); a peer that is missing is skipped with the reason.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { cpuSeconds } from './cpu-seconds.ts';
import { findNs2, findNs3, isPeer, type Peer } from './peers.ts';
import { median } from './statistics.ts';

const ROUNDS = 3;

interface Path {
  readonly mbps: number;
  readonly rttMs: number;
  readonly flows: number;
  readonly seconds: number;
  /** 1 BDP in full packets, as the ns-3 program has it. */
  readonly queuePackets: number;
}

const PATHS: readonly Path[] = [
  { mbps: 100, rttMs: 40, flows: 4, seconds: 60, queuePackets: 332 },
  { mbps: 1000, rttMs: 20, flows: 16, seconds: 10, queuePackets: 1664 },
];

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
  readonly command: (path: Path) => readonly [string, ...string[]];
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
  command: ({ mbps, rttMs, flows, seconds, queuePackets }) => [
    process.execPath,
    fileURLToPath(new URL('../dist/main.js', import.meta.url)),
    ...['run', 'dumbbell', '--json'],
    ...['--set', `rate=${mbps}Mbps`, '--set', `rtt=${rttMs}ms`, '--set', `flows=${flows}`],
    ...['--set', `duration=${seconds}s`, '--set', `queue=${queuePackets}packets`],
    // The peers start their flows so far apart.
    ...['--set', 'stagger=137us'],
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

function measure(simulator: Simulator, path: Path): { seconds: number; outcome: Outcome } {
  const [program, ...options] = simulator.command(path);
  const { seconds, output } = pinned
    ? cpuSeconds('taskset', '-c', '0', program, ...options)
    : cpuSeconds(program, ...options);
  return { seconds, outcome: simulator.read(output) };
}

function compare(simulators: readonly Simulator[], path: Path): void {
  const { mbps, rttMs, flows, seconds } = path;
  console.log(`dumbbell ${mbps} Mbit/s, ${rttMs} ms, ${flows} CUBIC flows, ${seconds} s:`);
  const times = new Map<Simulator, number[]>(simulators.map((simulator) => [simulator, []]));
  const outcomes = new Map<Simulator, Outcome>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const simulator of simulators) {
      const { seconds: taken, outcome } = measure(simulator, path);
      times.get(simulator)?.push(taken);
      outcomes.set(simulator, outcome);
    }
  }
  const rates = simulators.map((simulator) => {
    const { packets } = outcomes.get(simulator) as Outcome;
    return packets / median(times.get(simulator) ?? []);
  });
  simulators.forEach((simulator, index) => {
    const { packets, goodputMbps, jain, drops } = outcomes.get(simulator) as Outcome;
    const ratio = rates[0] / rates[index];
    const verdict =
      index === 0 ? '' : `; sluice is ${ratio.toFixed(2)} x (goal >= ${simulator.goal})`;
    console.log(
      `  ${simulator.name.padEnd(6)} ${(rates[index] / 1000).toFixed(0).padStart(5)} k packets/CPU s of ${packets}, ` +
        `goodput ${goodputMbps.toFixed(1)} Mbit/s, Jain ${jain.toFixed(3)}, ${drops} drops${verdict}`,
    );
  });
}

const simulators = findSimulators();
for (const path of PATHS) compare(simulators, path);
