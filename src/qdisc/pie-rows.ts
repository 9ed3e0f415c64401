/**
 * PIE, proportional integral controller enhanced (RFC 8033), on the rows of FrameQueues: one controller a row.
 * An arriving frame is dropped, or marked, with a chance that is adapted every T_UPDATE from the queueing delay
 * and its change. The delay is the sojourn time of the frame that left last (Appendix A), and 0 once the queue
 * was found empty. With §5.1 (ECN) and on request §5.4 (derandomization) and §5.5 (capped growth); without
 * §5.2 (rate estimation), which sojourn times make needless, and §5.3.
 *
 * Updates happen at the multiples of T_UPDATE, before what happens at that instant, and are made when the row
 * is next used: nothing they read changes in between. Hot: no allocation per frame.
 */
import type { Bytes, Duration, Instant } from '../base/units.ts';
import type { Clock } from '../engine/clock.ts';
import type { RandomSource } from '../engine/random.ts';
import { DOUBLE_SHIFT, FrameDouble, type FrameId, NO_FRAME } from '../frame/frame-record.ts';
import type { FrameQueues } from './frame-queues.ts';
import type { QueueEnvironment, QueueOutcomes } from './queue-discipline.ts';

/** RFC 8033 Appendix A and B have the values. */
export interface PieConfig {
  /** QDELAY_REF: 15 ms. */
  readonly targetNs: Duration;
  /** T_UPDATE: 15 ms. */
  readonly updateNs: Duration;
  /** In Hz: 1/8. */
  readonly alpha: number;
  /** In Hz: 1 1/4. */
  readonly beta: number;
  /** MAX_BURST: 150 ms. */
  readonly burstNs: Duration;
  readonly usesEcn: boolean;
  /** mark_ecnth: above this chance ECN-capable frames are dropped too; 10 %. */
  readonly ecnChanceMax: number;
  /** §5.4. */
  readonly isDerandomized: boolean;
  /** §5.5. */
  readonly capsGrowth: boolean;
}

const NS_PER_S = 1e9;
const TWO_POW_MINUS_32 = 2 ** -32;
/** §4.2. */
const DECAY = 0.98;
/** §4.1: below this chance a short delay lets every frame in. */
const SHORT_DELAY_CHANCE_MAX = 0.2;
/** §5.4. */
const ACCUMULATED_MIN = 0.85;
const ACCUMULATED_MAX = 8.5;
/** §5.5. */
const CAP_FROM_CHANCE = 0.1;
const GROWTH_MAX = 0.02;

export class PieRows {
  readonly #queues: FrameQueues;
  readonly #clock: Clock;
  readonly #doubles: Float64Array;
  readonly #outcomes: QueueOutcomes;
  readonly #random: RandomSource;
  readonly #place: number;
  readonly #config: PieConfig;
  readonly #coupleBytes: Bytes;
  /** By row, with the names of RFC 8033 Appendix A. */
  readonly #dropProb: Float64Array;
  readonly #currentQdelayNs: Float64Array;
  readonly #qdelayOldNs: Float64Array;
  readonly #burstAllowanceNs: Float64Array;
  readonly #accuProb: Float64Array;
  readonly #updateAtNs: Float64Array;

  constructor(queues: FrameQueues, environment: QueueEnvironment, config: PieConfig) {
    const { rows } = queues;
    this.#queues = queues;
    this.#clock = environment.clock;
    this.#doubles = environment.pool.doubles;
    this.#outcomes = environment.outcomes;
    this.#random = environment.random;
    this.#place = environment.place;
    this.#config = config;
    this.#coupleBytes = 2 * environment.longestFrameBytes;
    this.#dropProb = new Float64Array(rows);
    this.#currentQdelayNs = new Float64Array(rows);
    this.#qdelayOldNs = new Float64Array(rows);
    this.#burstAllowanceNs = new Float64Array(rows).fill(config.burstNs);
    this.#accuProb = new Float64Array(rows);
    this.#updateAtNs = new Float64Array(rows).fill(config.updateNs);
  }

  /** The chance of a drop as it is now. */
  dropChance(row: number): number {
    this.#catchUp(row);
    return this.#dropProb[row];
  }

  /** Whether an arriving frame may be queued; it may have been marked. Else it is the caller's to drop. */
  admits(row: number, frame: FrameId): boolean {
    this.#catchUp(row);
    const { targetNs, burstNs, usesEcn, ecnChanceMax } = this.#config;
    const chance = this.#dropProb[row];
    const isShort =
      this.#currentQdelayNs[row] < targetNs / 2 && this.#qdelayOldNs[row] < targetNs / 2;
    if (chance === 0 && isShort) this.#burstAllowanceNs[row] = burstNs;
    if (this.#burstAllowanceNs[row] > 0 || !this.#isChosen(row)) return true;
    return usesEcn && chance < ecnChanceMax && this.#outcomes.mark(frame, this.#place);
  }

  /** The queue was full: the next early drop is not to follow at once (Appendix B). */
  onTailDrop(row: number): void {
    this.#accuProb[row] = 0;
  }

  /** A frame of the row leaves, or NO_FRAME does. */
  onDequeue(row: number, frame: FrameId): void {
    this.#catchUp(row);
    this.#currentQdelayNs[row] =
      frame === NO_FRAME
        ? 0
        : this.#clock.nowNs - this.#doubles[(frame << DOUBLE_SHIFT) + FrameDouble.DeliveryNs];
  }

  /** drop_early of Appendix A and B. */
  #isChosen(row: number): boolean {
    const chance = this.#dropProb[row];
    const isShort = this.#qdelayOldNs[row] < this.#config.targetNs / 2;
    if (isShort && chance < SHORT_DELAY_CHANCE_MAX) return false;
    if (this.#queues.bytes(row) <= this.#coupleBytes) return false;
    if (this.#config.isDerandomized) {
      if (chance === 0) this.#accuProb[row] = 0;
      this.#accuProb[row] += chance;
      if (this.#accuProb[row] < ACCUMULATED_MIN) return false;
    }
    const isForced = this.#config.isDerandomized && this.#accuProb[row] >= ACCUMULATED_MAX;
    if (!isForced && (this.#random.nextInt32() >>> 0) * TWO_POW_MINUS_32 >= chance) return false;
    this.#accuProb[row] = 0;
    return true;
  }

  #catchUp(row: number): void {
    const now = this.#clock.nowNs;
    const { updateNs } = this.#config;
    while (this.#updateAtNs[row] <= now) {
      if (this.#isSettled(row)) {
        this.#updateAtNs[row] += Math.floor((now - this.#updateAtNs[row]) / updateNs) * updateNs;
      }
      this.#update(row);
      this.#updateAtNs[row] += updateNs;
    }
  }

  /** All that updates can change is at rest. */
  #isSettled(row: number): boolean {
    return (
      this.#dropProb[row] === 0 &&
      this.#currentQdelayNs[row] === 0 &&
      this.#qdelayOldNs[row] === 0 &&
      this.#burstAllowanceNs[row] === 0
    );
  }

  /** calculate_drop_prob: §4.2. */
  #update(row: number): void {
    const { targetNs, updateNs, alpha, beta, capsGrowth } = this.#config;
    const qdelayNs: Instant = this.#currentQdelayNs[row];
    const oldNs = this.#qdelayOldNs[row];
    let chance = this.#dropProb[row];
    const growth =
      (alpha * ((qdelayNs - targetNs) / NS_PER_S) + beta * ((qdelayNs - oldNs) / NS_PER_S)) /
      scaleOf(chance);
    chance += capsGrowth && chance >= CAP_FROM_CHANCE ? Math.min(growth, GROWTH_MAX) : growth;
    if (qdelayNs === 0 && oldNs === 0) chance *= DECAY;
    this.#dropProb[row] = Math.max(0, Math.min(1, chance));
    this.#qdelayOldNs[row] = qdelayNs;
    this.#burstAllowanceNs[row] = Math.max(0, this.#burstAllowanceNs[row] - updateNs);
  }
}

/** §4.2: the smaller the chance, the smaller the steps. */
function scaleOf(chance: number): number {
  if (chance < 0.000001) return 2048;
  if (chance < 0.00001) return 512;
  if (chance < 0.0001) return 128;
  if (chance < 0.001) return 32;
  if (chance < 0.01) return 8;
  return chance < 0.1 ? 2 : 1;
}
