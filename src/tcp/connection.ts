/**
 * One connection: the transmission control block of RFC 9293 §3.3.1 and what later documents added to it, as
 * plain fields of one object, near a kilobyte. What happens to it is in the files named after it happening:
 * tcp/segment-arrives, tcp/sender, tcp/receiver, tcp/acknowledgment, tcp/recovery, tcp/timers.
 * What an application may ask of it is in tcp/commands and tcp/options.
 */
import { type SeqNumber, seqAdd, seqDiff, seqFromWire } from '../base/seq.ts';
import type { Bytes, Duration, Instant } from '../base/units.ts';
import type { CongestionController, CongestionControllerFactory } from '../recovery/congestion.ts';
import type { DeliveryRateEstimator } from '../recovery/delivery-rate.ts';
import type { Pacer } from '../recovery/pacer.ts';
import type { ProportionalRateReduction } from '../recovery/prr.ts';
import { RttEstimator } from '../recovery/rtt.ts';
import { type ByteQueue, NO_PIECE } from './byte-queue.ts';
import type { TcpConfig } from './config.ts';
import { ACK_NOTES, FLAGS } from './connection-flags.ts';
import { CONNECTION_CELLS, FIRST_RTT_CELL, FIRST_TIMES, TIMES } from './connection-times.ts';
import type { TcpContext } from './context.ts';
import type { TcpError } from './errors.ts';
import { NO_METER_ROW } from './flow-meter.ts';
import type { TcpListener } from './listener.ts';
import {
  defineAckNotes,
  defineBytes,
  defineCells,
  defineFlags,
  defineSettings,
} from './packed-fields.ts';
import type { MtuSearch } from './path-mtu.ts';
import type { Reassembly } from './reassembly.ts';
import type { ReceiveMemory } from './receive-memory.ts';
import type { Scoreboard } from './scoreboard.ts';
import { NO_BUFFER, PushMode } from './send-buffers.ts';
import { type ConnectionSettings, SETTING_NAMES } from './settings.ts';
import { assertTransition, TcpState } from './state.ts';

/** The sender's view of the path; numbers as in Linux's tcpi_ca_state. */
export const enum CongestionState {
  Open = 0,
  /** Duplicate ACKs or SACKs, nothing known to be lost. */
  Disorder = 1,
  /** The window comes down for ECN, or a probe that was needed. */
  Cwr = 2,
  Recovery = 3,
  /** After a retransmission timeout. */
  Loss = 4,
}

/** What the Retransmit timer is set for. */
export const enum RetransmitMode {
  None = 0,
  Rto = 1,
  /** RFC 8985 §7. */
  LossProbe = 2,
  /** RFC 8985 §6.2 step 5. */
  Reordering = 3,
  /** RFC 9293 §3.8.6.1. */
  WindowProbe = 4,
}

export const enum ProbeKind {
  None = 0,
  /** RFC 8985 §7.3. */
  Loss = 1,
  /** RFC 9293 §3.8.6.1: into a closed window, or past the sender's silly window avoidance. */
  Window = 2,
  /** RFC 9293 §3.8.4. */
  KeepAlive = 3,
}

const ZERO_SEQ = seqFromWire(0);

export class TcpConnection {
  readonly context: TcpContext;
  readonly config: TcpConfig;
  /** Names its rows in the context's columns. */
  readonly slot: number;
  /** The first of its times in the context's cells. */
  readonly cellsAt: number;
  declare isIpv6: boolean;
  /** Indices of the address table. */
  readonly localAddress: number;
  readonly remoteAddress: number;
  /** Local port << 16 | remote port: as in frames we send. */
  readonly ports: number;
  /** It came from this listener, until somebody accepts it. */
  listener: TcpListener | undefined = undefined;
  declare isInAcceptQueue: boolean;
  /** A row of TIME-WAIT has taken its place. */
  declare leftForTimeWait: boolean;
  /** Its row in the context's meter. */
  meterRow = NO_METER_ROW;
  /** Room for whoever uses the connection. */
  owner: unknown = undefined;
  /** Its times once it is closed, when its cells are another's. */
  closedTimes: number[] | undefined = undefined;
  /** Storage of the fields declared below: tcp/packed-fields. */
  flagsLow = 0;
  flagsHigh = 0;
  bytesLow = 0;
  bytesHigh = 0;
  settings: ConnectionSettings;
  /** Written by setState only. */
  state = TcpState.Closed;
  declare error: TcpError;
  /** A failure that did not end the connection (ICMP): told when it does end. */
  declare softError: TcpError;
  declare softErrorNs: Instant;
  declare finWait2Ns: Duration;
  declare isActive: boolean; // it sent the first SYN
  /** "Too big" of ICMP changes nothing: IP_MTU_DISCOVER of ip(7). */
  declare ignoresPathMtu: boolean;
  /** Such a failure is an error at once: IP_RECVERR of ip(7). */
  declare tellsSoftErrors: boolean;
  declare isReadShut: boolean; // nobody will read what comes
  /** The ICMP error that ended its opening is in the queue of error messages. */
  declare hasQueuedError: boolean;

  // Send sequence variables: RFC 9293 §3.3.1.
  iss: SeqNumber = ZERO_SEQ;
  sndUna: SeqNumber = ZERO_SEQ;
  sndNxt: SeqNumber = ZERO_SEQ;
  sndWnd: Bytes = 0; // scaled
  sndWl1: SeqNumber = ZERO_SEQ;
  sndWl2: SeqNumber = ZERO_SEQ;
  maxSndWnd: Bytes = 0; // MAX.SND.WND: RFC 5961 §5
  /** Payload that fits a segment: the least of the peer's MSS and the path, less our options. */
  smss: Bytes = 536;
  /** As the peer announced it; RFC 9293 §3.7.1's default without. */
  peerMss: Bytes = 536;

  // Receive sequence variables.
  irs: SeqNumber = ZERO_SEQ;
  rcvNxt: SeqNumber = ZERO_SEQ;
  /** Right edge of the window as told to the peer: it never moves left, RFC 9293 §3.8.6.2. */
  rcvAdv: SeqNumber = ZERO_SEQ;
  lastAckSent: SeqNumber = ZERO_SEQ; // RFC 7323 §4.3
  /** tcp/receive-window sets these; the last is what may be offered. */
  rcvBufferBytes: Bytes;
  rcvBufferWindow: Bytes;
  rcvClamp: Bytes = 0;
  receiveMemory: ReceiveMemory | undefined = undefined;
  /** The application fixed it: no autotuning. */
  declare isRcvBufferFixed: boolean;
  rcvWindowLimit: Bytes = 0; // the window offered grows up to this
  /** The largest segment seen lately: the peer's real segment size. */
  rcvMss: Bytes = 536;
  /** That of the last one, if it was shorter: tcp/segment-size. */
  rcvShorterSegment: Bytes = 0;
  advMss: Bytes = 536; // announced by us
  sndBufferBytes: Bytes;
  declare isSndBufferFixed: boolean;

  // What both sides agreed on.
  declare hasTimestamps: boolean;
  declare hasSack: boolean;
  declare hasWindowScaling: boolean;
  /** Of RFC 3168 or better. */
  declare hasEcn: boolean;
  /** RFC 9768: tcp/accurate-ecn. */
  declare hasAccEcn: boolean;
  /** New data says that it is ECN-capable. */
  declare sendsEct: boolean;
  /** So do bare ACKs and retransmissions. */
  declare marksControl: boolean;
  /** Marks are echoed packet by packet: RFC 8257 §3.2. */
  declare hasPreciseEcn: boolean;
  /** ECT(1) says that packets may be marked, not ECT(0): RFC 9331 §4.1. */
  declare sendsEct1: boolean;
  /** Shifts: RFC 7323 §2.3. */
  sndWndShift = 0;
  rcvWndShift = 0;
  tsOffset = 0;
  tsRecent = 0;
  declare tsRecentNs: Instant;
  declare hasTsRecent: boolean;

  // Data.
  /** Borrowed while there is anything in them, as the scoreboard is. */
  sendQueue: ByteQueue;
  receiveQueue: ByteQueue;
  /** Zeros in order that nobody has read, while there is nothing in the receive queue. */
  unreadZeros: Bytes = 0;
  /** Made when something comes out of order or twice. */
  reassembly: Reassembly | undefined = undefined;
  /** Borrowed while anything is in flight; else an empty one that all share. */
  scoreboard: Scoreboard;
  /** The first byte not sent yet: piece and bytes of it already sent. */
  sendPiece = NO_PIECE;
  sendSkip: Bytes = 0;
  // What is unsent, in buffers: tcp/write-queue.
  bufferHead = NO_BUFFER;
  bufferTail = NO_BUFFER;
  bufferedBytes: Bytes = 0;
  /** Of the last write, in no buffer yet, and what kind of write it is. */
  fillBytes: Bytes = 0;
  declare fillFlags: number;
  /** In buffers since the last push. */
  unpushedBytes: Bytes = 0;
  pushMode = PushMode.Usual;
  /** An option just set lets short segments go. */
  declare isPushing: boolean;
  /** A write found too little room: Writable is to be told. */
  declare isWriteBlocked: boolean;
  /** The application will send no more: a FIN follows the data. */
  declare isWriteShut: boolean;
  /** The FIN has a sequence number. */
  declare isFinSent: boolean;
  /** The application has closed the connection: nobody will read. */
  declare isOrphan: boolean;
  /** The peer's FIN has arrived, perhaps out of order, and its sequence number. */
  declare hasPeerFin: boolean;
  peerFin: SeqNumber = ZERO_SEQ;
  /** The FIN is in order: reading ends there. */
  declare isPeerDone: boolean;

  // Acknowledging: tcp/ack-policy. AckNote, of which the first six fields are bits.
  ackNotes = 0;
  /** An ACK goes out as soon as the connection is asked. */
  declare isAckDue: boolean;
  /** Something waits for a delayed ACK. */
  declare isAckDelayed: boolean;
  // Of the text since the last ACK, tcp/ack-policy: there is some; its ACK waits for more of a hole; PSH; again.
  declare isAckScheduled: boolean;
  declare isAckCompressed: boolean;
  declare isTextPushed: boolean;
  declare isTextPushedTwice: boolean;
  quickAcks = 0;
  declare isPingPong: boolean;
  /** The application chose: -1 no, 0 quick ACKs off, 1 on. */
  declare quickAckChoice: number;
  declare receiveShare: number;
  declare ackDelayNs: Duration;
  declare lastDataReceivedNs: Instant;
  /** ECN-Echo until CWR comes: RFC 3168 §6.1.3. */
  declare isEceDue: boolean;
  /** CWR with the next new data: RFC 3168 §6.1.2. */
  declare isCwrDue: boolean;
  declare lastChallengeNs: Instant;
  // Receive autotuning: bytes read within a round trip, and the receiver's own estimate of it.
  roundReadBytes = 0;
  declare roundStartNs: Instant;
  declare rcvRttNs: Duration;
  rcvRttSeq: SeqNumber = ZERO_SEQ;
  declare rcvRttStartNs: Instant;
  /** TSecr of the last sample. */
  rcvRttEcho = 0;
  rcvSpace: Bytes = 0;

  // Options of the application.
  declare isNoDelay: boolean;
  declare isCorked: boolean;
  /** A partial segment has waited long enough. */
  declare isCorkOver: boolean;
  /** The last write said that more follows (MSG_MORE). */
  declare hasMore: boolean;
  declare usesKeepAlive: boolean;
  declare keepAliveIdleNs: Duration;
  declare keepAliveIntervalNs: Duration;
  declare keepAliveProbesMax: number;
  declare userTimeoutNs: Duration;
  declare lingerNs: Duration;
  /** The application's bound on the MSS; 0: none. */
  declare mssClamp: Bytes;
  /** Bound on the window offered; 0: none. */
  declare windowClamp: Bytes;
  declare synRetries: number;
  /** Writable is told when at most this much is unsent; 0: by the free buffer. */
  declare notSentLowAt: Bytes;
  declare trafficClass: number;
  declare ttl: number;

  // The handshake.
  /** A SYN or SYN-ACK is to be sent. */
  declare isSynDue: boolean;
  synRetransmits = 0;
  declare fastOpenForm: number;
  fastOpenCookieAt = -1;
  /** Payload that went with the SYN. */
  synDataBytes: Bytes = 0;
  declare isFastOpen: boolean;
  /** Its bound on Fast Open counts this one until the handshake is over. */
  fastOpenListener: TcpListener | undefined = undefined;
  /** The SYN may carry data: a cookie is known or none is needed. */
  declare maySendSynData: boolean;
  /** All data of the SYN was taken with it: of ours by the peer, or of the peer's by us. */
  declare isSynDataTaken: boolean;
  /** RFC 3168 §6.1.1, or RFC 9768 §3.1.1 where the context has a state for it. */
  declare requestsEcn: boolean;

  // Congestion control and loss recovery.
  /** What makes the controller, and the controller once it is needed: tcp/controller-start. */
  declare isControllerDue: boolean;
  controllers: CongestionControllerFactory;
  controller: CongestionController = undefined as never;
  readonly rtt: RttEstimator;
  /** One of its own from the first data it sends; until then one that all share, of which nothing is written. */
  rate: DeliveryRateEstimator;
  /** Made when there is something to pace or to reduce. */
  pacer: Pacer | undefined = undefined;
  prr: ProportionalRateReduction | undefined = undefined;
  congestionState = CongestionState.Open;
  /** RecoveryPoint: RFC 6675 §4. */
  highSeq: SeqNumber = ZERO_SEQ;
  /** The window while PRR rules. */
  prrWindow: Bytes = 0;
  duplicateAcks = 0;
  retransmitMode = RetransmitMode.None;
  /** Doublings of the RTO: RFC 6298 §5.5; until a valid sample of the RTT (Karn and Partridge 1987). */
  backoffs = 0;
  /** Timeouts since SND.UNA moved: R1 and R2 of RFC 9293 §3.8.3. */
  retransmits = 0;
  /** Window probes in a row that nobody answered. */
  probes = 0;
  /** Doublings of their timeout, while the window stays closed. */
  probeBackoffs = 0;
  keepAliveSent = 0;
  /** When the first timeout or probe in a row fired: R1, R2 and the user timeout count from what is before it. */
  declare stalledSinceNs: Instant;
  // RACK: RFC 8985 §6.1.
  declare rackSentNs: Instant;
  rackEnd: SeqNumber = ZERO_SEQ;
  declare rackRttNs: Duration;
  declare rackWindowSteps: number;
  declare rackWindowPersist: number;
  rackDsackRound: SeqNumber = ZERO_SEQ;
  /** A DSACK in this round trip; one waits for what is delivered next. */
  declare hasRackDsackRound: boolean;
  declare isRackDsackDue: boolean;
  declare isReorderingSeen: boolean;
  /** Something was delivered since losses were last looked for. */
  declare isRackAdvanced: boolean;
  /** How far segments have overtaken each other, in segments, and how often it was seen. */
  reordering: number;
  reorderSeen = 0;
  // Tail loss probe: RFC 8985 §7.1.
  tlpEnd: SeqNumber = ZERO_SEQ;
  declare isTlpOut: boolean;
  declare isTlpRetransmission: boolean;
  /** To be sent whatever the window. */
  probeDue = ProbeKind.None;
  /** Segments sent since the timers were settled. */
  burstSegments = 0;
  // Undo: RFC 4015, RFC 3708, RFC 5682.
  declare hasUndo: boolean;
  undoUna: SeqNumber = ZERO_SEQ;
  /** Retransmissions in this period that no DSACK has called needless. */
  undoRetransmits = 0;
  retransmitTsVal = 0;
  declare hasRetransmitTsVal: boolean;
  frtoStep = 0;
  /** An undo does not put the window back: the peer has echoed marks since. */
  declare leavesWindow: boolean;
  // What is lost waits for the next ACK, as the original filled the hole before; a timer and no ACK made it send.
  declare isResendHeld: boolean;
  declare isTimerBurst: boolean;
  // Window validation: RFC 7661, RFC 5681 §4.1.
  declare isCwndLimited: boolean;
  flightMaxBytes: Bytes = 0;
  flightMaxSeq: SeqNumber = ZERO_SEQ;
  /** Not acknowledged after the last ACK while segments were missing, SACKed ones counted: pacing goes by it. */
  segmentsOutAtAck = 0;
  /** The last SYN or data. */
  declare lastSentNs: Instant;
  declare lastReceivedNs: Instant;
  /** Minshall: the end of the last short segment sent. */
  shortEnd: SeqNumber = ZERO_SEQ;
  declare hasShort: boolean;
  // Left of the chunk of new data that is going out, or of retransmissions: tcp/send-chunk.
  chunkBytes: Bytes = 0;
  resendSegments = 0;
  // It ends with PSH; its buffer says so, so that a retransmission has it too.
  declare isChunkPushed: boolean;
  declare isChunkMarked: boolean;
  declare isResendPushed: boolean;
  /** Sending waits for the window to let a larger chunk go. */
  declare isHeldByWindow: boolean;
  // Path MTU: RFC 1191; RFC 4821 §7.3, while it is searched.
  pathMtuBytes: Bytes;
  mtuSearch: MtuSearch | undefined = undefined;

  // Totals for info.
  bytesSent = 0;
  bytesRetransmitted = 0;
  bytesAcked = 0;
  bytesReceived = 0;
  segmentsOut = 0;
  segmentsIn = 0;
  dataSegmentsOut = 0;
  dataSegmentsIn = 0;
  totalRetransmits = 0;
  deliveredSegments = 0;
  deliveredCeSegments = 0;
  dsackDups = 0;
  timeouts = 0;
  spuriousRecoveries = 0;
  /** Something came with ECT or CE. */
  declare hasSeenEct: boolean;
  /** The last delivery-rate sample. */
  declare rateDelivered: Bytes;
  declare rateIntervalNs: Duration;
  /** What sending waits for, since when, and how long it was each: tcp/busy-time. */
  busyKind = 0;
  declare busySinceNs: Instant;
  declare busyNs: Duration;
  declare receiverLimitedNs: Duration;
  declare bufferLimitedNs: Duration;

  // Lists of the context.
  isReady = false;
  nextReady: TcpConnection | undefined = undefined;
  pendingEvents = 0;
  nextEvent: TcpConnection | undefined = undefined;

  constructor(
    context: TcpContext,
    slot: number,
    localAddress: number,
    remoteAddress: number,
    ports: number,
    isIpv6: boolean,
  ) {
    const { config, clock } = context;
    this.context = context;
    this.config = config;
    this.controllers = context.controllers;
    this.slot = slot;
    this.cellsAt = slot * CONNECTION_CELLS;
    context.cells.set(FIRST_TIMES, this.cellsAt);
    this.isIpv6 = isIpv6;
    this.settings = context.settings;
    this.localAddress = localAddress;
    this.remoteAddress = remoteAddress;
    this.ports = ports;
    this.rcvBufferBytes = config.receiveBufferBytes;
    this.rcvBufferWindow = Math.floor(config.receiveBufferBytes * this.settings.receiveShare);
    this.sndBufferBytes = config.sendBufferBytes;
    this.sendQueue = context.idleQueue;
    this.receiveQueue = context.idleQueue;
    this.scoreboard = context.idleScoreboard;
    this.rtt = new RttEstimator(config.rtt, clock, context, this.cellsAt + FIRST_RTT_CELL);
    this.rate = context.idleRate;
    this.pathMtuBytes = config.mtuBytes;
    this.reordering = config.dupThresh;
    this.rackWindowSteps = 1;
  }

  setState(next: TcpState): void {
    assertTransition(this.state, next);
    this.state = next;
  }

  get localPort(): number {
    return this.ports >>> 16;
  }

  get remotePort(): number {
    return this.ports & 0xffff;
  }

  /** RCV.WND as the peer knows it. */
  get rcvWnd(): Bytes {
    return Math.max(0, seqDiff(this.rcvAdv, this.rcvNxt));
  }

  /** Bytes in order that nobody has read. */
  get unreadBytes(): Bytes {
    return this.unreadZeros + this.receiveQueue.byteLength;
  }

  /** Right edge of the send window. */
  get sndWndEnd(): SeqNumber {
    // Before the SYN is acknowledged (Fast Open) the window is of what follows it.
    const syn = this.state === TcpState.SynReceived ? 1 : 0;
    return seqAdd(this.sndUna, this.sndWnd + syn);
  }

  /** Bytes that the application wrote and that were never sent. */
  get unsentBytes(): Bytes {
    const first = this.sndUna === this.iss && this.iss !== this.sndNxt ? 1 : 0;
    const sent = seqDiff(this.sndNxt, this.sndUna) - first - (this.isFinSent ? 1 : 0);
    return this.sendQueue.byteLength - Math.max(0, sent);
  }
}

defineCells(
  TcpConnection.prototype,
  TIMES.map(([name]) => name),
);
defineFlags(TcpConnection.prototype, FLAGS);
defineAckNotes(TcpConnection.prototype, ACK_NOTES);
defineBytes(TcpConnection.prototype, [
  'error',
  'softError',
  'fastOpenForm',
  'fillFlags',
  'rackWindowSteps',
  'rackWindowPersist',
]);
defineSettings(TcpConnection.prototype, SETTING_NAMES);
