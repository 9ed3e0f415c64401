/**
 * Timestamps and PAWS: RFC 7323 §3 to §5. Each connection's clock runs in ticks from an offset of its own
 * (§7.1), so that one connection's values say nothing of another's. Hot.
 */
import { seqBefore } from '../base/seq.ts';
import type { Bytes } from '../base/units.ts';
import type { ArrivedSegment } from './arrived-segment.ts';
import type { TcpConnection } from './connection.ts';
import { TimeCell } from './connection-times.ts';

/** Of the option in a header, with its padding. */
export const TIMESTAMPS_BYTES: Bytes = 12;
/** RFC 7323 §5.5: an older TS.Recent is no measure of anything. */
const TS_RECENT_AGE_MAX_NS = 24 * 86_400 * 1e9;

/** TSval now, as int32. */
export function timestampNow(connection: TcpConnection): number {
  const { context, config } = connection;
  // Modulo 2^32 by the last operation: `%` on doubles is a call.
  return (Math.floor(context.clock.nowNs / config.timestampTickNs) + connection.tsOffset) | 0;
}

/** Round trip by the echoed timestamp in whole ticks, -1 for none: RFC 7323 §4. An integer crosses a call for nothing. */
export function timestampRttTicks(connection: TcpConnection, tsEcr: number): number {
  const ticks = (timestampNow(connection) - tsEcr) | 0;
  if (ticks < 0) return -1;
  // Within one tick it is at least something.
  return Math.max(ticks, 1);
}

/** True when PAWS says that the segment is from the past: RFC 7323 §5.3 R1. */
export function isOldTimestamp(connection: TcpConnection, segment: ArrivedSegment): boolean {
  if (!connection.hasTimestamps || !segment.hasTimestamps || !connection.hasTsRecent) return false;
  if (((segment.tsVal - connection.tsRecent) | 0) >= 0) return false;
  return connection.context.clock.nowNs - connection.tsRecentNs < TS_RECENT_AGE_MAX_NS;
}

/** RFC 7323 §4.3 (2): the segment that spans Last.ACK.sent gives the value to echo. */
export function updateTsRecent(connection: TcpConnection, segment: ArrivedSegment): void {
  if (seqBefore(connection.lastAckSent, segment.seq)) return;
  if (!connection.hasTimestamps || !segment.hasTimestamps) return;
  const isNewer = !connection.hasTsRecent || ((segment.tsVal - connection.tsRecent) | 0) >= 0;
  const { context } = connection;
  const nowNs = context.clock.nowNs;
  const at = connection.cellsAt + TimeCell.TsRecent;
  const isAged = nowNs - context.cells[at] >= TS_RECENT_AGE_MAX_NS;
  if (!isNewer && !isAged) return;
  connection.tsRecent = segment.tsVal;
  context.cells[at] = nowNs;
  if (!connection.hasTsRecent) connection.hasTsRecent = true;
}
