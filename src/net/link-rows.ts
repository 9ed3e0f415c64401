/**
 * The links of a run as rows of two cache lines: counters of every link, and all that a plain one is. Plain is a
 * link of constant rate and constant delay with a drop-tail queue, which most links of most networks are. There a
 * frame's departure is known when it arrives, so it costs one event, its delivery; the frames that wait are the
 * last ones of the list of those on the link, so they need no room of their own. Drops, waits and times are those
 * of the forms made of parts (analytic-transmitter, evented-transmitter), which property tests demand.
 *
 * Work is counted in bits x 10^9, as rate-serializer explains: exact for frames up to 1.1 MB.
 * Hot: no allocation per frame. What happens before a frame is sent is link-entrance's.
 */
import { DepthSeries } from '../base/depth-series.ts';
import type { HistogramRows } from '../base/histogram.ts';
import type { Bytes } from '../base/units.ts';
import type { Clock } from '../engine/clock.ts';
import { DropReason } from '../engine/drop-reason.ts';
import { RandomRows } from '../engine/random-rows.ts';
import { type EventSink, type Scheduler, SourceClass, type SourceId } from '../engine/scheduler.ts';
import type { FramePool } from '../frame/frame-pool.ts';
import {
  DOUBLE_SHIFT,
  FRAME_SHIFT,
  FrameDouble,
  type FrameId,
  FrameWord,
  NO_FRAME,
} from '../frame/frame-record.ts';
import type { FrameSink } from '../frame/frame-sink.ts';
import type { QueueOutcomes } from '../qdisc/queue-discipline.ts';
import { KIND_SHIFT, KindCell, LinkKinds } from './link-kinds.ts';

/** Doubles of a row. The first cache line is read for every frame that comes or goes. */
export const enum LinkCell {
  /** The exact end of the frame planned last: whole nanoseconds, and work not yet done then. */
  WholeNs = 0,
  Remainder = 1,
  /** Time in transmission, of what is planned as well. */
  BusyNs = 2,
  Arrived = 3,
  // Doubles 4 to 7 are LinkWord.
  Forwarded = 8,
  ForwardedBytes = 9,
  /** Of the forwarded ones, those with transport payload. */
  ForwardedData = 10,
  WaitingBytes = 11,
  /** When the transmission of the first frame that waits starts. */
  FirstStartNs = 12,
  PeakBytes = 13,
  /** Frames that had come and not been dropped when waits were last forgotten. */
  Unmeasured = 14,
  /** When the frame before leaves, of a link whose host takes its time. */
  SpreadLastNs = 15,
}

/** 32-bit words of a row. */
export const enum LinkWord {
  /** List of the frames on the link, oldest first. */
  Head = 8,
  Tail = 9,
  /** How many of them, the last ones, wait, and the first of these. */
  Waiting = 10,
  FirstWaiting = 11,
  // Word 12 is free.
  Kind = 13,
  Source = 14,
  /** Row of the run's histogram of waits, or NO_METER. */
  Meter = 15,
}

export const CELL_SHIFT = 4;
export const WORD_SHIFT = 5;
/** Nobody asks how long frames wait. */
export const NO_METER = -1;
const FIRST_ROWS = 16;
export const NO_ROW = -1;
const WORK_PER_BYTE = 8e9;
const TWO_POW_MINUS_32 = 2 ** -32;

export class LinkRows implements EventSink {
  /** LinkCell. Replaced when links are added: read the field each time. */
  cells: Float64Array;
  /** LinkWord: the same buffer. */
  words: Int32Array;
  /** Where frames go that leave the far end. */
  readonly sinks: (FrameSink | undefined)[] = [];
  /** Backlogs over time, of the links that keep them; empty when none does. */
  readonly depths: (DepthSeries | undefined)[] = [];
  readonly kinds = new LinkKinds();
  /** Waits above 0. */
  readonly delays: HistogramRows;
  readonly #scheduler: Scheduler;
  readonly #clock: Clock;
  readonly #frames: Int32Array;
  readonly #times: Float64Array;
  readonly #outcomes: QueueOutcomes;
  /** By link: where its drops are counted. */
  readonly #places: number[] = [];
  readonly #spreads = new RandomRows();
  /** In an event, the first link that gets a deadline is armed at the event's end, if then. */
  #mayDefer = false;
  #deferred = NO_ROW;
  #deferredFrame = NO_FRAME;

  constructor(
    scheduler: Scheduler,
    pool: FramePool,
    outcomes: QueueOutcomes,
    delays: HistogramRows,
    linkCount = FIRST_ROWS,
  ) {
    this.cells = new Float64Array(linkCount << CELL_SHIFT);
    this.words = new Int32Array(this.cells.buffer);
    this.#scheduler = scheduler;
    this.#clock = scheduler.clock;
    this.#frames = pool.words;
    this.#times = pool.doubles;
    this.#outcomes = outcomes;
    this.delays = delays;
  }

  /** A link, of which counters are kept. Set-up time. */
  add(place: number): number {
    const row = this.#places.push(place) - 1;
    this.sinks.push(undefined);
    if ((row + 1) << CELL_SHIFT > this.cells.length) this.#grow();
    const at = row << WORD_SHIFT;
    this.words[at + LinkWord.Head] = NO_FRAME;
    this.words[at + LinkWord.Tail] = NO_FRAME;
    this.words[at + LinkWord.Meter] = NO_METER;
    return row;
  }

  /** The waits of the link, a plain one, are recorded from now on; of those that are not, nothing is known. */
  recordWaits(row: number): void {
    this.words[(row << WORD_SHIFT) + LinkWord.Meter] = this.delays.addRow();
  }

  /** The backlog of the link, a plain one, is kept over time. Set-up time. */
  recordDepth(row: number): void {
    while (this.depths.length < row) this.depths.push(undefined);
    this.depths[row] = new DepthSeries();
  }

  /** Makes the link a plain one. */
  makePlain(row: number, kind: number, spread?: Parameters<RandomRows['put']>[1]): void {
    const at = row << WORD_SHIFT;
    this.words[at + LinkWord.Kind] = kind;
    this.words[at + LinkWord.Source] = this.#scheduler.register(this, row, SourceClass.Delivery);
    if (spread !== undefined) this.#spreads.put(row, spread);
  }

  place(row: number): number {
    return this.#places[row];
  }

  /** Takes ownership of a frame that has come to a plain link without an entrance, and counts it. */
  arrive(row: number, frame: FrameId): void {
    this.countArrival(row);
    this.transmit(row, frame);
  }

  /** A frame has come to the link, whatever becomes of it. */
  countArrival(row: number): void {
    this.cells[(row << CELL_SHIFT) + LinkCell.Arrived]++;
  }

  /** Takes ownership of a frame that has come to a plain link: it is on the link now, or dropped. */
  transmit(row: number, frame: FrameId): void {
    const cells = this.cells;
    const words = this.words;
    const at = row << CELL_SHIFT;
    const wordAt = row << WORD_SHIFT;
    const now = this.#clock.nowNs;
    let whole = cells[at + LinkCell.WholeNs];
    let remainder = cells[at + LinkCell.Remainder];
    let start = remainder > 0 ? whole + 1 : whole;
    if (start <= now) {
      if (words[wordAt + LinkWord.Waiting] > 0) this.settle(row);
      start = now;
      whole = now;
      remainder = 0;
    } else if (!this.#await(row, frame)) {
      return;
    }
    const kinds = this.kinds.cells;
    const kind = words[wordAt + LinkWord.Kind] << KIND_SHIFT;
    const rate = kinds[kind + KindCell.Rate];
    if (rate !== Number.POSITIVE_INFINITY) {
      const length = this.#frames[(frame << FRAME_SHIFT) + FrameWord.WireLength];
      remainder += Math.max(0, length + kinds[kind + KindCell.OverheadBytes]) * WORK_PER_BYTE;
      // All are integers below 2^53, and the quotient is one too many or too few at most.
      const ns = Math.floor(remainder * kinds[kind + KindCell.NsPerWork]);
      whole += ns;
      remainder -= ns * rate;
      if (remainder < 0) {
        whole--;
        remainder += rate;
      } else if (remainder >= rate) {
        whole++;
        remainder -= rate;
      }
    }
    cells[at + LinkCell.WholeNs] = whole;
    cells[at + LinkCell.Remainder] = remainder;
    const end = remainder > 0 ? whole + 1 : whole;
    cells[at + LinkCell.BusyNs] += end - start;
    this.#times[(frame << DOUBLE_SHIFT) + FrameDouble.DeliveryNs] =
      end + kinds[kind + KindCell.DelayNs];
    const frames = this.#frames;
    if (words[wordAt + LinkWord.Head] !== NO_FRAME) {
      frames[(frame << FRAME_SHIFT) + FrameWord.Next] = NO_FRAME;
      frames[(words[wordAt + LinkWord.Tail] << FRAME_SHIFT) + FrameWord.Next] = frame;
      words[wordAt + LinkWord.Tail] = frame;
    } else if (
      this.#mayDefer &&
      this.#deferred === NO_ROW &&
      kinds[kind + KindCell.SpreadNs] === 0
    ) {
      this.#deferred = row;
      this.#deferredFrame = frame;
    } else {
      this.#enter(row, frame);
    }
  }

  /**
   * The oldest frame on a plain link has reached its end. Where it comes to another one that it leaves before
   * anything else happens (from a bottleneck to a fast link that is short, say), it goes on without the queue of events.
   */
  onEvent(row: number): void {
    this.#mayDefer = true;
    this.#forwardOldest(row);
    while (this.#deferred !== NO_ROW) {
      const link = this.#deferred;
      const frame = this.#deferredFrame;
      this.#deferred = NO_ROW;
      if (
        this.#scheduler.beginNext(this.#times, (frame << DOUBLE_SHIFT) + FrameDouble.DeliveryNs)
      ) {
        this.forward(link, frame);
      } else {
        this.#enter(link, frame);
      }
    }
    this.#mayDefer = false;
  }

  #forwardOldest(row: number): void {
    const words = this.words;
    const at = row << WORD_SHIFT;
    const frame = words[at + LinkWord.Head] as FrameId;
    const next = this.#frames[(frame << FRAME_SHIFT) + FrameWord.Next] as FrameId;
    if (words[at + LinkWord.Waiting] > 0) {
      // They may have waited and not be forgotten yet.
      const first = words[at + LinkWord.FirstWaiting];
      if (first === frame || first === next) this.settle(row);
    }
    words[at + LinkWord.Head] = next;
    this.forward(row, frame);
    if (next !== NO_FRAME) this.#lead(row, next);
  }

  /** Counts a frame that leaves the far end, and hands it on. */
  forward(row: number, frame: FrameId): void {
    const cells = this.cells;
    const at = row << CELL_SHIFT;
    const frameAt = frame << FRAME_SHIFT;
    cells[at + LinkCell.Forwarded]++;
    cells[at + LinkCell.ForwardedBytes] += this.#frames[frameAt + FrameWord.WireLength];
    if (this.#frames[frameAt + FrameWord.PayloadLength] > 0) cells[at + LinkCell.ForwardedData]++;
    (this.sinks[row] as FrameSink).deliver(frame);
  }

  /** Frames whose transmission has started wait no more. */
  settle(row: number): void {
    const cells = this.cells;
    const words = this.words;
    const at = row << CELL_SHIFT;
    const wordAt = row << WORD_SHIFT;
    const now = this.#clock.nowNs;
    const delayNs =
      this.kinds.cells[(words[wordAt + LinkWord.Kind] << KIND_SHIFT) + KindCell.DelayNs];
    while (words[wordAt + LinkWord.Waiting] > 0 && cells[at + LinkCell.FirstStartNs] <= now) {
      const frame = words[wordAt + LinkWord.FirstWaiting];
      cells[at + LinkCell.WaitingBytes] -=
        this.#frames[(frame << FRAME_SHIFT) + FrameWord.WireLength];
      words[wordAt + LinkWord.Waiting]--;
      if (this.#recordsDepth(row)) this.#recordStart(row);
      // The next one starts when this one has left; neither has led the list, where #lead adds to it.
      cells[at + LinkCell.FirstStartNs] =
        this.#times[(frame << DOUBLE_SHIFT) + FrameDouble.DeliveryNs] - delayNs;
      words[wordAt + LinkWord.FirstWaiting] = this.#frames[(frame << FRAME_SHIFT) + FrameWord.Next];
    }
  }

  /** Frames that have come to a plain link and were not dropped. */
  accepted(row: number): number {
    const forwarded = this.cells[(row << CELL_SHIFT) + LinkCell.Forwarded];
    return forwarded + this.inside(row);
  }

  /** Frames on a plain link. Not for every frame: counts them. */
  inside(row: number): number {
    let count = 0;
    let frame = this.words[(row << WORD_SHIFT) + LinkWord.Head];
    for (; frame !== NO_FRAME; count++) {
      frame = this.#frames[(frame << FRAME_SHIFT) + FrameWord.Next];
    }
    return count;
  }

  /** Whether a frame that arrives now at a plain link leaves now. */
  isIdle(row: number): boolean {
    const at = row << CELL_SHIFT;
    const whole = this.cells[at + LinkCell.WholeNs];
    const end = this.cells[at + LinkCell.Remainder] > 0 ? whole + 1 : whole;
    return end <= this.#clock.nowNs;
  }

  /** Busy time over elapsed time from 0 to now. */
  utilisation(row: number): number {
    const cells = this.cells;
    const at = row << CELL_SHIFT;
    const now = this.#clock.nowNs;
    const whole = cells[at + LinkCell.WholeNs];
    const end = cells[at + LinkCell.Remainder] > 0 ? whole + 1 : whole;
    return now === 0 ? 0 : (cells[at + LinkCell.BusyNs] - Math.max(0, end - now)) / now;
  }

  /** A frame waits from now until the one before it has left, or is dropped: false. */
  #await(row: number, frame: FrameId): boolean {
    const cells = this.cells;
    const words = this.words;
    const at = row << CELL_SHIFT;
    const wordAt = row << WORD_SHIFT;
    const kinds = this.kinds.cells;
    const kind = words[wordAt + LinkWord.Kind] << KIND_SHIFT;
    const now = this.#clock.nowNs;
    const whole = cells[at + LinkCell.WholeNs];
    const start = cells[at + LinkCell.Remainder] > 0 ? whole + 1 : whole;
    const length = this.#frames[(frame << FRAME_SHIFT) + FrameWord.WireLength];
    const unsentPerNs = kinds[kind + KindCell.UnsentBytesPerNs];
    // As long as frames that have left meanwhile would change neither the verdict nor the peak, nobody looks for them.
    if (
      cells[at + LinkCell.WaitingBytes] + length > cells[at + LinkCell.PeakBytes] ||
      words[wordAt + LinkWord.Waiting] >= kinds[kind + KindCell.LimitPackets] ||
      unsentPerNs > 0 ||
      this.#recordsDepth(row)
    ) {
      this.settle(row);
    }
    const waiting = words[wordAt + LinkWord.Waiting];
    const firstStart = waiting > 0 ? cells[at + LinkCell.FirstStartNs] : start;
    // With QueueLimits.countsUnsent, the unsent part of the frame before the ones that wait counts as well.
    const before = cells[at + LinkCell.WaitingBytes] + (firstStart - now) * unsentPerNs;
    if (
      before + length > kinds[kind + KindCell.LimitBytes] ||
      waiting >= kinds[kind + KindCell.LimitPackets]
    ) {
      this.#outcomes.drop(frame, DropReason.QueueFull, this.#places[row]);
      return false;
    }
    if (waiting === 0) {
      cells[at + LinkCell.FirstStartNs] = start;
      words[wordAt + LinkWord.FirstWaiting] = frame;
    }
    words[wordAt + LinkWord.Waiting] = waiting + 1;
    cells[at + LinkCell.WaitingBytes] += length;
    const level = unsentPerNs > 0 ? before : cells[at + LinkCell.WaitingBytes];
    if (level > cells[at + LinkCell.PeakBytes]) cells[at + LinkCell.PeakBytes] = level;
    if (this.#recordsDepth(row)) this.#recordArrival(row);
    const meter = words[wordAt + LinkWord.Meter];
    if (meter !== NO_METER) {
      this.delays.valueNs[0] = start - now;
      this.delays.record(meter);
    }
    return true;
  }

  /** A frame whose departure is known is the first on a link that was empty, but for one that was to go on at once. */
  #enter(row: number, frame: FrameId): void {
    const words = this.words;
    const at = row << WORD_SHIFT;
    let first = frame;
    if (this.#deferred === row) {
      first = this.#deferredFrame;
      this.#deferred = NO_ROW;
      this.#frames[(first << FRAME_SHIFT) + FrameWord.Next] = frame;
    }
    this.#frames[(frame << FRAME_SHIFT) + FrameWord.Next] = NO_FRAME;
    words[at + LinkWord.Head] = first;
    words[at + LinkWord.Tail] = frame;
    this.#lead(row, first);
  }

  /** A frame is the next to be delivered. */
  #lead(row: number, frame: FrameId): void {
    const words = this.words;
    const at = row << WORD_SHIFT;
    const time = (frame << DOUBLE_SHIFT) + FrameDouble.DeliveryNs;
    const kind = words[at + LinkWord.Kind] << KIND_SHIFT;
    const spreadNs = this.kinds.cells[kind + KindCell.SpreadNs];
    if (spreadNs > 0) {
      // What line.ts calls OrderedSpread; drawn now, in the same order, so that waits are told from times.
      const last = (row << CELL_SHIFT) + LinkCell.SpreadLastNs;
      const extraNs = Math.floor(
        (this.#spreads.nextInt32(row) >>> 0) * TWO_POW_MINUS_32 * spreadNs,
      );
      const leaveNs = this.#times[time] + extraNs;
      if (leaveNs > this.cells[last]) this.cells[last] = leaveNs;
      this.#times[time] = this.cells[last];
    }
    const source = words[at + LinkWord.Source] as SourceId;
    this.#scheduler.deadlineNs[source] = this.#times[time];
    this.#scheduler.arm(source);
  }

  #recordsDepth(row: number): boolean {
    return row < this.depths.length && this.depths[row] !== undefined;
  }

  #recordStart(row: number): void {
    const depth = this.depths[row] as DepthSeries;
    depth.timeNs[0] = this.cells[(row << CELL_SHIFT) + LinkCell.FirstStartNs];
    depth.record(this.cells[(row << CELL_SHIFT) + LinkCell.WaitingBytes]);
  }

  #recordArrival(row: number): void {
    const depth = this.depths[row] as DepthSeries;
    depth.timeNs[0] = this.#clock.nowNs;
    depth.record(this.cells[(row << CELL_SHIFT) + LinkCell.WaitingBytes] as Bytes);
  }

  #grow(): void {
    const cells = new Float64Array(this.cells.length * 2);
    cells.set(this.cells);
    this.cells = cells;
    this.words = new Int32Array(cells.buffer);
  }
}
