/**
 * Every parameter of the transport, with its unit and its source, and the two profiles, which are data and
 * not code: RFC_PROFILE (the texts' MUSTs and SHOULDs) and LINUX_PROFILE (what a current Linux does where it
 * differs). What an application sets per connection starts from these values.
 */
import type { Bytes, Duration } from '../base/units.ts';
import { PACING_GAINS_LINUX, PACING_GAINS_RFC, type PacingGains } from '../recovery/pacer.ts';
import { RTT_CONFIG_LINUX, RTT_CONFIG_RFC, type RttConfig } from '../recovery/rtt.ts';

const MS = 1e6;
const SECOND = 1e9;

/** Explicit congestion notification: RFC 3168 §6.1.1. */
export const enum EcnMode {
  Off = 0,
  /** Agrees when the peer asks. */
  Accept = 1,
  /** Asks for it in its own SYN as well. */
  Request = 2,
}

/** The AccECN option: RFC 9768 §3.2.3. */
export const enum AccEcnOption {
  Off = 0,
  /** Counters that have changed, in the shorter order. */
  Efficient = 1,
  /** All counters when one has changed, and now and then without news, while the peer's options arrive: as Linux. */
  Sparing = 2,
  /** All counters on every segment, while the peer's options arrive: as Linux by default. */
  Full = 3,
}

export const enum MtuProbing {
  Off = 0,
  /** After repeated timeouts, which look like a black hole: RFC 4821 §7.7. */
  OnBlackHole = 1,
  Always = 2,
}

export interface TcpConfig {
  readonly name: 'rfc' | 'linux';
  /** Network-layer packets towards the first hop: RFC 9293 §3.7.1. */
  readonly mtuBytes: Bytes;
  /** RFC 6928 §2: the initial window in segments; its byte limit of 14600 holds in the `rfc` profile. */
  readonly initialWindowSegments: number;
  /** 'segments': every sent segment counts as one SMSS whatever its length, as in Linux. */
  readonly granularity: 'bytes' | 'segments';

  readonly usesTimestamps: boolean;
  /** One tick of TSval: RFC 7323 §5.4 asks for 1 ms to 1 s. */
  readonly timestampTickNs: Duration;
  readonly usesWindowScaling: boolean;
  readonly usesSack: boolean;
  /** RFC 2883. */
  readonly usesDsack: boolean;
  readonly ecn: EcnMode;
  /** Where ECN is asked for or agreed to, AccECN if the peer can: RFC 9768. */
  readonly usesAccurateEcn: boolean;
  /** A client asks for AccECN; else for RFC 3168, while a server agrees to either. */
  readonly asksAccurateEcn: boolean;
  readonly accEcnOption: AccEcnOption;
  /** With AccECN, what the handshake shows of the path stops ECT: RFC 9768 §3.2.2.3, §3.2.2.4. */
  readonly checksEcnPath: boolean;
  /** With AccECN, bare ACKs and retransmissions are ECN-capable: an experiment under RFC 8311, which Linux makes. */
  readonly marksControl: boolean;

  readonly sendBufferBytes: Bytes;
  /** The send buffer grows to so many windows, up to a limit, while the application fills it. */
  readonly sendBufferWindows: number;
  readonly sendBufferBytesMax: Bytes;
  /** What a chunk that has left, or a lost segment, costs in the send buffer besides its bytes. */
  readonly sendOverheadBytes: Bytes;
  readonly receiveBufferBytes: Bytes;
  /** Receive window autotuning stops here; the window scale follows from it: RFC 7323 §2.3. */
  readonly receiveBufferBytesMax: Bytes;
  /** Of the receive buffer, what is offered as window; Linux keeps half for its own overhead. */
  readonly receiveWindowShare: number;
  /**
   * What arriving text takes of the receive buffer: 'share', as much more as the offered share says; 'blocks', a block a
   * packet, and the share is learned from the packets: tcp/receive-memory.
   */
  readonly segmentMemory: 'share' | 'blocks';
  /** Offer little at first and two segments more with each full one that comes, as Linux. */
  readonly growsReceiveWindow: boolean;
  /**
   * What reaches beyond the window is taken whole while nothing waits to be read, and dropped otherwise, as Linux since
   * 6.17; RFC 9293 §3.10.7.4 cuts it at the edge.
   */
  readonly takesBeyondWindow: boolean;

  /** RFC 9293 §3.8.6.3: below 0.5 s. With quick ACKs, the least of an adaptive delay. */
  readonly delayedAckNs: Duration;
  readonly delayedAckNsMax: Duration;
  /** Segments of a new connection, or after an idle time, that are acknowledged at once; 0: none. */
  readonly quickAckSegments: number;
  /** Behind a hole one ACK stands for what comes in this time, a twentieth of the round trip at most; 0: none does. */
  readonly ackCompressionNs: Duration;
  /** Segments that one such ACK stands for, at most. */
  readonly ackCompressionMax: number;
  /** How much later than asked such a timer fires. */
  readonly timerSlackNs: Duration;

  readonly rtt: RttConfig;

  /** RFC 9293 §3.8.3, R2 for a SYN: at least 3 minutes. In retransmissions. */
  readonly synRetries: number;
  readonly synAckRetries: number;
  /** So many retransmissions of a SYN come after the initial timeout each, before it doubles, and on top of the others. */
  readonly synLinearTimeouts: number;
  /** A SYN that is answered by an ACK of something else is sent again so soon, once; 0: when its time has come. */
  readonly hastenedSynNs: Duration;
  /** Where both sides open at once, the SYN-ACK offers what the SYN did, agreed to or not; RFC 7323 §3.2 has what is agreed. */
  readonly offersAgain: boolean;
  /** R1: after this many retransmissions the path is in doubt (black-hole detection). */
  readonly retriesR1: number;
  /** R2 for data: at least 100 s. In retransmissions. */
  readonly retriesR2: number;
  /** R2 when the application has closed the connection. */
  readonly orphanRetries: number;
  /** RFC 5482; 0: R2 decides. */
  readonly userTimeoutNs: Duration;

  /** RFC 5681 §3.2, RFC 8985 §6.2: with SACK, losses are found by RACK alone. */
  readonly dupThresh: number;
  /** RFC 8985 §7. */
  readonly usesTailLossProbe: boolean;
  /** RFC 3042. */
  readonly usesLimitedTransmit: boolean;
  /** RFC 5682. */
  readonly usesFrto: boolean;
  /** Undo of spurious recoveries: RFC 4015 by timestamps, RFC 3708 by DSACK. */
  readonly usesUndo: boolean;
  /**
   * A reduction of which all is acknowledged ends when something sent later is acknowledged as well, as in Linux; else
   * at once where nothing is in flight: RFC 6582 §3.2.
   */
  readonly holdsEndedPeriod: boolean;
  /** RFC 5681 §4.1, RFC 7661. */
  readonly usesSlowStartAfterIdle: boolean;
  /** Sending is spread out at the controller's rate, or at the ratios below of cwnd / SRTT. */
  readonly usesPacing: boolean;
  readonly pacingGains: PacingGains;
  /** A connection's first segments leave at once. */
  readonly unpacedSegments: number;
  /** New data leaves in chunks, as segmentation offload takes them: tcp/send-chunk. */
  readonly sendsChunks: boolean;
  readonly sendChunkBytesMax: Bytes;
  /** A chunk may have this many segments whatever the pacing rate. */
  readonly sendChunkSegmentsMin: number;
  /** A chunk waits for more ACKs while less than this part of the window is free. */
  readonly deferWindowDivisor: number;

  /**
   * The window of a client's SYN counts as one that was offered (RFC 9293 §3.8.6.2.1, Max(SND.WND)); a server of Linux
   * begins with the first ACK.
   */
  readonly countsSynWindow: boolean;
  /** Nagle's rule: while any data is unacknowledged (RFC 9293 §3.7.4), or any short segment (Minshall). */
  readonly nagle: 'rfc' | 'minshall';
  /** Cork holds a partial segment at most this long; 0: until the timer of window probes. */
  readonly corkNs: Duration;
  /** RFC 9293 §3.8.6.2.1: a sender's override when the window stays too small; zero-window probes share it. */
  readonly persistNsMax: Duration;

  /** An orphan in FIN-WAIT-2 still gives AccECN feedback; Linux has forgotten it by then. */
  readonly keepsOrphanFeedback: boolean;
  /** RFC 9293 §3.4.1: 2 MSL. */
  readonly timeWaitNs: Duration;
  /** RFC 6191: a new SYN may end TIME-WAIT. */
  readonly allowsTimeWaitReuse: boolean;
  /** How long an orphaned connection waits for the peer's FIN; the standard says forever. */
  readonly finWait2Ns: Duration;

  /** RFC 9293 §3.8.4; off unless the application asks. */
  readonly keepAliveIdleNs: Duration;
  readonly keepAliveIntervalNs: Duration;
  readonly keepAliveProbes: number;

  /** RFC 5961 §7: at most one challenge ACK per connection in this time. */
  readonly challengeAckIntervalNs: Duration;
  /** The same for ACKs that answer segments outside the window. */
  readonly outOfWindowAckIntervalNs: Duration;
  /**
   * Which segments, ACKs and resets are acceptable, as Linux has it: what only touches an edge of the window is, an ACK of
   * more than was ever acknowledged is not, nor its timestamp where the ACK is old, and nothing at all without ACK; a
   * reset also where the peer's last SACK block ends. A window that is smaller, but not 0, needs a newer number. An orphan in FIN-WAIT-2 takes nothing but a FIN, TIME-WAIT answers all
   * but a reset.
   */
  readonly judgesAsLinux: boolean;
  /** Text and FIN of a SYN-ACK count, RFC 9293 §3.10.7.3; in Linux only where Fast Open was asked for. */
  readonly takesTextOfSynAck: boolean;
  /** An ACK has a number within the peer's window, where that has shrunk below SND.NXT; RFC 9293 §3.10.7.4 has SND.NXT. */
  readonly keepsAckInWindow: boolean;
  /** What comes behind the peer's FIN gets no ACK, and text across it a reset, as in Linux. */
  readonly doubtsTextBehindFin: boolean;
  /** As Linux tells the application: a reset in CLOSE-WAIT is a broken pipe, and one in CLOSING or LAST-ACK is told too. */
  readonly tellsResetAsLinux: boolean;

  readonly backlog: number;
  readonly usesSynCookies: boolean;
  /** Also while the queue of half-open connections has room. */
  readonly alwaysSynCookies: boolean;
  /** A cookie keeps one of these, the largest that the peer's MSS reaches; at most 8 each. */
  readonly cookieMssIpv4: readonly Bytes[];
  readonly cookieMssIpv6: readonly Bytes[];
  readonly usesFastOpenClient: boolean;
  readonly usesFastOpenServer: boolean;

  /** RFC 1191, RFC 8201. */
  readonly usesPathMtuDiscovery: boolean;
  /** A SYN announces an MSS for the path as it is known by then; RFC 9293 §3.7.1 has the link's. */
  readonly announcesPathMtu: boolean;
  /** RFC 4821. */
  readonly mtuProbing: MtuProbing;
  /** RFC 4821 §7.2: the MSS that a search starts with. */
  readonly mtuProbeBaseMss: Bytes;
  /** The least MSS taken from a peer or from ICMP: RFC 5961's spirit against tiny segments. */
  readonly mssMin: Bytes;

  /** First port of automatic choice and how many: RFC 6056 §3.2. */
  readonly ephemeralPortFirst: number;
  readonly ephemeralPortCount: number;
  /** TTL and hop limit of what is sent. */
  readonly ttl: number;
}

const COOKIE_MSS: readonly Bytes[] = [216, 536, 1220, 1440, 1460, 4312, 8960, 65_535];

/** The standards' own words. */
export const RFC_PROFILE: TcpConfig = {
  name: 'rfc',
  mtuBytes: 1500,
  initialWindowSegments: 10, // RFC 6928 §2
  granularity: 'bytes',
  usesTimestamps: true, // RFC 7323 §3.2
  timestampTickNs: MS,
  usesWindowScaling: true,
  usesSack: true,
  usesDsack: true,
  ecn: EcnMode.Accept,
  usesAccurateEcn: false,
  asksAccurateEcn: true,
  accEcnOption: AccEcnOption.Efficient,
  checksEcnPath: true,
  marksControl: false,
  sendBufferBytes: 1 << 20,
  sendBufferWindows: 4,
  sendBufferBytesMax: 128 << 20,
  sendOverheadBytes: 0,
  receiveBufferBytes: 1 << 20,
  receiveBufferBytesMax: 128 << 20,
  receiveWindowShare: 1,
  segmentMemory: 'share',
  growsReceiveWindow: false,
  takesBeyondWindow: false,
  delayedAckNs: 200 * MS,
  delayedAckNsMax: 200 * MS,
  quickAckSegments: 0,
  ackCompressionNs: 0,
  ackCompressionMax: 0,
  timerSlackNs: 0,
  rtt: RTT_CONFIG_RFC,
  synRetries: 7, // 1 + 2 + … + 64 s > 3 min, with the last wait
  synAckRetries: 7,
  synLinearTimeouts: 0, // RFC 6298 §5.5
  hastenedSynNs: 0,
  offersAgain: false,
  retriesR1: 3, // RFC 9293 §3.8.3
  retriesR2: 15,
  orphanRetries: 8,
  userTimeoutNs: 0,
  dupThresh: 3,
  usesTailLossProbe: true,
  usesLimitedTransmit: true,
  usesFrto: true,
  usesUndo: true,
  holdsEndedPeriod: false,
  usesSlowStartAfterIdle: true,
  usesPacing: false,
  pacingGains: PACING_GAINS_RFC,
  unpacedSegments: 0,
  sendsChunks: false,
  sendChunkBytesMax: 65_215, // 64 KiB less the most that headers take in Linux
  sendChunkSegmentsMin: 2,
  deferWindowDivisor: 3,
  countsSynWindow: true,
  nagle: 'rfc',
  corkNs: 200 * MS,
  persistNsMax: 60 * SECOND,
  keepsOrphanFeedback: true,
  timeWaitNs: 240 * SECOND, // MSL of 2 minutes
  allowsTimeWaitReuse: true,
  finWait2Ns: Number.MAX_SAFE_INTEGER,
  keepAliveIdleNs: 7200 * SECOND, // RFC 9293 §3.8.4
  keepAliveIntervalNs: 75 * SECOND,
  keepAliveProbes: 9,
  challengeAckIntervalNs: 500 * MS,
  outOfWindowAckIntervalNs: 0,
  judgesAsLinux: false,
  takesTextOfSynAck: true,
  keepsAckInWindow: false,
  doubtsTextBehindFin: false,
  tellsResetAsLinux: false,
  backlog: 128,
  usesSynCookies: false,
  alwaysSynCookies: false,
  cookieMssIpv4: COOKIE_MSS,
  cookieMssIpv6: COOKIE_MSS,
  usesFastOpenClient: false,
  usesFastOpenServer: false,
  usesPathMtuDiscovery: true,
  announcesPathMtu: false,
  mtuProbing: MtuProbing.Off,
  mtuProbeBaseMss: 1024,
  mssMin: 48,
  ephemeralPortFirst: 49_152, // RFC 6335 §6
  ephemeralPortCount: 16_384,
  ttl: 64,
};

/** What a current Linux does with its default settings. */
export const LINUX_PROFILE: TcpConfig = {
  ...RFC_PROFILE,
  name: 'linux',
  granularity: 'segments',
  accEcnOption: AccEcnOption.Full,
  marksControl: true,
  sendBufferBytes: 262_144,
  sendBufferWindows: 6, // twice the window, each segment counted with its overhead as 4352 bytes
  sendBufferBytesMax: 4 << 20,
  sendOverheadBytes: 1280, // a kibibyte of header room and the buffer's own structure
  receiveBufferBytes: 131_072,
  receiveBufferBytesMax: 6 << 20,
  receiveWindowShare: 0.5,
  growsReceiveWindow: true,
  takesBeyondWindow: true,
  delayedAckNs: 40 * MS,
  quickAckSegments: 16,
  ackCompressionNs: MS, // tcp_comp_sack_delay_ns, tcp_comp_sack_nr, tcp_comp_sack_slack_ns
  ackCompressionMax: 44,
  timerSlackNs: MS / 10,
  rtt: RTT_CONFIG_LINUX,
  synRetries: 6,
  synAckRetries: 5,
  synLinearTimeouts: 4, // tcp_syn_linear_timeouts
  hastenedSynNs: 2 * MS, // two ticks
  offersAgain: true,
  holdsEndedPeriod: true,
  usesSlowStartAfterIdle: true,
  pacingGains: PACING_GAINS_LINUX,
  unpacedSegments: 9, // the tenth and later ones pay, as in its qdisc fq
  sendsChunks: true,
  countsSynWindow: false,
  nagle: 'minshall',
  corkNs: 0,
  persistNsMax: 120 * SECOND,
  keepsOrphanFeedback: false,
  timeWaitNs: 60 * SECOND,
  finWait2Ns: 60 * SECOND,
  outOfWindowAckIntervalNs: 500 * MS,
  judgesAsLinux: true,
  takesTextOfSynAck: false,
  keepsAckInWindow: true,
  doubtsTextBehindFin: true,
  tellsResetAsLinux: true,
  backlog: 4096,
  usesSynCookies: true,
  cookieMssIpv4: [536, 1300, 1440, 1460],
  cookieMssIpv6: [1220, 1420, 1440, 8940],
  usesFastOpenClient: true,
  announcesPathMtu: true,
  ephemeralPortFirst: 32_768,
  ephemeralPortCount: 28_232,
};

/** ECN by the words of scenarios: asked for by every sender, or only agreed to. */
export function ecnOf(word: 'off' | 'on' | 'accecn'): Partial<TcpConfig> {
  if (word === 'off') return {};
  return { ecn: EcnMode.Request, usesAccurateEcn: word === 'accecn' };
}
