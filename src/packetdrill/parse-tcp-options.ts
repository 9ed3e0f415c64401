/**
 * TCP options of a script, `<mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 8>`, in the order written;
 * `<...>` stands for any, and so does a list with the word `nocheck`. Lengths and padding are the reader's concern: what a script writes is what the
 * wire holds.
 */
import type { Lexer } from './lexer.ts';
import type { ScriptTcpOption, SequenceRange } from './script.ts';

const HEX = /[0-9a-fA-F]+(?![\w])/y;
const SACK_BLOCKS_MAX = 4;
const MD5_DIGEST_BYTES = 16;

/** Behind the opening `<`; takes the closing one. */
export function parseTcpOptions(
  lexer: Lexer,
  direction: 'inject' | 'expect',
): readonly ScriptTcpOption[] | 'any' {
  if (lexer.takes('...')) {
    lexer.expect('>');
    return 'any';
  }
  const options: ScriptTcpOption[] = [];
  if (lexer.takes('>')) return options;
  let isUnchecked = false;
  do {
    if (lexer.takesWord('nocheck')) isUnchecked = true;
    else options.push(parseTcpOption(lexer));
  } while (lexer.takes(','));
  lexer.expect('>');
  return isUnchecked && direction === 'expect' ? 'any' : options;
}

function parseTcpOption(lexer: Lexer): ScriptTcpOption {
  if (lexer.takesWord('nop')) return { kind: 'nop' };
  if (lexer.takesWord('eol')) return { kind: 'eol' };
  if (lexer.takesWord('sackOK')) return { kind: 'sackPermitted' };
  if (lexer.takesWord('mss')) {
    return { kind: 'mss', value: needBelow(lexer, 65_536, 'an MSS below 65536') };
  }
  if (lexer.takesWord('wscale')) {
    return { kind: 'windowScale', value: needBelow(lexer, 256, 'a window scale below 256') };
  }
  if (lexer.takesWord('TS')) return parseTimestamps(lexer);
  if (lexer.takesWord('sack')) return { kind: 'sack', blocks: parseSackBlocks(lexer) };
  if (lexer.takesWord('FOEXP')) return parseFastOpen(lexer, true);
  if (lexer.takesWord('FO')) return parseFastOpen(lexer, false);
  if (lexer.takesWord('ECN')) return parseAccEcn(lexer);
  if (lexer.takesWord('md5')) return parseMd5(lexer);
  if (lexer.takesWord('kind')) return parseOther(lexer);
  if (
    lexer.take(/(?=mp_?(?:capable|join|prio|reset|fail|fastclose)|dss\b|add_addr|remove_addr)/y) ===
    ''
  ) {
    return lexer.refuse('options of MPTCP');
  }
  return lexer.fail(
    'a TCP option (mss, sackOK, TS, nop, eol, wscale, sack, FO, FOEXP, ECN, md5, kind)',
  );
}

function parseTimestamps(lexer: Lexer): ScriptTcpOption {
  lexer.expect('val');
  const tsVal = needBelow(lexer, 2 ** 32, 'a TS value below 2^32');
  lexer.expect('ecr');
  return { kind: 'timestamps', tsVal, tsEcr: needBelow(lexer, 2 ** 32, 'a TS echo below 2^32') };
}

function parseSackBlocks(lexer: Lexer): SequenceRange[] {
  const blocks: SequenceRange[] = [];
  do {
    const start = lexer.needNumber('a SACK block start:end');
    lexer.expect(':');
    blocks.push({ start, end: lexer.needNumber('the end of a SACK block') });
  } while (!lexer.sees(',') && !lexer.sees('>'));
  if (blocks.length > SACK_BLOCKS_MAX) lexer.fail(`at most ${SACK_BLOCKS_MAX} SACK blocks`);
  return blocks;
}

function parseFastOpen(lexer: Lexer, isExperimental: boolean): ScriptTcpOption {
  const hasCookie = !lexer.sees(',') && !lexer.sees('>');
  const cookie = hasCookie ? needHex(lexer, 'a cookie in hex') : new Uint8Array(0);
  return { kind: 'fastOpen', isExperimental, cookie };
}

/** `ECN e1b 1 ceb 0 e0b 1`, or the other order; the last ones may be left out. */
function parseAccEcn(lexer: Lexer): ScriptTcpOption {
  const isOrder1 = !lexer.sees('e0b');
  const names = isOrder1 ? ['e1b', 'ceb', 'e0b'] : ['e0b', 'ceb', 'e1b'];
  const counters: number[] = [];
  for (const name of names) {
    if (!lexer.takesWord(name)) break;
    counters.push(needBelow(lexer, 2 ** 24, 'a counter below 2^24'));
  }
  return { kind: 'accEcn', order: isOrder1 ? 1 : 0, counters };
}

/** `md5 digest`, or `md5` alone. */
function parseMd5(lexer: Lexer): ScriptTcpOption {
  if (lexer.sees(',') || lexer.sees('>')) return { kind: 'md5', digest: new Uint8Array(0) };
  const digest = needHex(lexer, 'an MD5 digest in hex');
  if (digest.length > MD5_DIGEST_BYTES) lexer.fail('an MD5 digest of at most 16 bytes');
  return { kind: 'md5', digest };
}

/** `kind 30 0a0b`: any option by its number and the bytes behind its length. Our own word. */
function parseOther(lexer: Lexer): ScriptTcpOption {
  const optionKind = needBelow(lexer, 256, 'an option kind below 256');
  const isEmpty = lexer.sees(',') || lexer.sees('>');
  const data = isEmpty ? new Uint8Array(0) : needHex(lexer, 'option data in hex');
  return { kind: 'other', optionKind, data };
}

function needHex(lexer: Lexer, what: string): Uint8Array {
  const text = lexer.need(HEX, what);
  if (text.length % 2 !== 0) lexer.fail(`${what}: whole bytes`);
  return Uint8Array.from({ length: text.length / 2 }, (_, index) =>
    Number.parseInt(text.slice(index * 2, index * 2 + 2), 16),
  );
}

function needBelow(lexer: Lexer, limit: number, what: string): number {
  const value = lexer.needNumber(what);
  return value < limit ? value : lexer.fail(what);
}
