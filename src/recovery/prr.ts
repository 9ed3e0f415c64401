/**
 * Proportional Rate Reduction: RFC 6937 §3. In a recovery period each ACK says how much may be sent in
 * answer to it, so that the window comes down to ssthresh over one round trip instead of in one silent
 * half. When losses have already taken the pipe below ssthresh, a reduction bound limits how fast it is
 * filled again. Bound SafeAck chooses as Linux does: the slow-start bound for an ACK that moves SND.UNA
 * and brings no new loss, else the conservative one. Amounts are bytes, or segments where the sender
 * counts those: the caller chooses one unit and gives the size of a segment in it (SMSS or 1). The pipe
 * and what to send are the sender's. Hot: no allocation per ACK.
 */

export const enum ReductionBound {
  /** PRR-CRB: packet conservation. */
  Conservative = 0,
  /** PRR-SSRB: at most one segment an ACK more. */
  SlowStart = 1,
  /** The slow-start bound only while recovery makes progress. */
  SafeAck = 2,
}

export class ProportionalRateReduction {
  readonly #bound: ReductionBound;
  #segment = 1;
  #ssthresh = 0;
  /** RecoverFS, prr_delivered, prr_out of RFC 6937 §3. */
  #recoverFs = 1;
  #delivered = 0;
  #out = 0;

  constructor(bound: ReductionBound) {
    this.#bound = bound;
  }

  /** Starts a recovery period. `recoverFs` is FlightSize now (Linux: the window before the reduction). */
  enter(ssthresh: number, recoverFs: number, segment: number): void {
    this.#segment = segment;
    this.#ssthresh = ssthresh;
    this.#recoverFs = Math.max(recoverFs, 1);
    this.#delivered = 0;
    this.#out = 0;
  }

  /**
   * How much may be sent in answer to this ACK (sndcnt); the window until the next one is pipe +
   * sndcnt. `delivered` is DeliveredData, a segment if a timer began the period; `isSafe`: SND.UNA
   * moved and no further loss was found.
   */
  onAck(delivered: number, pipe: number, isSafe: boolean): number {
    const ssthresh = this.#ssthresh;
    this.#delivered += delivered;
    let sndcnt: number;
    if (pipe > ssthresh) {
      sndcnt = Math.ceil((this.#delivered * ssthresh) / this.#recoverFs) - this.#out;
    } else {
      sndcnt = Math.min(ssthresh - pipe, this.#limit(delivered, isSafe));
    }
    // The fast retransmit goes out whatever the pipe says: RFC 6675 §5 step 4.3.
    const least = this.#out > 0 ? 0 : this.#segment;
    return Math.max(sndcnt, least);
  }

  /** Any data sent in the period, new or again. */
  onSent(amount: number): void {
    this.#out += amount;
  }

  #limit(delivered: number, isSafe: boolean): number {
    const banked = this.#delivered - this.#out;
    if (this.#bound === ReductionBound.Conservative) return banked;
    const limit = Math.max(banked, delivered);
    return isSafe || this.#bound === ReductionBound.SlowStart ? limit + this.#segment : limit;
  }
}
