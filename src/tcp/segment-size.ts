/**
 * The peer's segment size, as the receiver guesses it: RFC 9293 §3.8.6.3 and RFC 5681 §4.2 count full segments, and nothing
 * says which are. The largest that came; in the `linux` profile also a shorter one that came twice running, unless its
 * sender may just have had no more. In that profile a new size also says how much of the memory is text, which is the
 * part of the receive buffer that is offered. Hot: no allocation per segment.
 */
import type { Bytes } from '../base/units.ts';
import { TcpFlag } from '../wire/tcp.ts';
import type { ArrivedSegment } from './arrived-segment.ts';
import type { TcpConnection } from './connection.ts';
import { AckNote } from './connection-flags.ts';
import { setReceiveShare, textMss } from './receive-window.ts';

/** Shares are kept in this many parts. */
const SHARE_PARTS = 256;
/** Everybody's segments may have so much, and no full one has less than the second. */
const SIZE_COMMON: Bytes = 536;
const SIZE_MIN: Bytes = 88;
const ENDS = TcpFlag.Fin | TcpFlag.Psh | TcpFlag.Urg;

/** A segment in order has come with `length` bytes of text, of which some may have been here already. */
export function learnSegmentSize(
  connection: TcpConnection,
  segment: ArrivedSegment,
  length: Bytes,
): void {
  const size = segment.mergedBytes > 0 ? segment.mergedBytes : length;
  const shorter = connection.rcvShorterSegment;
  if (shorter > 0) connection.rcvShorterSegment = 0;
  if (size >= connection.rcvMss) {
    if (size > connection.rcvMss) learnLargerSize(connection, size, length);
    if ((segment.flags & TcpFlag.Psh) !== 0) connection.ackNotes |= AckNote.TextPushed;
    return;
  }
  if (connection.config.growsReceiveWindow && mayBeFull(segment, length)) {
    connection.rcvShorterSegment = length;
    if (length === shorter) {
      connection.rcvMss = length;
      return;
    }
  }
  // A short segment ends what its sender had, and so does PSH.
  const wasPushed = (connection.ackNotes & AckNote.TextPushed) !== 0;
  connection.ackNotes |= AckNote.TextPushed | (wasPushed ? AckNote.TextPushedTwice : 0);
}

function mayBeFull(segment: ArrivedSegment, length: Bytes): boolean {
  return length >= SIZE_COMMON || (length >= SIZE_MIN && (segment.flags & ENDS) === 0);
}

function learnLargerSize(connection: TcpConnection, size: Bytes, length: Bytes): void {
  connection.rcvMss = Math.min(size, textMss(connection));
  if (!connection.config.growsReceiveWindow) return;
  const { receiveMemory, config } = connection;
  if (receiveMemory === undefined) {
    setReceiveShare(connection, config.receiveWindowShare);
    return;
  }
  const parts = Math.floor((length * SHARE_PARTS) / receiveMemory.packetBytes);
  setReceiveShare(connection, Math.max(1, parts) / SHARE_PARTS);
}
