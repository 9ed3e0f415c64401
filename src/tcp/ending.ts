/**
 * How a connection ends: in order, by a reset of either side, or for want of answers. RFC 9293 §3.6, §3.10.5,
 * §3.10.8. Whatever the way, queues and rows are given back at once.
 */
import { seqDiff } from '../base/seq.ts';
import {
  FRAME_SHIFT,
  type FrameId,
  FrameWord,
  NO_FRAME,
  NO_PAYLOAD,
} from '../frame/frame-record.ts';
import { TcpFlag } from '../wire/tcp.ts';
import { ACE_FLAGS } from './accurate-ecn.ts';
import { NO_PIECE } from './byte-queue.ts';
import type { TcpConnection } from './connection.ts';
import { CONNECTION_CELLS, FIRST_RTT_CELL } from './connection-times.ts';
import { TcpCounter } from './counters.ts';
import type { TcpError } from './errors.ts';
import { TransportEvent } from './events.ts';
import { endFastOpenHandshake } from './fast-open.ts';
import { buildSegment } from './frame-builder.ts';
import { isSynchronized, TcpState } from './state.ts';
import { clearBuffers } from './write-queue.ts';

/** Fractions, so that V8 keeps the array and its copies as doubles without boxes. */
const NO_TIMES: readonly number[] = Array.from({ length: CONNECTION_CELLS }, () => 0.5);

/** The connection is over by failure: the peer's reset, a timeout, ICMP. */
export function failConnection(connection: TcpConnection, error: TcpError): void {
  const { context, state } = connection;
  if (state === TcpState.SynSent || state === TcpState.SynReceived) {
    context.count(TcpCounter.AttemptFails);
  } else {
    context.count(TcpCounter.EstabResets);
  }
  connection.error = error;
  finish(connection, TransportEvent.Reset);
}

/** The last FIN is acknowledged, or nobody waits any more. */
export function endConnection(connection: TcpConnection): void {
  finish(connection, TransportEvent.Closed);
}

/** RFC 9293 §3.10.5 ABORT: a reset to the peer, unless it would not know what for. */
export function resetConnection(connection: TcpConnection, error: TcpError): void {
  sendReset(connection);
  failConnection(connection, error);
}

/** <SEQ=SND.NXT><ACK=RCV.NXT><CTL=RST,ACK>, if the peer has a connection. */
export function sendReset(connection: TcpConnection): void {
  const { context, state } = connection;
  if (!isSynchronized(state) && state !== TcpState.SynReceived) return;
  const frame = buildSegment(
    connection,
    connection.sndNxt,
    TcpFlag.Rst | TcpFlag.Ack,
    0,
    NO_PAYLOAD,
  );
  if (frame === NO_FRAME) return;
  context.count(TcpCounter.OutRsts);
  context.pushControl(frame);
}

/** FIN-WAIT-2 or CLOSING is over: the row in the table of TIME-WAIT takes over. A FIN just came: it is answered. */
export function enterTimeWait(connection: TcpConnection, answersFin: boolean): void {
  const { context } = connection;
  if (answersFin) {
    const frame = buildSegment(connection, connection.sndNxt, TcpFlag.Ack, 0, NO_PAYLOAD);
    if (frame !== NO_FRAME) {
      if (connection.hasAccEcn && connection.isOrphan) forgetFeedback(connection, frame);
      context.pushControl(frame);
    }
  }
  connection.setState(TcpState.TimeWait);
  context.count(TcpCounter.TimeWaits);
  context.owner.onTimeWait(connection);
  finish(connection, TransportEvent.Closed);
}

/** FIN-WAIT-2 of an orphan is as short of memory as TIME-WAIT: TcpConfig.keepsOrphanFeedback. */
function forgetFeedback(connection: TcpConnection, frame: FrameId): void {
  if (connection.config.keepsOrphanFeedback) return;
  const { words } = connection.context.pool;
  words[(frame << FRAME_SHIFT) + FrameWord.FlagsWindow] &= ~(ACE_FLAGS << 16);
}

function finish(connection: TcpConnection, event: TransportEvent): void {
  const { context } = connection;
  connection.setState(TcpState.Closed);
  connection.sendQueue.clear();
  clearBuffers(connection);
  connection.sendQueue = context.returnQueue(connection.sendQueue);
  context.returnScoreboard(connection);
  connection.reassembly?.clear();
  endFastOpenHandshake(connection);
  // What has arrived in order can still be read, after a failure too, before its error is told.
  if (connection.isOrphan) dropReceived(connection);
  connection.sendPiece = NO_PIECE;
  connection.isAckDue = false;
  connection.isAckDelayed = false;
  connection.isSynDue = false;
  context.stopTimers(connection.slot);
  context.raise(connection, event);
  const { cellsAt } = connection;
  // Not a typed array: one takes twice as much. A copy has the room it needs and no more.
  const kept = NO_TIMES.slice();
  for (let cell = 0; cell < kept.length; cell++) kept[cell] = context.cells[cellsAt + cell];
  connection.closedTimes = kept;
  connection.rtt.moveTo({ cells: kept }, FIRST_RTT_CELL);
  context.owner.onClosed(connection);
}

/** Nobody will read what has arrived. */
export function dropReceived(connection: TcpConnection): void {
  connection.unreadZeros = 0;
  connection.receiveMemory = undefined;
  connection.receiveQueue.clear();
  connection.receiveQueue = connection.context.returnQueue(connection.receiveQueue);
}

/** SND.NXT - SND.UNA is 0: all that was sent, the FIN too, has arrived. */
export function isAllAcknowledged(connection: TcpConnection): boolean {
  return connection.isFinSent && seqDiff(connection.sndNxt, connection.sndUna) === 0;
}
