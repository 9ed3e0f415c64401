/** How a script ended: what `sluice packetdrill --json` prints for each. */
import type { IpVersion } from './script.ts';

export interface ScriptResult {
  readonly path: string;
  /** A skipped script is one that did not pass. */
  readonly verdict: 'pass' | 'fail' | 'skip';
  /** It ran with; undefined when the script could not be read. */
  readonly ipVersion: IpVersion | undefined;
  /** Of the event that failed or cannot be run; undefined for a pass. */
  readonly line: number | undefined;
  readonly expected: string | undefined;
  readonly actual: string | undefined;
  /** Why in words. */
  readonly reason: string | undefined;
  /** Virtual time of the end, in seconds. */
  readonly atSeconds: number;
  /** Out of scope whatever the stack does: what the script uses; undefined when it is in scope. */
  readonly ineligibleBy: string | undefined;
  /** Packets that no line asked for. */
  readonly unclaimed: readonly string[];
  /** What `print` in code blocks said. */
  readonly output: readonly string[];
}

/** A difference between the script and the stack. */
export class ScriptFailure extends Error {
  constructor(
    readonly reason: string,
    readonly expected: string,
    readonly actual: string,
  ) {
    super(`${reason}: expected ${expected}, got ${actual}`);
  }
}
