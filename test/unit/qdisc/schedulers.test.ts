import { describe, expect, it } from 'vitest';
import type { VirtualClock } from '../../../src/engine/clock.ts';
import { DropReason } from '../../../src/engine/drop-reason.ts';
import { FRAME_SHIFT, FrameWord, NO_FRAME } from '../../../src/frame/frame-record.ts';
import { Drr } from '../../../src/qdisc/drr.ts';
import type { QueueDiscipline, QueueEnvironment } from '../../../src/qdisc/queue-discipline.ts';
import { StrictPriority } from '../../../src/qdisc/strict-priority.ts';
import { TokenBucketPolicer } from '../../../src/qdisc/token-bucket-policer.ts';
import { TokenBucketShaper } from '../../../src/qdisc/token-bucket-shaper.ts';
import { Chance } from '../../support/chance.ts';
import { createNetwork, MS } from '../../support/network.ts';
import {
  eligibleNs,
  environmentOf,
  flowFrame,
  type QueueArrival,
  serveQueue,
} from '../../support/queues.ts';

function createQueue(
  create: (environment: QueueEnvironment) => QueueDiscipline,
  limits: QueueEnvironment['limits'] = {},
) {
  const network = createNetwork({ frames: 8192 });
  const environment = environmentOf(network, { limits });
  const queue = create(environment);
  const clock = network.clock as VirtualClock;
  let ordinal = 0;
  const offer = (frame: { port?: number; length?: number; dscp?: number }) =>
    queue.enqueue(flowFrame(network, { length: 1000, ...frame, ordinal: ordinal++ }));
  /** Ordinal, port and length of the frame that leaves. */
  const take = () => {
    const frame = queue.dequeue();
    if (frame === NO_FRAME) return undefined;
    const at = frame << FRAME_SHIFT;
    const word = (index: FrameWord) => network.pool.words[at + index] as number;
    const taken = {
      ordinal: word(FrameWord.Seq),
      port: word(FrameWord.Ports) >>> 16,
      length: word(FrameWord.WireLength),
    };
    network.pool.release(frame);
    return taken;
  };
  const dropped = (reason: DropReason) => network.dropCount(environment.place, reason);
  return { network, queue, clock, offer, take, dropped };
}

describe('deficit round robin', () => {
  const create = (quantumBytes: number) => (environment: QueueEnvironment) =>
    new Drr(environment, { flows: 4096, quantumBytes });

  it('gives each flow a quantum a turn, and what is left is kept for the next — Shreedhar and Varghese 1995 §3', () => {
    const { offer, take } = createQueue(create(500));
    for (const length of [200, 700, 60]) offer({ port: 1, length });
    for (const length of [500, 500]) offer({ port: 2, length });
    for (const length of [200, 600, 100]) offer({ port: 3, length });
    for (const length of [60, 700, 180]) offer({ port: 4, length });
    const order: string[] = [];
    for (let sent = take(); sent !== undefined; sent = take())
      order.push(`${sent.port}:${sent.length}`);
    // First turn: what fits 500 each; the second adds 500 to 300, 0, 300 and 440.
    expect(order.slice(0, 4)).toEqual(['1:200', '2:500', '3:200', '4:60']);
    expect(order.slice(4)).toEqual(['1:700', '1:60', '2:500', '3:600', '3:100', '4:700', '4:180']);
  });

  it('keeps backlogged flows within a quantum and a frame of each other, whatever their frames', () => {
    const chance = new Chance(9);
    const { offer, take } = createQueue(create(1514));
    const flows = [1, 2, 3, 4];
    const next = (port: number) =>
      offer({ port, length: port === 1 ? 60 : 60 + chance.below(port === 2 ? 400 : 1455) });
    for (const port of flows) for (let count = 0; count < 60; count++) next(port);
    const sent = [0, 0, 0, 0, 0];
    for (let count = 0; count < 20_000; count++) {
      const frame = take();
      if (frame === undefined) break;
      sent[frame.port] = (sent[frame.port] as number) + frame.length;
      next(frame.port);
      const shares = flows.map((port) => sent[port] as number);
      expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(3 * 1514);
    }
    expect(sent[1]).toBeGreaterThan(5e5);
  });

  it('takes room from the longest flow beyond the limit', () => {
    const { offer, dropped, take } = createQueue(create(1514), { packets: 10 });
    for (let count = 0; count < 9; count++) offer({ port: 1 });
    expect([offer({ port: 2 }), offer({ port: 2 })]).toEqual([true, true]);
    expect(dropped(DropReason.QueueFull)).toBeGreaterThan(0);
    const ports = Array.from({ length: 5 }, () => take()?.port);
    expect(ports.filter((port) => port === 2)).toHaveLength(2);
  });
});

describe('strict priority', () => {
  const EF = 46;
  const LE = 1;
  const create = (environment: QueueEnvironment) => new StrictPriority(environment);

  it('sends bands in their order, and each band in its own — RFC 4594 §2.3, RFC 8622', () => {
    const { offer, take } = createQueue(create);
    for (const dscp of [LE, 0, EF, 8, 10, 32, 0]) offer({ dscp });
    const order = Array.from({ length: 7 }, () => take()?.ordinal);
    expect(order).toEqual([2, 5, 1, 4, 6, 0, 3]);
  });

  it('makes room for a frame from the last band below it, and for none from its own or above', () => {
    const { offer, take, dropped } = createQueue(create, { packets: 3 });
    for (const dscp of [0, LE, EF]) offer({ dscp });
    expect([offer({ dscp: 0 }), offer({ dscp: EF }), offer({ dscp: EF })]).toEqual([
      true,
      true,
      true,
    ]);
    expect([offer({ dscp: EF }), offer({ dscp: 0 }), offer({ dscp: LE })]).toEqual([
      false,
      false,
      false,
    ]);
    expect(dropped(DropReason.QueueFull)).toBe(6);
    expect(Array.from({ length: 3 }, () => take()?.ordinal)).toEqual([2, 4, 5]);
  });
});

describe('token bucket', () => {
  const RATE = 7_777_777;
  const config = { rate: RATE, burstBytes: 5000 };

  it('as a shaper, gives a backlogged queue exactly its rate, to the nanosecond', () => {
    const chance = new Chance(4);
    const arrivals: QueueArrival[] = Array.from({ length: 3000 }, () => ({
      atNs: 0,
      length: 60 + chance.below(1455),
    }));
    const network = createNetwork({ frames: 3100 });
    const events = serveQueue(
      network,
      (environment) => new TokenBucketShaper(environment, config),
      arrivals,
      {
        serviceNs: () => 0,
      },
    );
    let bytes = 0;
    for (const { ordinal, atNs } of events) {
      bytes += arrivals[ordinal]?.length ?? 0;
      // The first 5000 bytes go at once; then each frame when its last bit's token comes.
      const bits = BigInt(Math.max(0, bytes - 5000)) * 8n * 1_000_000_000n;
      expect(BigInt(atNs)).toBe((bits + BigInt(RATE) - 1n) / BigInt(RATE));
    }
    expect(events).toHaveLength(3000);
  });

  it('as a shaper, saves up to a burst while idle, and no more', () => {
    const { clock, offer, take, queue } = createQueue(
      (environment) => new TokenBucketShaper(environment, { rate: 8e6, burstBytes: 3000 }),
    );
    clock.cell[0] = 1e15;
    for (let count = 0; count < 4; count++) offer({});
    expect([take(), take(), take()].every((frame) => frame !== undefined)).toBe(true);
    expect(take()).toBeUndefined();
    // 1000 bytes at 8 Mbit/s.
    expect(eligibleNs(queue)).toBe(1e15 + MS);
    clock.cell[0] = 1e15 + MS;
    expect(take()).toBeDefined();
  });

  it('as a shaper, drops a frame longer than the burst, which could never leave', () => {
    const { offer, dropped } = createQueue(
      (environment) => new TokenBucketShaper(environment, { rate: 8e6, burstBytes: 999 }),
    );
    expect(offer({})).toBe(false);
    expect(dropped(DropReason.Policed)).toBe(1);
  });

  it('as a policer, lets through rate · time + burst and drops the rest, delaying nothing', () => {
    const { clock, offer, dropped, take } = createQueue(
      (environment) => new TokenBucketPolicer(environment, { rate: 4e6, burstBytes: 10_000 }),
    );
    let passed = 0;
    for (let index = 0; index < 10_000; index++) {
      clock.cell[0] = index * MS;
      if (offer({})) passed++;
      take();
    }
    // 4 Mbit/s are 500 bytes a millisecond, for 9.999 s.
    expect(passed).toBe(Math.floor((10_000 + 500 * 9999) / 1000));
    expect(dropped(DropReason.Policed)).toBe(10_000 - passed);
  });
});
