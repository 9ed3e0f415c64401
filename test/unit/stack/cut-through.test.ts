/** Switches that cut through and that store and forward, to the nanosecond by hand calculation. */
import { describe, expect, it } from 'vitest';
import type { Instant } from '../../../src/base/units.ts';
import { FRAME_SHIFT, type FrameId, FrameWord } from '../../../src/frame/frame-record.ts';
import type { FrameSink } from '../../../src/frame/frame-sink.ts';
import type { LinkConfig } from '../../../src/net/link-config.ts';
import { StepMarking } from '../../../src/qdisc/step-marking.ts';
import type { Host } from '../../../src/stack/host.ts';
import { Topology } from '../../../src/stack/topology.ts';
import { buildFrame, createNetwork } from '../../support/network.ts';
import { addHost } from '../../support/topology.ts';

const UDP = 17;
const DELAY_NS = 500;

interface Shape {
  /** Bytes of the header, by switch; undefined stores and forwards. */
  readonly headers: readonly (number | undefined)[];
  /** Of the links from the first host to the second, one more than switches, in bits/s. */
  readonly rates: readonly number[];
  readonly link?: Partial<LinkConfig>;
  /** A third host at the first switch, with such a link. */
  readonly otherRate?: number;
}

/** Hosts on a chain of switches; arrivals of frames at the second host, by their sequence numbers. */
function chain({ headers, rates, link, otherRate = 10e9 }: Shape) {
  const network = createNetwork();
  const arrivals = new Map<number, Instant>();
  const { words } = network.pool;
  const topology = new Topology(network, (_, to): FrameSink => {
    return {
      deliver(frame) {
        arrivals.set(words[(frame << FRAME_SHIFT) + FrameWord.Seq] as number, network.clock.nowNs);
        to.deliver(frame);
      },
    };
  });
  const from = addHost(topology, 'from', '10.0.0.1');
  const to = addHost(topology, 'to', '10.0.0.2');
  const other = addHost(topology, 'other', '10.0.0.3');
  const switches = headers.map((cutThroughBytes, index) =>
    topology.addSwitch(`s${index}`, { cutThroughBytes }),
  );
  const nodes = [from, ...switches, to];
  rates.forEach((rate, index) => {
    const config = { rate, delayNs: DELAY_NS, ...link };
    const [a, b] = [nodes[index] as Host, nodes[index + 1] as Host];
    const options = index === rates.length - 1 ? ({ capture: 'out' } as const) : {};
    topology.addLink(a, b, { ...config, name: `l${index}` }, options);
    topology.addLink(b, a, { ...config, name: `r${index}` });
  });
  topology.join(
    other,
    switches[0] as never,
    { rate: otherRate, delayNs: DELAY_NS, name: 'other up' },
    { rate: otherRate, delayNs: DELAY_NS, name: 'other down' },
  );
  topology.routeByShortestPaths();
  const send = (host: Host, length: number, sequence: number): FrameId => {
    const frame = buildFrame(network, length, sequence);
    words[(frame << FRAME_SHIFT) + FrameWord.Meta] = UDP;
    host.send(frame);
    return frame;
  };
  const run = (untilNs = 1e9) => {
    network.scheduler.runUntil(untilNs);
    let inside = topology.heldPackets;
    for (const each of topology.links) {
      each.assertConserved();
      inside += each.insidePackets;
    }
    expect(network.pool.inUse).toBe(inside);
    return arrivals;
  };
  return { from, other, send, run, network };
}

describe('a switch', () => {
  it('stores and forwards: every hop takes a frame and a delay', () => {
    const { from, send, run } = chain({
      headers: [undefined, undefined],
      rates: [10e9, 10e9, 10e9],
    });
    send(from, 1500, 1);
    expect(run().get(1)).toBe(3 * (1200 + DELAY_NS));
  });

  it('cuts through: every switch takes a header and a delay, the last link a frame', () => {
    const { from, send, run } = chain({ headers: [64, 64], rates: [10e9, 10e9, 10e9] });
    send(from, 1500, 1);
    // 64 bytes at 10 Gbit/s are 51.2 ns: 52, never early. The frame itself is on the last link for 1200.
    expect(run().get(1)).toBe(2 * (52 + DELAY_NS) + 1200 + DELAY_NS);
  });

  it('forwards a frame at once that is not longer than the header', () => {
    const { from, send, run } = chain({ headers: [64, 64], rates: [10e9, 10e9, 10e9] });
    send(from, 50, 1);
    expect(run().get(1)).toBe(3 * (40 + DELAY_NS));
  });

  it('stores what leaves faster than it comes, and cuts through what leaves slower', () => {
    const faster = chain({ headers: [64], rates: [1e9, 10e9] });
    faster.send(faster.from, 1500, 1);
    expect(faster.run().get(1)).toBe(12_000 + DELAY_NS + 1200 + DELAY_NS);
    const slower = chain({ headers: [100], rates: [10e9, 1e9] });
    slower.send(slower.from, 1500, 1);
    expect(slower.run().get(1)).toBe(80 + DELAY_NS + 12_000 + DELAY_NS);
  });

  it('stores a frame whose port is busy when its header comes, until its last bit', () => {
    const { from, other, send, run, network } = chain({ headers: [100], rates: [10e9, 10e9] });
    // The short one is on its way through when the header of the long one arrives, and gone before its last bit.
    send(from, 500, 1);
    network.scheduler.runUntil(100);
    send(other, 1500, 2);
    const arrivals = run();
    expect(arrivals.get(1)).toBe(80 + DELAY_NS + 400 + DELAY_NS);
    // Its header comes at 680, when the port is busy until 980; its last bit at 1800.
    expect(arrivals.get(2)).toBe(100 + 1200 + DELAY_NS + 1200 + DELAY_NS);
  });

  it('gives the port to the header that comes first, though its last bit comes later', () => {
    const { from, other, send, run, network } = chain({ headers: [100], rates: [10e9, 10e9] });
    send(from, 1500, 1);
    network.scheduler.runUntil(100);
    send(other, 200, 2);
    const arrivals = run();
    const firstNs = 80 + DELAY_NS + 1200;
    expect(arrivals.get(1)).toBe(firstNs + DELAY_NS);
    // The short one is all there at 760, and waits for the port.
    expect(arrivals.get(2)).toBe(firstNs + 160 + DELAY_NS);
  });

  it('keeps frames of a link one behind the other', () => {
    const { from, send, run } = chain({ headers: [64], rates: [10e9, 10e9] });
    for (let sequence = 1; sequence <= 20; sequence++) send(from, 500, sequence);
    const arrivals = [...run()].map(([sequence, atNs]) => [sequence, atNs]);
    // The first cuts through and ends 52 ns after it has come; the others find the port as it becomes idle.
    for (const [index, [sequence, atNs]] of arrivals.entries()) {
      expect(sequence).toBe(index + 1);
      expect(atNs).toBe(52 + DELAY_NS + 400 * (index + 1) + DELAY_NS);
    }
  });

  it('does the same where the link before it has a discipline of its own', () => {
    const link: Partial<LinkConfig> = {
      discipline: (environment) => new StepMarking(environment, { packets: 1000 }),
    };
    const { from, send, run } = chain({ headers: [64, 64], rates: [1e9, 1e9, 1e9], link });
    for (let sequence = 1; sequence <= 5; sequence++) send(from, 500, sequence);
    const arrivals = [...run().values()];
    expect(arrivals).toEqual(
      [1, 2, 3, 4, 5].map((count) => 2 * (512 + DELAY_NS) + 4000 * count + DELAY_NS),
    );
  });

  it('is not for links whose rate or delay may change', () => {
    const jitter = {
      impairments: { jitter: { spreadNs: 1000, correlation: 0, distribution: 'uniform' } },
    };
    const build = () => chain({ headers: [64], rates: [10e9, 10e9], link: jitter as never });
    expect(build).toThrow(/cut-through: expected constant rate and delay/);
  });
});
