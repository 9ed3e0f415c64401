/**
 * The interface between a transport and its congestion controller, one for TCP and QUIC. The sender owns the
 * ledger of what is in flight and decides the recovery period; the controller sees samples, never packets.
 * Words of the delivery-rate sample are those of Linux (struct rate_sample) and
 * draft-cheng-iccrg-delivery-rate-estimation. All windows are bytes; with whole segments as granularity
 * they stay multiples of SMSS (CongestionContext).
 */
import { type Bytes, type Duration, type Instant, NO_TIME, type Unit } from '../base/units.ts';
import type { Clock } from '../engine/clock.ts';
import type { RandomSource } from '../engine/random.ts';

/** Pacing and delivery rates. */
export type BytesPerSecond = Unit<'bytes/s'>;

/** The pacer derives the rate from cwnd / srtt: RFC 9002 §7.7. */
export const UNPACED: BytesPerSecond = Number.POSITIVE_INFINITY;
/** A negative sample is no sample. */
export const NO_SAMPLE: Duration = NO_TIME;
/** The sending time of no packet. */
export const NOT_SENT: Instant = NO_TIME;
/**
 * ssthresh before it was first set. The largest small integer of V8, so that the field takes no heap;
 * windows stay below it, since a receive window does (2^30, RFC 7323 §2.3).
 */
export const SSTHRESH_UNSET: Bytes = 0x7fffffff;

/**
 * Facts about one ACK. One object a process, refilled for each call: read it during the call, never keep it.
 */
export interface AckSample {
  nowNs: Instant;
  /** Newly acknowledged or SACKed. */
  ackedBytes: Bytes;
  /** Newly marked lost while this ACK was processed. */
  lostBytes: Bytes;
  /** Newly reported CE (AccECN, QUIC ECN counts, or ECE × MSS). */
  ceBytes: Bytes;
  /** In flight before this ACK and after it (RFC 6675 pipe; RFC 9002 bytes_in_flight). */
  priorInFlight: Bytes;
  inFlight: Bytes;
  /** Sending time of the newest packet acknowledged here; NOT_SENT when there is none. */
  newestSentNs: Instant;
  /** RTT of that packet, or NO_SAMPLE (Karn: RFC 6298 §3). */
  rttNs: Duration;
  /** Delivery-rate sample: bytes delivered over intervalNs. */
  delivered: Bytes;
  /** C.delivered when that packet was sent: round counting. */
  priorDelivered: Bytes;
  /** The longer of send and ACK elapsed; NO_SAMPLE when invalid. */
  intervalNs: Duration;
  /** In flight when that packet was sent. */
  txInFlight: Bytes;
  lostSinceSent: Bytes;
  isAppLimited: boolean;
  /** The same in segments, as Linux counts. */
  ackedSegments: number;
  lostSegments: number;
  inFlightSegments: number;
  /** The ACK moved SND.UNA forward; a QUIC sender says true. Duplicate ACKs open no window: RFC 5681 §3.1. */
  advancesSndUna: boolean;
  /**
   * The window, not the application, limited sending: RFC 9002 §7.8, RFC 7661. A sender that follows Linux
   * says true in slow start also while cwnd is below twice the most it had in flight.
   */
  isCwndLimited: boolean;
  /**
   * In a recovery period (loss or ECN), where the sender's PRR rules. Not after a timeout: that is slow
   * start.
   */
  inRecovery: boolean;
  /** A retransmission timeout is being recovered from: what was in flight then is not yet acknowledged. */
  isTimedOut: boolean;
  /** When pacing lets the next segment leave; in the past when it may leave at once. */
  nextSendNs: Instant;
}

/** A newly lost range, found by an ACK or by a timer. One object a process, like AckSample. */
export interface LossSample {
  nowNs: Instant;
  lostBytes: Bytes;
  lostSegments: number;
  sentNs: Instant;
  txInFlight: Bytes;
  lostSinceSent: Bytes;
  /** C.delivered now. */
  delivered: Bytes;
  isAppLimited: boolean;
  /** The last of the losses found together. */
  endsBurst: boolean;
}

/** RFC 6298, RFC 9002 §5. */
export interface RttView {
  readonly latestNs: Duration;
  readonly minNs: Duration;
  readonly smoothedNs: Duration;
  readonly varNs: Duration;
}

export const enum CongestionCause {
  Loss = 0,
  EcnCe = 1,
}

export interface CongestionController {
  /**
   * From the start of a recovery period on, the window after it: with 'prr' the sender sends by PRR
   * meanwhile.
   */
  readonly cwnd: Bytes;
  /** SSTHRESH_UNSET until first set. */
  readonly ssthresh: Bytes;
  /** UNPACED: pacer.ts derives rate and quantum from cwnd and the RTT. */
  readonly pacingRate: BytesPerSecond;
  /** How much may leave back to back at pacingRate. */
  readonly sendQuantum: Bytes;
  /** For time series: the controller's state, and its estimate of the bandwidth. */
  readonly phase?: string;
  readonly bandwidth?: BytesPerSecond;
  /**
   * The window is held below what the path takes, for a reason of the controller's: after this ACK the sender counts
   * as application-limited (draft-ietf-ccwg-bbr §5.3.4.3).
   */
  readonly isHoldingBack?: boolean;
  /** 'prr': the sender applies PRR (RFC 6937) in recovery; 'own': cwnd is used as it is (BBR). */
  readonly recoveryWindow: 'prr' | 'own';
  /** How much larger than usual a send buffer that grows with the window is to be; 1 when absent. */
  readonly sendBufferFactor?: number;
  /** `inFlight` counts the packet just sent. */
  onPacketSent(sentBytes: Bytes, inFlight: Bytes, isAppLimited: boolean): void;
  onAck(sample: Readonly<AckSample>, rtt: RttView): void;
  onPacketsLost(loss: Readonly<LossSample>): void;
  /** Once a recovery period: RFC 5681 §3.2, RFC 6675 §5, RFC 9002 §7.3.2. */
  onEnterRecovery(cause: CongestionCause, sample: Readonly<AckSample>): void;
  /** `window`: what PRR has brought the window to, where it is to stay there instead of going to the one after recovery. */
  onExitRecovery(window?: Bytes): void;
  /**
   * TCP: RFC 5681 §3.1 equation (4); `inFlight` is FlightSize when the timer fired, `notLost` what of it was sent too
   * lately to be lost (RFC 8985 §6.3). Once a timeout.
   */
  onRetransmissionTimeout(inFlight: Bytes, notLost?: Bytes): void;
  /** QUIC: RFC 9002 §7.6. */
  onPersistentCongestion(): void;
  /** Undo: RFC 4015, RFC 5682, DSACK. */
  onSpuriousRecovery(): void;
  /** RFC 5681 §4.1: before the first segment after an idle time longer than the RTO. */
  onIdleRestart(idleNs: Duration, rtoNs: Duration): void;
  onMtuChange(smss: Bytes): void;
}

/** What a controller is made with. */
export interface CongestionContext {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly smss: Bytes;
  readonly initialWindow: Bytes;
  /** Of the handshake; NO_SAMPLE or left out without one. */
  readonly initialRttNs?: Duration;
  /**
   * 'bytes' as the RFCs have it; 'segments' as Linux: windows are whole multiples of SMSS, reductions
   * truncate, growth keeps a remainder.
   */
  readonly granularity: 'bytes' | 'segments';
  /** How much was marked is known, not only that something was: RFC 8257 §3.2, RFC 9768. Left out: it is. */
  readonly hasAccurateMarks?: boolean;
  /** The sender spreads segments over the RTT: HyStart takes less from ACK trains, HyStart++ needs no L. */
  readonly isPaced: boolean;
}

/** Makes a connection's controller, and says what the connection needs for it. */
export interface CongestionControllerFactory {
  (context: CongestionContext): CongestionController;
  /**
   * ECN is asked for, packets say that they are capable of it by this codepoint, and marks are echoed packet by packet
   * (RFC 8257 §3.2) and not until the sender says CWR: both ends of a connection need it. Absent: ECN as
   * configured. AccECN, where it is configured, takes the place of the echo.
   */
  readonly preciseEcn?: 'ect0' | 'ect1';
  /** TCP: the feedback is AccECN's (RFC 9768), or without it that of RFC 3168 and no more. */
  readonly usesAccurateEcn?: boolean;
  /**
   * The controller may be made when the connection first has something to send, and never where it only receives: one
   * that is new draws no chance and does not pace, and it takes no account of `initialRttNs`. Absent: at the handshake.
   */
  readonly waitsForData?: boolean;
}

/** The initial window of RFC 6928 §2, ten segments but not above 14,600 bytes or two segments. */
export function initialWindowRfc6928(smss: Bytes): Bytes {
  return Math.min(10 * smss, Math.max(2 * smss, 14600));
}

/** The initial window of RFC 5681 §3.1: two to four segments. */
export function initialWindowRfc5681(smss: Bytes): Bytes {
  if (smss > 2190) return 2 * smss;
  return smss > 1095 ? 3 * smss : 4 * smss;
}
