/** Broken invariants stop the run: an assertion is about our own code, never about input. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** Throws AssertionError unless `condition` holds. Messages are constants, so that a call costs about 1 ns. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}
