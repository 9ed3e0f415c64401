/**
 * Something to be done once at a later time, for whoever is not an event source of its own: the start of a
 * flow, a step of a scenario. It wraps a closure, which is why it is for set-up and rare events. Cold.
 */
import type { Duration, Instant } from '../base/units.ts';
import { type EventSink, type Scheduler, SourceClass, type SourceId } from './scheduler.ts';

export class Task implements EventSink {
  readonly #scheduler: Scheduler;
  readonly #source: SourceId;
  readonly #action: () => void;

  constructor(scheduler: Scheduler, action: () => void) {
    this.#scheduler = scheduler;
    this.#action = action;
    this.#source = scheduler.register(this, 0, SourceClass.Application);
  }

  /** Runs the action then, not before; a task that waits already is moved. */
  runAt(atNs: Instant): void {
    this.#scheduler.deadlineNs[this.#source] = atNs;
    this.#scheduler.arm(this.#source);
  }

  /** Runs the action so long from now: below two seconds no double crosses the call. */
  runIn(delayNs: Duration): void {
    this.#scheduler.deadlineNs[this.#source] = this.#scheduler.clock.nowNs + delayNs;
    this.#scheduler.arm(this.#source);
  }

  onEvent(): void {
    this.#action();
  }
}

/**
 * The same action for a task, called by Set.forEach, which V8 never compiles into its caller. What is done a few times
 * in a run would else be part of the compiled loop of events, which is thrown away when the objects made there are gone.
 */
export function outOfLine(action: () => void): () => void {
  const actions = new Set([action]);
  return () => actions.forEach(call);
}

function call(action: () => void): void {
  action();
}
