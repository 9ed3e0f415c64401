/**
 * What a queue in front of a transmitter does. The transmitter asks; the discipline holds the frames,
 * chooses the next one, marks, and ends those it will not keep. It knows no line. A frame's enqueue time is
 * FrameDouble.DeliveryNs, which the transmitter has written.
 */
import type { BitsPerSecond, Bytes } from '../base/units.ts';
import type { Clock } from '../engine/clock.ts';
import type { DropReason } from '../engine/drop-reason.ts';
import type { RandomSource } from '../engine/random.ts';
import type { FramePool } from '../frame/frame-pool.ts';
import type { FrameId } from '../frame/frame-record.ts';

export interface QueueDiscipline {
  /** Sum of the wire lengths of the frames that wait. */
  readonly backlogBytes: Bytes;
  readonly backlogPackets: number;
  /** A frame finds the transmitter idle and the queue empty: whether it goes past, enqueue and dequeue. */
  letsPass(frame: FrameId): boolean;
  /** Takes ownership. False when the frame was dropped: it is recorded, counted and released here. */
  enqueue(frame: FrameId): boolean;
  /** Gives ownership; NO_FRAME when empty or not yet eligible. An idle transmitter asks an empty queue once. */
  dequeue(): FrameId;
  /** Writes to cell[0] when dequeue can next succeed; NEVER when empty. */
  findEligible(cell: Float64Array): void;
  /** Empties the queue at once, eligible or not: the link has gone down. */
  dropAll(reason: DropReason): void;
}

/** Where a discipline's decisions go. */
export interface QueueOutcomes {
  /** Takes ownership: the frame is recorded, told to the observer and released. */
  drop(frame: FrameId, reason: DropReason, place: number): void;
  /** Sets Congestion Experienced; false for a frame that is not ECN-capable (RFC 3168 §5). */
  mark(frame: FrameId, place: number): boolean;
}

/** Each limit is unlimited when absent; 0 packets is a link without a buffer. */
export interface QueueLimits {
  readonly bytes?: Bytes;
  readonly packets?: number;
  /**
   * `bytes` counts the unsent part of the frame in transmission as well. Only for links of constant rate
   * (net/analytic-transmitter).
   */
  readonly countsUnsent?: boolean;
}

/** What a discipline is given to work with. */
export interface QueueEnvironment {
  readonly pool: FramePool;
  readonly clock: Clock;
  /** The queue's own stream of chance. */
  readonly random: RandomSource;
  readonly outcomes: QueueOutcomes;
  /** Where its drops and marks are counted (net/network). */
  readonly place: number;
  readonly limits: QueueLimits;
  /** Of the transmitter at its start: Infinity when unlimited, the mean of a recorded link. */
  readonly rate: BitsPerSecond;
  /** Longest frame the link carries, with its Ethernet header. */
  readonly longestFrameBytes: Bytes;
}
