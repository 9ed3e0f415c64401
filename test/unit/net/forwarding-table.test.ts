import { describe, expect, it } from 'vitest';
import { FRAME_SHIFT, FrameWord } from '../../../src/frame/frame-record.ts';
import type { FrameSink } from '../../../src/frame/frame-sink.ts';
import { ForwardingTable, NO_PORT } from '../../../src/net/forwarding-table.ts';
import type { Network } from '../../../src/net/network.ts';
import { buildFrame, createNetwork } from '../../support/network.ts';
import { chiSquareTest, SIGNIFICANCE } from '../../support/statistics.ts';

const NOWHERE: FrameSink = { deliver() {} };

/** A frame of flow `flow` to address index `destination`. */
function frameOf(network: Network, flow: number, destination = 1) {
  const frame = buildFrame(network, 100, 0);
  network.pool.words[(frame << FRAME_SHIFT) + FrameWord.Dst] = destination;
  network.pool.words[(frame << FRAME_SHIFT) + FrameWord.Ports] = (flow << 16) | 80;
  return frame;
}

function createTable(network: Network, ports: number, salt = 1) {
  const table = new ForwardingTable(network, salt);
  for (let port = 0; port < ports; port++) table.addPort(NOWHERE);
  return table;
}

describe('a forwarding table', () => {
  it('finds the route of an address, the default for others, and none where there is none', () => {
    const network = createNetwork();
    const table = createTable(network, 3);
    expect(table.find(frameOf(network, 0))).toBe(NO_PORT);
    table.setRoute(1, [2]);
    table.setRoute(1000, [1]);
    expect(table.find(frameOf(network, 0))).toBe(2);
    expect(table.find(frameOf(network, 0, 1000))).toBe(1);
    expect(table.find(frameOf(network, 0, 999))).toBe(NO_PORT);
    table.setDefaultRoute([0]);
    expect(table.find(frameOf(network, 0, 999))).toBe(0);
    table.setRoute(1, [0]);
    expect(table.find(frameOf(network, 0))).toBe(0);
  });

  it('tells all ports of a route', () => {
    const table = createTable(createNetwork(), 9);
    table.setRoute(1, [4, 3, 8]);
    table.setRoute(2, [1]);
    expect(table.portsTo(1)).toEqual([3, 4, 8]);
    expect(table.portsTo(2)).toEqual([1]);
    expect(table.portsTo(3)).toEqual([]);
  });

  it('keeps a flow on one of equal ports and spreads flows evenly — RFC 2992', () => {
    const network = createNetwork({ frames: 16 });
    const table = createTable(network, 8);
    table.setRoute(1, [0, 2, 5, 7]);
    const counts = new Map<number, number>();
    const flows = 20_000;
    for (let flow = 0; flow < flows; flow++) {
      const [first, second] = [frameOf(network, flow), frameOf(network, flow)];
      network.pool.words[(second << FRAME_SHIFT) + FrameWord.Seq] = 77;
      const port = table.find(first);
      expect(table.find(second)).toBe(port);
      counts.set(port, (counts.get(port) ?? 0) + 1);
      network.pool.release(first);
      network.pool.release(second);
    }
    expect([...counts.keys()].sort()).toEqual([0, 2, 5, 7]);
    const expected = [0, 2, 5, 7].map(() => flows / 4);
    expect(chiSquareTest([...counts.values()], expected)).toBeGreaterThan(SIGNIFICANCE);
  });

  it('chooses by the salt of its node, so that the choice of one says nothing of another', () => {
    const network = createNetwork({ frames: 16 });
    const tables = [1, 2].map((salt) => createTable(network, 2, salt));
    for (const table of tables) table.setRoute(1, [0, 1]);
    let same = 0;
    const flows = 10_000;
    for (let flow = 0; flow < flows; flow++) {
      const frame = frameOf(network, flow);
      if (tables[0]?.find(frame) === tables[1]?.find(frame)) same++;
      network.pool.release(frame);
    }
    // Five standard deviations of a fair coin.
    expect(Math.abs(same - flows / 2)).toBeLessThan(5 * Math.sqrt(flows / 4));
  });
});
