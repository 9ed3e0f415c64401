/** Virtual time. The scheduler alone writes it; everybody else is given the clock and reads it. */
import type { Instant } from '../base/units.ts';

export interface Clock {
  readonly nowNs: Instant;
}

/**
 * The clock in a one-element Float64Array: a double in a field of a typed array is never boxed.
 * @internal written by engine/scheduler.ts only
 */
export class VirtualClock implements Clock {
  /** @internal */
  readonly cell = new Float64Array(1);

  get nowNs(): Instant {
    return this.cell[0];
  }
}
