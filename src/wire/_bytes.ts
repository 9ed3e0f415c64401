/**
 * What the readable forms of all headers share: views, address words, and lists of options in the
 * form kind, length, data (IPv4: RFC 791 §3.1, TCP: RFC 9293 §3.1).
 */
import { type AddressWords, MAPPED_PREFIX } from '../base/ip-address.ts';
import { Malformed } from './malformed.ts';

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function readIpv4Address(view: DataView, at: number): AddressWords {
  return [0, 0, MAPPED_PREFIX, view.getInt32(at)];
}

export function readIpv6Address(view: DataView, at: number): AddressWords {
  return [view.getInt32(at), view.getInt32(at + 4), view.getInt32(at + 8), view.getInt32(at + 12)];
}

export function writeIpv6Address(view: DataView, at: number, words: AddressWords): void {
  for (let word = 0; word < 4; word++) view.setInt32(at + word * 4, words[word] as number);
}

export const END_OF_OPTIONS = 0;
export const NO_OPERATION = 1;

/**
 * Length in bytes of the option at `at` in a list that ends at `end`, which must lie behind `at`: 0
 * at its end-of-list option, 1 for a no-operation, or Malformed.OptionLength.
 */
export function optionLength(view: DataView, at: number, end: number): number {
  const kind = view.getUint8(at);
  if (kind === END_OF_OPTIONS) return 0;
  if (kind === NO_OPERATION) return 1;
  if (at + 2 > end) return Malformed.OptionLength;
  const length = view.getUint8(at + 1);
  return length < 2 || at + length > end ? Malformed.OptionLength : length;
}

/** Header lengths count 4-byte words. */
export function padToWord(length: number): number {
  return (length + 3) & ~3;
}
