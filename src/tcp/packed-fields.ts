/**
 * Fields of a connection that share storage, defined once on its prototype: booleans as bits of two words, small
 * numbers as bytes of two more, times as cells of a column that the context owns, and what applications rarely set in
 * one object that all connections share until one of them differs. It saves 900 of 2,900 bytes a connection; an accessor inlines to a mask or a
 * load. Cold: it runs when the module is loaded.
 */
import { assert } from '../base/assert.ts';

/** What holds the bits. */
interface Flagged {
  flagsLow: number;
  flagsHigh: number;
}

const BITS = 30;

/** Defines a boolean accessor for each name. */
export function defineFlags(prototype: object, names: readonly string[]): void {
  assert(names.length <= 2 * BITS, 'more flags than bits');
  names.forEach((name, index) => {
    const mask = 1 << (index % BITS);
    Object.defineProperty(prototype, name, index < BITS ? lowFlag(mask) : highFlag(mask));
  });
}

/** The bits of `names`, all in the first word or, `isHigh`, the second: for code that asks about several at once. */
export function flagMask(all: readonly string[], names: readonly string[], isHigh = false): number {
  let mask = 0;
  for (const name of names) {
    const bit = all.indexOf(name) - (isHigh ? BITS : 0);
    assert(bit >= 0 && bit < BITS, 'a flag is in the other word');
    mask |= 1 << bit;
  }
  return mask;
}

function lowFlag(mask: number): PropertyDescriptor {
  return {
    get(this: Flagged): boolean {
      return (this.flagsLow & mask) !== 0;
    },
    set(this: Flagged, value: boolean) {
      this.flagsLow = value ? this.flagsLow | mask : this.flagsLow & ~mask;
    },
  };
}

function highFlag(mask: number): PropertyDescriptor {
  return {
    get(this: Flagged): boolean {
      return (this.flagsHigh & mask) !== 0;
    },
    set(this: Flagged, value: boolean) {
      this.flagsHigh = value ? this.flagsHigh | mask : this.flagsHigh & ~mask;
    },
  };
}

/** Defines a boolean accessor for each name, of a bit of `ackNotes`. */
export function defineAckNotes(prototype: object, names: readonly string[]): void {
  names.forEach((name, index) => {
    const mask = 1 << index;
    Object.defineProperty(prototype, name, {
      get(this: { ackNotes: number }): boolean {
        return (this.ackNotes & mask) !== 0;
      },
      set(this: { ackNotes: number }, value: boolean) {
        this.ackNotes = value ? this.ackNotes | mask : this.ackNotes & ~mask;
      },
    });
  });
}

/** What holds the bytes. */
interface Counted {
  bytesLow: number;
  bytesHigh: number;
}

/** Small integers of 31 bits are what all builds of V8 have. */
const BYTES = 3;

/** Defines an accessor for each name, of a whole number from 0 to 255. */
export function defineBytes(prototype: object, names: readonly string[]): void {
  assert(names.length <= 2 * BYTES, 'more numbers than bytes');
  names.forEach((name, index) => {
    const shift = 8 * (index % BYTES);
    Object.defineProperty(prototype, name, index < BYTES ? lowByte(shift) : highByte(shift));
  });
}

function lowByte(shift: number): PropertyDescriptor {
  return {
    get(this: Counted): number {
      return (this.bytesLow >> shift) & 0xff;
    },
    set(this: Counted, value: number) {
      this.bytesLow = (this.bytesLow & ~(0xff << shift)) | (value << shift);
    },
  };
}

function highByte(shift: number): PropertyDescriptor {
  return {
    get(this: Counted): number {
      return (this.bytesHigh >> shift) & 0xff;
    },
    set(this: Counted, value: number) {
      this.bytesHigh = (this.bytesHigh & ~(0xff << shift)) | (value << shift);
    },
  };
}

/** What holds the times. A closed connection's cells go to the next one in its slot: it has times of its own. */
interface Celled {
  readonly context: { readonly cells: Float64Array };
  readonly cellsAt: number;
  readonly closedTimes: number[] | undefined;
}

/** Defines an accessor for each name: a double in a field of its own takes 24 bytes, in a cell 8. */
export function defineCells(prototype: object, names: readonly string[]): void {
  names.forEach((name, index) => {
    Object.defineProperty(prototype, name, {
      get(this: Celled): number {
        const { closedTimes } = this;
        return closedTimes === undefined
          ? this.context.cells[this.cellsAt + index]
          : closedTimes[index];
      },
      set(this: Celled, value: number) {
        const { closedTimes } = this;
        if (closedTimes === undefined) this.context.cells[this.cellsAt + index] = value;
        else closedTimes[index] = value;
      },
    });
  });
}

/**
 * Defines an accessor for each field of `settings`, which is copied when one is set to another value. Hot code reads
 * `settings` itself: what all accessors share, V8 does not know by heart.
 */
export function defineSettings<S extends object>(
  prototype: object,
  names: readonly (keyof S)[],
): void {
  for (const name of names) {
    Object.defineProperty(prototype, name, {
      get(this: { settings: S }) {
        return this.settings[name];
      },
      set(this: { settings: S }, value: S[keyof S]) {
        if (this.settings[name] === value) return;
        this.settings = { ...this.settings, [name]: value };
      },
    });
  }
}
