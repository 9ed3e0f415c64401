import { describe, expect, it } from 'vitest';
import { NEVER } from '../../../src/base/units.ts';
import { DropReason } from '../../../src/engine/drop-reason.ts';
import { NO_FRAME } from '../../../src/frame/frame-record.ts';
import { Fifo, type FifoLimits } from '../../../src/qdisc/fifo.ts';
import { buildFrame, createNetwork } from '../../support/network.ts';

function createFifo(limits: FifoLimits) {
  const network = createNetwork();
  const place = network.addPlace('queue');
  const fifo = new Fifo(network.pool, network, place, limits);
  const offer = (length: number) => fifo.enqueue(buildFrame(network, length, 0));
  const drops = () => network.dropCount(place, DropReason.QueueFull);
  return { network, place, fifo, offer, drops };
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
    const { network, fifo, offer, drops } = createFifo({ bytes: 300 });
    expect(offer(100)).toBe(true);
    expect(offer(201)).toBe(false);
    expect(offer(200)).toBe(true);
    expect(offer(1)).toBe(false);
    expect([fifo.backlogBytes, fifo.backlogPackets, drops()]).toEqual([300, 2, 2]);
    // Dropped frames are back in the pool.
    expect(network.pool.inUse).toBe(2);
  });

  it('takes frames up to its frame limit, whatever their length', () => {
    const { fifo, offer, drops } = createFifo({ packets: 2 });
    expect([offer(9000), offer(60), offer(60)]).toEqual([true, true, false]);
    fifo.dequeue();
    expect(offer(60)).toBe(true);
    expect(drops()).toBe(1);
  });

  it('obeys both limits when both are given', () => {
    const { offer } = createFifo({ bytes: 1000, packets: 2 });
    expect([offer(900), offer(200), offer(50), offer(50)]).toEqual([true, false, true, false]);
  });

  it('is eligible at once, and never when empty', () => {
    const { fifo, offer } = createFifo({});
    expect(fifo.eligibleAtNs()).toBe(NEVER);
    offer(60);
    expect(fifo.eligibleAtNs()).toBe(0);
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
});
