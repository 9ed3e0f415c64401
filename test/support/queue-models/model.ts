/** How the transcriptions of published pseudo-code are driven: as serveQueue drives the disciplines. */
import type { Chance } from '../chance.ts';
import type { QueueArrival, QueueEvent } from '../queues.ts';

export interface Packet {
  readonly ordinal: number;
  readonly length: number;
  readonly ecn: number;
  readonly port: number;
  /** The pseudo-codes' own. */
  tstamp: number;
}

export interface QueueModel {
  /** Packets that wait. */
  readonly length: number;
  enqueue(packet: Packet): void;
  dequeue(): Packet | undefined;
}

/** What a model is built with. */
export interface ModelWorld {
  clock(): number;
  drop(packet: Packet): void;
  mark(packet: Packet): void;
}

export function serveModel(
  create: (world: ModelWorld) => QueueModel,
  arrivals: readonly QueueArrival[],
  serviceNs: (length: number) => number,
): QueueEvent[] {
  const events: QueueEvent[] = [];
  let now = 0;
  const note = (kind: QueueEvent['kind'], packet: Packet) =>
    events.push({ kind, ordinal: packet.ordinal, atNs: now });
  const model = create({
    clock: () => now,
    drop: (packet) => note('dropped', packet),
    mark: (packet) => note('marked', packet),
  });
  let freeAtNs = 0;
  const pull = () => {
    const packet = model.dequeue();
    freeAtNs = packet === undefined ? Number.POSITIVE_INFINITY : now + serviceNs(packet.length);
    if (packet !== undefined) note('sent', packet);
  };
  for (const [ordinal, { atNs, length, ecn = 0, port = 0 }] of arrivals.entries()) {
    while (freeAtNs <= atNs) {
      now = freeAtNs;
      pull();
    }
    now = atNs;
    const isIdle = freeAtNs === Number.POSITIVE_INFINITY;
    model.enqueue({ ordinal, length, ecn, port, tstamp: 0 });
    if (isIdle) pull();
  }
  while (model.length > 0) {
    now = freeAtNs;
    pull();
  }
  return events;
}

/** Loads of all kinds in turn: idle, below, at and far above what the server does, smooth and in bursts. */
export function randomLoad(
  chance: Chance,
  count: number,
  options: { serviceNs: (length: number) => number; isEcn?: boolean; flows?: number },
): QueueArrival[] {
  const { serviceNs, isEcn = false, flows = 1 } = options;
  const arrivals: QueueArrival[] = [];
  let atNs = 0;
  while (arrivals.length < count) {
    const load = chance.pick([0.3, 0.8, 1, 1.1, 1.5, 3]);
    const burst = chance.pick([1, 1, 1, 8]);
    const length = chance.pick([60, 576, 1514]);
    const ecn = isEcn && chance.once(2) ? chance.pick([1, 2]) : 0;
    const packets = 20 + chance.below(800);
    for (let index = 0; index < packets && arrivals.length < count; index++) {
      if (index % burst === 0) atNs += Math.round((serviceNs(length) * burst) / load);
      const port = chance.below(flows);
      arrivals.push({ atNs: atNs + 0, length, ecn, port });
    }
    if (chance.once(3)) atNs += chance.scaled(9);
  }
  return arrivals;
}
