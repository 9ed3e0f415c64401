/**
 * What the two ends of a flow's connection do: two applications, and when the work was done. A kind of traffic is a
 * function that makes them; a run makes one pair a flow. Whoever writes another kind writes another such function.
 */
import type { Instant } from '../base/units.ts';
import type { RandomSource } from '../engine/random.ts';
import type { Scheduler } from '../engine/scheduler.ts';
import type { Application } from '../stack/tcp-service.ts';

export interface Pumped {
  pump(): void;
}

export interface FlowEnvironment {
  readonly scheduler: Scheduler;
  /** The flow's own stream of chance. */
  random(): RandomSource;
  /** The opening host, which sends what is due when asked: after commands outside of its events. */
  readonly opener: Pumped;
}

export interface FlowEnds {
  /** Of the end that opens the connection, and of the one that accepts it. */
  readonly opener: Application;
  readonly acceptor: Application;
  /** Whose data is the flow's: goodput, RTT and windows are measured in its direction. */
  readonly dataFrom: 'opener' | 'acceptor';
  readonly progress: FlowProgress;
}

export interface FlowProgress {
  /** What times count from; the flow's start when absent. */
  readonly beganNs?: Instant;
  /** When all of the work was done; NEVER until then, and for work without an end. */
  readonly completedNs: Instant;
  /** From each request to the last byte of its response, in order; absent for traffic without requests. */
  readonly transactionsNs?: readonly number[];
}

export type FlowTraffic = (environment: FlowEnvironment) => FlowEnds;
