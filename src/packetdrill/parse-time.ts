/**
 * When an event happens: `1.5` seconds from the start, `+.1` after the previous event, `*` any time,
 * `a~b` within a range (expected packets), `a...b` a call that blocks from a until b. The second time of a
 * blocking call counts from the same origin as the first, whether it repeats the `+` or not.
 */
import { NS_PER_SECOND } from '../base/units.ts';
import type { Lexer } from './lexer.ts';
import type { EventTime } from './script.ts';

const SECONDS = /(?:\d+(?:\.(?!\.)\d*)?|\.\d+)/y;

export function parseTime(lexer: Lexer): EventTime {
  if (lexer.takes('*')) return { kind: 'any' };
  const kind = lexer.takes('+') ? 'relative' : 'absolute';
  const atNs = parseSeconds(lexer);
  if (lexer.takes('~')) {
    const untilNs = parseEnd(lexer, kind);
    return { kind, atNs, untilNs, form: 'range' };
  }
  if (lexer.takes('...')) {
    lexer.takes('+');
    return { kind, atNs, untilNs: parseSeconds(lexer), form: 'blocking' };
  }
  return { kind, atNs, untilNs: undefined, form: 'instant' };
}

function parseEnd(lexer: Lexer, kind: 'absolute' | 'relative'): number {
  if (lexer.takes('+') !== (kind === 'relative')) lexer.fail('a range with both ends alike');
  return parseSeconds(lexer);
}

function parseSeconds(lexer: Lexer): number {
  const ns = Math.round(Number(lexer.need(SECONDS, 'a time in seconds')) * NS_PER_SECOND);
  return Number.isSafeInteger(ns) ? ns : lexer.fail('a time below 104 days');
}
