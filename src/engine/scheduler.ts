/**
 * The event queue. Everything that can happen later is a source with one deadline; the queue holds at most one
 * entry a source, so its size is the number of armed sources, not of events. Few entries are kept in order
 * (sorted-entries), many as a heap (heap-entries).
 *
 * Total order: (time, class, id), the class in the top bits of the id and ids ascending by registration.
 * This is documented behaviour: leaving ties open moves drop counts by several per cent.
 *
 * A deadline that moves later changes only its cell, and the entry is corrected when it surfaces; for one that moves
 * earlier the entry is moved.
 *
 * Hot: no allocation per event. It knows no wall clock and calls no closure.
 */
import { assert } from '../base/assert.ts';
import { type Brand, type Instant, NEVER } from '../base/units.ts';
import { type Clock, VirtualClock } from './clock.ts';
import { HeapEntries, SOURCE_BITS, SOURCE_MASK } from './heap-entries.ts';
import { SortedEntries } from './sorted-entries.ts';

export type SourceId = Brand<'SourceId'>;

/** Order of events of one instant; the numbers are the top bits of the source id. */
export const enum SourceClass {
  /** A transmitter finishes a frame, or a trace offers a delivery opportunity. */
  TransmitComplete = 0,
  /** A frame reaches the far end of a line. */
  Delivery = 1,
  TransportTimer = 2,
  Application = 3,
}

/** At most four classes implement this in a run (plain links, other links, hosts, tasks): a fifth costs 30 ns a call. */
export interface EventSink {
  onEvent(arg: number): void;
}

const CLASS_SHIFT = SOURCE_BITS;
const CLASS_MASK = ~SOURCE_MASK;
/** Words a source, side by side. */
const enum Word {
  /** What onEvent is given. */
  Arg = 0,
  /** Class << CLASS_SHIFT, QUEUED or not, index of the sink. */
  Tag = 1,
}
const WORD_SHIFT = 1;
/** The source has an entry in the heap. */
const QUEUED = 1 << 27;
const SINK_MASK = QUEUED - 1;
/** Events run in one go. */
const BATCH = 64;
/** More entries are a heap, until there are so few again. */
const SORTED_MAX = 64;
const SORTED_AGAIN = 32;

export class Scheduler {
  readonly #clock = new VirtualClock();
  readonly clock: Clock = this.#clock;
  /**
   * Write the deadline of a source to deadlineNs[source], then call arm: no double crosses the call.
   * Registering may replace the array, so read this field each time.
   */
  deadlineNs: Float64Array;

  /** Without repetitions of one sink in a row. */
  readonly #sinks: EventSink[] = [];
  /** Word: two a source. */
  #words: Int32Array;
  /** Entries are in order; else they are a heap. */
  #isSorted = true;
  readonly #sorted = new SortedEntries(SORTED_MAX);
  /** When the entry of a queued source is due, while entries are sorted. */
  #entryNs: Float64Array;
  readonly #heap: HeapEntries;
  #count = 0;
  #eventCount = 0;
  #isStopping = false;
  /** Where runUntil ends: a cell, since no double crosses a call. */
  readonly #end = new Float64Array(1);

  /** @param sourceCount expected number of sources; more may be registered before the run. */
  constructor(sourceCount = 64) {
    this.deadlineNs = new Float64Array(sourceCount);
    this.#words = new Int32Array(sourceCount << WORD_SHIFT);
    this.#entryNs = new Float64Array(sourceCount);
    this.#heap = new HeapEntries(sourceCount);
  }

  /** Events run so far. */
  get eventCount(): number {
    return this.#eventCount;
  }

  /** Sources with an entry in the queue. */
  get armedCount(): number {
    return this.#isSorted ? this.#sorted.size : this.#heap.size;
  }

  /**
   * Set-up time. Ids ascend in order of registration within a class and are the tie order.
   * `arg` comes back in onEvent. The result indexes `deadlineNs`.
   */
  register(sink: EventSink, arg: number, sourceClass: SourceClass): SourceId {
    const source = this.#count++;
    if (source === this.deadlineNs.length) this.#grow();
    if (this.#sinks.at(-1) !== sink) this.#sinks.push(sink);
    this.deadlineNs[source] = NEVER;
    const at = source << WORD_SHIFT;
    this.#words[at + Word.Arg] = arg;
    this.#words[at + Word.Tag] = (sourceClass << CLASS_SHIFT) | (this.#sinks.length - 1);
    return source as SourceId;
  }

  /** Queues the source at `deadlineNs[source]`, or moves it there. A deadline in the past is an error of ours. */
  arm(source: SourceId): void {
    assert(this.deadlineNs[source] >= this.#clock.cell[0], 'a deadline lies in the past');
    const words = this.#words;
    const at = (source << WORD_SHIFT) + Word.Tag;
    const tag = words[at];
    if ((tag & QUEUED) !== 0) {
      this.#move(source);
      return;
    }
    words[at] = tag | QUEUED;
    const id = (tag & CLASS_MASK) | source;
    if (this.#isSorted) this.#insertSorted(id);
    else this.#heap.insert(id, this.deadlineNs, source);
  }

  /**
   * As the last thing that an event does: true when nothing else is due up to the instant in cells[at]. Then the
   * clock is there and an event has begun, which is counted, and whose work the caller does: it needs no source.
   */
  beginNext(cells: Float64Array, at: number): boolean {
    const time = cells[at];
    if (this.#isSorted) {
      const { size, times } = this.#sorted;
      if (size > 0 && times[size - 1] <= time) return false;
    } else if (!this.#heap.isBefore(cells, at)) {
      return false;
    }
    if (this.#isStopping || time > this.#end[0]) return false;
    assert(time >= this.#clock.cell[0], 'an event lies in the past');
    this.#clock.cell[0] = time;
    this.#eventCount++;
    return true;
  }

  /** The source fires no more until armed again. Its entry leaves the queue when it surfaces. */
  disarm(source: SourceId): void {
    this.deadlineNs[source] = NEVER;
  }

  /** Time of the next event, NEVER when none is pending. */
  nextEventTime(): Instant {
    if (this.#isSorted) {
      const { times } = this.#sorted;
      while (this.#settleSorted());
      return this.#sorted.size === 0 ? NEVER : times[this.#sorted.size - 1];
    }
    this.#settleTop();
    return this.#heap.size === 0 ? NEVER : this.#heap.times[0];
  }

  /** Ends runUntil after the event that is running. */
  stop(): void {
    this.#isStopping = true;
  }

  /**
   * Runs all events up to and including `endNs`, then sets the clock there (unless stopped or endNs is
   * NEVER). Returns the number of events run.
   */
  runUntil(endNs: Instant): number {
    const before = this.#eventCount;
    this.#isStopping = false;
    this.#end[0] = endNs;
    while (this.#isSorted ? this.#runSomeSorted() : this.#runSome());
    const cell = this.#clock.cell;
    if (!this.#isStopping && endNs < NEVER && endNs > cell[0]) cell[0] = endNs;
    return this.#eventCount - before;
  }

  /**
   * Runs a number of events, true when there may be more. A function that is entered and left often is compiled
   * whole; what V8 compiles of a long loop that is running, it throws away whenever the loop ends.
   */
  #runSome(): boolean {
    const heap = this.#heap;
    if (heap.size <= SORTED_AGAIN) {
      this.#sortHeap();
      return true;
    }
    for (let left = BATCH; left > 0; left--) {
      if (heap.size === 0 || this.#isStopping) return false;
      const time = heap.times[0];
      if (time > this.#end[0]) return false;
      const source = heap.ids[0] & SOURCE_MASK;
      if (this.deadlineNs[source] > time) {
        this.#settleTop();
        continue;
      }
      this.#clock.cell[0] = time;
      heap.isTopSpent = true;
      this.#run(source);
      if (heap.isTopSpent) heap.removeTop();
    }
    return true;
  }

  /** The same while entries are in order. */
  #runSomeSorted(): boolean {
    const sorted = this.#sorted;
    for (let left = BATCH; left > 0; left--) {
      const top = sorted.size - 1;
      if (top < 0 || this.#isStopping) return !this.#isSorted && !this.#isStopping;
      const time = sorted.times[top];
      if (time > this.#end[0]) return false;
      const source = sorted.ids[top] & SOURCE_MASK;
      if (this.deadlineNs[source] > time) {
        this.#settleSorted();
        continue;
      }
      sorted.size = top;
      this.#clock.cell[0] = time;
      this.#run(source);
    }
    return true;
  }

  /** The event of a source whose time has come. It reads as not queued meanwhile. */
  #run(source: number): void {
    this.#eventCount++;
    // An event may register sources: the arrays are read each time.
    this.deadlineNs[source] = NEVER;
    const words = this.#words;
    const at = source << WORD_SHIFT;
    const tag = words[at + Word.Tag];
    words[at + Word.Tag] = tag & ~QUEUED;
    this.#sinks[tag & SINK_MASK].onEvent(words[at + Word.Arg]);
  }

  /** Corrects the next entry when its deadline has moved later or is gone: whether there may be more to correct. */
  #settleSorted(): boolean {
    const sorted = this.#sorted;
    const top = sorted.size - 1;
    if (top < 0) return false;
    const id = sorted.ids[top];
    const source = id & SOURCE_MASK;
    const deadline = this.deadlineNs[source];
    if (deadline === sorted.times[top]) return false;
    sorted.size = top;
    if (deadline === NEVER) this.#words[(source << WORD_SHIFT) + Word.Tag] &= ~QUEUED;
    else this.#insertSorted(id);
    return true;
  }

  /** At its source's deadline. */
  #insertSorted(id: number): void {
    const source = id & SOURCE_MASK;
    this.#entryNs[source] = this.deadlineNs[source];
    this.#sorted.insert(id, this.deadlineNs, source);
    if (this.#sorted.size === SORTED_MAX) this.#makeHeap();
  }

  /** Entries in order are a heap already. */
  #makeHeap(): void {
    const { times, ids, size } = this.#sorted;
    const heap = this.#heap;
    for (let at = 0; at < size; at++) {
      heap.times[at] = times[size - 1 - at];
      heap.ids[at] = ids[size - 1 - at];
    }
    heap.restart(size);
    this.#sorted.size = 0;
    this.#isSorted = false;
  }

  /** Between two events. */
  #sortHeap(): void {
    const { times, ids } = this.#sorted;
    const heap = this.#heap;
    const { size } = heap;
    for (let at = size - 1; at >= 0; at--) {
      times[at] = heap.times[0];
      ids[at] = heap.ids[0];
      this.#entryNs[ids[at] & SOURCE_MASK] = times[at];
      heap.removeTop();
    }
    this.#sorted.size = size;
    this.#isSorted = true;
  }

  /** Corrects entries at the top whose deadline has moved later or is gone. */
  #settleTop(): void {
    const heap = this.#heap;
    while (heap.size > 0) {
      const id = heap.ids[0];
      const source = id & SOURCE_MASK;
      const deadline = this.deadlineNs[source];
      if (deadline === heap.times[0]) return;
      if (deadline === NEVER) {
        this.#words[(source << WORD_SHIFT) + Word.Tag] &= ~QUEUED;
        heap.removeTop();
      } else {
        heap.replaceTop(id, this.deadlineNs, source);
      }
    }
  }

  /** The deadline of a queued source has changed. Later is lazy: corrected when the entry surfaces. */
  #move(source: SourceId): void {
    const id = (this.#words[(source << WORD_SHIFT) + Word.Tag] & CLASS_MASK) | source;
    if (!this.#isSorted) {
      this.#heap.raise(id, this.deadlineNs, source);
    } else if (this.deadlineNs[source] < this.#entryNs[source]) {
      this.#sorted.remove(id);
      this.#insertSorted(id);
    }
  }

  #grow(): void {
    const deadlines = new Float64Array(this.deadlineNs.length * 2);
    deadlines.set(this.deadlineNs);
    this.deadlineNs = deadlines;
    const words = new Int32Array(deadlines.length << WORD_SHIFT);
    words.set(this.#words);
    this.#words = words;
    const entries = new Float64Array(deadlines.length);
    entries.set(this.#entryNs);
    this.#entryNs = entries;
    this.#heap.grow(deadlines.length);
  }
}
