/** Outcomes of system calls, and comparisons of their output parameters. */
import { numberOf } from './arguments.ts';
import { errnoValue } from './constants.ts';
import type { Value } from './script.ts';
import type { CallOutcome } from './stack-under-test.ts';

export const success = (result: number): CallOutcome => ({
  result,
  errno: 0,
  difference: undefined,
});

export function failure(errno: string): CallOutcome {
  return { result: -1, errno: errnoValue(errno) ?? 0, difference: undefined };
}

/** Success with one output parameter; `wanted` undefined means unchecked. */
export function withOutput(
  result: number,
  what: string,
  wanted: Value | undefined,
  actual: number,
): CallOutcome {
  if (wanted === undefined || wanted.kind === 'ellipsis') return success(result);
  const expected = numberOf(wanted);
  if (expected === actual) return success(result);
  const difference = { expected: `${what} ${expected}`, actual: `${what} ${actual}` };
  return { result, errno: 0, difference };
}
