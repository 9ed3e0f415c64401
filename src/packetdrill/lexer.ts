/**
 * A cursor over a script's text. Tokens of this language depend on where they stand (`.` is a flag word, a
 * decimal point and half of an ellipsis; `1234abcd` is a cookie), so the parser asks for the kind it wants.
 */
import { ScriptError, UnsupportedSyntax } from './script-error.ts';

export class Lexer {
  readonly path: string;
  readonly text: string;
  /** Brackets around the value being read. */
  depth = 0;
  #at = 0;
  #line = 1;

  constructor(path: string, text: string) {
    this.path = path;
    this.text = text;
  }

  /** Of the next token. */
  get line(): number {
    this.skipBlanks();
    return this.#line;
  }

  get isAtEnd(): boolean {
    this.skipBlanks();
    return this.#at >= this.text.length;
  }

  skipBlanks(): void {
    for (; this.#at < this.text.length; this.#at++) {
      const character = this.text[this.#at] as string;
      if (character === '\n') this.#line++;
      else if (character !== ' ' && character !== '\t' && character !== '\r') return;
    }
  }

  /** True when the next token starts with `expected`; it stays. */
  sees(expected: string): boolean {
    this.skipBlanks();
    return this.text.startsWith(expected, this.#at);
  }

  /** Takes `expected` when it comes next. */
  takes(expected: string): boolean {
    if (!this.sees(expected)) return false;
    this.#at += expected.length;
    return true;
  }

  /** Takes the word when it comes next as a whole word. */
  takesWord(expected: string): boolean {
    this.skipBlanks();
    const next = this.text.charAt(this.#at + expected.length);
    if (!this.text.startsWith(expected, this.#at) || /\w/.test(next)) return false;
    this.#at += expected.length;
    return true;
  }

  expect(expected: string): void {
    if (!this.takes(expected)) this.fail(JSON.stringify(expected));
  }

  /** Takes what `pattern` (sticky) matches here; undefined when it does not. */
  take(pattern: RegExp): string | undefined {
    this.skipBlanks();
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text)?.[0];
    if (found === undefined) return undefined;
    for (const character of found) if (character === '\n') this.#line++;
    this.#at += found.length;
    return found;
  }

  /** The same, and an error that asks for `what` when it does not match. */
  need(pattern: RegExp, what: string): string {
    return this.take(pattern) ?? this.fail(what);
  }

  /** Unsigned decimal, exact. */
  needNumber(what: string): number {
    const value = Number(this.take(/\d{1,16}(?!\d)/y) ?? Number.NaN);
    return Number.isSafeInteger(value) ? value : this.fail(what);
  }

  needWord(what: string): string {
    return this.need(/[A-Za-z_]\w*/y, what);
  }

  /** The script needs `what`, which we do not have. */
  refuse(what: string): never {
    throw new UnsupportedSyntax(this.line, what);
  }

  fail(expected: string): never {
    this.skipBlanks();
    const rest = this.text.slice(this.#at).split('\n')[0]?.trimEnd() ?? '';
    const got = this.#at >= this.text.length ? 'end of file' : JSON.stringify(rest.slice(0, 40));
    throw new ScriptError(this.path, this.#line, expected, got);
  }
}
