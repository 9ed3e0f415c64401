/**
 * A user's mistake (option, scenario, file): one line that says what was expected and what was got.
 * The command prints the message and exits with code 2.
 */
export class NetError extends Error {
  override readonly name = 'NetError';

  constructor(
    /** Stable identifier, `ERR_…`. */
    readonly code: `ERR_${string}`,
    message: string,
  ) {
    super(message);
  }

  /** `where: expected …, got …`, the form of every error about a value. */
  static value(where: string, expected: string, got: unknown): NetError {
    const shown = typeof got === 'string' ? JSON.stringify(got) : String(got);
    return new NetError('ERR_VALUE', `${where}: expected ${expected}, got ${shown}`);
  }
}
