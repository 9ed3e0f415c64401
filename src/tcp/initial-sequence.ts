/**
 * Initial sequence numbers and ports: RFC 6528 §3 (ISN = M + F of the four ends and a secret, M of 4 µs),
 * RFC 6056 §3.3.3 (algorithm 3: a hash of destination and a counter). SipHash is F.
 */
import { sipHash } from '../base/siphash.ts';
import type { Clock } from '../engine/clock.ts';
import type { RandomSource } from '../engine/random.ts';

const TICK_NS = 4000;
/** More than any window of the last incarnation without scaling. */
const BEYOND_TIME_WAIT = 65_537;
const TWO_POW_32 = 4294967296;

export class SequenceSource {
  readonly #clock: Clock;
  readonly #key: Int32Array;
  readonly #input = new Int32Array(3);
  readonly #result = new Int32Array(2);
  #portCounter: number;
  #beyond = 0;
  #isBounded = false;

  constructor(clock: Clock, random: RandomSource) {
    this.#clock = clock;
    this.#key = Int32Array.from({ length: 4 }, () => random.nextInt32());
    this.#portCounter = random.below(65_536);
  }

  /** A keyed hash of three words, as int32. */
  hash(a: number, b: number, c: number): number {
    this.#input[0] = a;
    this.#input[1] = b;
    this.#input[2] = c;
    sipHash(this.#key, this.#input, 3, this.#result);
    return this.#result[0];
  }

  /** The ISS of a connection that opens now, as int32. */
  initialSequence(local: number, remote: number, ports: number): number {
    if (this.#isBounded) return (this.#beyond + BEYOND_TIME_WAIT) | 0;
    const ticks = Math.floor(this.#clock.nowNs / TICK_NS) % TWO_POW_32;
    return (ticks + this.hash(local, remote, ports)) | 0;
  }

  /** The next connections take the place of one in TIME-WAIT that ended at this sequence number. */
  startBeyond(sequence: number): void {
    this.#beyond = sequence;
    this.#isBounded = true;
  }

  startAnywhere(): void {
    this.#isBounded = false;
  }

  /** Where in a range of `count` ports the search for a free one begins. */
  firstPort(local: number, remote: number, remotePort: number, count: number): number {
    // Runs on for a thousand million connections: going back would meet ports in use, one search after the other.
    this.#portCounter = (this.#portCounter + 1) & 0x3fff_ffff;
    return ((this.hash(local, remote, remotePort) >>> 0) + this.#portCounter) % count;
  }
}
