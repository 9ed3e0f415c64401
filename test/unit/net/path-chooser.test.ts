/** Equal paths by flow, by flowlet and by packet: who is spread how evenly, and who is overtaken. */
import { describe, expect, it } from 'vitest';
import { FRAME_SHIFT, FrameWord } from '../../../src/frame/frame-record.ts';
import type { FrameSink } from '../../../src/frame/frame-sink.ts';
import { FlowletChooser, SprayChooser } from '../../../src/net/path-chooser.ts';
import type { PathBalance } from '../../../src/net/switch-config.ts';
import { Topology } from '../../../src/stack/topology.ts';
import { Chance } from '../../support/chance.ts';
import { buildFrame, createNetwork } from '../../support/network.ts';
import { chiSquareTest, SIGNIFICANCE } from '../../support/statistics.ts';
import { addHost } from '../../support/topology.ts';

const UDP = 17;
const PATHS = 4;
/** Between the fastest and the slowest path. */
const SKEW_NS = 30_000;

interface Sent {
  readonly atNs: number;
  readonly flow: number;
}

/** A leaf with four spines of different delays to another leaf; sequence numbers of each flow as they arrive. */
function runFabric(balance: PathBalance | undefined, packets: readonly Sent[], seed = 1) {
  const network = createNetwork({ frames: 1 << 14, seed });
  const { words } = network.pool;
  const topology = new Topology(network, (_, to): FrameSink => {
    return {
      deliver(frame) {
        const at = frame << FRAME_SHIFT;
        const flow = (words[at + FrameWord.Ports] as number) >>> 16;
        arrivals.set(flow, [...(arrivals.get(flow) ?? []), words[at + FrameWord.Seq] as number]);
        to.deliver(frame);
      },
    };
  });
  const arrivals = new Map<number, number[]>();
  const from = addHost(topology, 'from', '10.0.0.1');
  const to = addHost(topology, 'to', '10.0.0.2');
  const near = topology.addSwitch('near', { balance });
  const far = topology.addSwitch('far');
  const spines = Array.from({ length: PATHS }, (_, index) => topology.addSwitch(`spine${index}`));
  topology.addLink(from, near, { name: 'in', rate: 10e9 });
  for (const [index, spine] of spines.entries()) {
    const delayNs = Math.round((index * SKEW_NS) / (PATHS - 1));
    topology.addLink(near, spine, { name: `up${index}`, rate: 10e9, delayNs });
    topology.addLink(spine, far, { name: `down${index}`, rate: 10e9 });
  }
  topology.addLink(far, to, { name: 'out', rate: 10e9 }, { capture: 'in' });
  topology.routeByShortestPaths();
  const sequences = new Map<number, number>();
  for (const { atNs, flow } of packets) {
    network.scheduler.runUntil(atNs);
    const sequence = sequences.get(flow) ?? 0;
    sequences.set(flow, sequence + 1);
    const frame = buildFrame(network, 200, sequence);
    const at = frame << FRAME_SHIFT;
    words[at + FrameWord.Meta] = UDP;
    words[at + FrameWord.Ports] = (flow << 16) | 80;
    from.send(frame);
  }
  network.scheduler.runUntil(1e9);
  const overtaken = [...arrivals.values()].reduce(
    (sum, order) =>
      sum + order.filter((sequence, at) => at > 0 && sequence < (order[at - 1] as number)).length,
    0,
  );
  const loads = topology.links
    .filter(({ name }) => name.startsWith('up'))
    .map(({ forwardedPackets }) => forwardedPackets);
  return { overtaken, loads };
}

/** Packets of a few flows: trains with short gaps inside and long ones between. */
function trains(flows: number, count: number, gapNs: number): Sent[] {
  const chance = new Chance(11);
  const sent: Sent[] = [];
  let atNs = 0;
  for (let train = 0; train < count; train++) {
    const flow = 1000 + (train % flows);
    for (let packet = 0; packet < 1 + chance.below(6); packet++) {
      atNs += 200 + chance.below(2000);
      sent.push({ atNs, flow });
    }
    atNs += Math.ceil(gapNs / Math.max(1, flows - 1)) + 1000;
  }
  return sent;
}

describe('a choice among equal paths', () => {
  it('is the flow’s: one flow takes one path, and nothing is overtaken', () => {
    const { overtaken, loads } = runFabric(undefined, trains(1, 200, 50_000));
    expect(overtaken).toBe(0);
    expect(loads.filter((load) => load > 0)).toHaveLength(1);
  });

  it('is the flowlet’s: one flow takes all paths, and nothing is overtaken when gaps are above the skew', () => {
    const packets = trains(1, 400, 2 * SKEW_NS);
    const { overtaken, loads } = runFabric({ kind: 'flowlet', gapNs: SKEW_NS + 1000 }, packets);
    expect(overtaken).toBe(0);
    for (const load of loads) expect(load).toBeGreaterThan(packets.length / 8);
    const many = runFabric({ kind: 'flowlet', gapNs: SKEW_NS + 1000 }, trains(5, 400, 2 * SKEW_NS));
    expect(many.overtaken).toBe(0);
  });

  it('lets flowlets overtake each other when the gap is below the skew', () => {
    const { overtaken } = runFabric({ kind: 'flowlet', gapNs: 500 }, trains(1, 400, 2000));
    expect(overtaken).toBeGreaterThan(50);
  });

  it('is the packet’s: evenly spread, and overtaken', () => {
    const packets = trains(1, 600, 0);
    const { overtaken, loads } = runFabric({ kind: 'spray' }, packets);
    expect(overtaken).toBeGreaterThan(packets.length / 10);
    expect(
      chiSquareTest(
        loads,
        loads.map(() => packets.length / PATHS),
      ),
    ).toBeGreaterThan(SIGNIFICANCE);
  });

  it('is the same for the same seed, and another for another', () => {
    const packets = trains(3, 100, 40_000);
    for (const balance of [{ kind: 'spray' }, { kind: 'flowlet', gapNs: 20_000 }] as const) {
      const first = runFabric(balance, packets);
      expect(runFabric(balance, packets)).toEqual(first);
      expect(runFabric(balance, packets, 2).loads).not.toEqual(first.loads);
    }
  });
});

describe('a flowlet table', () => {
  it('begins a flowlet after more than the gap, not at it, and never keeps a path that there is not', () => {
    const network = createNetwork();
    const chooser = new FlowletChooser(network.clock, network.random.fork('paths'), 1000, 16);
    const hash = 77 << 8;
    for (const [atNs, flowlets] of [
      [0, 1],
      [1000, 1],
      [2000, 1],
      [3001, 2],
    ] as const) {
      network.scheduler.runUntil(atNs);
      chooser.choose(hash, 8);
      expect(chooser.flowlets).toBe(flowlets);
    }
    for (let path = 0; path < 50; path++) expect(chooser.choose(hash, 2)).toBeLessThan(2);
  });

  it('draws paths evenly', () => {
    const network = createNetwork();
    const random = network.random.fork('paths');
    const [flowlets, spray] = [
      new FlowletChooser(network.clock, random, 1, 1 << 15),
      new SprayChooser(random),
    ];
    for (const choose of [
      (draw: number) => flowlets.choose(draw << 8, 5),
      () => spray.choose(0, 5),
    ]) {
      const counts = [0, 0, 0, 0, 0];
      for (let draw = 0; draw < 20_000; draw++) {
        const path = choose(draw);
        counts[path] = (counts[path] ?? 0) + 1;
      }
      expect(
        chiSquareTest(
          counts,
          counts.map(() => 4000),
        ),
      ).toBeGreaterThan(SIGNIFICANCE);
    }
  });
});
