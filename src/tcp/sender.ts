/**
 * What goes out next: RFC 9293 §3.7 (segmentation, Nagle's rule), §3.8.6.2.1 (the sender's silly window
 * avoidance), RFC 5681 §3.1 and RFC 6675 §5 (what the congestion window lets through), RFC 3042. The host asks
 * for one frame at a time until there is none; then the timers are settled.
 *
 * Order: probes, lost segments, new data and the FIN, a bare ACK. Hot: no allocation per segment.
 */
import { type SeqNumber, seqBefore, seqDiff } from '../base/seq.ts';
import { type Bytes, NEVER } from '../base/units.ts';
import { type FrameId, NO_FRAME } from '../frame/frame-record.ts';
import { UNPACED } from '../recovery/congestion.ts';
import type { Pacer } from '../recovery/pacer.ts';
import { BusyKind } from './busy-time.ts';
import { hasWindowFor, restartAfterIdle } from './congestion-window.ts';
import { CongestionState, ProbeKind, RetransmitMode, type TcpConnection } from './connection.ts';
import { AckNote } from './connection-flags.ts';
import { TimerKind } from './context.ts';
import { buildAck } from './frame-builder.ts';
import { transmitSyn } from './handshake.ts';
import { mtuProbeLength, onMtuProbeSent } from './path-mtu.ts';
import { hasOnlyNewData, isWithinChunk } from './plain-sending.ts';
import { retransmit } from './retransmit.ts';
import { NO_ROW, SegmentFlag } from './segment-table.ts';
import { PushMode } from './send-buffers.ts';
import { beginChunk, endsResentChunk, segmentBytes, startChunk } from './send-chunk.ts';
import { endFlags, sendChunked, sendNew } from './send-new.ts';
import { transmitProbe } from './send-probe.ts';
import { settleBurst } from './settle-burst.ts';
import { TcpState } from './state.ts';
import { fillBuffer, reconcileBuffers } from './write-queue.ts';

/** The next frame of a connection; NO_FRAME when there is nothing to send now. Gives ownership. */
export function transmit(connection: TcpConnection): FrameId {
  if (connection.isSynDue) return transmitSyn(connection);
  let frame = NO_FRAME;
  if (isWithinChunk(connection)) {
    frame = sendChunked(connection);
  } else if (hasOnlyNewData(connection)) {
    if (startChunk(connection)) frame = sendChunked(connection);
  } else if (maySendData(connection) && !isSendIdle(connection)) {
    frame = transmitData(connection);
  } else {
    return connection.state >= TcpState.Established ? transmitDueAck(connection) : NO_FRAME;
  }
  if (frame !== NO_FRAME) return frame;
  settleBurst(connection);
  return connection.state >= TcpState.Established ? transmitDueAck(connection) : NO_FRAME;
}

/** It has nothing to send but an ACK, and nothing else to do when that has gone: one frame at most. */
export function isReceiver(connection: TcpConnection): boolean {
  return connection.state >= TcpState.Established && !connection.isSynDue && isSendIdle(connection);
}

export function transmitDueAck(connection: TcpConnection): FrameId {
  const isAckDue = (connection.ackNotes & AckNote.Due) !== 0;
  return isAckDue ? buildAck(connection, ackNumber(connection)) : NO_FRAME;
}

/** The number of a segment without text. A window that is scaled may be meant to be larger than what was told of it. */
function ackNumber(connection: TcpConnection): SeqNumber {
  const { sndNxt, sndWndEnd, rcvWndShift, config } = connection;
  const beyond = seqDiff(sndNxt, sndWndEnd);
  if (beyond <= 0 || !config.keepsAckInWindow) return sndNxt;
  return connection.hasWindowScaling && beyond < 1 << rcvWndShift ? sndNxt : sndWndEnd;
}

function maySendData(connection: TcpConnection): boolean {
  const { state } = connection;
  if (state >= TcpState.Established) return state !== TcpState.FinWait2;
  // RFC 7413 §4.2.2: a server may send before the handshake ends. A simultaneous open (RFC 9293 §3.5) has no
  // controller yet, and its data goes with the SYN or waits.
  const isServer = connection.isFastOpen && connection.controller !== undefined;
  return state === TcpState.SynReceived && isServer;
}

/** A receiver: it has nothing to send, and nothing that settleBurst would have to settle. */
function isSendIdle(connection: TcpConnection): boolean {
  return (
    connection.scoreboard.segments === 0 &&
    connection.sendQueue.byteLength === 0 &&
    connection.burstSegments === 0 &&
    connection.probeDue === ProbeKind.None &&
    connection.retransmitMode === RetransmitMode.None &&
    connection.congestionState === CongestionState.Open &&
    connection.busyKind === BusyKind.Idle &&
    connection.pacer === undefined &&
    !connection.isWriteShut &&
    (connection.isControllerDue || connection.controller.pacingRate === UNPACED)
  );
}

function transmitData(connection: TcpConnection): FrameId {
  const { scoreboard } = connection;
  if (connection.probeDue !== ProbeKind.None) return transmitProbe(connection);
  const { pacer } = connection;
  // A chunk leaves whole.
  const isWithin = connection.chunkBytes > 0 || connection.resendSegments > 0;
  if (pacer !== undefined && !isWithin && pacer.eligibleAtNs > connection.context.clock.nowNs) {
    waitForPacer(connection, pacer);
    return NO_FRAME;
  }
  // RFC 5682 §3.1 step 2: new data first, which tells whether the timeout was spurious.
  if (connection.frtoStep === 2) {
    const frame = transmitNew(connection);
    if (frame !== NO_FRAME || connection.sndNxt !== connection.highSeq) return frame;
    connection.frtoStep = 0;
  }
  const lost = scoreboard.lost.head;
  if (lost === NO_ROW || isResendHeld(connection)) return transmitNew(connection);
  const length = connection.context.segments.length(lost);
  if (!hasWindowFor(connection, Math.min(length, connection.smss))) return NO_FRAME;
  return retransmit(connection, lost, endsResentChunk(connection, lost));
}

/**
 * Not now: Linux sends no more again than is lost, also while retransmissions of what is not lost after all are in
 * flight.
 */
function isResendHeld({ isResendHeld, scoreboard, config }: TcpConnection): boolean {
  if (isResendHeld) return true;
  if (config.granularity === 'bytes') return false;
  return scoreboard.retransmittedSegments >= scoreboard.lostSegments;
}

/** Something waits only for its time. */
function waitForPacer(connection: TcpConnection, pacer: Pacer): void {
  const { context, slot, scoreboard } = connection;
  const hasWork =
    scoreboard.lost.head !== NO_ROW ||
    connection.unsentBytes > 0 ||
    (connection.isWriteShut && !connection.isFinSent);
  context.setTimer(slot, TimerKind.Pacing, hasWork ? pacer.eligibleAtNs : NEVER);
}

/** New data, or the FIN. */
function transmitNew(connection: TcpConnection): FrameId {
  const { config } = connection;
  if (config.sendsChunks && connection.chunkBytes > 0) return sendChunked(connection);
  const unsent = connection.unsentBytes;
  const wantsFin = connection.isWriteShut && !connection.isFinSent;
  if (unsent === 0 && !wantsFin) return NO_FRAME;
  if (connection.congestionState === CongestionState.Disorder && !config.usesLimitedTransmit) {
    return NO_FRAME;
  }
  if (config.sendsChunks) return transmitChunk(connection, unsent);
  if (connection.scoreboard.segments === 0) restartAfterIdle(connection);
  return transmitSegment(connection);
}

/** One segment, as the texts have it. */
function transmitSegment(connection: TcpConnection): FrameId {
  const unsent = connection.unsentBytes;
  const wantsFin = connection.isWriteShut && !connection.isFinSent;
  const room = seqDiff(connection.sndWndEnd, connection.sndNxt);
  const probe = mtuProbeLength(connection, unsent, room);
  const length = Math.min(probe > 0 ? probe : segmentBytes(connection), unsent, room);
  if (length <= 0 && (unsent > 0 || room <= 0)) return NO_FRAME;
  // Not strict about a bare FIN: it ends the connection.
  if (length > 0 && !hasWindowFor(connection, length)) return NO_FRAME;
  const isLast = length === unsent;
  if (
    probe === 0 &&
    length < segmentBytes(connection) &&
    !maySendShort(connection, length, unsent)
  ) {
    return NO_FRAME;
  }
  const hasFin = wantsFin && isLast && length < room;
  const frame = sendNew(connection, length, endFlags(hasFin, isLast && length > 0));
  if (probe > 0 && frame !== NO_FRAME) onMtuProbeSent(connection, probe);
  return frame;
}

/** The first segment of the next chunk, or the FIN: tcp/send-chunk. */
function transmitChunk(connection: TcpConnection, unsent: Bytes): FrameId {
  reconcileBuffers(connection, unsent);
  const room = seqDiff(connection.sndWndEnd, connection.sndNxt);
  if (unsent === 0) {
    // It counts as a segment as any other.
    if (room <= 0 || !hasWindowFor(connection, connection.smss)) return NO_FRAME;
    return sendNew(connection, 0, SegmentFlag.Fin);
  }
  for (;;) {
    if (connection.pushMode <= PushMode.All) {
      const probe = mtuProbeLength(connection, connection.bufferedBytes, room);
      if (probe > 0) return sendMtuProbe(connection, probe);
    }
    if (startChunk(connection)) return sendChunked(connection);
    if (connection.fillBytes === 0) break;
    fillBuffer(connection);
  }
  connection.pushMode = PushMode.Usual;
  return NO_FRAME;
}

function sendMtuProbe(connection: TcpConnection, length: Bytes): FrameId {
  beginChunk(connection, length);
  connection.chunkBytes = 0;
  connection.isChunkPushed = connection.isChunkMarked;
  const frame = sendNew(connection, length, endFlags(false, connection.isChunkMarked));
  if (frame !== NO_FRAME) onMtuProbeSent(connection, length);
  return frame;
}

/** RFC 9293 §3.7.4 (Nagle) and §3.8.6.2.1 (silly window) for less than a full segment. */
function maySendShort(connection: TcpConnection, length: Bytes, unsent: Bytes): boolean {
  if (length < unsent) {
    // The window cuts it: worth it at half of the largest window seen, else the probe timer overrides.
    return 2 * length >= connection.maxSndWnd;
  }
  if (connection.isWriteShut) return true;
  if ((connection.isCorked || connection.hasMore) && !connection.isCorkOver) {
    startCorkTimer(connection);
    return false;
  }
  if (connection.isNoDelay || connection.scoreboard.segments === 0) return true;
  if (connection.config.nagle === 'rfc') return false;
  // Minshall: only a short segment in flight holds the next one back.
  return !connection.hasShort || !seqBefore(connection.sndUna, connection.shortEnd);
}

function startCorkTimer(connection: TcpConnection): void {
  const { context, slot, config } = connection;
  if (config.corkNs === 0 || context.timer(slot, TimerKind.Cork) < NEVER) return;
  context.setTimer(slot, TimerKind.Cork, context.clock.nowNs + config.corkNs);
}
