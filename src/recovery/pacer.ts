/**
 * Pacing by earliest departure time: RFC 9002 §7.7, RFC 7661 §4.4.2. What has been sent is paid for in
 * time at the pacing rate; the next burst may leave when all of it is paid. A burst is up to a quantum
 * of bytes back to back, so that the number of timers grows with the rate only slowly. A burst that
 * leaves later than it might have (no window, no data) is charged less, at most half, so that the
 * average keeps up with the rate; more credit than that is not saved. The rate is the controller's, or
 * derived here from window and RTT. Hot: no allocation per packet.
 */
import { type Bytes, type Duration, type Instant, NS_PER_SECOND } from '../base/units.ts';
import type { Clock } from '../engine/clock.ts';
import { type BytesPerSecond, UNPACED } from './congestion.ts';

/** Multiples of cwnd / SRTT; the first below half of ssthresh, where the window doubles every round trip. */
export interface PacingGains {
  readonly slowStart: number;
  readonly avoidance: number;
}

/** RFC 9002 §7.7 suggests 1.25; in slow start twice the window leaves in a round trip. */
export const PACING_GAINS_RFC: PacingGains = { slowStart: 2, avoidance: 1.25 };
/** tcp_pacing_ss_ratio and tcp_pacing_ca_ratio of Linux, 200 % and 120 %. */
export const PACING_GAINS_LINUX: PacingGains = { slowStart: 2, avoidance: 1.2 };

/** A quantum is what the rate sends in a millisecond, within these bounds: draft-ietf-ccwg-bbr §5.6.3. */
const QUANTUM_SECONDS = 1e-3;
const QUANTUM_SEGMENTS_MIN = 2;
const QUANTUM_BYTES_MAX: Bytes = 65536;

/** The rate of a controller that leaves it to the pacer; UNPACED before the first RTT sample. */
export function derivePacingRate(
  cwnd: Bytes,
  ssthresh: Bytes,
  smoothedNs: Duration,
  gains: PacingGains,
): BytesPerSecond {
  if (smoothedNs <= 0) return UNPACED;
  const gain = cwnd < ssthresh / 2 ? gains.slowStart : gains.avoidance;
  return (gain * cwnd * NS_PER_SECOND) / smoothedNs;
}

/** How much may leave back to back at a rate. */
export function sendQuantumAt(rate: BytesPerSecond, smss: Bytes): Bytes {
  const bytes = Math.floor(Math.min(rate * QUANTUM_SECONDS, QUANTUM_BYTES_MAX));
  return Math.max(bytes, QUANTUM_SEGMENTS_MIN * smss);
}

export class Pacer {
  /** The next segment may leave when the clock has reached this. */
  eligibleAtNs: Instant = 0;
  readonly #clock: Clock;
  /** When all that was sent is paid for; eligibleAtNs keeps up with it once a burst is used up. */
  #paidAtNs = 0;
  #burstLeft: Bytes = 0;
  /** How late this burst left. */
  #creditNs: Duration = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** After each packet that is subject to pacing. `rate` UNPACED lets the next one leave at once. */
  onSent(bytes: Bytes, rate: BytesPerSecond, quantum: Bytes): void {
    if (rate === UNPACED) return;
    const nowNs = this.#clock.nowNs;
    let costNs = (bytes * NS_PER_SECOND) / rate;
    if (nowNs > this.#paidAtNs) {
      this.#creditNs = nowNs - this.#paidAtNs;
      this.#paidAtNs = nowNs;
      this.#burstLeft = quantum;
    } else if (this.#burstLeft <= 0) {
      this.#creditNs = 0;
      this.#burstLeft = quantum;
    }
    const usedNs = Math.min(costNs / 2, this.#creditNs);
    this.#creditNs -= usedNs;
    costNs -= usedNs;
    this.#paidAtNs += costNs;
    this.#burstLeft -= bytes;
    if (this.#burstLeft <= 0) this.eligibleAtNs = Math.ceil(this.#paidAtNs);
  }

  /** Nothing more can leave now, for want of window or data: what comes later is a burst of its own. */
  endBurst(): void {
    if (this.#burstLeft <= 0) return;
    this.#burstLeft = 0;
    this.eligibleAtNs = Math.ceil(this.#paidAtNs);
  }
}
