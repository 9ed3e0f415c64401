/**
 * A port that obeys priority-based flow control (IEEE 802.1Qbb): a queue for each of eight priorities, by the class
 * selector of the DSCP (RFC 2474 §4.2.2), the highest first, of which each can be paused for a time; and one for
 * frames that are no IP, pause frames among them, which are never paused and go before all. A frame of a lossless
 * priority is counted at the ingress it came in by, and dropped only when its headroom is full; the others share
 * a drop-tail limit. Marks beyond a threshold K of all that waits (RFC 8257 §3.1).
 * Hot: no allocation per frame. A pause does not stop the frame in transmission.
 */
import { type Bytes, type Duration, type Instant, NEVER } from '../base/units.ts';
import { DropReason } from '../engine/drop-reason.ts';
import {
  FRAME_SHIFT,
  type FrameId,
  FrameWord,
  MetaBit,
  MetaShift,
  NO_FRAME,
  RoutedExtra,
} from '../frame/frame-record.ts';
import { PRIORITY_COUNT } from '../wire/mac-control.ts';
import { BufferedQueue } from './_buffered.ts';
import type { IngressBuffer } from './ingress-buffer.ts';
import type { QueueEnvironment, QueueLimits } from './queue-discipline.ts';

/** The row of frames that are no IP. */
const CONTROL = PRIORITY_COUNT;
/** The class selector: the three first bits of the traffic class. */
const PRIORITY_SHIFT = MetaShift.TrafficClass + 5;

export interface PausablePortConfig {
  /** Bit n for priority n. */
  readonly losslessPriorities: number;
  /** Of the switch that it is a port of; a host has none. */
  readonly ingress?: IngressBuffer | undefined;
  /** K; nothing is marked when absent. */
  readonly mark?: QueueLimits | undefined;
}

/** How often and how long a priority was paused. */
export interface PauseTimes {
  readonly priority: number;
  readonly pauses: number;
  readonly pausedNs: Duration;
  readonly longestNs: Duration;
}

export class PausablePort extends BufferedQueue {
  readonly #extraWords: Int32Array;
  readonly #lossless: number;
  readonly #ingress: IngressBuffer | undefined;
  readonly #limitBytes: Bytes;
  readonly #limitPackets: number;
  readonly #markBytes: Bytes;
  readonly #markPackets: number;
  /** Of priorities that are not lossless. */
  #lossyBytes: Bytes = 0;
  #lossyPackets = 0;
  /** By priority; in the past when it is not paused. */
  readonly #untilNs = new Float64Array(PRIORITY_COUNT);
  readonly #sinceNs = new Float64Array(PRIORITY_COUNT);
  readonly #pausedNs = new Float64Array(PRIORITY_COUNT);
  readonly #longestNs = new Float64Array(PRIORITY_COUNT);
  readonly #pauses = new Float64Array(PRIORITY_COUNT);

  constructor(environment: QueueEnvironment, config: PausablePortConfig) {
    super({ ...environment, limits: {} }, PRIORITY_COUNT + 1);
    const { limits, pool } = environment;
    const { losslessPriorities, ingress, mark = {} } = config;
    this.#extraWords = pool.extraWords;
    this.#lossless = losslessPriorities;
    this.#ingress = ingress;
    this.#limitBytes = limits.bytes ?? Number.MAX_SAFE_INTEGER;
    this.#limitPackets = limits.packets ?? Number.MAX_SAFE_INTEGER;
    this.#markBytes = mark.bytes ?? Number.MAX_SAFE_INTEGER;
    this.#markPackets = mark.packets ?? Number.MAX_SAFE_INTEGER;
  }

  /** A frame that does not wait takes no memory: it is in the transmitter. */
  letsPass(frame: FrameId): boolean {
    return !this.#isPaused(this.#rowOf(frame));
  }

  enqueue(frame: FrameId): boolean {
    const row = this.#rowOf(frame);
    const length = this.lengthOf(frame);
    if (row !== CONTROL) {
      if (((this.#lossless >> row) & 1) === 0) {
        const isFull =
          this.#lossyBytes + length > this.#limitBytes || this.#lossyPackets >= this.#limitPackets;
        if (isFull) return this.#refuse(frame, DropReason.QueueFull);
        this.#lossyBytes += length;
        this.#lossyPackets++;
      } else if (this.#ingress?.admit(this.#ingressOf(frame), row, length) === false) {
        return this.#refuse(frame, DropReason.HeadroomFull);
      }
    }
    const { queues } = this;
    queues.push(row, frame);
    if (queues.totalBytes > this.#markBytes || queues.totalPackets > this.#markPackets) {
      this.outcomes.mark(frame, this.place);
    }
    return true;
  }

  dequeue(): FrameId {
    const { queues } = this;
    for (let row = CONTROL; row >= 0; row--) {
      if (queues.packets(row) > 0 && !this.#isPaused(row)) return this.#take(row);
    }
    return NO_FRAME;
  }

  override findEligible(cell: Float64Array): void {
    const { queues } = this;
    let earliest: Instant = NEVER;
    for (let row = 0; row <= CONTROL; row++) {
      if (queues.packets(row) === 0) continue;
      const until = row === CONTROL ? 0 : this.#untilNs[row];
      if (until < earliest) earliest = until;
    }
    cell[0] = earliest;
  }

  override dropAll(reason: DropReason): void {
    for (let row = 0; row <= CONTROL; row++) {
      for (let frame = this.#take(row); frame !== NO_FRAME; frame = this.#take(row)) {
        this.outcomes.drop(frame, reason, this.place);
      }
    }
  }

  /** No frame of `priority` for so long from now, whatever was asked before; 0 to go on. */
  pause(priority: number, durationNs: Duration): void {
    const { nowNs } = this.clock;
    const until = this.#untilNs[priority];
    const wasPaused = until > nowNs;
    // The one before has run out by itself.
    if (!wasPaused && this.#sinceNs[priority] < until) this.#count(priority, until);
    if (durationNs === 0) {
      if (wasPaused) this.#count(priority, nowNs);
    } else if (!wasPaused) {
      this.#sinceNs[priority] = nowNs;
      this.#pauses[priority]++;
    }
    this.#untilNs[priority] = nowNs + durationNs;
  }

  /** Of priorities that were paused, until now. */
  pauseTimes(): PauseTimes[] {
    const { nowNs } = this.clock;
    const times: PauseTimes[] = [];
    for (let priority = 0; priority < PRIORITY_COUNT; priority++) {
      const pauses = this.#pauses[priority];
      if (pauses === 0) continue;
      const lastNs = Math.max(
        0,
        Math.min(nowNs, this.#untilNs[priority]) - this.#sinceNs[priority],
      );
      times.push({
        priority,
        pauses,
        pausedNs: this.#pausedNs[priority] + lastNs,
        longestNs: Math.max(this.#longestNs[priority], lastNs),
      });
    }
    return times;
  }

  /** Frames wait, and every one of them for the end of a pause. */
  get isHeldBack(): boolean {
    const { queues } = this;
    if (queues.totalPackets === 0) return false;
    for (let row = 0; row <= CONTROL; row++) {
      if (queues.packets(row) > 0 && !this.#isPaused(row)) return false;
    }
    return true;
  }

  /** A pause that began at #sinceNs has ended. */
  #count(priority: number, endNs: Instant): void {
    const lasted = endNs - this.#sinceNs[priority];
    this.#pausedNs[priority] += lasted;
    if (lasted > this.#longestNs[priority]) this.#longestNs[priority] = lasted;
    this.#sinceNs[priority] = NEVER;
  }

  #take(row: number): FrameId {
    const frame = this.queues.shift(row);
    if (frame === NO_FRAME || row === CONTROL) return frame;
    const length = this.lengthOf(frame);
    if (((this.#lossless >> row) & 1) === 0) {
      this.#lossyBytes -= length;
      this.#lossyPackets--;
    } else if (this.#ingress !== undefined) {
      this.#ingress.release(this.#ingressOf(frame), row, length);
    }
    return frame;
  }

  #refuse(frame: FrameId, reason: DropReason): boolean {
    this.outcomes.drop(frame, reason, this.place);
    return false;
  }

  #isPaused(row: number): boolean {
    return row !== CONTROL && this.#untilNs[row] > this.clock.nowNs;
  }

  #rowOf(frame: FrameId): number {
    const meta = this.words[(frame << FRAME_SHIFT) + FrameWord.Meta];
    return (meta & MetaBit.NotIp) !== 0 ? CONTROL : (meta >>> PRIORITY_SHIFT) & 7;
  }

  #ingressOf(frame: FrameId): number {
    return this.#extraWords[(frame << FRAME_SHIFT) + RoutedExtra.Ingress];
  }
}
