/**
 * What all parts of one run share: the scheduler and its clock, the frames, the interned addresses,
 * the seed, the fingerprint, and the one way for a frame to end before its destination.
 *
 * A place is somewhere a frame can be delivered or dropped; places are numbered in order of set-up.
 * Hot: no allocation per drop or delivery. It moves no frames itself: links and hosts do.
 */
import { NetError } from '../base/errors.ts';
import { HistogramRows } from '../base/histogram.ts';
import type { Clock } from '../engine/clock.ts';
import { DROP_REASON_COUNT, type DropReason } from '../engine/drop-reason.ts';
import { Fingerprint } from '../engine/fingerprint.ts';
import { RandomSource } from '../engine/random.ts';
import { Scheduler } from '../engine/scheduler.ts';
import { AddressTable } from '../frame/address-table.ts';
import type { FramePool } from '../frame/frame-pool.ts';
import {
  ECN_MASK,
  FRAME_SHIFT,
  type FrameId,
  FrameWord,
  MetaBit,
  MetaShift,
} from '../frame/frame-record.ts';
import { PayloadWriter } from '../frame/payload-writer.ts';
import type { QueueOutcomes } from '../qdisc/queue-discipline.ts';
import type { ChecksumVerdict } from '../wire/verify-checksums.ts';
import { FrameBytes } from './frame-bytes.ts';
import { LinkRows } from './link-rows.ts';
import type { QueueProbe } from './probed-queue.ts';

/** Hears of what the path did to single frames. Called before a frame is released; it owns nothing. */
export interface FrameObserver {
  onDrop(frame: FrameId, reason: DropReason, place: number): void;
  onDuplicate(original: FrameId, copy: FrameId, place: number): void;
  /** `verdict` is of the frame as it is now. */
  onCorrupt(frame: FrameId, verdict: ChecksumVerdict, place: number): void;
}

export interface NetworkConfig {
  /** A non-negative integer up to 2^53: all chance of the run comes from it. */
  readonly seed: number;
  readonly pool: FramePool;
  /** Encode and decode every frame at every link: slower, and must change nothing. */
  readonly wireAlways?: boolean;
  readonly addresses?: AddressTable;
  /** Expected numbers of event sources and of links; there may be more. */
  readonly sourceCount?: number;
  readonly linkCount?: number;
  /** Hears of every frame at every queue: slower, and changes nothing. */
  readonly queueProbe?: QueueProbe | undefined;
}

/** Kinds of fingerprint records; a drop is KIND_DROP + reason. */
const KIND_DELIVERY = 0;
const KIND_DROP = 1;

/** Most places drop nothing. */
const NO_DROPS = -1;

/** How a frame is held is no fact about it. */
const FACT_BITS = ~(MetaBit.Captured | MetaBit.Changed);
const FACT_COUNT = 7;
/** Of a frame that was not made. */
const NO_FACTS = new Int32Array(0);

export class Network implements QueueOutcomes {
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly pool: FramePool;
  readonly addresses: AddressTable;
  /** Fork it by label; do not draw from it. */
  readonly random: RandomSource;
  readonly fingerprint: Fingerprint;
  readonly wireAlways: boolean;
  readonly queueProbe: QueueProbe | undefined;
  observer: FrameObserver | undefined;
  /** How long frames waited in queues: one row a link, most of them all zeros and without counters. */
  readonly queueDelays = new HistogramRows();
  readonly links: LinkRows;
  /** Bytes of frames, for those that read or write them. */
  readonly frameBytes: FrameBytes;
  /** Room for bytes that stay: corrupted frames' own. */
  readonly payloadWriter: PayloadWriter;
  readonly #facts = new Int32Array(FACT_COUNT);
  readonly #places = new Map<string, number>();
  readonly #placeNames: string[] = [];
  /** Drops by place and reason: a row of reasons for each place that has dropped something. */
  #drops = new Float64Array(4 * DROP_REASON_COUNT);
  #dropRows = 0;
  /** Row of each place, or NO_DROPS. */
  #dropRowOf = new Int32Array(16).fill(NO_DROPS);
  /** CE marks by place. */
  #marks = new Float64Array(16);

  constructor(config: NetworkConfig) {
    this.scheduler = new Scheduler(config.sourceCount);
    this.clock = this.scheduler.clock;
    this.pool = config.pool;
    this.addresses = config.addresses ?? new AddressTable();
    this.random = RandomSource.fromSeed(config.seed);
    this.fingerprint = new Fingerprint(this.clock);
    this.wireAlways = config.wireAlways ?? false;
    this.queueProbe = config.queueProbe;
    this.observer = undefined;
    this.links = new LinkRows(
      this.scheduler,
      config.pool,
      this,
      this.queueDelays,
      config.linkCount,
    );
    this.frameBytes = new FrameBytes(config.pool, this.addresses);
    this.payloadWriter = new PayloadWriter(config.pool.payloads);
  }

  /** Set-up time. Places are numbered from 0 in order of the calls; names are distinct. */
  addPlace(name: string): number {
    const place = this.#places.size;
    if (this.#places.has(name)) throw NetError.value('name', 'a name used only once', name);
    this.#places.set(name, place);
    this.#placeNames.push(name);
    if (place === this.#dropRowOf.length) {
      const rows = new Int32Array(place * 2).fill(NO_DROPS);
      rows.set(this.#dropRowOf);
      this.#dropRowOf = rows;
    }
    if (place === this.#marks.length) {
      const marks = new Float64Array(this.#marks.length * 2);
      marks.set(this.#marks);
      this.#marks = marks;
    }
    return place;
  }

  placeName(place: number): string {
    return this.#placeNames[place];
  }

  /** Frames dropped at `place` for `reason` so far. */
  dropCount(place: number, reason: DropReason): number {
    const row = this.#dropRowOf[place];
    return row === NO_DROPS ? 0 : this.#drops[row * DROP_REASON_COUNT + reason];
  }

  /** Frames dropped at `place` for any reason. */
  dropsAt(place: number): number {
    let sum = 0;
    for (let reason = 0; reason < DROP_REASON_COUNT; reason++) sum += this.dropCount(place, reason);
    return sum;
  }

  /** Frames that got Congestion Experienced at `place` so far. */
  markCount(place: number): number {
    return this.#marks[place];
  }

  /**
   * Sets Congestion Experienced (RFC 3168 §5): true when the frame has it now. A captured frame's bytes and
   * its IPv4 checksum follow when they are next read (RFC 1624).
   */
  mark(frame: FrameId, place: number): boolean {
    const words = this.pool.words;
    const at = (frame << FRAME_SHIFT) + FrameWord.Meta;
    const meta = words[at];
    const ecn = (meta >>> MetaShift.TrafficClass) & ECN_MASK;
    if (ecn === 0 || (meta & MetaBit.NotIp) !== 0) return false;
    if (ecn === ECN_MASK) return true;
    const changed = (meta & MetaBit.Captured) === 0 ? 0 : MetaBit.Changed;
    words[at] = meta | (ECN_MASK << MetaShift.TrafficClass) | changed;
    this.#marks[place]++;
    return true;
  }

  /** Takes ownership: records, counts, tells the observer, releases. */
  drop(frame: FrameId, reason: DropReason, place: number): void {
    this.#readFacts(frame);
    this.fingerprint.record(KIND_DROP + reason, place, this.#facts);
    this.#countDrop(reason, place);
    if (this.observer !== undefined) this.observer.onDrop(frame, reason, place);
    this.pool.release(frame);
  }

  /** Counts and records a frame that could not be made for want of room. */
  countUnmade(reason: DropReason, place: number): void {
    this.fingerprint.record(KIND_DROP + reason, place, NO_FACTS);
    this.#countDrop(reason, place);
  }

  /** Folds an arrival at a final destination into the fingerprint. The caller keeps the frame. */
  recordDelivery(frame: FrameId, place: number): void {
    this.#readFacts(frame);
    this.fingerprint.record(KIND_DELIVERY, place, this.#facts);
  }

  #countDrop(reason: DropReason, place: number): void {
    if (this.#dropRowOf[place] === NO_DROPS) this.#addDropRow(place);
    this.#drops[this.#dropRowOf[place] * DROP_REASON_COUNT + reason]++;
  }

  #addDropRow(place: number): void {
    const row = this.#dropRows++;
    if ((row + 1) * DROP_REASON_COUNT > this.#drops.length) {
      const drops = new Float64Array(this.#drops.length * 2);
      drops.set(this.#drops);
      this.#drops = drops;
    }
    this.#dropRowOf[place] = row;
  }

  /** What the fingerprint knows of a frame. */
  #readFacts(frame: FrameId): void {
    const facts = this.#facts;
    const words = this.pool.words;
    const at = frame << FRAME_SHIFT;
    facts[0] = words[at + FrameWord.WireLength];
    facts[1] = words[at + FrameWord.PayloadLength];
    facts[2] = words[at + FrameWord.Ports];
    facts[3] = words[at + FrameWord.Seq];
    facts[4] = words[at + FrameWord.Ack];
    facts[5] = words[at + FrameWord.FlagsWindow];
    facts[6] = words[at + FrameWord.Meta] & FACT_BITS;
  }
}
