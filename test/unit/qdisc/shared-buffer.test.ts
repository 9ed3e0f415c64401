import { describe, expect, it } from 'vitest';
import { NO_FRAME } from '../../../src/frame/frame-record.ts';
import type { Network } from '../../../src/net/network.ts';
import {
  SharedBuffer,
  type SharedBufferPolicy,
  SharedBufferPort,
} from '../../../src/qdisc/shared-buffer.ts';
import { Chance } from '../../support/chance.ts';
import { createNetwork } from '../../support/network.ts';
import { CE, ECT0, ecnOf, environmentOf, flowFrame } from '../../support/queues.ts';

const FRAME = 100;
const SIZE = 1_000_000;

function portsOf(network: Network, count: number, buffer: SharedBuffer): SharedBufferPort[] {
  const environment = environmentOf(network);
  return Array.from({ length: count }, (_, index) => {
    const place = network.addPlace(`port ${index}`);
    return new SharedBufferPort({ ...environment, place }, buffer);
  });
}

/** Rounds in which every saturated port gets two frames and sends one. */
function saturate(ports: number, policy: SharedBufferPolicy, rounds = 20_000) {
  const network = createNetwork({ frames: SIZE / FRAME + 64 });
  const buffer = new SharedBuffer(SIZE, policy);
  const queues = portsOf(network, ports, buffer);
  for (let round = 0; round < rounds; round++) {
    for (const queue of queues) {
      queue.enqueue(flowFrame(network, { length: FRAME, ordinal: round }));
      queue.enqueue(flowFrame(network, { length: FRAME, ordinal: round }));
      const frame = queue.dequeue();
      if (frame !== NO_FRAME) network.pool.release(frame);
    }
  }
  return { buffer, queues };
}

describe('a shared buffer', () => {
  it.each([
    [1, 1],
    [1, 2],
    [1, 8],
    [2, 1],
    [8, 1],
    [0.5, 4],
  ])(
    'holds αB/(1 + αS) at each saturated port: α %d, S %d — Choudhury and Hahne 1998',
    (alpha, ports) => {
      const { queues } = saturate(ports, { kind: 'dynamic', alpha });
      const expected = (alpha * SIZE) / (1 + alpha * ports);
      for (const { backlogBytes } of queues) {
        expect(Math.abs(backlogBytes / expected - 1)).toBeLessThan(0.01);
      }
    },
  );

  it.each([2, 4, 8])('holds αB/(S(1 + α)) at each of %d congested ports — ABM', (ports) => {
    const alpha = 1;
    const { queues } = saturate(ports, { kind: 'abm', alpha });
    const expected = (alpha * SIZE) / (ports * (1 + alpha));
    for (const { backlogBytes } of queues) {
      expect(Math.abs(backlogBytes / expected - 1)).toBeLessThan(0.01);
    }
  });

  it('gives each port its own share when thresholds are static, and no more than there is', () => {
    const some = saturate(4, { kind: 'static', portBytes: 100_000 });
    for (const { backlogBytes } of some.queues) expect(backlogBytes).toBe(100_000 - FRAME);
    const all = saturate(4, { kind: 'static', portBytes: SIZE });
    expect(all.buffer.peakBytes).toBe(SIZE);
  });

  it('counts what is in it exactly, whatever comes and goes', () => {
    const chance = new Chance(5);
    const network = createNetwork({ frames: 20_000 });
    const buffer = new SharedBuffer(SIZE, { kind: 'dynamic', alpha: 1 });
    const queues = portsOf(network, 3, buffer);
    for (let step = 0; step < 30_000; step++) {
      const queue = queues[chance.below(3)] as SharedBufferPort;
      if (chance.below(3) > 0) {
        queue.enqueue(flowFrame(network, { length: 60 + chance.below(1455), ordinal: step }));
      } else {
        const frame = queue.dequeue();
        if (frame !== NO_FRAME) network.pool.release(frame);
      }
      const held = queues.reduce((sum, { backlogBytes }) => sum + backlogBytes, 0);
      if (held !== buffer.usedBytes || held > SIZE) expect(held).toBe(buffer.usedBytes);
    }
    expect(buffer.peakBytes).toBeGreaterThan(SIZE / 2);
    for (const queue of queues) queue.dropAll(0);
    expect([buffer.usedBytes, buffer.congestedPorts, network.pool.inUse]).toEqual([0, 0, 0]);
  });

  it('marks beyond K of a port — RFC 8257 §3.1', () => {
    const network = createNetwork({ frames: 64 });
    const buffer = new SharedBuffer(SIZE, { kind: 'dynamic', alpha: 1 });
    const queue = new SharedBufferPort(environmentOf(network), buffer, { packets: 2 });
    for (let ordinal = 0; ordinal < 4; ordinal++) {
      queue.enqueue(flowFrame(network, { length: FRAME, ordinal, ecn: ECT0 }));
    }
    const codepoints = [1, 2, 3, 4].map(() => ecnOf(network, queue.dequeue()));
    expect(codepoints).toEqual([ECT0, ECT0, CE, CE]);
  });
});
