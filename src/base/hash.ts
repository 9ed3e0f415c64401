/**
 * 32-bit integer hashing for tables and fingerprints. Mixing steps of MurmurHash3 (Appleby, public
 * domain): exact in int32 arithmetic on every engine. Not for adversaries: tables bound their probes.
 * Hot: no allocation.
 */

/** Folds one word into a running hash. */
export function mixWord(hash: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  const h = hash ^ Math.imul(k, 0x1b873593);
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

/** Final avalanche, so that every input bit reaches the low bits that index a table. */
export function finishHash(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
