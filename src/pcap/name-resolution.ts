/**
 * Name resolution blocks on their way from one pcapng file to another: draft-tuexen-opsawg-pcapng §4.5. Records
 * and options are headers of two 16-bit words and values that have no byte order, so a block of a big-endian
 * section becomes one of ours by swapping the headers. It does not read the names. Cold.
 */
import { padded } from './pcapng-format.ts';

const HEADER_BYTES = 4;

/**
 * The body view[start, end) with little-endian headers, or undefined when a length leads beyond its end. What
 * follows the last whole header is left out.
 */
export function littleEndianNames(
  view: DataView,
  start: number,
  end: number,
  isLittleEndian: boolean,
): Uint8Array | undefined {
  const body = new Uint8Array(view.buffer, view.byteOffset + start, end - start).slice();
  const swapped = new DataView(body.buffer);
  let at = 0;
  while (at + HEADER_BYTES <= body.length) {
    const code = swapped.getUint16(at, isLittleEndian);
    const length = swapped.getUint16(at + 2, isLittleEndian);
    swapped.setUint16(at, code, true);
    swapped.setUint16(at + 2, length, true);
    at += HEADER_BYTES + padded(length);
  }
  return at === body.length ? body : undefined;
}
