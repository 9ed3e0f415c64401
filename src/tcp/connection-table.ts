/**
 * Connections by their four ends: open addressing over rows of four words, O(1) for 10^5 connections and mostly one
 * cache line. Keys are words of an arriving frame (source, destination, ports); the value is a slot, or a row of
 * TIME-WAIT below zero. Deleting moves followers back, so probes stay short. Hot look-up: no allocation.
 */
import { finishHash, mixWord } from '../base/hash.ts';

export const NOT_FOUND = 0x7fffffff;
const EMPTY = NOT_FOUND;
const FIRST_ROWS = 64;
const ROW_SHIFT = 2;

const enum Cell {
  Source = 0,
  Destination = 1,
  Ports = 2,
  Value = 3,
}

export class ConnectionTable {
  #mask = FIRST_ROWS - 1;
  #cells = emptyRows(FIRST_ROWS);
  #count = 0;
  /** First cell of the last key that was looked up: segments come in trains. */
  #recent = 0;

  get count(): number {
    return this.#count;
  }

  /** The value under the key, or NOT_FOUND. */
  find(source: number, destination: number, ports: number): number {
    const cells = this.#cells;
    const recent = this.#recent;
    const value = cells[recent + Cell.Value];
    if (
      value !== EMPTY &&
      cells[recent + Cell.Ports] === ports &&
      cells[recent + Cell.Source] === source &&
      cells[recent + Cell.Destination] === destination
    ) {
      return value;
    }
    const at = this.#locate(source, destination, ports);
    this.#recent = at;
    return cells[at + Cell.Value];
  }

  /** Adds the key or changes its value. */
  set(source: number, destination: number, ports: number, value: number): void {
    const cells = this.#cells;
    const at = this.#locate(source, destination, ports);
    if (cells[at + Cell.Value] === EMPTY) this.#count++;
    cells[at + Cell.Source] = source;
    cells[at + Cell.Destination] = destination;
    cells[at + Cell.Ports] = ports;
    cells[at + Cell.Value] = value;
    if (this.#count * 4 > this.#mask * 3) this.#grow();
  }

  delete(source: number, destination: number, ports: number): void {
    const cells = this.#cells;
    let hole = this.#locate(source, destination, ports);
    if (cells[hole + Cell.Value] === EMPTY) return;
    this.#count--;
    // Knuth 6.4, algorithm R: whoever probed across the hole moves into it.
    for (let at = this.#after(hole); cells[at + Cell.Value] !== EMPTY; at = this.#after(at)) {
      const home = this.#homeOf(cells[at], cells[at + Cell.Destination], cells[at + Cell.Ports]);
      if (this.#distance(home, at) < this.#distance(hole, at)) continue;
      cells.copyWithin(hole, at, at + (1 << ROW_SHIFT));
      hole = at;
    }
    cells[hole + Cell.Value] = EMPTY;
  }

  /** Where the key is, or where it would be. */
  #locate(source: number, destination: number, ports: number): number {
    const cells = this.#cells;
    let at = this.#homeOf(source, destination, ports);
    while (cells[at + Cell.Value] !== EMPTY) {
      const isSame =
        cells[at + Cell.Ports] === ports &&
        cells[at + Cell.Source] === source &&
        cells[at + Cell.Destination] === destination;
      if (isSame) break;
      at = this.#after(at);
    }
    return at;
  }

  #homeOf(source: number, destination: number, ports: number): number {
    const hash = finishHash(mixWord(mixWord(mixWord(0, source), destination), ports));
    return (hash & this.#mask) << ROW_SHIFT;
  }

  #after(at: number): number {
    return (at + (1 << ROW_SHIFT)) & (this.#mask << ROW_SHIFT);
  }

  /** Cells from one row on to another, around the end. */
  #distance(from: number, to: number): number {
    return (to - from) & (this.#mask << ROW_SHIFT);
  }

  #grow(): void {
    const before = this.#cells;
    const rows = (this.#mask + 1) * 2;
    this.#mask = rows - 1;
    this.#recent = 0;
    this.#cells = emptyRows(rows);
    this.#count = 0;
    for (let at = 0; at < before.length; at += 1 << ROW_SHIFT) {
      const value = before[at + Cell.Value];
      if (value === EMPTY) continue;
      this.set(before[at], before[at + Cell.Destination], before[at + Cell.Ports], value);
    }
  }
}

function emptyRows(rows: number): Int32Array {
  return new Int32Array(rows << ROW_SHIFT).fill(EMPTY);
}
