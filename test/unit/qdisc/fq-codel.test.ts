import { describe, expect, it } from 'vitest';
import { DropReason } from '../../../src/engine/drop-reason.ts';
import { FRAME_SHIFT, FrameWord, NO_FRAME } from '../../../src/frame/frame-record.ts';
import { FqCodel } from '../../../src/qdisc/fq-codel.ts';
import type { QueueLimits } from '../../../src/qdisc/queue-discipline.ts';
import { createNetwork, MS } from '../../support/network.ts';
import { environmentOf, flowFrame, type QueueArrival, serveQueue } from '../../support/queues.ts';

const CONFIG = {
  flows: 1024,
  quantumBytes: 1514,
  targetNs: 5 * MS,
  intervalNs: 100 * MS,
  usesEcn: true,
  ceThresholdNs: Number.MAX_SAFE_INTEGER,
};

/** 10 Mbps. */
const serviceNs = (length: number) => length * 800;

function createQueue(limits: QueueLimits = {}, config: Partial<typeof CONFIG> = {}) {
  const network = createNetwork({ frames: 4096 });
  const environment = environmentOf(network, { limits });
  const queue = new FqCodel(environment, { ...CONFIG, ...config });
  let ordinal = 0;
  const offer = (port: number, length = 1514) =>
    queue.enqueue(flowFrame(network, { length, ordinal: ordinal++, port }));
  const takePort = () => {
    const frame = queue.dequeue();
    if (frame === NO_FRAME) return undefined;
    const ports = network.pool.words[(frame << FRAME_SHIFT) + FrameWord.Ports] as number;
    network.pool.release(frame);
    return ports >>> 16;
  };
  const takeAll = () => {
    const ports: number[] = [];
    for (let port = takePort(); port !== undefined; port = takePort()) ports.push(port);
    return ports;
  };
  return { network, environment, queue, offer, takePort, takeAll };
}

describe('FQ-CoDel', () => {
  it('serves new flows before old ones, and old ones in turn — RFC 8290 §4.2', () => {
    const { offer, takePort, takeAll } = createQueue();
    for (let count = 0; count < 4; count++) offer(1);
    for (let count = 0; count < 4; count++) offer(2);
    expect([takePort(), takePort(), takePort()]).toEqual([1, 2, 1]);
    // A third flow comes: it is new, and goes first.
    offer(3);
    expect(takeAll()).toEqual([3, 2, 1, 2, 1, 2]);
  });

  it('gives each flow the same bytes, whatever the size of its frames — RFC 8290 §4.2', () => {
    const { offer, queue, network } = createQueue();
    for (let count = 0; count < 200; count++) offer(1, 1514);
    for (let count = 0; count < 2000; count++) offer(2, 151);
    const sent = [0, 0, 0];
    for (let bytes = 0; bytes < 100 * 1514; ) {
      const frame = queue.dequeue();
      const at = frame << FRAME_SHIFT;
      const length = network.pool.words[at + FrameWord.WireLength] as number;
      sent[(network.pool.words[at + FrameWord.Ports] as number) >>> 16] += length;
      bytes += length;
      network.pool.release(frame);
    }
    expect(Math.abs((sent[1] as number) - (sent[2] as number))).toBeLessThanOrEqual(2 * 1514);
  });

  it('lets a flow that ran empty pass the old list once before it is new again — RFC 8290 §4.2', () => {
    const { offer, takePort } = createQueue();
    for (let count = 0; count < 8; count++) offer(1);
    offer(2, 100);
    // Flow 1 uses its quantum, flow 2 its frame.
    expect([takePort(), takePort()]).toEqual([1, 2]);
    // Found empty, flow 2 is put behind flow 1; its next frame waits for one of flow 1.
    expect(takePort()).toBe(1);
    offer(2, 100);
    expect([takePort(), takePort()]).toEqual([2, 1]);
  });

  it('drops half of the longest flow from its head, at most 64 frames, beyond the limit — RFC 8290 §4.1', () => {
    const { network, environment, queue, offer, takeAll } = createQueue({ packets: 20 });
    const dropped = () => network.dropCount(environment.place, DropReason.QueueFull);
    for (let count = 0; count < 15; count++) offer(1);
    for (let count = 0; count < 5; count++) offer(2);
    expect(dropped()).toBe(0);
    expect(offer(2)).toBe(true);
    expect([dropped(), queue.backlogPackets]).toEqual([8, 13]);
    expect(takeAll().filter((port) => port === 1)).toHaveLength(7);
    const large = createQueue({ packets: 400 });
    for (let count = 0; count < 401; count++) large.offer(1);
    expect(large.queue.backlogPackets).toBe(401 - 64);
  });

  it('says that a frame was dropped when it was the arriving one', () => {
    const { offer, network } = createQueue({ bytes: 1000 });
    expect(offer(1, 1200)).toBe(false);
    expect(network.pool.inUse).toBe(0);
  });

  it('keeps a sparse flow below a frame of waiting beside a bulk one — RFC 8290 §1.3', () => {
    const network = createNetwork({ frames: 8000 });
    const arrivals: QueueArrival[] = [];
    for (let atNs = 0; atNs < 2000 * MS; atNs += MS) {
      arrivals.push({ atNs, length: 1514, port: 1 });
      if (atNs % (20 * MS) === 0) arrivals.push({ atNs, length: 200, port: 2 });
    }
    const events = serveQueue(
      network,
      (environment) => new FqCodel(environment, CONFIG),
      arrivals,
      {
        serviceNs,
      },
    );
    const waits = events
      .filter(({ kind, ordinal }) => kind === 'sent' && arrivals[ordinal]?.port === 2)
      .map(({ atNs, ordinal }) => atNs - (arrivals[ordinal]?.atNs ?? 0));
    expect(waits).toHaveLength(100);
    expect(Math.max(...waits)).toBeLessThanOrEqual(2 * serviceNs(1514));
    // CoDel holds the bulk flow to its interval-long overload.
    expect(events.some(({ kind }) => kind === 'dropped')).toBe(true);
  });
});
