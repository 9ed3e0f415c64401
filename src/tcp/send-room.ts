/**
 * Room in the send buffer. In the `linux` profile a buffer counts what segments cost in memory: those that have been
 * SACKed or lost are held one by one, each with an overhead near its own length, so that a hole which stays open
 * fills the buffer and the sender runs out of data. Hot.
 */
import type { Bytes } from '../base/units.ts';
import type { TcpConnection } from './connection.ts';

/** Negative when the buffer is overfull. */
export function sendRoom({ config, scoreboard, sendQueue, sndBufferBytes }: TcpConnection): Bytes {
  const single = scoreboard.sackedSegments + scoreboard.lostSegments;
  return sndBufferBytes - sendQueue.byteLength - single * config.sendOverheadBytes;
}
