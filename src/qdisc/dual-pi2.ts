/**
 * DualPI2 (RFC 9332 Appendix A): two queues, L for ECT(1) and CE, C for the rest, under one PI controller of
 * the delay in C. Its base chance p' is squared for Classic frames, and times k for L4S ones, which also have a
 * shallow ramp of their own; so both kinds of sender get about the same rate at very different delays. Under
 * overload (p' k >= 1) L frames are dropped as Classic ones are, and ECN protects nobody.
 * L is served first but for a weighted round robin of 15 to 1, whose credit moves only while both have frames.
 *
 * Updates happen at the multiples of Tupdate, before what happens at that instant, and are made when the queue
 * is next used: what they read is known then. Hot: no allocation per frame.
 */
import { type Bytes, type Duration, type Instant, UNSET_ZERO } from '../base/units.ts';
import { DropReason } from '../engine/drop-reason.ts';
import {
  FRAME_SHIFT,
  type FrameId,
  FrameWord,
  MetaShift,
  NO_FRAME,
} from '../frame/frame-record.ts';
import { BufferedQueue } from './_buffered.ts';
import type { QueueEnvironment } from './queue-discipline.ts';

/** RFC 9332 Figure 2. */
export interface DualPi2Config {
  /** Of the Classic queue's delay: 15 ms. */
  readonly targetNs: Duration;
  /** Tupdate: 16 ms. */
  readonly updateNs: Duration;
  /** RTT_max: 100 ms. */
  readonly rttNsMax: Duration;
  /** k: 2. */
  readonly coupling: number;
  /** minTh: 800 us. */
  readonly rampStartNs: Duration;
  /** range: 400 us. */
  readonly rampNs: Duration;
}

const enum Queue {
  L4s = 0,
  Classic = 1,
}

const NS_PER_S = 1e9;
/** Th_len. */
const SHORT_PACKETS = 1;
/** A scheduler weight of 1/16 for Classic: §A.1. */
const L4S_WEIGHT = 15;

export class DualPi2 extends BufferedQueue {
  readonly #config: DualPi2Config;
  readonly #mtuBytes: Bytes;
  readonly #alpha: number;
  readonly #beta: number;
  /** p', p_CL, p_C and p_Cmax. */
  #base = UNSET_ZERO;
  #coupled = UNSET_ZERO;
  #classic = UNSET_ZERO;
  readonly #classicMax: number;
  #prevqNs: Duration = UNSET_ZERO;
  #updateAtNs: Instant;
  /** q.count of recur, by queue. */
  readonly #counts = new Float64Array(2);
  /** Above 0, Classic has waited its share. */
  #credit: Bytes;
  readonly #firstCredit: Bytes;

  constructor(environment: QueueEnvironment, config: DualPi2Config) {
    super(environment, 2);
    const { updateNs, rttNsMax, coupling } = config;
    this.#config = config;
    this.#mtuBytes = environment.longestFrameBytes;
    const rttMax = rttNsMax / NS_PER_S;
    this.#alpha = (0.1 * (updateNs / NS_PER_S)) / (rttMax * rttMax);
    this.#beta = 0.3 / rttMax;
    this.#classicMax = Math.min(1 / (coupling * coupling), 1);
    this.#updateAtNs = 0 + updateNs;
    this.#firstCredit = -L4S_WEIGHT * environment.longestFrameBytes;
    this.#credit = this.#firstCredit;
  }

  /** p'. */
  get baseChance(): number {
    this.#catchUp();
    return this.#base;
  }

  /** Its delay of 0 counts in the recurrence of marks. */
  letsPass(): boolean {
    return false;
  }

  /** Figure 3. */
  enqueue(frame: FrameId): boolean {
    this.#catchUp();
    if (!this.queues.hasRoomFor(this.#mtuBytes)) {
      this.outcomes.drop(frame, DropReason.QueueFull, this.place);
      return false;
    }
    // ECT(1) and CE have the last bit set.
    const isL4s = (this.#ecnOf(frame) & 1) === 1;
    this.queues.push(isL4s ? Queue.L4s : Queue.Classic, frame);
    return true;
  }

  /** Figure 7. */
  dequeue(): FrameId {
    this.#catchUp();
    const { queues } = this;
    while (queues.totalPackets > 0) {
      const queue = this.#schedule();
      const frame = queues.shift(queue);
      const isKept = queue === Queue.L4s ? this.#judgeL4s(frame) : this.#judgeClassic(frame);
      if (isKept) return frame;
      this.outcomes.drop(frame, DropReason.Aqm, this.place);
    }
    this.#credit = this.#firstCredit;
    return NO_FRAME;
  }

  /** False when the frame is to be dropped. */
  #judgeL4s(frame: FrameId): boolean {
    if (this.#coupled < 1) {
      const isShort = this.queues.packets(Queue.L4s) <= SHORT_PACKETS;
      const own = isShort ? 0 : this.#rampAt(this.clock.nowNs - this.enqueuedNs(frame));
      if (this.#recurs(Queue.L4s, Math.max(own, this.#coupled))) {
        this.outcomes.mark(frame, this.place);
      }
      return true;
    }
    if (this.#recurs(Queue.L4s, this.#classic)) return false;
    if (this.#recurs(Queue.L4s, this.#coupled)) this.outcomes.mark(frame, this.place);
    return true;
  }

  #judgeClassic(frame: FrameId): boolean {
    if (!this.#recurs(Queue.Classic, this.#classic)) return true;
    if (this.#classic >= this.#classicMax) return false;
    return this.outcomes.mark(frame, this.place);
  }

  /** Native L4S AQM: Figure 5. */
  #rampAt(delayNs: Duration): number {
    const { rampStartNs, rampNs } = this.#config;
    if (delayNs >= rampStartNs + rampNs) return 1;
    return delayNs > rampStartNs ? (delayNs - rampStartNs) / rampNs : 0;
  }

  /** True with a likelihood, evenly spaced: Figure 4. */
  #recurs(queue: Queue, likelihood: number): boolean {
    this.#counts[queue] += likelihood;
    if (this.#counts[queue] <= 1) return false;
    this.#counts[queue] -= 1;
    return true;
  }

  #schedule(): Queue {
    const { queues } = this;
    const l4s = queues.head(Queue.L4s);
    const classic = queues.head(Queue.Classic);
    if (l4s === NO_FRAME) return Queue.Classic;
    if (classic === NO_FRAME) return Queue.L4s;
    if (this.#credit <= 0) {
      this.#credit += this.lengthOf(l4s);
      return Queue.L4s;
    }
    this.#credit -= L4S_WEIGHT * this.lengthOf(classic);
    return Queue.Classic;
  }

  #catchUp(): void {
    const now = this.clock.nowNs;
    const { updateNs } = this.#config;
    while (this.#updateAtNs <= now) {
      if (this.#base === 0 && this.#prevqNs === 0 && this.queues.totalPackets === 0) {
        this.#updateAtNs += Math.floor((now - this.#updateAtNs) / updateNs) * updateNs;
      }
      this.#update(this.#updateAtNs);
      this.#updateAtNs += updateNs;
    }
  }

  /** Figure 8, with p' held to 0 … 1. */
  #update(atNs: Instant): void {
    const curqNs = Math.max(this.#delayAt(Queue.L4s, atNs), this.#delayAt(Queue.Classic, atNs));
    const error = (curqNs - this.#config.targetNs) / NS_PER_S;
    const change = (curqNs - this.#prevqNs) / NS_PER_S;
    const base = this.#base + this.#alpha * error + this.#beta * change;
    this.#base = Math.max(0, Math.min(1, base));
    this.#coupled = this.#base * this.#config.coupling;
    this.#classic = this.#base * this.#base;
    this.#prevqNs = curqNs;
  }

  /** How long the head of a queue had waited then; 0 without one. */
  #delayAt(queue: Queue, atNs: Instant): Duration {
    const head = this.queues.head(queue);
    return head === NO_FRAME ? 0 : atNs - this.enqueuedNs(head);
  }

  #ecnOf(frame: FrameId): number {
    return (this.words[(frame << FRAME_SHIFT) + FrameWord.Meta] >>> MetaShift.TrafficClass) & 3;
  }
}
