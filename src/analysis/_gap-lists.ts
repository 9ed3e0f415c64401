/**
 * Which numbers of a sequence have been passed over: ascending lists of missing ranges in one pool, each range
 * with a stamp of when it was passed over. Serves sequence numbers of TCP and ordinals of packets, so numbers are
 * int32 patterns compared modulo 2^32 (RFC 9293 §3.4).
 *
 * A list has at most 63 gaps between calls. Losses leave gaps for ever, so when it is full the 16 oldest are
 * forgotten; `forgottenBelow` and `forgottenStamp` say how far. Hot: no allocation but the pool's growth.
 */
import { type SeqNumber, seqBefore, seqDiff, seqFromWire } from '../base/seq.ts';

export const NO_LIST = -1;

const GAPS = 64;
const FORGOTTEN_AT_ONCE = 16;
const FIRST_LISTS = 16;

export class GapLists {
  /** open() takes the new gap's stamp from here, fill() leaves the stamp of the oldest gap it found. */
  readonly stamp = new Float64Array(1);

  /** GAPS entries a list, ascending: gap [from, to). */
  #from = new Int32Array(FIRST_LISTS * GAPS);
  #to = new Int32Array(FIRST_LISTS * GAPS);
  #stamps = new Float64Array(FIRST_LISTS * GAPS);
  #gaps = new Int32Array(FIRST_LISTS);
  /** A list that has forgotten gaps is kept for what it knows about them. */
  #hasForgotten = new Uint8Array(FIRST_LISTS);
  #forgottenBelow = new Int32Array(FIRST_LISTS);
  #forgottenStamp = new Float64Array(FIRST_LISTS);
  /** Chain of lists that are free, through #forgottenBelow. */
  #firstFree = NO_LIST;
  #lists = 0;

  /** Adds the gap [from, to), which lies above all others of the list. Returns the list, new for NO_LIST. */
  open(list: number, from: SeqNumber, to: SeqNumber): number {
    const into = list === NO_LIST ? this.#takeList() : list;
    this.#insert(into, this.#gaps[into], from, to);
    return into;
  }

  /**
   * Takes [from, to) out of the gaps. Returns how many of these numbers were missing; when any was, `stamp`
   * holds the oldest stamp of their gaps.
   */
  fill(list: number, from: SeqNumber, to: SeqNumber): number {
    let filled = 0;
    const first = list * GAPS;
    for (let gap = this.#gaps[list] - 1; gap >= 0; gap--) {
      const at = first + gap;
      const gapFrom = seqFromWire(this.#from[at]);
      const gapTo = seqFromWire(this.#to[at]);
      if (!seqBefore(from, gapTo)) break;
      if (!seqBefore(gapFrom, to)) continue;
      const cutFrom = seqBefore(gapFrom, from) ? from : gapFrom;
      const cutTo = seqBefore(to, gapTo) ? to : gapTo;
      filled += seqDiff(cutTo, cutFrom);
      this.stamp[0] = this.#stamps[at];
      if (cutFrom !== gapFrom) {
        this.#to[at] = cutFrom;
        if (cutTo !== gapTo) {
          this.#insert(list, gap + 1, cutTo, gapTo);
          return filled;
        }
      } else if (cutTo !== gapTo) {
        this.#from[at] = cutTo;
      } else {
        this.#remove(list, gap);
      }
    }
    return filled;
  }

  /** Gives an empty list back; returns NO_LIST then, else the list. */
  releaseIfEmpty(list: number): number {
    return this.#gaps[list] === 0 && this.#hasForgotten[list] === 0 ? this.release(list) : list;
  }

  /** Gives a list back, whatever it holds; returns NO_LIST. */
  release(list: number): number {
    if (list === NO_LIST) return NO_LIST;
    this.#forgottenBelow[list] = this.#firstFree;
    this.#firstFree = list;
    return NO_LIST;
  }

  /** True when gaps that reached up to `number` or further have been forgotten; `stamp` holds the newest's. */
  mayHaveForgotten(list: number, number: SeqNumber): boolean {
    this.stamp[0] = this.#forgottenStamp[list];
    return (
      this.#hasForgotten[list] === 1 && seqBefore(number, seqFromWire(this.#forgottenBelow[list]))
    );
  }

  /** Puts a gap with the stamp in `stamp` at place `gap` of a list that has room. */
  #insert(list: number, gap: number, from: SeqNumber, to: SeqNumber): void {
    const at = list * GAPS + gap;
    const end = list * GAPS + this.#gaps[list]++;
    for (let entry = end; entry > at; entry--) {
      this.#from[entry] = this.#from[entry - 1];
      this.#to[entry] = this.#to[entry - 1];
      this.#stamps[entry] = this.#stamps[entry - 1];
    }
    this.#from[at] = from;
    this.#to[at] = to;
    this.#stamps[at] = this.stamp[0];
    if (this.#gaps[list] === GAPS) this.#forgetOldest(list);
  }

  #remove(list: number, gap: number): void {
    const end = list * GAPS + --this.#gaps[list];
    for (let entry = list * GAPS + gap; entry < end; entry++) {
      this.#from[entry] = this.#from[entry + 1];
      this.#to[entry] = this.#to[entry + 1];
      this.#stamps[entry] = this.#stamps[entry + 1];
    }
  }

  #forgetOldest(list: number): void {
    const first = list * GAPS;
    const kept = first + FORGOTTEN_AT_ONCE;
    this.#hasForgotten[list] = 1;
    this.#forgottenBelow[list] = this.#to[kept - 1];
    this.#forgottenStamp[list] = this.#stamps[kept - 1];
    this.#from.copyWithin(first, kept, first + GAPS);
    this.#to.copyWithin(first, kept, first + GAPS);
    this.#stamps.copyWithin(first, kept, first + GAPS);
    this.#gaps[list] -= FORGOTTEN_AT_ONCE;
  }

  #takeList(): number {
    if (this.#firstFree === NO_LIST) return this.#addList();
    const list = this.#firstFree;
    this.#firstFree = this.#forgottenBelow[list];
    this.#gaps[list] = 0;
    this.#hasForgotten[list] = 0;
    return list;
  }

  #addList(): number {
    const list = this.#lists++;
    if (list < this.#gaps.length) return list;
    const lists = list * 2;
    this.#from = intoLarger(this.#from, new Int32Array(lists * GAPS));
    this.#to = intoLarger(this.#to, new Int32Array(lists * GAPS));
    this.#stamps = intoLarger(this.#stamps, new Float64Array(lists * GAPS));
    this.#gaps = intoLarger(this.#gaps, new Int32Array(lists));
    this.#hasForgotten = intoLarger(this.#hasForgotten, new Uint8Array(lists));
    this.#forgottenBelow = intoLarger(this.#forgottenBelow, new Int32Array(lists));
    this.#forgottenStamp = intoLarger(this.#forgottenStamp, new Float64Array(lists));
    return list;
  }
}

function intoLarger<T extends { set(source: ArrayLike<number>): void }>(
  from: ArrayLike<number>,
  into: T,
): T {
  into.set(from);
  return into;
}
