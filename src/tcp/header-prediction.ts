/**
 * Header prediction: RFC 7323 §5.6, after Jacobson 1990, "4BSD Header Prediction". Nearly every segment of a
 * transfer is the next one of a stream that only goes one way, or an acknowledgment of what was sent. The first
 * five steps of RFC 9293 §3.10.7.4 have nothing to say about these, or only the fifth has; whatever they would look
 * at is looked at here, in one place. Everything else goes through the steps. Hot: no allocation per segment.
 */
import { seqBefore, seqDiff } from '../base/seq.ts';
import { TcpFlag } from '../wire/tcp.ts';
import type { ArrivedSegment } from './arrived-segment.ts';
import { RetransmitMode, type TcpConnection } from './connection.ts';
import { TcpState } from './state.ts';

/** ACK, perhaps with PSH, next in sequence, and not old by its timestamp (H1, H2). */
export function isNextSegment(connection: TcpConnection, segment: ArrivedSegment): boolean {
  if (connection.state !== TcpState.Established || segment.seq !== connection.rcvNxt) return false;
  if ((segment.flags & ~TcpFlag.Psh) !== TcpFlag.Ack) return false;
  if (!connection.hasTimestamps) return true;
  if (!segment.hasTimestamps || !connection.hasTsRecent) return false;
  return ((segment.tsVal - connection.tsRecent) | 0) >= 0;
}

/** The segment has text, for a connection that has sent all it had, that lies in the window, and acknowledges nothing new. */
export function isPlainText(connection: TcpConnection, segment: ArrivedSegment): boolean {
  return (
    segment.ack === connection.sndUna &&
    segment.length <= seqDiff(connection.rcvAdv, connection.rcvNxt) &&
    connection.scoreboard.segments === 0 &&
    connection.sendQueue.byteLength === 0 &&
    connection.retransmitMode === RetransmitMode.None &&
    connection.probes === 0 &&
    !segment.hasSack &&
    !connection.hasPeerFin &&
    !connection.isOrphan &&
    !connection.isWriteShut
  );
}

/** The segment has no text, and is an acknowledgment of something that was sent. */
export function isPlainAck(connection: TcpConnection, segment: ArrivedSegment): boolean {
  return (
    seqBefore(connection.sndUna, segment.ack) &&
    !seqBefore(connection.sndNxt, segment.ack) &&
    !connection.hasPeerFin
  );
}
