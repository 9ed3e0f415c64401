/**
 * UTF-8 text of capture options, without TextEncoder, which the pure layers do not have: RFC 3629.
 * Cold. Broken sequences read as U+FFFD, lone surrogates are written as U+FFFD.
 */

const REPLACEMENT = 0xfffd;

/** The text of view[start, end), up to the first zero octet (draft-tuexen-opsawg-pcapng §3.5). */
export function decodeUtf8(view: DataView, start: number, end: number): string {
  let text = '';
  let at = start;
  while (at < end) {
    const lead = view.getUint8(at++);
    if (lead === 0) break;
    const followers = followerBytes(lead);
    let missing = followers;
    let code = followers <= 0 ? lead : lead & (0x3f >> followers);
    while (missing > 0 && at < end && (view.getUint8(at) & 0xc0) === 0x80) {
      code = (code << 6) | (view.getUint8(at++) & 0x3f);
      missing--;
    }
    const isTooLong = code < (SHORTEST[followers] as number);
    const isBroken = missing !== 0 || code > 0x10ffff || isTooLong || isSurrogate(code);
    text += String.fromCodePoint(isBroken ? REPLACEMENT : code);
  }
  return text;
}

/** Bytes that follow a lead byte; -1 for a byte that leads nothing. */
function followerBytes(lead: number): number {
  if (lead < 0x80) return 0;
  if (lead < 0xc2 || lead > 0xf4) return -1;
  return lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
}

/** Smallest code point that needs so many follower bytes (RFC 3629 §3 forbids longer forms). */
const SHORTEST = [0, 0x80, 0x800, 0x10000];

const isSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdfff;

/** Encodes `text`, cut after the last character that fits into `limit` bytes. */
export function encodeUtf8(text: string, limit: number): Uint8Array {
  const bytes = new Uint8Array(Math.min(limit, text.length * 3));
  let length = 0;
  for (const character of text) {
    const point = character.codePointAt(0) as number;
    const code = isSurrogate(point) ? REPLACEMENT : point;
    const size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (length + size > bytes.length) break;
    for (let follower = size - 1; follower > 0; follower--) {
      bytes[length + follower] = 0x80 | ((code >> (6 * (size - 1 - follower))) & 0x3f);
    }
    const top = code >> (6 * (size - 1));
    bytes[length] = size === 1 ? code : ((0xf00 >> size) & 0xff) | top;
    length += size;
  }
  return bytes.subarray(0, length);
}
