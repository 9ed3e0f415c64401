/**
 * Interned IP addresses: each distinct address of a run gets a small index, so that a frame names its
 * ends in two words. Open addressing over four words (IPv4 in mapped form); grows by doubling, which is
 * cold: a run has few addresses and many frames. Hot look-up: no allocation.
 */
import { assert } from '../base/assert.ts';
import { finishHash, mixWord } from '../base/hash.ts';
import { parseIpAddress } from '../base/ip-address.ts';

const EMPTY = -1;

export class AddressTable {
  /** Four words an index. */
  words = new Int32Array(4 * 64);
  #slots = new Int32Array(128).fill(EMPTY);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Index of the address whose four words start at `source[at]`, new on first sight. */
  intern(source: Int32Array, at: number): number {
    const mask = this.#slots.length - 1;
    let slot = hashAddress(source, at) & mask;
    for (;;) {
      const index = this.#slots[slot];
      if (index === EMPTY) break;
      if (this.#equals(index, source, at)) return index;
      slot = (slot + 1) & mask;
    }
    return this.#add(slot, source, at);
  }

  /** The same for an address as text, which the caller has checked. Cold. */
  internText(text: string): number {
    const words = parseIpAddress(text);
    assert(words !== undefined, 'an address that has been checked can be read');
    return this.intern(new Int32Array(words), 0);
  }

  #equals(index: number, source: Int32Array, at: number): boolean {
    const words = this.words;
    const own = index << 2;
    return (
      words[own + 3] === source[at + 3] &&
      words[own + 2] === source[at + 2] &&
      words[own + 1] === source[at + 1] &&
      words[own] === source[at]
    );
  }

  #add(slot: number, source: Int32Array, at: number): number {
    const index = this.#count++;
    if (index * 4 === this.words.length) {
      const words = new Int32Array(this.words.length * 2);
      words.set(this.words);
      this.words = words;
    }
    for (let word = 0; word < 4; word++) this.words[index * 4 + word] = source[at + word];
    this.#slots[slot] = index;
    if (this.#count * 2 > this.#slots.length) this.#rehash();
    return index;
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(EMPTY);
    const mask = slots.length - 1;
    for (let index = 0; index < this.#count; index++) {
      let slot = hashAddress(this.words, index * 4) & mask;
      while (slots[slot] !== EMPTY) slot = (slot + 1) & mask;
      slots[slot] = index;
    }
    this.#slots = slots;
  }
}

function hashAddress(words: Int32Array, at: number): number {
  let hash = mixWord(0, words[at]);
  hash = mixWord(hash, words[at + 1]);
  hash = mixWord(hash, words[at + 2]);
  return finishHash(mixWord(hash, words[at + 3]));
}
