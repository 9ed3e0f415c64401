/**
 * Connections by their four ends: open addressing over columns, O(1) for 10^5 connections. Keys are words of
 * an arriving frame (source, destination, ports); the value is a slot, or a row of TIME-WAIT below zero.
 * Deleting moves followers back, so probes stay short. Hot look-up: no allocation.
 */
import { finishHash, mixWord } from '../base/hash.ts';

export const NOT_FOUND = 0x7fffffff;
const EMPTY = NOT_FOUND;

export class ConnectionTable {
  #mask = 63;
  #sources = new Int32Array(64);
  #destinations = new Int32Array(64);
  #ports = new Int32Array(64);
  #values = new Int32Array(64).fill(EMPTY);
  #count = 0;
  /** Where the last key that was looked up lies: segments come in trains. */
  #recent = 0;

  get count(): number {
    return this.#count;
  }

  /** The value under the key, or NOT_FOUND. */
  find(source: number, destination: number, ports: number): number {
    const recent = this.#recent;
    const value = this.#values[recent];
    if (
      value !== EMPTY &&
      this.#ports[recent] === ports &&
      this.#sources[recent] === source &&
      this.#destinations[recent] === destination
    ) {
      return value;
    }
    const at = this.#locate(source, destination, ports);
    this.#recent = at;
    return this.#values[at];
  }

  /** Adds the key or changes its value. */
  set(source: number, destination: number, ports: number, value: number): void {
    const at = this.#locate(source, destination, ports);
    if (this.#values[at] === EMPTY) this.#count++;
    this.#sources[at] = source;
    this.#destinations[at] = destination;
    this.#ports[at] = ports;
    this.#values[at] = value;
    if (this.#count * 4 > this.#mask * 3) this.#grow();
  }

  delete(source: number, destination: number, ports: number): void {
    let hole = this.#locate(source, destination, ports);
    if (this.#values[hole] === EMPTY) return;
    this.#count--;
    const mask = this.#mask;
    // Knuth 6.4, algorithm R: whoever probed across the hole moves into it.
    for (let at = (hole + 1) & mask; this.#values[at] !== EMPTY; at = (at + 1) & mask) {
      const home = hash(this.#sources[at], this.#destinations[at], this.#ports[at]) & mask;
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      this.#sources[hole] = this.#sources[at];
      this.#destinations[hole] = this.#destinations[at];
      this.#ports[hole] = this.#ports[at];
      this.#values[hole] = this.#values[at];
      hole = at;
    }
    this.#values[hole] = EMPTY;
  }

  /** Where the key is, or where it would be. */
  #locate(source: number, destination: number, ports: number): number {
    const mask = this.#mask;
    let at = hash(source, destination, ports) & mask;
    while (this.#values[at] !== EMPTY) {
      const isSame =
        this.#ports[at] === ports &&
        this.#sources[at] === source &&
        this.#destinations[at] === destination;
      if (isSame) break;
      at = (at + 1) & mask;
    }
    return at;
  }

  #grow(): void {
    const sources = this.#sources;
    const destinations = this.#destinations;
    const ports = this.#ports;
    const values = this.#values;
    const size = values.length * 2;
    this.#mask = size - 1;
    this.#recent = 0;
    this.#sources = new Int32Array(size);
    this.#destinations = new Int32Array(size);
    this.#ports = new Int32Array(size);
    this.#values = new Int32Array(size).fill(EMPTY);
    this.#count = 0;
    for (let at = 0; at < values.length; at++) {
      if (values[at] !== EMPTY) this.set(sources[at], destinations[at], ports[at], values[at]);
    }
  }
}

function hash(source: number, destination: number, ports: number): number {
  return finishHash(mixWord(mixWord(mixWord(0, source), destination), ports));
}
