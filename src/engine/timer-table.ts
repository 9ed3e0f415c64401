/**
 * Deadlines of many connections behind one source of the scheduler: a 4-ary heap of slots in columns, at
 * most one entry a slot. Write `deadlineNs[slot]`, then call arm; a deadline that moves later is lazy and
 * its entry is corrected when it surfaces, as in engine/scheduler. Ties go to the smaller slot.
 *
 * Hot: no allocation per timer. It calls nobody: the owner asks which slots are due.
 */
import { type Instant, NEVER } from '../base/units.ts';
import type { Clock } from './clock.ts';

const NOT_QUEUED = -1;
export const NO_SLOT = -1;

export class TimerTable {
  /** One cell a slot. May be replaced by `reserve`: read this field each time. */
  deadlineNs: Float64Array;
  /** The earliest deadline, as settle() found it. */
  readonly next = new Float64Array(1);
  /** The first entry of the heap has changed since bound() was called. */
  hasMoved = true;
  readonly #clock: Clock;
  #positions: Int32Array;
  #heapTimes: Float64Array;
  #heapSlots: Int32Array;
  #size = 0;

  constructor(clock: Clock, slotCount = 16) {
    this.#clock = clock;
    this.deadlineNs = new Float64Array(slotCount).fill(NEVER);
    this.#positions = new Int32Array(slotCount).fill(NOT_QUEUED);
    this.#heapTimes = new Float64Array(slotCount);
    this.#heapSlots = new Int32Array(slotCount);
  }

  /** Makes room for slots 0 … slot. Cold. */
  reserve(slot: number): void {
    const old = this.deadlineNs.length;
    if (slot < old) return;
    const count = Math.max(slot + 1, Math.ceil(old * 1.25));
    const deadlines = new Float64Array(count).fill(NEVER);
    deadlines.set(this.deadlineNs);
    this.deadlineNs = deadlines;
    const positions = new Int32Array(count).fill(NOT_QUEUED);
    positions.set(this.#positions);
    this.#positions = positions;
    const times = new Float64Array(count);
    times.set(this.#heapTimes);
    this.#heapTimes = times;
    const slots = new Int32Array(count);
    slots.set(this.#heapSlots);
    this.#heapSlots = slots;
  }

  /** Queues the slot at its deadline, or moves it there. */
  arm(slot: number): void {
    const position = this.#positions[slot];
    const deadline = this.deadlineNs[slot];
    if (position === NOT_QUEUED) {
      if (deadline < NEVER) this.#siftUp(this.#size++, slot);
    } else if (deadline < this.#heapTimes[position]) {
      this.#siftUp(position, slot);
    }
  }

  /** The earliest deadline, NEVER when there is none. */
  nextNs(): Instant {
    this.settle();
    return this.next[0];
  }

  /** Writes the earliest deadline to `next`: no double crosses the call, nor is one chosen among two. */
  settle(): void {
    this.#settleTop();
    if (this.#size === 0) this.next[0] = NEVER;
    else this.next[0] = this.#heapTimes[0];
  }

  /**
   * Writes to `next` a time that no deadline is before. Later than it the earliest deadline may be, by as much as it
   * has moved later; who comes at that time finds nothing due, and the entry corrected.
   */
  bound(): void {
    this.hasMoved = false;
    if (this.#size === 0) this.next[0] = NEVER;
    else this.next[0] = this.#heapTimes[0];
  }

  /** Takes a slot whose deadline has come; NO_SLOT when there is none. Its deadline reads NEVER then. */
  takeDue(): number {
    this.#settleTop();
    if (this.#size === 0 || this.#heapTimes[0] > this.#clock.nowNs) return NO_SLOT;
    const slot = this.#heapSlots[0];
    this.deadlineNs[slot] = NEVER;
    this.#removeTop();
    return slot;
  }

  /** Corrects entries at the top whose deadline has moved later or is gone. */
  #settleTop(): void {
    while (this.#size > 0) {
      const slot = this.#heapSlots[0];
      const deadline = this.deadlineNs[slot];
      if (deadline === this.#heapTimes[0]) return;
      if (deadline === NEVER) this.#removeTop();
      else this.#siftDown(slot);
    }
  }

  #removeTop(): void {
    this.hasMoved = true;
    this.#positions[this.#heapSlots[0]] = NOT_QUEUED;
    const last = --this.#size;
    if (last > 0) {
      const slot = this.#heapSlots[last];
      // Its own time may be out of date; it must not move up unseen.
      this.#heapTimes[0] = this.#heapTimes[last];
      this.#sink(slot);
    }
  }

  #siftDown(slot: number): void {
    this.hasMoved = true;
    this.#heapTimes[0] = this.deadlineNs[slot];
    this.#sink(slot);
  }

  /** Places `slot`, whose time is in the top cell, from the top down. */
  #sink(slot: number): void {
    const times = this.#heapTimes;
    const slots = this.#heapSlots;
    const positions = this.#positions;
    const size = this.#size;
    const time = times[0];
    let at = 0;
    for (;;) {
      const first = (at << 2) + 1;
      if (first >= size) break;
      let best = first;
      const end = Math.min(first + 4, size);
      for (let child = first + 1; child < end; child++) {
        const isEarlier = times[child] < times[best];
        if (isEarlier || (times[child] === times[best] && slots[child] < slots[best])) best = child;
      }
      if (time < times[best] || (time === times[best] && slot < slots[best])) break;
      times[at] = times[best];
      slots[at] = slots[best];
      positions[slots[at]] = at;
      at = best;
    }
    times[at] = time;
    slots[at] = slot;
    positions[slot] = at;
  }

  /** Places `slot`, at its deadline, at or above `hole`. */
  #siftUp(hole: number, slot: number): void {
    const times = this.#heapTimes;
    const slots = this.#heapSlots;
    const positions = this.#positions;
    const time = this.deadlineNs[slot];
    let at = hole;
    while (at > 0) {
      const parent = (at - 1) >> 2;
      if (times[parent] < time || (times[parent] === time && slots[parent] < slot)) break;
      times[at] = times[parent];
      slots[at] = slots[parent];
      positions[slots[at]] = at;
      at = parent;
    }
    if (at === 0) this.hasMoved = true;
    times[at] = time;
    slots[at] = slot;
    positions[slot] = at;
  }
}
