/**
 * Data of a Fast Open SYN on the client's side: RFC 7413 §4.2.1 and §4.2.2. It goes out once, with the first SYN;
 * what of it the SYN-ACK does not acknowledge counts as lost for another reason than congestion and is sent again
 * at once, cut to the segment size that is known by then. Cold.
 */
import { seqAdd, seqBefore, seqDiff } from '../base/seq.ts';
import type { Bytes } from '../base/units.ts';
import { NO_PAYLOAD } from '../frame/frame-record.ts';
import { TCP_OPTIONS_BYTES_MAX } from '../wire/tcp-options.ts';
import { CongestionState, type TcpConnection } from './connection.ts';
import { TcpCounter } from './counters.ts';
import { pathMss } from './path-mtu.ts';
import { SegmentFlag } from './segment-table.ts';
import { advanceCursor } from './send-cursor.ts';

/** How much fits a SYN: the options of any SYN take their room (RFC 7413 §4.2.1). 0 when none may go along. */
export function synDataRoom(connection: TcpConnection): Bytes {
  if (!connection.maySendSynData || connection.synRetransmits > 0) return 0;
  let mss = Math.min(connection.peerMss, pathMss(connection));
  if (connection.mssClamp > 0) mss = Math.min(mss, connection.mssClamp);
  return Math.max(0, mss - TCP_OPTIONS_BYTES_MAX);
}

/** Bytes of the queue that go with the SYN about to be sent. */
export function takeSynData(connection: TcpConnection): Bytes {
  const length = Math.min(connection.sendQueue.byteLength, synDataRoom(connection));
  if (length === 0) return 0;
  connection.synDataBytes = length;
  connection.isFastOpen = true;
  connection.sndNxt = seqAdd(connection.iss, 1 + length);
  advanceCursor(connection, length);
  return length;
}

/** SYN data is put together in one piece: it is sent once, and again as ordinary data. */
export function synPayload(connection: TcpConnection, length: Bytes): number {
  const { pieces, payloadWriter } = connection.context;
  const { head, headSkip } = connection.sendQueue;
  if (pieces.isZeros(head, headSkip, length)) return NO_PAYLOAD;
  const place = payloadWriter.reserve(length);
  if (place !== NO_PAYLOAD) pieces.copyOut(head, headSkip, pieces.arena.bytes, place, length);
  return place;
}

/** The SYN is acknowledged up to SND.UNA, the controller is there: what is missing of its data is lost. */
export function settleSynData(connection: TcpConnection): void {
  const { context, synDataBytes, sndUna } = connection;
  if (synDataBytes === 0) return;
  const end = seqAdd(connection.iss, 1 + synDataBytes);
  if (!seqBefore(sndUna, end)) {
    connection.isSynDataTaken = true;
    return;
  }
  context.count(TcpCounter.FastOpenActiveFail);
  const length = seqDiff(end, sndUna);
  connection.scoreboard = context.takeScoreboard();
  const { scoreboard } = connection;
  const { head, headSkip } = connection.sendQueue;
  const row = scoreboard.append(sndUna, length, SegmentFlag.Push, head, headSkip);
  context.ownRate(connection).stampSent(context.segments, row, length, length);
  scoreboard.markLost(row, 0);
  connection.highSeq = end;
  connection.hasUndo = false;
  connection.congestionState = CongestionState.Loss;
}
