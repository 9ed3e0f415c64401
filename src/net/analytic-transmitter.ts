/**
 * Drop-tail transmitter without events of its own: where neither rate nor state can change, a frame's
 * start and end are known when it arrives, and it goes to the line at once. The frames that wait are
 * remembered as (start, bytes) in a ring; those whose start has come leave it when the next frame
 * arrives, which is amortised O(1). Drops are those of the evented form (a property test demands it).
 * Hot: no allocation per frame, but for the ring's doubling.
 */
import type { BitsPerSecond, Bytes, Instant } from '../base/units.ts';
import type { Clock } from '../engine/clock.ts';
import { DropReason } from '../engine/drop-reason.ts';
import {
  DOUBLE_SHIFT,
  FRAME_SHIFT,
  FrameDouble,
  type FrameId,
  FrameWord,
} from '../frame/frame-record.ts';
import type { QueueLimits } from '../qdisc/queue-discipline.ts';
import type { Line } from './line.ts';
import type { Network } from './network.ts';
import type { QueueMeter } from './queue-meter.ts';
import type { Serializer } from './serializer.ts';
import type { Transmitter } from './transmitter.ts';

/** Of most links, on which nothing ever waits. */
const NO_STARTS = new Float64Array(0);
const NO_BYTES = new Int32Array(0);
const FIRST_CAPACITY = 8;

export interface TransmitterParts {
  readonly network: Network;
  readonly place: number;
  readonly serializer: Serializer;
  readonly line: Line;
  readonly meter: QueueMeter;
  readonly overheadBytes: number;
  /** Bits/s, for a link that has one rate. */
  readonly rate: BitsPerSecond;
}

export class AnalyticTransmitter implements Transmitter {
  readonly #network: Network;
  readonly #clock: Clock;
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  readonly #place: number;
  readonly #serializer: Serializer;
  readonly #line: Line;
  readonly #meter: QueueMeter;
  readonly #overheadBytes: number;
  readonly #limitBytes: Bytes;
  readonly #limitPackets: number;
  /** With QueueLimits.countsUnsent, what leaves in a nanosecond; else 0. */
  readonly #unsentBytesPerNs: number;
  #waitingBytes = 0;
  #waitingPackets = 0;
  /** Ring of the frames that wait. */
  #starts = NO_STARTS;
  #bytes = NO_BYTES;
  #head = 0;

  constructor(parts: TransmitterParts, limits: QueueLimits) {
    this.#network = parts.network;
    this.#clock = parts.network.clock;
    this.#words = parts.network.pool.words;
    this.#doubles = parts.network.pool.doubles;
    this.#place = parts.place;
    this.#serializer = parts.serializer;
    this.#line = parts.line;
    this.#meter = parts.meter;
    this.#overheadBytes = parts.overheadBytes;
    this.#limitBytes = limits.bytes ?? Number.MAX_SAFE_INTEGER;
    this.#limitPackets = limits.packets ?? Number.MAX_SAFE_INTEGER;
    this.#unsentBytesPerNs = limits.countsUnsent ? parts.rate / 8e9 : 0;
  }

  get backlogPackets(): number {
    this.#forgetStarted();
    return this.#waitingPackets;
  }

  get backlogBytes(): Bytes {
    this.#forgetStarted();
    return this.#waitingBytes;
  }

  /** The line holds them from their arrival. */
  get heldPackets(): number {
    return 0;
  }

  settle(): void {
    this.#forgetStarted();
  }

  transmit(frame: FrameId): void {
    const now = this.#clock.nowNs;
    const serializer = this.#serializer;
    if (this.#waitingPackets > 0) this.#forgetStarted();
    if (serializer.endNs <= now) serializer.restart();
    const length = this.#words[(frame << FRAME_SHIFT) + FrameWord.WireLength];
    const meter = this.#meter;
    if (serializer.nextStartNs > now) {
      const inTransmission = this.#unsentBytesPerNs > 0 ? this.#bytesInTransmission() : 0;
      if (
        this.#waitingBytes + inTransmission + length > this.#limitBytes ||
        this.#waitingPackets >= this.#limitPackets
      ) {
        this.#network.drop(frame, DropReason.QueueFull, this.#place);
        return;
      }
      if (this.#unsentBytesPerNs > 0) {
        meter.peakBytes = Math.max(meter.peakBytes, this.#waitingBytes + inTransmission);
      }
      this.#await(length);
      meter.delays.valueNs[0] = serializer.nextStartNs - now;
      meter.delays.record(meter.row);
    } else {
      meter.unwaitedPackets++;
    }
    serializer.plan(Math.max(0, length + this.#overheadBytes));
    this.#doubles[(frame << DOUBLE_SHIFT) + FrameDouble.DeliveryNs] = serializer.endNs;
    this.#line.enter(frame);
  }

  /** The unsent part of the frame before the ones that wait. */
  #bytesInTransmission(): Bytes {
    const endNs =
      this.#waitingPackets > 0 ? this.#starts[this.#head] : this.#serializer.nextStartNs;
    return (endNs - this.#clock.nowNs) * this.#unsentBytesPerNs;
  }

  /** A frame waits from now until the serializer's next start. */
  #await(length: Bytes): void {
    if (this.#waitingPackets === this.#bytes.length) this.#grow();
    const at = (this.#head + this.#waitingPackets) & (this.#bytes.length - 1);
    this.#starts[at] = this.#serializer.nextStartNs;
    this.#bytes[at] = length;
    this.#waitingPackets++;
    this.#waitingBytes += length;
    const meter = this.#meter;
    if (this.#waitingBytes > meter.peakBytes && this.#unsentBytesPerNs === 0) {
      meter.peakBytes = this.#waitingBytes;
    }
    if (meter.depth !== undefined) {
      meter.depth.timeNs[0] = this.#clock.nowNs;
      meter.depth.record(this.#waitingBytes);
    }
  }

  /** Frames whose transmission has started wait no more. */
  #forgetStarted(): void {
    const now: Instant = this.#clock.nowNs;
    const starts = this.#starts;
    const mask = starts.length - 1;
    const depth = this.#meter.depth;
    while (this.#waitingPackets > 0 && starts[this.#head] <= now) {
      this.#waitingBytes -= this.#bytes[this.#head];
      this.#waitingPackets--;
      if (depth !== undefined) {
        depth.timeNs[0] = starts[this.#head];
        depth.record(this.#waitingBytes);
      }
      this.#head = (this.#head + 1) & mask;
    }
  }

  #grow(): void {
    const capacity = this.#bytes.length;
    const starts = new Float64Array(capacity * 2 || FIRST_CAPACITY);
    const bytes = new Int32Array(starts.length);
    for (let index = 0; index < capacity; index++) {
      const from = (this.#head + index) & (capacity - 1);
      starts[index] = this.#starts[from];
      bytes[index] = this.#bytes[from];
    }
    this.#starts = starts;
    this.#bytes = bytes;
    this.#head = 0;
  }
}
