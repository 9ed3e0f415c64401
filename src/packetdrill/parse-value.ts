/**
 * Arguments and results of system calls: numbers, symbols and their bit-ors, strings, `...`, lists
 * `[8]`, structures `{fd=4, events=POLLIN}`, `{..., 1000}`, `msg_iov(1)=[…]`, and calls such as `htons(80)`.
 */
import type { Lexer } from './lexer.ts';
import type { Field, Value } from './script.ts';

const NUMBER = /-?(?:0x[0-9a-fA-F]+|\d+(?:\.\d+)?)/y;
const STRING = /"(?:\\[\s\S]|[^"\\])*"/y;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', 0: '\0' };

/** Brackets within brackets: far more than any script has. */
const DEPTH_MAX = 64;

export function parseValue(lexer: Lexer): Value {
  if (lexer.depth >= DEPTH_MAX) lexer.fail(`at most ${DEPTH_MAX} brackets within each other`);
  lexer.depth++;
  const first = parseOperand(lexer);
  const operands = [first];
  while (lexer.takes('|')) operands.push(parseOperand(lexer));
  lexer.depth--;
  return operands.length === 1 ? first : { kind: 'or', operands };
}

function parseOperand(lexer: Lexer): Value {
  if (lexer.takes('...')) return { kind: 'ellipsis' };
  if (lexer.takes('[')) return { kind: 'list', items: parseList(lexer, ']') };
  if (lexer.takes('{')) return { kind: 'struct', fields: parseFields(lexer) };
  if (lexer.takes('(')) {
    const value = parseValue(lexer);
    lexer.expect(')');
    return value;
  }
  const number = lexer.take(NUMBER);
  if (number !== undefined) return { kind: 'number', value: readNumber(number) };
  const string = lexer.take(STRING);
  if (string !== undefined) return parseStrings(lexer, string);
  const name = lexer.needWord('a value');
  if (lexer.takes('(')) return { kind: 'call', name, args: parseList(lexer, ')') };
  return { kind: 'symbol', name };
}

/** Strings one behind the other are one; `...` behind it stands for what else there may be. */
function parseStrings(lexer: Lexer, first: string): Value {
  const bytes = [...readString(first)];
  for (let next = lexer.take(STRING); next !== undefined; next = lexer.take(STRING)) {
    bytes.push(...readString(next));
  }
  lexer.takes('...');
  return { kind: 'string', bytes: Uint8Array.from(bytes) };
}

/** Behind the opening bracket; takes the closing one. */
export function parseList(lexer: Lexer, close: string): Value[] {
  const items: Value[] = [];
  if (lexer.takes(close)) return items;
  do items.push(parseValue(lexer));
  while (lexer.takes(','));
  lexer.expect(close);
  return items;
}

function parseFields(lexer: Lexer): Field[] {
  const fields: Field[] = [];
  if (lexer.takes('}')) return fields;
  do fields.push(parseField(lexer));
  while (lexer.takes(','));
  lexer.expect('}');
  return fields;
}

function parseField(lexer: Lexer): Field {
  if (lexer.take(/(?=[A-Za-z_]\w*\s*(?:\([^()]*\)\s*)?=)/y) === undefined) {
    return { name: undefined, count: undefined, value: parseValue(lexer) };
  }
  const name = lexer.needWord('a field');
  let count: Value | undefined;
  if (lexer.takes('(')) {
    count = parseValue(lexer);
    lexer.expect(')');
  }
  lexer.expect('=');
  return { name, count, value: parseValue(lexer) };
}

function readNumber(text: string): number {
  return text.startsWith('-') ? -Number(text.slice(1)) : Number(text);
}

/** Escapes of C: `\xff`, `\n`; any other character stands for itself. */
function readString(quoted: string): Uint8Array {
  const plain = quoted
    .slice(1, -1)
    .replace(/\\(?:x([0-9a-fA-F]{1,2})|([\s\S]))/g, (_, hex, letter) =>
      hex === undefined
        ? (ESCAPES[letter] ?? letter)
        : String.fromCharCode(Number.parseInt(hex, 16)),
    );
  return Uint8Array.from(plain, (character) => character.charCodeAt(0) & 0xff);
}
