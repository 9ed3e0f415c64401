/**
 * Transmitter with an event a frame, for what the analytic form cannot foresee: a rate that is changed in
 * mid-frame, a link that goes down, a queue discipline that chooses later. One event source serves both
 * the end of a transmission and the wait for a start. Hot: no allocation per frame.
 */
import type { Bytes } from '../base/units.ts';
import type { Clock } from '../engine/clock.ts';
import type { DropReason } from '../engine/drop-reason.ts';
import type { Scheduler, SourceId } from '../engine/scheduler.ts';
import {
  DOUBLE_SHIFT,
  FRAME_SHIFT,
  FrameDouble,
  type FrameId,
  FrameWord,
  NO_FRAME,
} from '../frame/frame-record.ts';
import type { QueueDiscipline } from '../qdisc/queue-discipline.ts';
import type { TransmitterParts } from './analytic-transmitter.ts';
import type { Line } from './line.ts';
import type { Network } from './network.ts';
import type { QueueMeter } from './queue-meter.ts';
import type { Serializer } from './serializer.ts';
import type { Transmitter } from './transmitter.ts';

export class EventedTransmitter implements Transmitter {
  readonly #network: Network;
  readonly #clock: Clock;
  readonly #scheduler: Scheduler;
  readonly #source: SourceId;
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  readonly #place: number;
  readonly #serializer: Serializer;
  readonly #line: Line;
  readonly #meter: QueueMeter;
  readonly #overheadBytes: number;
  readonly #queue: QueueDiscipline;
  /** When the queue next has a frame, as it said last. */
  readonly #eligibleNs = new Float64Array(1);
  /** Frames enter the line when their transmission begins: of links that hand them on by their header. */
  readonly #entersAtStart: boolean;
  /** In transmission; on the line already where frames enter it at the start. */
  #current: FrameId = NO_FRAME;

  constructor(
    parts: TransmitterParts,
    queue: QueueDiscipline,
    source: SourceId,
    entersAtStart = false,
  ) {
    this.#network = parts.network;
    this.#clock = parts.network.clock;
    this.#scheduler = parts.network.scheduler;
    this.#source = source;
    this.#words = parts.network.pool.words;
    this.#doubles = parts.network.pool.doubles;
    this.#place = parts.place;
    this.#serializer = parts.serializer;
    this.#line = parts.line;
    this.#meter = parts.meter;
    this.#overheadBytes = parts.overheadBytes;
    this.#queue = queue;
    this.#entersAtStart = entersAtStart;
  }

  get backlogPackets(): number {
    return this.#queue.backlogPackets;
  }

  get backlogBytes(): Bytes {
    return this.#queue.backlogBytes;
  }

  get heldPackets(): number {
    const holdsCurrent = this.#current !== NO_FRAME && !this.#entersAtStart;
    return this.#queue.backlogPackets + (holdsCurrent ? 1 : 0);
  }

  /** Events keep it up to now. */
  settle(): void {}

  transmit(frame: FrameId): void {
    const now = this.#clock.nowNs;
    const queue = this.#queue;
    const isIdle = this.#current === NO_FRAME && queue.backlogPackets === 0;
    this.#doubles[(frame << DOUBLE_SHIFT) + FrameDouble.DeliveryNs] = now;
    if (isIdle) {
      this.#serializer.restart();
      if (this.#serializer.nextStartNs <= now && queue.letsPass(frame)) {
        this.#begin(frame);
        return;
      }
    }
    if (!queue.enqueue(frame)) return;
    // A frame may overtake those that are held back.
    if (this.#current === NO_FRAME) this.#pull();
    // Measured when the frame has been offered a start: what never waited was never in the queue.
    this.#measureDepth();
  }

  /** The frame in transmission has left, or the wait for a start is over. */
  onEvent(): void {
    const frame = this.#current;
    this.#current = NO_FRAME;
    if (frame !== NO_FRAME && !this.#entersAtStart) this.#leave(frame);
    this.#pull();
    this.#measureDepth();
  }

  /** The queue lets go what it has held back. */
  wake(): void {
    if (this.#current !== NO_FRAME) return;
    this.#pull();
    this.#measureDepth();
  }

  /** The serializer's plan has changed under the frame in transmission. */
  replan(): void {
    if (this.#current !== NO_FRAME) this.#armAtEnd();
  }

  /** Drops the frame in transmission and the queue. */
  dropAll(reason: DropReason): void {
    this.#scheduler.disarm(this.#source);
    const frame = this.#current;
    if (frame !== NO_FRAME) {
      this.#current = NO_FRAME;
      this.#serializer.abort();
      this.#network.drop(frame, reason, this.#place);
    }
    this.#queue.dropAll(reason);
    this.#measureDepth();
  }

  /**
   * Starts frames until one takes time, or arms the source for when the next can start. A queue that is empty
   * is asked too, and knows from it that the transmitter is idle.
   */
  #pull(): void {
    const now = this.#clock.nowNs;
    const queue = this.#queue;
    const serializer = this.#serializer;
    const deadlines = this.#scheduler.deadlineNs;
    while (this.#current === NO_FRAME) {
      if (queue.backlogPackets === 0) {
        queue.dequeue();
        return;
      }
      if (serializer.nextStartNs < now) serializer.restart();
      const frame = serializer.nextStartNs > now ? NO_FRAME : queue.dequeue();
      if (frame !== NO_FRAME) {
        this.#begin(frame);
      } else if (queue.backlogPackets > 0) {
        queue.findEligible(this.#eligibleNs);
        deadlines[this.#source] = Math.max(serializer.nextStartNs, this.#eligibleNs[0]);
        this.#scheduler.arm(this.#source);
        return;
      }
    }
  }

  #begin(frame: FrameId): void {
    const now = this.#clock.nowNs;
    const meter = this.#meter;
    const arrivedNs = this.#doubles[(frame << DOUBLE_SHIFT) + FrameDouble.DeliveryNs];
    if (arrivedNs === now) {
      meter.unwaitedPackets++;
    } else {
      meter.delays.valueNs[0] = now - arrivedNs;
      meter.delays.record(meter.row);
    }
    const length = this.#words[(frame << FRAME_SHIFT) + FrameWord.WireLength];
    this.#serializer.plan(Math.max(0, length + this.#overheadBytes));
    if (this.#serializer.endNs > now) {
      this.#current = frame;
      this.#armAtEnd();
      if (!this.#entersAtStart) return;
      this.#doubles[(frame << DOUBLE_SHIFT) + FrameDouble.DeliveryNs] = this.#serializer.endNs;
      this.#line.enter(frame);
    } else {
      this.#leave(frame);
    }
  }

  #leave(frame: FrameId): void {
    this.#doubles[(frame << DOUBLE_SHIFT) + FrameDouble.DeliveryNs] = this.#clock.nowNs;
    this.#line.enter(frame);
  }

  #armAtEnd(): void {
    this.#scheduler.deadlineNs[this.#source] = this.#serializer.endNs;
    this.#scheduler.arm(this.#source);
  }

  #measureDepth(): void {
    const bytes = this.#queue.backlogBytes;
    const meter = this.#meter;
    if (bytes > meter.peakBytes) meter.peakBytes = bytes;
    if (meter.depth === undefined) return;
    meter.depth.timeNs[0] = this.#clock.nowNs;
    meter.depth.record(bytes);
  }
}
