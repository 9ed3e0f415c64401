/**
 * What stops a script before it runs: text that is not well formed (`file:line: expected …, got …`), and words of
 * the language, or of one of its dialects, that we do not have. The second is a reason to skip.
 */
import { NetError } from '../base/errors.ts';

export class ScriptError extends NetError {
  constructor(
    readonly path: string,
    readonly line: number,
    readonly expected: string,
    readonly got: string,
  ) {
    super('ERR_SCRIPT', `${path}:${line}: expected ${expected}, got ${got}`);
  }
}

/** Well formed, and beyond us: the script is skipped. */
export class UnsupportedSyntax extends Error {
  constructor(
    readonly line: number,
    /** What it would need: `MPTCP options`. */
    readonly what: string,
  ) {
    super(what);
  }
}
