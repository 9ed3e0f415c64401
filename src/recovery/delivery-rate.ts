/**
 * Delivery-rate samples: draft-ietf-ccwg-bbr §4.1 (first draft-cheng-iccrg-delivery-rate-estimation). Each
 * packet notes, when sent, how much had been delivered until then and when; its acknowledgement then measures
 * a rate over the longer of the time its flight took to send and to be acknowledged. The estimator holds the
 * connection's counters (C.* of the draft); the packets' notes (P.*) are in rows of the sender's
 * ledger, one a packet; the sample (RS.*) goes into one AckSample a process.
 * Deciding when a connection is application-limited, and what is lost, is the sender's. Hot: no allocation.
 */
import { type Bytes, type Duration, type Instant, UNSET_ZERO } from '../base/units.ts';
import type { Clock } from '../engine/clock.ts';
import { type AckSample, type LossSample, NO_SAMPLE, NOT_SENT } from './congestion.ts';

/** Of the times of a row; the five before them are the ledger's own, so that a row is one cache line. */
export const enum SentTime {
  Sent = 5,
  /** When C.delivered was last counted up before the packet was sent. */
  Delivered = 6,
  /** Sending time of the packet that was newest acknowledged when this one was sent. */
  FirstSent = 7,
}
export const TIMES_SHIFT = 3;

export const enum SentCount {
  /** C.delivered and C.lost when the packet was sent, modulo 2^32: what they count meanwhile is below that. */
  Delivered = 0,
  Lost = 1,
  /** Bytes in flight with this packet. */
  InFlight = 2,
  IsAppLimited = 3,
}
export const COUNTS_SHIFT = 2;

/** P.* of the draft, a row a packet, in a ledger that owns them; they are written here. */
export interface SentRows {
  /** times[(row << TIMES_SHIFT) + SentTime.Sent] */
  readonly times: Float64Array;
  /** counts[(row << COUNTS_SHIFT) + SentCount.Lost] */
  readonly counts: Int32Array;
}

/** An AckSample with what the estimator needs between the rows of one ACK. One a process. */
export class AckRecord implements AckSample {
  nowNs: Instant = UNSET_ZERO;
  ackedBytes: Bytes = 0;
  lostBytes: Bytes = 0;
  ceBytes: Bytes = 0;
  priorInFlight: Bytes = 0;
  inFlight: Bytes = 0;
  newestSentNs: Instant = NOT_SENT;
  rttNs: Duration = NO_SAMPLE;
  delivered: Bytes = UNSET_ZERO;
  priorDelivered: Bytes = UNSET_ZERO;
  intervalNs: Duration = NO_SAMPLE;
  txInFlight: Bytes = UNSET_ZERO;
  lostSinceSent: Bytes = UNSET_ZERO;
  isAppLimited = false;
  ackedSegments = 0;
  lostSegments = 0;
  inFlightSegments = 0;
  advancesSndUna = false;
  isCwndLimited = false;
  inRecovery = false;
  isTimedOut = false;
  nextSendNs: Instant = UNSET_ZERO;
  /** @internal C.delivered_time and the time its flight took to send, of the newest packet acknowledged. */
  priorNs: Instant = UNSET_ZERO;
  /** @internal */
  sendElapsedNs: Duration = UNSET_ZERO;
  /** @internal C.lost when that packet was sent. */
  priorLost: Bytes = UNSET_ZERO;
}

/** A LossSample to refill. One a process. */
export class LossRecord implements LossSample {
  nowNs: Instant = UNSET_ZERO;
  lostBytes: Bytes = 0;
  lostSegments = 0;
  sentNs: Instant = UNSET_ZERO;
  txInFlight: Bytes = UNSET_ZERO;
  lostSinceSent: Bytes = UNSET_ZERO;
  delivered: Bytes = UNSET_ZERO;
  isAppLimited = false;
  endsBurst = true;
}

export class DeliveryRateEstimator {
  /** C.delivered: everything acknowledged or SACKed so far. */
  delivered: Bytes = 0;
  /** C.lost: everything marked lost so far. */
  lost: Bytes = 0;
  readonly #clock: Clock;
  #deliveredNs: Instant = UNSET_ZERO;
  #firstSentNs: Instant = UNSET_ZERO;
  /** C.app_limited: the bubble has passed when more than this is delivered; 0 without one. */
  #appLimitedUntil: Bytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isAppLimited(): boolean {
    return this.#appLimitedUntil > 0;
  }

  /** The sender has run out of data with window to spare: draft-ietf-ccwg-bbr §4.1.2.4. */
  markAppLimited(inFlight: Bytes): void {
    this.#appLimitedUntil = Math.max(this.delivered + inFlight, 1);
  }

  /** Notes a sent packet; `inFlight` counts `bytes`, the packet itself. Writes sentNs too. */
  stampSent(rows: SentRows, row: number, bytes: Bytes, inFlight: Bytes): void {
    const nowNs = this.#clock.nowNs;
    if (inFlight <= bytes) {
      this.#firstSentNs = nowNs;
      this.#deliveredNs = nowNs;
    }
    const { times, counts } = rows;
    const timesAt = row << TIMES_SHIFT;
    times[timesAt + SentTime.Sent] = nowNs;
    times[timesAt + SentTime.Delivered] = this.#deliveredNs;
    times[timesAt + SentTime.FirstSent] = this.#firstSentNs;
    const countsAt = row << COUNTS_SHIFT;
    counts[countsAt + SentCount.Delivered] = this.delivered;
    counts[countsAt + SentCount.Lost] = this.lost;
    counts[countsAt + SentCount.InFlight] = inFlight;
    counts[countsAt + SentCount.IsAppLimited] = this.#appLimitedUntil > 0 ? 1 : 0;
  }

  /** Before the rows of an ACK. The sender fills the fields that are not of the rate sample. */
  beginAck(sample: AckRecord): void {
    sample.nowNs = this.#clock.nowNs;
    sample.newestSentNs = NOT_SENT;
    sample.intervalNs = NO_SAMPLE;
    sample.delivered = 0;
    sample.priorDelivered = this.delivered;
    sample.txInFlight = 0;
    sample.lostSinceSent = 0;
    sample.isAppLimited = false;
  }

  /** A row newly acknowledged or SACKed, rows in the order of sending. Once a row. */
  onDelivered(sample: AckRecord, rows: SentRows, row: number, bytes: Bytes): void {
    this.delivered += bytes;
    this.#deliveredNs = sample.nowNs;
    const { times, counts } = rows;
    const timesAt = row << TIMES_SHIFT;
    const sentNs = times[timesAt + SentTime.Sent];
    // Of packets sent in the same instant the later row is the newer.
    if (sentNs < sample.newestSentNs) return;
    sample.newestSentNs = sentNs;
    const countsAt = row << COUNTS_SHIFT;
    const { delivered, lost } = this;
    sample.priorDelivered =
      delivered - ((delivered - counts[countsAt + SentCount.Delivered]) >>> 0);
    sample.priorNs = times[timesAt + SentTime.Delivered];
    sample.sendElapsedNs = sentNs - times[timesAt + SentTime.FirstSent];
    sample.txInFlight = counts[countsAt + SentCount.InFlight];
    sample.priorLost = lost - ((lost - counts[countsAt + SentCount.Lost]) >>> 0);
    sample.isAppLimited = counts[countsAt + SentCount.IsAppLimited] !== 0;
  }

  /** After the rows of an ACK and its losses. A sample shorter than the least RTT is not a rate. */
  endAck(sample: AckRecord, minRttNs: Duration): void {
    if (this.#appLimitedUntil > 0 && this.delivered > this.#appLimitedUntil) {
      this.#appLimitedUntil = 0;
    }
    if (sample.newestSentNs < 0) return;
    this.#firstSentNs = sample.newestSentNs;
    sample.delivered = this.delivered - sample.priorDelivered;
    sample.lostSinceSent = this.lost - sample.priorLost;
    const ackElapsedNs = sample.nowNs - sample.priorNs;
    const intervalNs = Math.max(sample.sendElapsedNs, ackElapsedNs);
    if (intervalNs > 0 && intervalNs >= minRttNs) sample.intervalNs = intervalNs;
  }

  /** A row newly marked lost: counts it, and fills `loss` but for endsBurst. */
  onLost(loss: LossRecord, rows: SentRows, row: number, bytes: Bytes): void {
    this.lost += bytes;
    loss.nowNs = this.#clock.nowNs;
    loss.lostBytes = bytes;
    loss.lostSegments = 1;
    const { counts } = rows;
    const countsAt = row << COUNTS_SHIFT;
    loss.sentNs = rows.times[(row << TIMES_SHIFT) + SentTime.Sent];
    loss.txInFlight = counts[countsAt + SentCount.InFlight];
    loss.lostSinceSent = (this.lost - counts[countsAt + SentCount.Lost]) >>> 0;
    loss.delivered = this.delivered;
    loss.isAppLimited = counts[countsAt + SentCount.IsAppLimited] !== 0;
  }
}
