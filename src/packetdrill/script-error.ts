/** A script that is not well formed: `file:line: expected …, got …`. */
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
