/**
 * Recognises copies of one packet seen at several places: two interfaces of a router, `any` captures of
 * forwarded or local traffic, one packet in the captures of both ends. A copy has the same network-layer
 * bytes but for TTL and header checksum, which a router changes, and was seen elsewhere within
 * COPY_WINDOW_NS. The same bytes at a place where they were seen before are a new transmission.
 *
 * A bounded table: 2^16 entries in sets of eight, the oldest of a set is replaced. Two independent 32-bit
 * hashes stand for the bytes. Address translation makes other packets, which it does not recognise.
 * Hot: no allocation per packet.
 */
import { finishHash, mixWord } from '../base/hash.ts';
import { NEVER } from '../base/units.ts';

/** Longest time between two sightings of one packet. */
const COPY_WINDOW_NS = 1e9;
const SETS = 1 << 13;
const WAYS = 8;
/**
 * Bytes hashed from the network-layer header on: with the transport's checksum they tell packets apart, and
 * every usual snap length has them, so that captures cut differently can be compared.
 */
const HASHED_BYTES = 64;

export class CopyDetector {
  /** Time of the packet in question: written by the caller before isCopy, so that no double crosses the call. */
  readonly nowNs = new Float64Array(1);
  readonly #hashA = new Int32Array(SETS * WAYS);
  readonly #hashB = new Int32Array(SETS * WAYS);
  readonly #seenNs = new Float64Array(SETS * WAYS).fill(-NEVER);
  /** Bit set of the places (place modulo 32) where the packet was seen. */
  readonly #places = new Int32Array(SETS * WAYS);

  /**
   * True when the IP packet at view[start, end) has been seen at another place.
   * @param ipVersion 4 or 6
   * @param place where it is seen now: a small integer for each interface and direction
   */
  isCopy(view: DataView, start: number, end: number, ipVersion: number, place: number): boolean {
    const a = hashPacket(view, start, end, ipVersion, 0x2545f491);
    const b = hashPacket(view, start, end, ipVersion, 0x6c8e9cf5);
    const first = (a & (SETS - 1)) * WAYS;
    const placeBit = 1 << (place & 31);
    const horizon = this.nowNs[0] - COPY_WINDOW_NS;
    let oldest = first;
    for (let entry = first; entry < first + WAYS; entry++) {
      if (this.#seenNs[entry] < this.#seenNs[oldest]) oldest = entry;
      if (this.#hashA[entry] !== a || this.#hashB[entry] !== b) continue;
      if (this.#seenNs[entry] < horizon) continue;
      const places = this.#places[entry];
      if ((places & placeBit) === 0) {
        this.#places[entry] = places | placeBit;
        return true;
      }
      // Seen here before: sent again.
      this.#places[entry] = placeBit;
      this.#seenNs[entry] = this.nowNs[0];
      return false;
    }
    this.#hashA[oldest] = a;
    this.#hashB[oldest] = b;
    this.#seenNs[oldest] = this.nowNs[0];
    this.#places[oldest] = placeBit;
    return false;
  }
}

/** Hash over the packet's start with TTL and header checksum (IPv4) or hop limit (IPv6) left out. */
function hashPacket(
  view: DataView,
  start: number,
  end: number,
  ipVersion: number,
  seed: number,
): number {
  const stop = Math.min(end, start + HASHED_BYTES);
  let hash = seed;
  let at = start;
  for (; at + 4 <= stop; at += 4) {
    let word = view.getInt32(at);
    const header = at - start;
    if (ipVersion === 4 && header === 8) word &= 0x00ff0000;
    else if (ipVersion === 6 && header === 4) word &= ~0xff;
    hash = mixWord(hash, word);
  }
  for (; at < stop; at++) hash = mixWord(hash, view.getUint8(at));
  return finishHash(hash);
}
