/**
 * What plain links of one kind have in common: ten thousand of a network are often of two or three kinds, whose
 * rows of doubles stay in the cache. Set-up time but for reading.
 */
import type { LinkConfig } from './link-config.ts';

/** cells[(kind << KIND_SHIFT) + KindCell.Rate] */
export const enum KindCell {
  /** Whole bits/s, or Infinity. */
  Rate = 0,
  DelayNs = 1,
  /** What the host before the link takes over a packet, uniform from 0. */
  SpreadNs = 2,
  OverheadBytes = 3,
  /** Of the queue: Infinity without limit. */
  LimitBytes = 4,
  LimitPackets = 5,
  /** With QueueLimits.countsUnsent, what leaves in a nanosecond; else 0. */
  UnsentBytesPerNs = 6,
  /** One over the rate, near enough: a multiplication is faster than a division. */
  NsPerWork = 7,
}

export const KIND_SHIFT = 3;
const WIDTH = 1 << KIND_SHIFT;
const VALUES = KindCell.UnsentBytesPerNs + 1;
/** How many kinds, the newest, are compared before one is looked for by name. */
const NEWEST = 4;

export class LinkKinds {
  /** KindCell. Replaced when a kind is added: read the field each time. */
  cells = new Float64Array(WIDTH);
  #count = 0;
  readonly #kinds = new Map<string, number>();

  /** The kind of a link, known before or new. */
  kindOf(config: LinkConfig): number {
    const rate = Math.round(config.rate ?? Number.POSITIVE_INFINITY);
    const { queue = {} } = config;
    const values = [
      rate,
      config.delayNs ?? 0,
      config.processingDelayNs ?? 0,
      config.overheadBytes ?? 0,
      queue.bytes ?? Number.POSITIVE_INFINITY,
      queue.packets ?? Number.POSITIVE_INFINITY,
      queue.countsUnsent === true ? rate / 8e9 : 0,
      1 / rate,
    ];
    for (let newest = 1; newest <= Math.min(NEWEST, this.#count); newest++) {
      if (this.#is(this.#count - newest, values)) return this.#count - newest;
    }
    const key = values.join();
    let kind = this.#kinds.get(key);
    if (kind === undefined) {
      kind = this.#count++;
      this.#kinds.set(key, kind);
      const cells = new Float64Array(this.#count * WIDTH);
      cells.set(this.cells.subarray(0, kind * WIDTH));
      cells.set(values, kind * WIDTH);
      this.cells = cells;
    }
    return kind;
  }

  #is(kind: number, values: readonly number[]): boolean {
    for (let cell = 0; cell < VALUES; cell++) {
      if (this.cells[kind * WIDTH + cell] !== values[cell]) return false;
    }
    return true;
  }
}
