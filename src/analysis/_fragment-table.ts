/**
 * Which flow the later fragments of an IP packet belong to: they have no ports (RFC 791 §3.2, RFC 8200 §4.5), so
 * the flow of the first fragment is remembered under source, destination, identification and protocol. A fixed
 * table in which the newest wins its place: constant memory, and a fragment whose first one came 4,096 fragmented
 * packets ago, after it, or never is not found. It does not reassemble. Hot: no allocation.
 */
import { finishHash, mixWord } from '../base/hash.ts';

const PLACES = 4096;
const KEY_WORDS = 4;
export const NO_FLOW = -1;

export class FragmentTable {
  readonly #keys = new Int32Array(PLACES * KEY_WORDS);
  /** What the caller knows the flow and direction by. */
  readonly #flows = new Int32Array(PLACES).fill(NO_FLOW);

  remember(
    source: number,
    destination: number,
    identification: number,
    protocol: number,
    flow: number,
  ): void {
    const place = placeOf(source, destination, identification, protocol);
    const keys = this.#keys;
    const at = place * KEY_WORDS;
    keys[at] = source;
    keys[at + 1] = destination;
    keys[at + 2] = identification;
    keys[at + 3] = protocol;
    this.#flows[place] = flow;
  }

  /** What was remembered, or NO_FLOW. */
  find(source: number, destination: number, identification: number, protocol: number): number {
    const place = placeOf(source, destination, identification, protocol);
    const keys = this.#keys;
    const at = place * KEY_WORDS;
    const isSame =
      keys[at] === source &&
      keys[at + 1] === destination &&
      keys[at + 2] === identification &&
      keys[at + 3] === protocol;
    return isSame ? this.#flows[place] : NO_FLOW;
  }
}

function placeOf(
  source: number,
  destination: number,
  identification: number,
  protocol: number,
): number {
  const addresses = mixWord(mixWord(protocol, source), destination);
  return finishHash(mixWord(addresses, identification)) & (PLACES - 1);
}
