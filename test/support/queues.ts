/** Queue disciplines by themselves: an environment, and a server that takes a frame at stated times. */
import type { VirtualClock } from '../../src/engine/clock.ts';
import {
  DOUBLE_SHIFT,
  FRAME_SHIFT,
  FrameDouble,
  type FrameId,
  FrameWord,
  MetaShift,
  NO_FRAME,
} from '../../src/frame/frame-record.ts';
import type { FrameSink } from '../../src/frame/frame-sink.ts';
import type { Network } from '../../src/net/network.ts';
import type { QueueDiscipline, QueueEnvironment } from '../../src/qdisc/queue-discipline.ts';
import { ArrivalSource, buildFrame } from './network.ts';

/** An environment of a network's own parts, changed as stated. */
export function environmentOf(
  network: Network,
  changes: Partial<QueueEnvironment> = {},
): QueueEnvironment {
  return {
    pool: network.pool,
    clock: network.clock,
    random: network.random.fork('queue'),
    outcomes: network,
    place: network.addPlace('queue'),
    limits: {},
    rate: 10e6,
    longestFrameBytes: 1514,
    ...changes,
  };
}

/** When the queue next gives a frame. */
export function eligibleNs(queue: QueueDiscipline): number {
  const cell = new Float64Array(1);
  queue.findEligible(cell);
  return cell[0] as number;
}

/** ECN codepoints of RFC 3168 §5. */
export const ECT0 = 2;
export const CE = 3;

/** A frame of the flow with this source port and ECN codepoint, its sequence number its ordinal. */
export function flowFrame(
  network: Network,
  frame: { length: number; ordinal: number; port?: number; ecn?: number; dscp?: number },
): FrameId {
  const { length, ordinal, port = 0, ecn = 0, dscp = 0 } = frame;
  const id = buildFrame(network, length, ordinal);
  const at = id << FRAME_SHIFT;
  network.pool.words[at + FrameWord.Ports] = (port << 16) | 80;
  network.pool.words[at + FrameWord.Meta] |= ((dscp << 2) | ecn) << MetaShift.TrafficClass;
  return id;
}

export function ecnOf(network: Network, frame: FrameId): number {
  const meta = network.pool.words[(frame << FRAME_SHIFT) + FrameWord.Meta];
  return (meta >>> MetaShift.TrafficClass) & 3;
}

export interface QueueArrival {
  readonly atNs: number;
  readonly length: number;
  readonly port?: number;
  readonly ecn?: number;
  readonly dscp?: number;
}

/** What became of each frame: its ordinal, when, and how. */
export interface QueueEvent {
  readonly kind: 'sent' | 'dropped' | 'marked';
  readonly ordinal: number;
  readonly atNs: number;
}

/**
 * Offers arrivals (ascending) to a queue and takes a frame whenever the transmitter is free: it is busy for
 * `serviceNs(length)` with each. An arrival of the instant of a departure comes after it. Nothing passes by.
 */
export function serveQueue(
  network: Network,
  create: (environment: QueueEnvironment) => QueueDiscipline,
  arrivals: readonly QueueArrival[],
  options: { serviceNs: (length: number) => number; environment?: Partial<QueueEnvironment> },
): QueueEvent[] {
  const events: QueueEvent[] = [];
  const clock = network.clock as VirtualClock;
  const { words, doubles } = network.pool;
  const ordinalOf = (frame: FrameId) => words[(frame << FRAME_SHIFT) + FrameWord.Seq] as number;
  const note = (kind: QueueEvent['kind'], frame: FrameId) =>
    events.push({ kind, ordinal: ordinalOf(frame), atNs: clock.nowNs });
  const environment = environmentOf(network, options.environment);
  const queue = create({
    ...environment,
    outcomes: {
      drop: (frame, reason, place) => {
        note('dropped', frame);
        network.drop(frame, reason, place);
      },
      mark: (frame, place) => {
        const isMarked = network.mark(frame, place);
        if (isMarked) note('marked', frame);
        return isMarked;
      },
    },
  });
  let freeAtNs = 0;
  let next = 0;
  const pull = () => {
    const frame = queue.dequeue();
    if (frame === NO_FRAME) {
      freeAtNs = queue.backlogPackets === 0 ? Number.POSITIVE_INFINITY : eligibleNs(queue);
      return;
    }
    note('sent', frame);
    const length = words[(frame << FRAME_SHIFT) + FrameWord.WireLength] as number;
    freeAtNs = clock.nowNs + options.serviceNs(length);
    network.pool.release(frame);
  };
  while (next < arrivals.length || queue.backlogPackets > 0) {
    const arrival = arrivals[next];
    const arrivesAtNs = arrival?.atNs ?? Number.POSITIVE_INFINITY;
    if (freeAtNs <= arrivesAtNs) {
      clock.cell[0] = freeAtNs;
      pull();
      continue;
    }
    clock.cell[0] = arrivesAtNs;
    const isIdle = freeAtNs === Number.POSITIVE_INFINITY;
    const frame = flowFrame(network, { ...(arrival as QueueArrival), ordinal: next++ });
    doubles[(frame << DOUBLE_SHIFT) + FrameDouble.DeliveryNs] = arrivesAtNs;
    queue.enqueue(frame);
    if (isIdle) pull();
  }
  return events;
}

/** Sends frames of flows at given times (ascending). */
export function flowSource(
  network: Network,
  arrivals: readonly QueueArrival[],
  to: FrameSink,
): ArrivalSource<QueueArrival> {
  return new ArrivalSource(network, arrivals, to, (arrival, ordinal) =>
    flowFrame(network, { ...arrival, ordinal }),
  );
}
