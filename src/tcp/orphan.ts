/**
 * FIN-WAIT-2 of an orphan in the `linux` profile, which keeps as little of it as of TIME-WAIT: of RFC 9293 §3.10.7.4 only
 * what leads there or away. A FIN without text is what it waits for; text resets (RFC 9293 §3.6.1), and so does a SYN. Cold.
 */
import { seqAdd, seqBefore, seqInWindow } from '../base/seq.ts';
import { TcpFlag } from '../wire/tcp.ts';
import { sendOutOfWindowAck } from './acceptability.ts';
import type { ArrivedSegment } from './arrived-segment.ts';
import type { TcpConnection } from './connection.ts';
import { TcpCounter } from './counters.ts';
import { endConnection, enterTimeWait } from './ending.ts';
import { sendResetFor } from './frame-builder.ts';
import { TcpState } from './state.ts';
import { isOldTimestamp, updateTsRecent } from './timestamps.ts';

/** The application has closed the connection, and the peer has our FIN. */
export function isHalfForgotten({ state, config, isOrphan }: TcpConnection): boolean {
  return state === TcpState.FinWait2 && isOrphan && config.judgesAsLinux;
}

export function arrivesAtOrphan(connection: TcpConnection, segment: ArrivedSegment): void {
  const { rcvNxt, context } = connection;
  const isReset = segment.has(TcpFlag.Rst);
  if ((isOldTimestamp(connection, segment) && !isReset) || !isInWindow(connection, segment)) {
    sendOutOfWindowAck(connection, segment);
    return;
  }
  if (isReset) {
    endConnection(connection);
    return;
  }
  const end = seqAdd(segment.seq, segment.sequenceLength);
  if (segment.has(TcpFlag.Syn) && !seqBefore(segment.seq, rcvNxt)) {
    sendResetFor(context, segment);
    endConnection(connection);
    return;
  }
  if (!segment.has(TcpFlag.Ack) || segment.sequenceLength === 0 || !seqBefore(rcvNxt, end)) return;
  if (!segment.has(TcpFlag.Fin) || end !== seqAdd(rcvNxt, 1)) {
    context.count(TcpCounter.AbortOnData);
    sendResetFor(context, segment);
    endConnection(connection);
    return;
  }
  updateTsRecent(connection, segment);
  connection.isPeerDone = true;
  connection.rcvNxt = end;
  enterTimeWait(connection, true);
}

/** RFC 9293 §3.10.7.4, table 6, with a bare segment at the right edge. */
function isInWindow({ rcvNxt, rcvWnd, rcvAdv }: TcpConnection, segment: ArrivedSegment): boolean {
  const { seq, sequenceLength } = segment;
  if (seq === rcvNxt || seqInWindow(seq, rcvNxt, rcvWnd)) return true;
  if (sequenceLength === 0) return seq === rcvAdv;
  return seqBefore(seq, rcvNxt) && seqBefore(rcvNxt, seqAdd(seq, sequenceLength));
}
