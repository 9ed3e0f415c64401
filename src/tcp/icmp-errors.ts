/**
 * ICMP errors about our segments: RFC 9293 §3.9.2.2, with the checks of RFC 5927 §4 (a quoted sequence number
 * must be in flight). "Too big" changes the segment size (RFC 1191, RFC 8201); a hard error ends only a
 * connection that is still being opened; the rest is kept as a soft error.
 */
import { type SeqNumber, seqBefore } from '../base/seq.ts';
import type { Bytes } from '../base/units.ts';
import { CongestionState, type TcpConnection } from './connection.ts';
import { TcpCounter } from './counters.ts';
import { failConnection } from './ending.ts';
import { TcpError } from './errors.ts';
import { onPacketTooBig, pathMss } from './path-mtu.ts';
import { finishLosses, markLost } from './rack.ts';
import { restartRto } from './retransmit-timer.ts';
import { NO_ROW, SegmentFlag } from './segment-table.ts';
import { TcpState } from './state.ts';

export const enum IcmpErrorKind {
  PacketTooBig = 0,
  NetworkUnreachable = 1,
  HostUnreachable = 2,
  ProtocolUnreachable = 3,
  PortUnreachable = 4,
  /** Source quench is ignored: RFC 6633. */
  SourceQuench = 5,
  TimeExceeded = 6,
  ParameterProblem = 7,
  HostUnknown = 8,
  HostIsolated = 9,
  SourceRouteFailed = 10,
}

export interface IcmpError {
  readonly kind: IcmpErrorKind;
  /** The ends of the quoted packet, which was ours. */
  readonly localAddress: number;
  readonly remoteAddress: number;
  readonly localPort: number;
  readonly remotePort: number;
  readonly sequence: SeqNumber;
  /** Of the next hop, for PacketTooBig; 0 when the router did not say. */
  readonly mtu: Bytes;
}

/** False when it asks for nothing to be sent. */
export function handleIcmpError(connection: TcpConnection, error: IcmpError): boolean {
  const { sequence } = error;
  const isInFlight =
    !seqBefore(sequence, connection.sndUna) && !seqBefore(connection.sndNxt, sequence);
  if (!isInFlight) {
    connection.context.count(TcpCounter.OutOfWindowIcmps);
    return false;
  }
  switch (error.kind) {
    case IcmpErrorKind.PacketTooBig:
      if (connection.ignoresPathMtu || !onPacketTooBig(connection, error.mtu)) return false;
      if (connection.state === TcpState.SynSent) resendSyn(connection);
      else resendTooBig(connection);
      return true;
    case IcmpErrorKind.SourceQuench:
      return false;
    default:
      return onUnreachable(connection, toError(error.kind));
  }
}

function toError(kind: IcmpErrorKind): TcpError {
  switch (kind) {
    case IcmpErrorKind.NetworkUnreachable:
      return TcpError.NetworkUnreachable;
    case IcmpErrorKind.ProtocolUnreachable:
      return TcpError.ProtocolUnreachable;
    case IcmpErrorKind.PortUnreachable:
      return TcpError.ConnectionRefused;
    case IcmpErrorKind.ParameterProblem:
      return TcpError.ProtocolError;
    case IcmpErrorKind.HostUnknown:
      return TcpError.HostDown;
    case IcmpErrorKind.HostIsolated:
      return TcpError.HostIsolated;
    case IcmpErrorKind.SourceRouteFailed:
      return TcpError.NotSupported;
    default:
      return TcpError.HostUnreachable;
  }
}

function keepSoftError(connection: TcpConnection, error: TcpError): void {
  connection.softError = error;
  connection.softErrorNs = connection.context.clock.nowNs;
}

/** The soft error, if the peer has not been heard since. */
export function currentSoftError(connection: TcpConnection): TcpError {
  const { softError, softErrorNs, lastReceivedNs } = connection;
  return lastReceivedNs > softErrorNs ? TcpError.None : softError;
}

function onUnreachable(connection: TcpConnection, error: TcpError): boolean {
  const { state, isInAcceptQueue, listener } = connection;
  const isOpening = state === TcpState.SynSent || state === TcpState.SynReceived;
  // One of Fast Open that somebody has accepted is as good as established.
  const isAccepted = isInAcceptQueue && listener === undefined;
  if (!isOpening || isAccepted) {
    if (connection.tellsSoftErrors) connection.error = error;
    else keepSoftError(connection, error);
    return false;
  }
  // RFC 5927 §5.2: a peer that knocks is not turned away for the want of a port there.
  if (listener === undefined || isInAcceptQueue || isOfPath(error)) {
    connection.hasQueuedError = true;
    failConnection(connection, error);
  }
  return true;
}

function isOfPath(error: TcpError): boolean {
  return error !== TcpError.ProtocolUnreachable && error !== TcpError.ConnectionRefused;
}

/** A SYN is as short as segments get: it was its data that made it too long. It goes out again without. */
function resendSyn(connection: TcpConnection): void {
  if (connection.synDataBytes === 0 || connection.synRetransmits > 0) return;
  const { advMss, config } = connection;
  if (config.announcesPathMtu) connection.advMss = Math.min(advMss, pathMss(connection));
  connection.synRetransmits++;
  connection.totalRetransmits++;
  connection.isSynDue = true;
}

/** What was too long is sent again at once, in smaller segments: RFC 1191 §6.4. */
function resendTooBig(connection: TcpConnection): void {
  const { context, scoreboard, smss } = connection;
  const { segments, outcome } = context;
  if (connection.controller === undefined || scoreboard.head === NO_ROW) return;
  const lostBefore = scoreboard.lostSegments;
  outcome.begin(connection.rate, connection.highSeq, connection.rtt.minNs);
  for (let row = scoreboard.head; row !== NO_ROW; row = segments.next(row)) {
    const isSacked = (segments.flags(row) & SegmentFlag.Sacked) !== 0;
    if (!isSacked && segments.length(row) > smss) markLost(connection, row);
  }
  // Nothing in flight is too long for the path: what is sent from now on is shorter.
  if (scoreboard.lostSegments === lostBefore) return;
  finishLosses(connection);
  restartRto(connection);
  if (connection.congestionState === CongestionState.Loss) return;
  // No sign of congestion: recovered from without a reduction.
  connection.highSeq = connection.sndNxt;
  connection.hasUndo = false;
  connection.frtoStep = 0;
  connection.congestionState = CongestionState.Loss;
}
