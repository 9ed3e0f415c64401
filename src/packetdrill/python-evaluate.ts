/**
 * Runs the statements of `%{ … }%` blocks. Names are looked up among running variables first, then in what
 * the socket tells at that event. Integers are doubles, exact to 2^53; bit operators work on all 53 bits.
 */
import type { Expression, PythonStatement } from './python.ts';

export type PythonValue = number | string | boolean | readonly PythonValue[];

export interface PythonScope {
  /** Running variables: they last from block to block. */
  readonly variables: Map<string, PythonValue>;
  /** Fields and constants; undefined for what nobody knows. */
  lookUp(name: string): number | undefined;
  print(line: string): void;
}

/** The code asks for something that the evaluator or the stack does not have: a reason to skip. */
export class UnsupportedCode extends Error {}

export interface FailedAssertion {
  /** The test as values: `tcpi_snd_cwnd == 10`. */
  readonly expected: string;
  readonly actual: string;
}

/** Runs one block. Returns the first assertion that does not hold; throws UnsupportedCode. */
export function runPython(
  statements: readonly PythonStatement[],
  scope: PythonScope,
): FailedAssertion | undefined {
  for (const statement of statements) {
    if (statement.kind === 'assign') {
      scope.variables.set(statement.name, evaluate(statement.value, scope));
    } else if (statement.kind === 'expression') {
      evaluate(statement.value, scope);
    } else if (!isTrue(evaluate(statement.test, scope))) {
      return describeFailure(statement.test, scope);
    }
  }
  return undefined;
}

function describeFailure(test: Expression, scope: PythonScope): FailedAssertion {
  const names = new Set<string>();
  collectNames(test, names);
  const values = [...names]
    .filter((name) => !/^[A-Z]/.test(name))
    .map((name) => [name, scope.variables.get(name) ?? scope.lookUp(name)] as const)
    .map(([name, value]) => `${name} = ${value === undefined ? '?' : format(value)}`);
  return { expected: print(test), actual: values.join(', ') || 'false' };
}

function collectNames(expression: Expression, names: Set<string>): void {
  if (expression.kind === 'name') names.add(expression.name);
  for (const child of childrenOf(expression)) collectNames(child, names);
}

function childrenOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'tuple':
      return expression.items;
    case 'unary':
      return [expression.operand];
    case 'binary':
      return [expression.left, expression.right];
    case 'compare':
      return [expression.first, ...expression.rest.map(({ value }) => value)];
    case 'call':
      return expression.args;
    default:
      return [];
  }
}

function print(expression: Expression): string {
  switch (expression.kind) {
    case 'literal':
      return JSON.stringify(expression.value);
    case 'name':
      return expression.name;
    case 'tuple':
      return `(${expression.items.map(print).join(', ')})`;
    case 'unary':
      return `${expression.operator} ${print(expression.operand)}`;
    case 'binary':
      return `(${print(expression.left)} ${expression.operator} ${print(expression.right)})`;
    case 'compare': {
      const rest = expression.rest.map(({ operator, value }) => ` ${operator} ${print(value)}`);
      return print(expression.first) + rest.join('');
    }
    case 'call':
      return `${expression.name}(${expression.args.map(print).join(', ')})`;
  }
}

function evaluate(expression: Expression, scope: PythonScope): PythonValue {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'name':
      return lookUp(expression.name, scope);
    case 'tuple':
      return expression.items.map((item) => evaluate(item, scope));
    case 'unary':
      return evaluateUnary(expression.operator, evaluate(expression.operand, scope));
    case 'binary':
      return evaluateBinary(expression, scope);
    case 'compare':
      return evaluateComparison(expression, scope);
    case 'call':
      return evaluateCall(expression, scope);
  }
}

function lookUp(name: string, scope: PythonScope): PythonValue {
  const value = scope.variables.get(name) ?? scope.lookUp(name);
  if (value === undefined) throw new UnsupportedCode(`name ${name} in code`);
  return value;
}

function evaluateUnary(operator: string, operand: PythonValue): PythonValue {
  if (operator === 'not') return !isTrue(operand);
  const value = toNumber(operand);
  if (operator === '-') return -value;
  return operator === '~' ? -value - 1 : value;
}

function evaluateBinary(
  { operator, left, right }: Extract<Expression, { kind: 'binary' }>,
  scope: PythonScope,
): PythonValue {
  const first = evaluate(left, scope);
  if (operator === 'and') return isTrue(first) ? evaluate(right, scope) : first;
  if (operator === 'or') return isTrue(first) ? first : evaluate(right, scope);
  const second = evaluate(right, scope);
  if (operator === '%' && typeof first === 'string') return formatText(first, second);
  if (operator === '+' && typeof first === 'string' && typeof second === 'string') {
    return first + second;
  }
  return calculate(operator, toNumber(first), toNumber(second));
}

function calculate(operator: string, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / needDivisor(right);
    case '//':
      return Math.floor(left / needDivisor(right));
    case '%':
      return left - Math.floor(left / needDivisor(right)) * right;
    default:
      return Number(calculateBits(operator, toInteger(left), toInteger(right)));
  }
}

function calculateBits(operator: string, left: bigint, right: bigint): bigint {
  switch (operator) {
    case '&':
      return left & right;
    case '|':
      return left | right;
    case '^':
      return left ^ right;
    case '<<':
      return left << needShift(right);
    case '>>':
      return left >> needShift(right);
    default:
      throw new UnsupportedCode(`operator ${operator} in code`);
  }
}

function toInteger(value: number): bigint {
  if (!Number.isSafeInteger(value)) throw new UnsupportedCode('bits of a fraction in code');
  return BigInt(value);
}

function needShift(count: bigint): bigint {
  if (count < 0n || count > 52n) throw new UnsupportedCode('a shift by more than 52 bits in code');
  return count;
}

function needDivisor(value: number): number {
  if (value === 0) throw new UnsupportedCode('division by zero in code');
  return value;
}

/** `a <= b <= c` holds when each pair does; each operand is evaluated once. */
function evaluateComparison(
  { first, rest }: Extract<Expression, { kind: 'compare' }>,
  scope: PythonScope,
): boolean {
  let left = evaluate(first, scope);
  for (const { operator, value } of rest) {
    const right = evaluate(value, scope);
    if (!compare(operator, left, right)) return false;
    left = right;
  }
  return true;
}

function compare(operator: string, left: PythonValue, right: PythonValue): boolean {
  if (typeof left === 'string' || typeof right === 'string') {
    if (operator === '==') return left === right;
    if (operator === '!=') return left !== right;
    throw new UnsupportedCode('order of strings in code');
  }
  const first = toNumber(left);
  const second = toNumber(right);
  switch (operator) {
    case '==':
      return first === second;
    case '!=':
      return first !== second;
    case '<':
      return first < second;
    case '<=':
      return first <= second;
    case '>':
      return first > second;
    default:
      return first >= second;
  }
}

function evaluateCall(
  { name, args }: Extract<Expression, { kind: 'call' }>,
  scope: PythonScope,
): PythonValue {
  const values = args.map((argument) => evaluate(argument, scope));
  if (name === 'print') {
    scope.print(values.map(format).join(' '));
    return 0;
  }
  const numbers = values.map(toNumber);
  if (name === 'abs' && numbers.length === 1) return Math.abs(numbers[0] as number);
  if (name === 'int' && numbers.length === 1) return Math.trunc(numbers[0] as number);
  if (name === 'min' && numbers.length > 0) return Math.min(...numbers);
  if (name === 'max' && numbers.length > 0) return Math.max(...numbers);
  throw new UnsupportedCode(`call of ${name} in code`);
}

function isTrue(value: PythonValue): boolean {
  return typeof value === 'object' ? value.length > 0 : Boolean(value);
}

function toNumber(value: PythonValue): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  throw new UnsupportedCode(`arithmetic on ${format(value)} in code`);
}

function format(value: PythonValue): string {
  return typeof value === 'object' ? `(${value.map(format).join(', ')})` : String(value);
}

/** The `%` of strings: each conversion takes the next value. */
function formatText(template: string, value: PythonValue): string {
  const values = typeof value === 'object' ? [...value] : [value];
  return template.replace(/%(?:%|[-+0 #]*\d*(?:\.\d+)?[a-z])/g, (conversion) =>
    conversion === '%%' ? '%' : format(values.shift() ?? ''),
  );
}
