/**
 * IPv4 and IPv6 addresses as four 32-bit words, text and CIDR blocks. IPv4 is held in its mapped form
 * (::ffff:a.b.c.d, RFC 4291 §2.5.5.2), so that one table and one comparison serve both families.
 * Text follows RFC 5952. It does not know scopes (%eth0) or names.
 */
import { NetError } from './errors.ts';

/** Four int32 words in network order. */
export type AddressWords = readonly [number, number, number, number];

/** Third word of an IPv4-mapped address. */
export const MAPPED_PREFIX = 0xffff;

export function isMappedIpv4(words: ArrayLike<number>, at = 0): boolean {
  return words[at] === 0 && words[at + 1] === 0 && words[at + 2] === MAPPED_PREFIX;
}

/** The text of the address whose four words start at `at`. */
export function formatIpAddress(words: ArrayLike<number>, at = 0): string {
  if (isMappedIpv4(words, at)) return formatIpv4(words[at + 3] as number);
  const groups: number[] = [];
  for (let word = 0; word < 4; word++) {
    const value = words[at + word] as number;
    groups.push(value >>> 16, value & 0xffff);
  }
  const { start, length } = longestZeroRun(groups);
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

function formatIpv4(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`;
}

/** RFC 5952 §4.2: the longest run of zero groups, the first of equals. */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}

/** Parses an address of either family. Returns undefined when the text is none. */
export function parseIpAddress(text: string): AddressWords | undefined {
  if (!text.includes(':')) {
    const word = parseIpv4(text);
    return word === undefined ? undefined : [0, 0, MAPPED_PREFIX, word];
  }
  const groups = parseIpv6Groups(text);
  if (groups === undefined) return undefined;
  const word = (index: number) =>
    ((groups[index * 2] as number) << 16) | (groups[index * 2 + 1] as number) | 0;
  return [word(0), word(1), word(2), word(3)];
}

function parseIpv4(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let word = 0;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    word = (word << 8) | Number(part);
  }
  return word;
}

function parseIpv6Groups(text: string): number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = parseGroupList(halves[0] as string, halves.length === 1);
  const tail = halves.length === 2 ? parseGroupList(halves[1] as string, true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  return [...head, ...new Array<number>(missing).fill(0), ...tail];
}

/** Groups between colons; the last may be a dotted quad when `mayEndInIpv4`. */
function parseGroupList(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16));
      continue;
    }
    const word = mayEndInIpv4 && index === parts.length - 1 ? parseIpv4(part) : undefined;
    if (word === undefined) return undefined;
    groups.push(word >>> 16, word & 0xffff);
  }
  return groups;
}

/** A block of addresses, `10.0.0.0/8` or `2001:db8::/32`; a bare address is a block of one. */
export class CidrBlock {
  private constructor(
    readonly words: AddressWords,
    /** Length of the prefix in the 128-bit form: an IPv4 /8 is 104. */
    readonly prefixBits: number,
    readonly text: string,
  ) {}

  /** Throws NetError when the text is no CIDR block. */
  static parse(text: string): CidrBlock {
    const [addressText = '', lengthText, ...rest] = text.trim().split('/');
    const words = parseIpAddress(addressText);
    const width = addressText.includes(':') ? 128 : 32;
    const length = lengthText === undefined ? width : Number(lengthText);
    const isLength = lengthText === undefined || /^\d{1,3}$/.test(lengthText);
    if (words === undefined || rest.length > 0 || !isLength || length > width) {
      throw NetError.value(
        'CIDR block',
        'an address and prefix like 10.0.0.0/8 or 2001:db8::/32',
        text,
      );
    }
    return new CidrBlock(words, 128 - width + length, text.trim());
  }

  /** True when the address whose four words start at `at` lies in the block. */
  contains(address: ArrayLike<number>, at = 0): boolean {
    for (let word = 0; word < 4; word++) {
      const bits = Math.min(32, Math.max(0, this.prefixBits - word * 32));
      const mask = bits === 0 ? 0 : -1 << (32 - bits);
      if ((((address[at + word] as number) ^ (this.words[word] as number)) & mask) !== 0)
        return false;
    }
    return true;
  }
}
