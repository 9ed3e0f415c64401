/**
 * Room in the send buffer. In the `linux` profile a buffer counts what data costs in memory: each chunk that has left,
 * and each lost segment, which is cut out of its chunk, has an overhead; what is SACKed is joined. So a hole which stays
 * open fills the buffer and the sender runs out of data. Hot.
 */
import type { Bytes } from '../base/units.ts';
import type { TcpConnection } from './connection.ts';

/** Negative when the buffer is overfull. */
export function sendRoom({ config, scoreboard, sendQueue, sndBufferBytes }: TcpConnection): Bytes {
  const parts = scoreboard.chunks + scoreboard.lostSegments;
  return sndBufferBytes - sendQueue.byteLength - parts * config.sendOverheadBytes;
}
