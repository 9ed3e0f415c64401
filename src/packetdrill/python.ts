/**
 * The code of `%{ … }%` blocks as a tree: the few words of Python that scripts use. Statements: `assert
 * test[, message]`, `print(…)`, `name = value` (and `+=` and kin), `pass`, separated by `;` or line ends;
 * comments; continued lines. Expressions: numbers, strings, names, parentheses and tuples, arithmetic,
 * bit operators, chained comparisons, and/or/not, and calls. Anything else is named as unsupported, so that
 * a script is skipped and not judged by half its code.
 */

export type PythonStatement =
  | { readonly kind: 'assert'; readonly test: Expression; readonly message: Expression | undefined }
  | { readonly kind: 'assign'; readonly name: string; readonly value: Expression }
  | { readonly kind: 'expression'; readonly value: Expression };

export type Expression =
  | { readonly kind: 'literal'; readonly value: number | string | boolean }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'tuple'; readonly items: readonly Expression[] }
  | { readonly kind: 'unary'; readonly operator: string; readonly operand: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: 'compare';
      readonly first: Expression;
      readonly rest: readonly { readonly operator: string; readonly value: Expression }[];
    }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] };

export interface PythonCode {
  readonly statements: readonly PythonStatement[];
  /** What of the block is not understood; the statements are then empty. */
  readonly unsupported: string | undefined;
}

export function parsePython(text: string): PythonCode {
  try {
    return { statements: new PythonParser(tokenize(text)).parse(), unsupported: undefined };
  } catch (error) {
    if (!(error instanceof Unsupported)) throw error;
    return { statements: [], unsupported: error.message };
  }
}

class Unsupported extends Error {}

interface Token {
  readonly kind: 'number' | 'string' | 'word' | 'operator' | 'end';
  readonly text: string;
}

const TOKEN =
  /(?<blank>[ \t\r]+|\\\n|#[^\n]*)|(?<end>[\n;]+)|(?<number>0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?<string>'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")|(?<word>[A-Za-z_]\w*)|(?<operator>\*\*|\/\/=?|<<|>>|[<>=!+\-*/%&|^]=|[<>=+\-*/%&|^~(),])/gy;
const END: Token = { kind: 'end', text: '\n' };

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let depth = 0;
  let at = 0;
  for (const match of text.matchAll(TOKEN)) {
    at = match.index + match[0].length;
    const groups = match.groups as Record<string, string | undefined>;
    const kind = (['end', 'number', 'string', 'word', 'operator'] as const).find(
      (name) => groups[name] !== undefined,
    );
    if (match[0] === '(') depth++;
    if (match[0] === ')') depth--;
    // Inside parentheses a line end means nothing.
    if (kind === undefined || (kind === 'end' && depth > 0)) continue;
    tokens.push({ kind, text: match[0] });
  }
  if (at < text.length) throw new Unsupported(`code at ${JSON.stringify(text.slice(at, at + 20))}`);
  tokens.push(END);
  return tokens;
}

/** Binary operators that bind tighter than comparisons, loosest first. */
const LEVELS: readonly (readonly string[])[] = [
  ['|'],
  ['^'],
  ['&'],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '//', '%'],
];
const COMPARISONS = new Set(['==', '!=', '<', '<=', '>', '>=']);
const ASSIGNMENTS = new Set(['=', '+=', '-=', '*=', '/=', '//=', '%=', '&=', '|=', '^=']);
const KEYWORDS = new Set(
  'if elif else for while def class return import from with try lambda in is del global raise'.split(
    ' ',
  ),
);

/** Far more than any script has. */
const DEPTH_MAX = 64;

class PythonParser {
  readonly #tokens: readonly Token[];
  #at = 0;
  /** Expressions around the one being read. */
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): PythonStatement[] {
    const statements: PythonStatement[] = [];
    while (this.#at < this.#tokens.length) {
      if (this.#peek().kind === 'end') {
        this.#at++;
        continue;
      }
      const statement = this.#statement();
      if (statement !== undefined) statements.push(statement);
      if (this.#peek().kind !== 'end') this.#fail();
    }
    return statements;
  }

  #statement(): PythonStatement | undefined {
    if (this.#takes('pass')) return undefined;
    if (this.#takes('assert')) {
      const test = this.#expression();
      return { kind: 'assert', test, message: this.#takes(',') ? this.#expression() : undefined };
    }
    const operator = this.#tokens[this.#at + 1]?.text ?? '';
    const { kind, text } = this.#peek();
    if (kind === 'word' && !KEYWORDS.has(text) && ASSIGNMENTS.has(operator)) {
      this.#at += 2;
      return { kind: 'assign', name: text, value: this.#assigned(text, operator) };
    }
    return { kind: 'expression', value: this.#expression() };
  }

  /** `x += 1` is `x = x + 1`. */
  #assigned(name: string, operator: string): Expression {
    const right = this.#expression();
    if (operator === '=') return right;
    const left: Expression = { kind: 'name', name };
    return { kind: 'binary', operator: operator.slice(0, -1), left, right };
  }

  #expression(): Expression {
    this.#enter();
    let left = this.#conjunction();
    while (this.#takes('or')) {
      left = { kind: 'binary', operator: 'or', left, right: this.#conjunction() };
    }
    this.#depth--;
    return left;
  }

  #enter(): void {
    if (this.#depth++ >= DEPTH_MAX) throw new Unsupported(`code nested ${DEPTH_MAX} deep`);
  }

  #conjunction(): Expression {
    let left = this.#negation();
    while (this.#takes('and')) {
      left = { kind: 'binary', operator: 'and', left, right: this.#negation() };
    }
    return left;
  }

  #negation(): Expression {
    if (!this.#takes('not')) return this.#comparison();
    this.#enter();
    const operand = this.#negation();
    this.#depth--;
    return { kind: 'unary', operator: 'not', operand };
  }

  #comparison(): Expression {
    const first = this.#binary(0);
    const rest: { operator: string; value: Expression }[] = [];
    while (COMPARISONS.has(this.#peek().text)) {
      const operator = this.#take().text;
      rest.push({ operator, value: this.#binary(0) });
    }
    return rest.length === 0 ? first : { kind: 'compare', first, rest };
  }

  #binary(level: number): Expression {
    const operators = LEVELS[level];
    if (operators === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    while (this.#peek().kind === 'operator' && operators.includes(this.#peek().text)) {
      const operator = this.#take().text;
      left = { kind: 'binary', operator, left, right: this.#binary(level + 1) };
    }
    return left;
  }

  #unary(): Expression {
    const { kind, text } = this.#peek();
    if (kind !== 'operator' || !['-', '+', '~'].includes(text)) return this.#primary();
    this.#at++;
    this.#enter();
    const operand = this.#unary();
    this.#depth--;
    return { kind: 'unary', operator: text, operand };
  }

  #primary(): Expression {
    if (this.#takes('(')) return this.#parenthesised();
    const { kind, text } = this.#take();
    if (kind === 'number') return { kind: 'literal', value: Number(text) };
    if (kind === 'string') return { kind: 'literal', value: unquote(text.slice(1, -1)) };
    if (kind !== 'word' || KEYWORDS.has(text)) {
      this.#at--;
      return this.#fail();
    }
    if (text === 'True' || text === 'False') return { kind: 'literal', value: text === 'True' };
    if (this.#takes('(')) return { kind: 'call', name: text, args: this.#list() };
    return { kind: 'name', name: text };
  }

  #parenthesised(): Expression {
    const items = this.#list();
    return items.length === 1 ? (items[0] as Expression) : { kind: 'tuple', items };
  }

  /** Behind the opening parenthesis. */
  #list(): Expression[] {
    const items: Expression[] = [];
    while (!this.#takes(')')) {
      items.push(this.#expression());
      if (!this.#takes(',') && this.#peek().text !== ')') this.#fail();
    }
    return items;
  }

  #peek(): Token {
    return this.#tokens[this.#at] ?? END;
  }

  #take(): Token {
    return this.#tokens[this.#at++] ?? END;
  }

  #takes(text: string): boolean {
    const token = this.#peek();
    if (token.text !== text || token.kind === 'string') return false;
    this.#at++;
    return true;
  }

  #fail(): never {
    const { kind, text } = this.#peek();
    throw new Unsupported(`code at ${kind === 'end' ? 'the end of a line' : JSON.stringify(text)}`);
  }
}

const unquote = (text: string): string => text.replace(/\\(.)/g, '$1');
