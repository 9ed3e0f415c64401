import { describe, expect, it } from 'vitest';
import { DropReason } from '../../../src/engine/drop-reason.ts';
import type { QueueLimits } from '../../../src/qdisc/queue-discipline.ts';
import { StepMarking } from '../../../src/qdisc/step-marking.ts';
import { createNetwork } from '../../support/network.ts';
import { CE, ECT0, ecnOf, environmentOf, flowFrame } from '../../support/queues.ts';

function createQueue(threshold: QueueLimits, limits: QueueLimits = {}) {
  const network = createNetwork();
  const environment = environmentOf(network, { limits });
  const queue = new StepMarking(environment, threshold);
  const offer = (ecn: number, length = 1000) => {
    const frame = flowFrame(network, { length, ordinal: 0, ecn });
    return queue.enqueue(frame) ? ecnOf(network, frame) : undefined;
  };
  return { network, place: environment.place, queue, offer };
}

describe('step marking', () => {
  it('marks from the frame on that makes the queue longer than K — RFC 8257 §3.1', () => {
    const { offer, queue, network } = createQueue({ packets: 2 });
    expect([offer(ECT0), offer(ECT0), offer(ECT0)]).toEqual([ECT0, ECT0, CE]);
    network.pool.release(queue.dequeue());
    network.pool.release(queue.dequeue());
    expect([offer(ECT0), offer(ECT0)]).toEqual([ECT0, CE]);
  });

  it('counts K in bytes as well', () => {
    const { offer, network, place } = createQueue({ bytes: 2500 });
    expect([offer(ECT0), offer(ECT0), offer(1, 500), offer(1, 1)]).toEqual([ECT0, ECT0, 1, CE]);
    expect(network.markCount(place)).toBe(1);
  });

  it('neither marks nor drops a frame that is not ECN-capable, up to the limit — RFC 3168 §5', () => {
    const { offer, network, place } = createQueue({ packets: 1 }, { packets: 3 });
    expect([offer(0), offer(0), offer(0), offer(0)]).toEqual([0, 0, 0, undefined]);
    expect([network.markCount(place), network.dropCount(place, DropReason.QueueFull)]).toEqual([
      0, 1,
    ]);
  });
});
