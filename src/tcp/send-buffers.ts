/**
 * The buffers of what is written and not sent, rows of all connections of a host in one pool, and how far an attempt to
 * send goes: tcp/write-queue. Hot: no allocation per segment.
 */
import type { Bytes } from '../base/units.ts';

export const NO_BUFFER = -1;

const SHIFT = 2;
const enum BufferWord {
  Length = 0,
  Flags = 1,
  Next = 2,
}

export const enum BufferFlag {
  /** A write ended here: PSH on the segment with its last byte. */
  Push = 1,
  /** MSG_EOR: nothing is added to it, and it joins no other. */
  EndOfRecord = 2,
}

/** How far the next attempt to send goes, and what holds a short segment back. */
export const enum PushMode {
  /** As the options of the connection say: what an ACK does. */
  Usual = 0,
  /** The write said that more follows (MSG_MORE). */
  Cork = 1,
  /** Short segments too: half of the peer's largest window has been written since the last push. */
  All = 2,
  /** One burst; the write goes on filling. */
  One = 3,
  /** Nothing before the write has filled a buffer. */
  Hold = 4,
}

export class BufferPool {
  words = new Int32Array(64 << SHIFT);
  #freeHead = NO_BUFFER;
  #fresh = 0;
  #inUse = 0;

  get inUse(): number {
    return this.#inUse;
  }

  create(): number {
    let buffer = this.#freeHead;
    if (buffer !== NO_BUFFER) this.#freeHead = this.next(buffer);
    else buffer = this.#takeFresh();
    this.#inUse++;
    this.words.fill(0, buffer << SHIFT, (buffer + 1) << SHIFT);
    this.words[(buffer << SHIFT) + BufferWord.Next] = NO_BUFFER;
    return buffer;
  }

  release(buffer: number): void {
    this.words[(buffer << SHIFT) + BufferWord.Next] = this.#freeHead;
    this.#freeHead = buffer;
    this.#inUse--;
  }

  length(buffer: number): Bytes {
    return this.words[(buffer << SHIFT) + BufferWord.Length];
  }

  addLength(buffer: number, length: Bytes): void {
    this.words[(buffer << SHIFT) + BufferWord.Length] += length;
  }

  has(buffer: number, flag: BufferFlag): boolean {
    return (this.words[(buffer << SHIFT) + BufferWord.Flags] & flag) !== 0;
  }

  set(buffer: number, flags: number): void {
    this.words[(buffer << SHIFT) + BufferWord.Flags] |= flags;
  }

  clear(buffer: number, flags: number): void {
    this.words[(buffer << SHIFT) + BufferWord.Flags] &= ~flags;
  }

  /** The flags of one are another's as well. */
  inherit(buffer: number, from: number): void {
    this.set(buffer, this.words[(from << SHIFT) + BufferWord.Flags]);
  }

  next(buffer: number): number {
    return this.words[(buffer << SHIFT) + BufferWord.Next];
  }

  setNext(buffer: number, next: number): void {
    this.words[(buffer << SHIFT) + BufferWord.Next] = next;
  }

  #takeFresh(): number {
    if ((this.#fresh + 1) << SHIFT > this.words.length) {
      const words = new Int32Array(this.words.length * 2);
      words.set(this.words);
      this.words = words;
    }
    return this.#fresh++;
  }
}
