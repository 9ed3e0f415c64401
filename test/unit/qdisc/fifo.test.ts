import { describe, expect, it } from 'vitest';
import { NEVER } from '../../../src/base/units.ts';
import { DropReason } from '../../../src/engine/drop-reason.ts';
import { NO_FRAME } from '../../../src/frame/frame-record.ts';
import { Fifo } from '../../../src/qdisc/fifo.ts';
import type { QueueLimits } from '../../../src/qdisc/queue-discipline.ts';
import { buildFrame, createNetwork } from '../../support/network.ts';
import { eligibleNs, environmentOf } from '../../support/queues.ts';

function createFifo(limits: QueueLimits, drops: 'tail' | 'head' = 'tail') {
  const network = createNetwork();
  const environment = environmentOf(network, { limits });
  const fifo = new Fifo(environment, drops);
  const offer = (length: number) => fifo.enqueue(buildFrame(network, length, 0));
  const dropped = () => network.dropCount(environment.place, DropReason.QueueFull);
  return { network, place: environment.place, fifo, offer, dropped };
}

describe('Fifo', () => {
  it('gives frames back in the order they came', () => {
    const { network, fifo } = createFifo({});
    const frames = [1, 2, 3].map((ordinal) => buildFrame(network, 100, ordinal));
    for (const frame of frames) expect(fifo.enqueue(frame)).toBe(true);
    expect([fifo.dequeue(), fifo.dequeue(), fifo.dequeue()]).toEqual(frames);
    expect(fifo.dequeue()).toBe(NO_FRAME);
  });

  it('takes frames up to its byte limit exactly, and drops the one that would pass it', () => {
    const { network, fifo, offer, dropped } = createFifo({ bytes: 300 });
    expect(offer(100)).toBe(true);
    expect(offer(201)).toBe(false);
    expect(offer(200)).toBe(true);
    expect(offer(1)).toBe(false);
    expect([fifo.backlogBytes, fifo.backlogPackets, dropped()]).toEqual([300, 2, 2]);
    // Dropped frames are back in the pool.
    expect(network.pool.inUse).toBe(2);
  });

  it('takes frames up to its frame limit, whatever their length', () => {
    const { fifo, offer, dropped } = createFifo({ packets: 2 });
    expect([offer(9000), offer(60), offer(60)]).toEqual([true, true, false]);
    fifo.dequeue();
    expect(offer(60)).toBe(true);
    expect(dropped()).toBe(1);
  });

  it('obeys both limits when both are given', () => {
    const { offer } = createFifo({ bytes: 1000, packets: 2 });
    expect([offer(900), offer(200), offer(50), offer(50)]).toEqual([true, false, true, false]);
  });

  it('is eligible at once, and never when empty', () => {
    const { fifo, offer } = createFifo({});
    expect(eligibleNs(fifo)).toBe(NEVER);
    offer(60);
    expect(eligibleNs(fifo)).toBe(0);
  });

  it('empties itself into drops with a reason when the link goes down', () => {
    const { network, place, fifo, offer } = createFifo({});
    offer(100);
    offer(200);
    fifo.dropAll(DropReason.LinkDown);
    expect([fifo.backlogBytes, fifo.backlogPackets]).toEqual([0, 0]);
    expect(network.dropCount(place, DropReason.LinkDown)).toBe(2);
    expect(network.pool.inUse).toBe(0);
  });

  it('with drop-head, drops the oldest frames until the arriving one fits', () => {
    const { network, fifo, dropped } = createFifo({ bytes: 300 }, 'head');
    const lengths = [100, 100, 100, 150];
    const frames = lengths.map((length, ordinal) => buildFrame(network, length, ordinal));
    expect(frames.map((frame) => fifo.enqueue(frame))).toEqual([true, true, true, true]);
    expect([dropped(), fifo.backlogBytes]).toEqual([2, 250]);
    expect([fifo.dequeue(), fifo.dequeue()]).toEqual([frames[2], frames[3]]);
  });

  it('with drop-head, drops a frame that the empty queue has no room for', () => {
    const { offer, dropped, fifo } = createFifo({ bytes: 300 }, 'head');
    expect([offer(200), offer(301)]).toEqual([true, false]);
    expect([dropped(), fifo.backlogPackets]).toEqual([2, 0]);
  });
});
