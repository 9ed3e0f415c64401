/**
 * The Internet checksum: RFC 1071, and its incremental update: RFC 1624. A checksum is built in
 * three steps: a sum to start from (0, or a pseudo-header), `checksumAdd` for each part,
 * `checksumFinish`. Sums between the steps are small positive integers whose meaning is their value
 * modulo 0xffff, so they may be added to each other. A message whose stored checksum is right
 * finishes with 0.
 * Hot: no allocation. It does not know where checksum fields lie: see wire/verify-checksums.
 */

/** At most this many bytes are summed before a fold, so that a sum stays far below 2^31. */
const FOLD_BYTES = 1 << 14;

/**
 * Ones' complement sum of bytes[start, start + length) as big-endian 16-bit words, added to `sum`.
 * An odd length is padded with a zero byte (RFC 1071 §4.1), so only the last part of a message may
 * be odd.
 */
export function checksumAdd(bytes: Uint8Array, start: number, length: number, sum: number): number {
  const end = start + length;
  let total = sum;
  let at = start;
  while (at + 1 < end) {
    const stop = Math.min(end - 1, at + FOLD_BYTES);
    let high = 0;
    let low = 0;
    for (; at + 6 < stop; at += 8) {
      high += bytes[at] + bytes[at + 2] + bytes[at + 4] + bytes[at + 6];
      low += bytes[at + 1] + bytes[at + 3] + bytes[at + 5] + bytes[at + 7];
    }
    for (; at < stop; at += 2) {
      high += bytes[at];
      low += bytes[at + 1];
    }
    total = fold(total + (high << 8) + low);
  }
  return at < end ? total + (bytes[at] << 8) : total;
}

/** End-around carry, once: less than 2^17 for any sum below 2^32. */
function fold(sum: number): number {
  return (sum & 0xffff) + (sum >>> 16);
}

/** Folds a sum to 16 bits and complements it: the value of the checksum field. */
export function checksumFinish(sum: number): number {
  return ~fold(fold(sum)) & 0xffff;
}

/**
 * Sum of the IPv4 pseudo-header (RFC 9293 §3.1, RFC 768), its addresses read from the IP header at
 * `ipOffset`; `length` is the transport header with its payload in bytes.
 */
export function pseudoHeaderIpv4Sum(
  bytes: Uint8Array,
  ipOffset: number,
  protocol: number,
  length: number,
): number {
  return checksumAdd(bytes, ipOffset + 12, 8, protocol + fold(length));
}

/**
 * Sum of the IPv6 pseudo-header (RFC 8200 §8.1), its addresses read from the IP header at
 * `ipOffset`. With a routing header of segments left, the destination is not the final one and the
 * sum is wrong.
 */
export function pseudoHeaderIpv6Sum(
  bytes: Uint8Array,
  ipOffset: number,
  protocol: number,
  length: number,
): number {
  return checksumAdd(bytes, ipOffset + 8, 32, protocol + fold(length));
}

/** The checksum after a 16-bit field covered by it changed (RFC 1624 §3, equation 3). */
export function checksumUpdate(checksum: number, oldField: number, newField: number): number {
  return checksumFinish((~checksum & 0xffff) + (~oldField & 0xffff) + newField);
}
