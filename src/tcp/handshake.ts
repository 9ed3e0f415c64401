/**
 * Opening: RFC 9293 §3.5 and the options of a SYN: MSS (RFC 6691), window scale and timestamps (RFC 7323),
 * SACK permitted (RFC 2018), ECN (RFC 3168 §6.1.1), Fast Open (RFC 7413). Also what is settled when a
 * connection becomes ESTABLISHED: segment size, first windows, first RTT, the congestion controller.
 * Cold, but for the frames themselves.
 */
import { seqAdd, seqFromWire } from '../base/seq.ts';
import {
  BuiltExtra,
  ECN_MASK,
  FastOpenForm,
  FRAME_SHIFT,
  type FrameId,
  FrameWord,
  MetaShift,
  NO_FRAME,
  NO_PAYLOAD,
} from '../frame/frame-record.ts';
import { TcpFlag } from '../wire/tcp.ts';
import { TCP_OPTIONS_BYTES_MAX } from '../wire/tcp-options.ts';
import { accurateEcn } from './accurate-ecn.ts';
import { noteSentSyn } from './accurate-ecn-feedback.ts';
import { addSynAccEcnOption } from './accurate-ecn-option.ts';
import type { ArrivedSegment } from './arrived-segment.ts';
import { AccEcnOption } from './config.ts';
import { RetransmitMode, type TcpConnection } from './connection.ts';
import { startController } from './controller-start.ts';
import { mayCarryOption, requestEcn, synAckEcnFlags, synEcnFlags } from './ecn-negotiation.ts';
import {
  buildSegment,
  ETHERNET_BYTES,
  headerBytes,
  markEcnCapable,
  setFastOpenOption,
  setSynOptions,
} from './frame-builder.ts';
import { announcedMss, startMtuSearch, updateSmss } from './path-mtu.ts';
import { openReceiveWindow, reserveSegment, windowShiftOf } from './receive-window.ts';
import { setRetransmitTimer } from './retransmit-timer.ts';
import { TcpState } from './state.ts';
import { synPayload, takeSynData } from './syn-data.ts';
import { timestampRttTicks } from './timestamps.ts';

/** RFC 9293 §3.7.1: without the option. */
const MSS_DEFAULT_IPV4 = 536;
const MSS_DEFAULT_IPV6 = 1220;

/** What both ends of a connection prepare before their first segment. */
export function prepareOpen(connection: TcpConnection): void {
  const { config, context } = connection;
  connection.tsOffset = context.random.nextInt32();
  const { remoteAddress } = connection;
  const { nowNs } = context.clock;
  connection.pathMtuBytes = context.pathMtus.find(remoteAddress, config.mtuBytes, nowNs);
  connection.advMss = announcedMss(connection);
  connection.rcvMss = Math.min(connection.advMss, 536);
  connection.rcvWndShift = config.usesWindowScaling ? windowShiftOf(connection) : 0;
}

/** RFC 9293 §3.10.1, active OPEN: everything is offered. */
export function openActively(connection: TcpConnection): void {
  const { config } = connection;
  prepareOpen(connection);
  connection.isActive = true;
  connection.hasTimestamps = config.usesTimestamps;
  connection.hasSack = config.usesSack;
  connection.hasWindowScaling = config.usesWindowScaling;
  requestEcn(connection);
  connection.sndUna = connection.iss;
  connection.sndNxt = seqAdd(connection.iss, 1);
  openReceiveWindow(connection);
  connection.setState(TcpState.SynSent);
  connection.isSynDue = true;
}

/** The SYN, the SYN-ACK, or either once more. */
export function transmitSyn(connection: TcpConnection): FrameId {
  const { context, config, state } = connection;
  connection.isSynDue = false;
  const isAnswer = state === TcpState.SynReceived;
  const flags = isAnswer
    ? TcpFlag.Syn | TcpFlag.Ack | synAckEcnFlags(connection)
    : TcpFlag.Syn | synEcnFlags(connection);
  const length = isAnswer ? 0 : takeSynData(connection);
  const payload = length > 0 ? synPayload(connection, length) : NO_PAYLOAD;
  const offersAgain = isAnswer && connection.listener === undefined && config.offersAgain;
  const frame = offersAgain
    ? buildOffer(connection, flags)
    : buildSegment(connection, connection.iss, flags, length, payload);
  if (frame === NO_FRAME) {
    // As if it had been lost.
    setRetransmitTimer(connection, RetransmitMode.Rto);
    return NO_FRAME;
  }
  const hasScale = offersAgain ? config.usesWindowScaling : connection.hasWindowScaling;
  const hasSack = offersAgain ? config.usesSack : connection.hasSack;
  markSyn(connection, frame, isAnswer);
  const shift = offersAgain ? windowShiftOf(connection) : connection.rcvWndShift;
  setSynOptions(context, frame, connection.advMss, hasScale ? shift : -1, hasSack);
  if (connection.fastOpenForm !== FastOpenForm.Absent) addFastOpen(connection, frame);
  if (isAnswer && mayCarryOption(connection)) addSynOption(connection, frame);
  connection.lastSentNs = context.clock.nowNs;
  // Of a passive open the listener has sent it: tcpi_segs_out.
  if (!connection.isActive) connection.segmentsOut--;
  if (state === TcpState.SynSent || config.synAckRetries > 0) {
    setRetransmitTimer(connection, RetransmitMode.Rto);
  }
  return frame;
}

/** The SYN-ACK where both sides open at once, with timestamps as the SYN had them. */
function buildOffer(connection: TcpConnection, flags: number): FrameId {
  const { config, hasTimestamps } = connection;
  connection.hasTimestamps = config.usesTimestamps;
  const frame = buildSegment(connection, connection.iss, flags, 0, NO_PAYLOAD);
  connection.hasTimestamps = hasTimestamps;
  return frame;
}

/**
 * RFC 8257 §3.6: a queue that marks may drop what cannot be marked. With AccECN a SYN-ACK may be marked once the client
 * has asked; a SYN not before (RFC 9331 §4.2).
 */
function markSyn(connection: TcpConnection, frame: FrameId, isAnswer: boolean): void {
  const { preciseEcn, usesAccurateEcn } = connection.controllers;
  const isAsked = isAnswer ? connection.hasAccEcn : usesAccurateEcn !== true;
  const isAgreed = !isAnswer || connection.hasPreciseEcn || connection.hasAccEcn;
  const isMarked =
    preciseEcn !== undefined &&
    isAgreed &&
    (isAsked || connection.hasPreciseEcn) &&
    connection.synRetransmits === 0;
  if (isMarked) markEcnCapable(connection, frame);
  const { words } = connection.context.pool;
  const meta = words[(frame << FRAME_SHIFT) + FrameWord.Meta];
  noteSentSyn(connection, (meta >>> MetaShift.TrafficClass) & ECN_MASK);
}

/** In what the other options leave. */
function addSynOption(connection: TcpConnection, frame: FrameId): void {
  const { context } = connection;
  const { accEcnOption } = connection.config;
  if (accEcnOption === AccEcnOption.Off) return;
  const at = frame << FRAME_SHIFT;
  const { words } = context.pool;
  const taken = words[at + FrameWord.WireLength] - headerBytes(connection.isIpv6) - ETHERNET_BYTES;
  addSynAccEcnOption(context, frame, accurateEcn(connection), TCP_OPTIONS_BYTES_MAX - taken);
}

function addFastOpen(connection: TcpConnection, frame: FrameId): void {
  const { context, fastOpenForm, fastOpenCookieAt } = connection;
  // RFC 7413 §4.2.1: a SYN that got no answer goes out without the option.
  if (connection.state === TcpState.SynSent && connection.synRetransmits > 0) return;
  const { cookies } = context.fastOpen;
  const length = context.fastOpen.cookieLength(fastOpenCookieAt);
  setFastOpenOption(context, frame, fastOpenForm, cookies, Math.max(0, fastOpenCookieAt), length);
}

/** The peer's SYN: what it offers and we agree to. */
export function acceptSyn(connection: TcpConnection, segment: ArrivedSegment): void {
  const { context, config, isIpv6 } = connection;
  const extra = context.pool.extraWords;
  const { record } = segment;
  const mss = extra[record + BuiltExtra.Mss];
  const scale = extra[record + BuiltExtra.WindowScale];
  connection.irs = segment.seq;
  connection.rcvNxt = seqAdd(segment.seq, 1);
  connection.lastAckSent = connection.rcvNxt;
  connection.peerMss = mss > 0 ? mss : isIpv6 ? MSS_DEFAULT_IPV6 : MSS_DEFAULT_IPV4;
  connection.hasTimestamps = config.usesTimestamps && segment.hasTimestamps;
  connection.hasSack = config.usesSack && extra[record + BuiltExtra.IsSackPermitted] !== 0;
  connection.hasWindowScaling = config.usesWindowScaling && scale >= 0;
  // RFC 7323 §2.3: more than 14 is taken as 14.
  connection.sndWndShift = connection.hasWindowScaling ? Math.min(scale, 14) : 0;
  if (!connection.hasWindowScaling) connection.rcvWndShift = 0;
  if (connection.hasTimestamps) {
    connection.tsRecent = segment.tsVal;
    connection.tsRecentNs = context.clock.nowNs;
    connection.hasTsRecent = true;
  }
  // The window of a SYN is never scaled: RFC 7323 §2.2.
  connection.sndWnd = segment.window;
  connection.maxSndWnd = segment.window;
  connection.sndWl1 = segment.seq;
  connection.sndWl2 = segment.ack;
  openReceiveWindow(connection);
  updateSmss(connection);
  if (connection.state !== TcpState.SynSent) reserveSegment(connection);
}

/** Both SYNs are acknowledged: RTT, windows, controller. The state is set by the caller. */
export function establish(connection: TcpConnection, segment: ArrivedSegment): void {
  const { context } = connection;
  setRetransmitTimer(connection, RetransmitMode.None);
  connection.backoffs = 0;
  connection.retransmits = 0;
  connection.stalledSinceNs = -1;
  if (connection.mtuSearch === undefined) startMtuSearch(connection);
  // A passive open starts with what the path is known to carry, as in Linux.
  if (connection.listener === undefined) {
    updateSmss(connection);
    reserveSegment(connection);
  }
  sampleHandshake(connection, segment);
  startController(connection);
  // The SYN or SYN-ACK is delivered.
  connection.deliveredSegments++;
  connection.flightMaxSeq = connection.sndNxt;
  connection.lastReceivedNs = context.clock.nowNs;
  if (connection.lastDataReceivedNs < 0) connection.lastDataReceivedNs = context.clock.nowNs;
  connection.roundStartNs = context.clock.nowNs;
}

/** RFC 6298 §3 and §5.7. */
function sampleHandshake(connection: TcpConnection, segment: ArrivedSegment): void {
  const { config, context, rtt } = connection;
  if (connection.synRetransmits === 0) {
    rtt.onSample(context.clock.nowNs - connection.lastSentNs);
  } else if (connection.hasTimestamps && segment.hasTimestamps && segment.tsEcr !== 0) {
    rtt.onSample(timestampRttTicks(connection, segment.tsEcr) * config.timestampTickNs);
  } else {
    rtt.onSynTimedOut();
  }
}

/** RFC 9293 §3.10.7.2 and §3.4.1: the window says where a connection's numbers start. */
export function setInitialSequence(connection: TcpConnection, iss: number): void {
  connection.iss = seqFromWire(iss);
  connection.sndUna = connection.iss;
  connection.sndNxt = seqAdd(connection.iss, 1);
}
