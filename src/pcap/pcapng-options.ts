/**
 * Options of pcapng blocks: draft-tuexen-opsawg-pcapng §3.5. A list of code, length, value ends at
 * opt_endofopt or at the end of the block; an option that reaches beyond the block ends the list too,
 * since only optional facts are lost.
 */
import { OPTION_HEADER_BYTES, OptionCode, padded } from './pcapng-format.ts';
import { decodeUtf8 } from './utf8.ts';

/** Offset of the first option with `code` in view[at, end), or -1. */
export function findOption(
  view: DataView,
  at: number,
  end: number,
  code: OptionCode,
  isLittleEndian: boolean,
): number {
  let option = at;
  while (end - option >= OPTION_HEADER_BYTES) {
    const found = view.getUint16(option, isLittleEndian);
    const length = view.getUint16(option + 2, isLittleEndian);
    if (found === OptionCode.End || option + OPTION_HEADER_BYTES + length > end) return -1;
    if (found === code) return option;
    option += OPTION_HEADER_BYTES + padded(length);
  }
  return -1;
}

/** Offset behind the option at `option`, padding included. */
export function optionEnd(view: DataView, option: number, isLittleEndian: boolean): number {
  return option + OPTION_HEADER_BYTES + padded(view.getUint16(option + 2, isLittleEndian));
}

/** Number of comments in view[at, end). */
export function countComments(
  view: DataView,
  at: number,
  end: number,
  isLittleEndian: boolean,
): number {
  let count = 0;
  let option = findOption(view, at, end, OptionCode.Comment, isLittleEndian);
  while (option >= 0) {
    count++;
    const next = optionEnd(view, option, isLittleEndian);
    option = findOption(view, next, end, OptionCode.Comment, isLittleEndian);
  }
  return count;
}

/** The comments in view[at, end), in order. */
export function readComments(
  view: DataView,
  at: number,
  end: number,
  isLittleEndian: boolean,
): string[] {
  const comments: string[] = [];
  let option = findOption(view, at, end, OptionCode.Comment, isLittleEndian);
  while (option >= 0) {
    comments.push(optionText(view, option, MAX_COMMENT_BYTES, isLittleEndian));
    const next = optionEnd(view, option, isLittleEndian);
    option = findOption(view, next, end, OptionCode.Comment, isLittleEndian);
  }
  return comments;
}

const MAX_COMMENT_BYTES = 0xffff;

/** The first `limit` bytes of an option's value as text. */
export function optionText(
  view: DataView,
  option: number,
  limit: number,
  isLittleEndian: boolean,
): string {
  const length = view.getUint16(option + 2, isLittleEndian);
  const start = option + OPTION_HEADER_BYTES;
  return decodeUtf8(view, start, start + Math.min(length, limit));
}
