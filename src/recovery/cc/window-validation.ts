/**
 * Congestion window validation: RFC 7661 §4. Measures pipeACK, the most that was acknowledged in a
 * round trip of late (the last max(3 RTT, 1 s), kept in two halves), and calls a window validated while
 * pipeACK is at least half of it. A window that is not is kept, for a pause of the application, but
 * answers congestion by what was used and lost (§4.4.1), and is halved for every five minutes (§4.4.3).
 * It says; LossBasedController does. Deviates from RFC 7661 §4.4.1: R is what was marked lost in the
 * recovery, since that is what is retransmitted. Bursts after a pause are the pacer's (§4.4.2). Hot: no
 * allocation per ACK.
 */
import { type Bytes, type Duration, type Instant, NS_PER_SECOND } from '../../base/units.ts';
import type { AckSample, RttView } from '../congestion.ts';

/** RFC 7661 §4.4: the non-validated period (NVP). */
export const NON_VALIDATED_PERIOD_NS: Duration = 300 * NS_PER_SECOND;
const SAMPLING_PERIOD_NS_MIN: Duration = NS_PER_SECOND;
const SAMPLING_PERIOD_RTTS = 3;
const UNDEFINED: Bytes = -1;
const VALIDATED: Instant = -1;

export class WindowValidation {
  /** Of this half of the sampling period and the one before; UNDEFINED at the start and after recovery. */
  #pipeAck: Bytes = UNDEFINED;
  #halfPipeAck: Bytes = 0;
  #halfStartNs: Instant = 0;
  #roundAcked: Bytes = 0;
  #roundStartNs: Instant = 0;
  #lastAckNs: Instant = 0;
  #periodNs: Duration = SAMPLING_PERIOD_NS_MIN;
  #nonValidatedSinceNs: Instant = VALIDATED;
  /** Max(pipeACK, LossFlightSize) - R of a recovery that began non-validated; UNDEFINED in any other. */
  #safeBytes: Bytes = UNDEFINED;

  /** RFC 7661 §4.2; samples stop during recovery. */
  onAck(cwnd: Bytes, sample: Readonly<AckSample>, rtt: RttView): void {
    if (sample.inRecovery) return;
    this.#periodNs = Math.max(SAMPLING_PERIOD_RTTS * rtt.smoothedNs, SAMPLING_PERIOD_NS_MIN);
    this.#lastAckNs = sample.nowNs;
    if (sample.newestSentNs >= this.#roundStartNs) {
      this.#sampleRound(sample);
      this.#judge(cwnd, sample.nowNs);
    }
    this.#roundAcked += sample.ackedBytes;
  }

  /**
   * Before data is sent: how many non-validated periods have passed that were not yet answered, each of which
   * halves the window.
   */
  countPeriods(cwnd: Bytes, nowNs: Instant): number {
    const silentNs = nowNs - this.#lastAckNs - this.#periodNs;
    if (silentNs > 0 && this.#pipeAck > 0) {
      // Nothing was acknowledged for a whole sampling period.
      this.#pipeAck = 0;
      this.#halfPipeAck = 0;
      this.#judge(cwnd, nowNs - silentNs);
    }
    if (this.#nonValidatedSinceNs === VALIDATED) return 0;
    const periods = Math.floor((nowNs - this.#nonValidatedSinceNs) / NON_VALIDATED_PERIOD_NS);
    this.#nonValidatedSinceNs += periods * NON_VALIDATED_PERIOD_NS;
    return periods;
  }

  /**
   * At congestion: what was used of a non-validated window, from which the reduction is to start
   * (§4.4.1), or a negative number when the window is validated.
   */
  beginRecovery(flight: Bytes): Bytes {
    const isValidated = this.#nonValidatedSinceNs === VALIDATED;
    this.#safeBytes = isValidated ? UNDEFINED : Math.max(this.#pipeAck, flight);
    return this.#safeBytes;
  }

  onLost(bytes: Bytes): void {
    if (this.#safeBytes > 0) this.#safeBytes = Math.max(this.#safeBytes - bytes, 0);
  }

  /** What the window after recovery is to be reduced from, or a negative number for no change. */
  endRecovery(): Bytes {
    const safeBytes = this.#safeBytes;
    this.reset();
    return safeBytes;
  }

  /** RFC 7661 §4.4.1: pipeACK is undefined after loss recovery, and so the window is validated. */
  reset(): void {
    this.#safeBytes = UNDEFINED;
    this.#pipeAck = UNDEFINED;
    this.#halfPipeAck = 0;
    this.#roundAcked = 0;
    this.#nonValidatedSinceNs = VALIDATED;
  }

  #sampleRound({ nowNs }: Readonly<AckSample>): void {
    const acked = this.#roundAcked;
    this.#roundAcked = 0;
    this.#roundStartNs = nowNs;
    // The first round began before anything was sent.
    if (acked === 0) return;
    if (nowNs - this.#halfStartNs > this.#periodNs / 2) {
      this.#pipeAck = Math.max(this.#halfPipeAck, acked);
      this.#halfPipeAck = acked;
      this.#halfStartNs = nowNs;
    } else {
      this.#halfPipeAck = Math.max(this.#halfPipeAck, acked);
      this.#pipeAck = Math.max(this.#pipeAck, acked);
    }
  }

  /** RFC 7661 §4.3. */
  #judge(cwnd: Bytes, nowNs: Instant): void {
    if (this.#pipeAck === UNDEFINED || 2 * this.#pipeAck >= cwnd) {
      this.#nonValidatedSinceNs = VALIDATED;
    } else if (this.#nonValidatedSinceNs === VALIDATED) {
      this.#nonValidatedSinceNs = nowNs;
    }
  }
}
