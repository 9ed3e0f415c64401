/**
 * What a queue in front of a transmitter does. The transmitter asks; the discipline holds the frames,
 * chooses the next one, and ends those it will not keep. It knows no rate and no line.
 */
import type { Bytes, Instant } from '../base/units.ts';
import type { DropReason } from '../engine/drop-reason.ts';
import type { FrameId } from '../frame/frame-record.ts';

export interface QueueDiscipline {
  /** Sum of the wire lengths of the frames that wait. */
  readonly backlogBytes: Bytes;
  readonly backlogPackets: number;
  /** A frame that finds the transmitter idle and the queue empty may go past it, enqueue and all. */
  readonly canBypass: boolean;
  /** Takes ownership. False when the frame was dropped: it is recorded, counted and released here. */
  enqueue(frame: FrameId): boolean;
  /** Gives ownership; NO_FRAME when empty or not yet eligible. */
  dequeue(): FrameId;
  /** When dequeue can next succeed; NEVER when empty. */
  eligibleAtNs(): Instant;
  /** Empties the queue at once, eligible or not: the link has gone down. */
  dropAll(reason: DropReason): void;
}

/** Where a dropped frame goes: it is recorded, told to the observer and released. */
export interface DropSink {
  drop(frame: FrameId, reason: DropReason, place: number): void;
}
