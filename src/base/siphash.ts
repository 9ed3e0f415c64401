/**
 * SipHash-2-4 (Aumasson and Bernstein 2012): a keyed hash that an adversary without the key cannot steer,
 * for cookies and initial sequence numbers. 64-bit words as pairs of int32, exact on every engine.
 * No allocation per hash; not for bulk data.
 */

/** Low and high halves of v0 … v3. */
const v = new Int32Array(8);

function add(to: number, from: number): void {
  const low = (v[to] >>> 0) + (v[from] >>> 0);
  v[to + 1] = v[to + 1] + v[from + 1] + (low > 0xffffffff ? 1 : 0);
  v[to] = low;
}

function rotateXor(at: number, bits: number, other: number): void {
  const low = v[at];
  const high = v[at + 1];
  v[at] = ((low << bits) | (high >>> (32 - bits))) ^ v[other];
  v[at + 1] = ((high << bits) | (low >>> (32 - bits))) ^ v[other + 1];
}

function swapHalves(at: number): void {
  const low = v[at];
  v[at] = v[at + 1];
  v[at + 1] = low;
}

function round(): void {
  add(0, 2);
  rotateXor(2, 13, 0);
  swapHalves(0);
  add(4, 6);
  rotateXor(6, 16, 4);
  add(0, 6);
  rotateXor(6, 21, 0);
  add(4, 2);
  rotateXor(2, 17, 4);
  swapHalves(4);
}

/**
 * Hashes `count` 32-bit words, each taken as four bytes in little-endian order, under a key of four such
 * words. Writes the low and high half to result[0] and result[1].
 */
export function sipHash(
  key: Int32Array,
  words: Int32Array,
  count: number,
  result: Int32Array,
): void {
  v[0] = key[0] ^ 0x70736575;
  v[1] = key[1] ^ 0x736f6d65;
  v[2] = key[2] ^ 0x6e646f6d;
  v[3] = key[3] ^ 0x646f7261;
  v[4] = key[0] ^ 0x6e657261;
  v[5] = key[1] ^ 0x6c796765;
  v[6] = key[2] ^ 0x79746573;
  v[7] = key[3] ^ 0x74656462;
  for (let at = 0; at + 1 < count; at += 2) absorb(words[at], words[at + 1]);
  const length = (count * 4) << 24;
  if (count % 2 === 1) absorb(words[count - 1], length);
  else absorb(0, length);
  v[4] ^= 0xff;
  for (let index = 0; index < 4; index++) round();
  result[0] = v[0] ^ v[2] ^ v[4] ^ v[6];
  result[1] = v[1] ^ v[3] ^ v[5] ^ v[7];
}

function absorb(low: number, high: number): void {
  v[6] ^= low;
  v[7] ^= high;
  round();
  round();
  v[0] ^= low;
  v[1] ^= high;
}
