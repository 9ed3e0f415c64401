/**
 * When the bits of a frame leave. A serializer plans frames one after the other: the first bit of the
 * next one leaves at `nextStartNs`, the last bit of the one planned last at `endNs`. It holds no frame
 * and makes no event; transmitters do. Times are fields, so that no double crosses a call.
 */
import type { Bytes, Instant } from '../base/units.ts';

export interface Serializer {
  /** When a frame planned now would start: not before now, except in a busy period that goes on. */
  readonly nextStartNs: Instant;
  /** When the frame planned last has left; whole nanoseconds, never early. */
  readonly endNs: Instant;
  /** Plans a frame of `length` bytes, overhead included, behind those planned before. */
  plan(length: Bytes): void;
  /** An idle period ends: a frame arrives now and finds none before it. */
  restart(): void;
  /** The frame planned last will not be sent to its end. */
  abort(): void;
  /** The used share of what could have been sent from time 0 until now. */
  utilisation(): number;
}
