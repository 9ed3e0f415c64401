/**
 * Something to be done once at a later time, for whoever is not an event source of its own: the start of a
 * flow, a step of a scenario. It wraps a closure, which is why it is for set-up and rare events. Cold.
 */
import type { Instant } from '../base/units.ts';
import { type EventSink, type Scheduler, SourceClass, type SourceId } from './scheduler.ts';

export class Task implements EventSink {
  readonly #scheduler: Scheduler;
  readonly #source: SourceId;
  /**
   * One, called by Set.forEach, which V8 never compiles into its caller: what is done once would be part of the
   * compiled loop of events, which is thrown away when the objects that were made there are gone.
   */
  readonly #actions: Set<() => void>;

  constructor(scheduler: Scheduler, action: () => void) {
    this.#scheduler = scheduler;
    this.#actions = new Set([action]);
    this.#source = scheduler.register(this, 0, SourceClass.Application);
  }

  /** Runs the action then, not before; a task that waits already is moved. */
  runAt(atNs: Instant): void {
    this.#scheduler.deadlineNs[this.#source] = atNs;
    this.#scheduler.arm(this.#source);
  }

  onEvent(): void {
    this.#actions.forEach(run);
  }
}

function run(action: () => void): void {
  action();
}
