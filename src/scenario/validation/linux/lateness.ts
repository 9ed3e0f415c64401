/**
 * How late a recording's own link was, and the same for ours. The link of the recordings is a program in real time:
 * now and then it stands still; what has come meanwhile is taken in, and what should have left leaves, when it goes
 * on, in order and at once.
 * A record tells how many frames left more than 1 ms late and how late the latest was; stalls that begin at random
 * and last exponentially long give both. They reach the sender as ACKs in bursts, which is what BBR measures.
 */
import { exp, log } from '../../../base/math.ts';
import type { Instant } from '../../../base/units.ts';
import type { RandomSource } from '../../../engine/random.ts';
import {
  type EventSink,
  type Scheduler,
  SourceClass,
  type SourceId,
} from '../../../engine/scheduler.ts';
import { FrameFifo } from '../../../frame/frame-fifo.ts';
import { type FrameId, NO_FRAME } from '../../../frame/frame-record.ts';
import type { FrameSink } from '../../../frame/frame-sink.ts';
import type { Network } from '../../../net/network.ts';

const LATE_MS = 1;
/** The greatest of n exponential values is near mean × (ln n + this): Euler's constant. */
const EULER = 0.5772;
/**
 * Shorter ones are what every frame meets, jitter: few frames a little above 1 ms say nothing of how many stalls there
 * were far below it.
 */
const MEAN_MS_MIN = 0.5;
const HALVINGS = 60;

export interface LatenessFacts {
  /** Frames that left more than 1 ms late, of so many, in so many seconds. */
  readonly over1ms: number;
  readonly frames: number;
  readonly seconds: number;
  readonly latestMs: number;
}

export interface StallConfig {
  readonly meanMs: number;
  readonly perSecond: number;
}

/** Undefined for a link that was never late. */
export function stallsOf({
  over1ms,
  frames,
  seconds,
  latestMs,
}: LatenessFacts): StallConfig | undefined {
  if (over1ms === 0 || latestMs <= LATE_MS) return undefined;
  const framesPerMs = frames / (seconds * 1e3);
  /** Stalls of this mean length that make so many frames late. */
  const countFor = (meanMs: number) => over1ms / (framesPerMs * meanMs * exp(-LATE_MS / meanMs));
  let low = MEAN_MS_MIN;
  let high = latestMs;
  for (let halving = 0; halving < HALVINGS; halving++) {
    const meanMs = (low + high) / 2;
    const greatestMs = meanMs * (Math.max(0, log(countFor(meanMs))) + EULER);
    if (greatestMs < latestMs) low = meanMs;
    else high = meanMs;
  }
  return { meanMs: high, perSecond: countFor(high) / seconds };
}

/** The stalls of a run, for all that goes through the link. Ask for times that do not fall. */
export class Stalls {
  readonly #random: RandomSource;
  readonly #config: StallConfig;
  #startNs: Instant = 0;
  #endNs: Instant = 0;

  constructor(random: RandomSource, config: StallConfig) {
    this.#random = random;
    this.#config = config;
  }

  /** When something that should leave now can: now, or the end of a stall. */
  leavesAtNs(nowNs: Instant): Instant {
    while (this.#endNs <= nowNs) {
      this.#startNs =
        this.#endNs + Math.ceil(this.#random.exponential(1e9 / this.#config.perSecond));
      this.#endNs = this.#startNs + Math.ceil(this.#random.exponential(this.#config.meanMs * 1e6));
    }
    return this.#startNs <= nowNs ? this.#endNs : nowNs;
  }
}

/** Where frames enter or leave the link: holds what comes in a stall until its end. */
export class LatePoint implements FrameSink, EventSink {
  readonly #scheduler: Scheduler;
  readonly #source: SourceId;
  readonly #stalls: Stalls;
  readonly #held: FrameFifo;
  readonly #to: FrameSink;

  constructor(network: Network, stalls: Stalls, to: FrameSink) {
    this.#scheduler = network.scheduler;
    this.#source = network.scheduler.register(this, 0, SourceClass.Delivery);
    this.#stalls = stalls;
    this.#held = new FrameFifo(network.pool.words);
    this.#to = to;
  }

  get heldPackets(): number {
    return this.#held.count;
  }

  deliver(frame: FrameId): void {
    const { nowNs } = this.#scheduler.clock;
    const atNs = this.#stalls.leavesAtNs(nowNs);
    if (atNs === nowNs && this.#held.count === 0) {
      this.#to.deliver(frame);
      return;
    }
    this.#held.push(frame);
    if (this.#held.count > 1) return;
    this.#scheduler.deadlineNs[this.#source] = atNs;
    this.#scheduler.arm(this.#source);
  }

  onEvent(): void {
    for (let frame = this.#held.shift(); frame !== NO_FRAME; frame = this.#held.shift()) {
      this.#to.deliver(frame);
    }
  }
}
