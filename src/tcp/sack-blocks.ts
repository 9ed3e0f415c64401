/**
 * The SACK blocks of an ACK: what is new in them is marked in the scoreboard (RFC 2018 §5), in order of sequence; the first
 * may report what came twice (RFC 2883 §4 and §5), which may show that retransmissions were needless (RFC 3708 §3) or that
 * segments had overtaken each other (RFC 8985 §6.2 step 3). Hot: no allocation per ACK.
 */
import { type SeqNumber, seqBefore, seqDiff, seqFromWire } from '../base/seq.ts';
import type { FramePool } from '../frame/frame-pool.ts';
import type { ArrivedSegment } from './arrived-segment.ts';
import type { TcpConnection } from './connection.ts';
import { TcpCounter } from './counters.ts';

const SACK_BLOCKS_MAX = 4;

/** The first block may report a duplicate: RFC 2883 §5. Gives the number of the block after it. */
export function takeDsack(connection: TcpConnection, segment: ArrivedSegment): number {
  const { pool } = connection.context;
  const count = Math.min(segment.sackCount(pool), SACK_BLOCKS_MAX);
  if (!isDsack(connection, segment, count)) return 0;
  onDsack(connection, segment);
  return 1;
}

/** RFC 2018 §5: the blocks from `first` on. */
export function processSack(
  connection: TcpConnection,
  segment: ArrivedSegment,
  first: number,
): void {
  const { context, scoreboard } = connection;
  const { pool } = context;
  const count = Math.min(segment.sackCount(pool), SACK_BLOCKS_MAX);
  if (scoreboard.segments === 0) return;
  for (let taken = (1 << first) - 1; taken + 1 < 1 << count; ) {
    const block = lowestBlock(segment, pool, count, taken);
    taken |= 1 << block;
    const left = segment.sackLeft(pool, block);
    const right = segment.sackRight(pool, block);
    // Only what is in flight: RFC 2018 §5 leaves the rest to us, and blocks may be forged.
    if (!seqBefore(left, right) || seqBefore(connection.sndNxt, right)) continue;
    if (!seqBefore(connection.sndUna, right)) continue;
    sackNew(connection, left, right);
  }
  rememberSack(connection, segment, first, count);
}

/** Of the blocks that are not in the set `taken`: in order of sequence, the first and the last have a time that counts. */
function lowestBlock(
  segment: ArrivedSegment,
  pool: FramePool,
  count: number,
  taken: number,
): number {
  let lowest = -1;
  for (let block = 0; block < count; block++) {
    if ((taken & (1 << block)) !== 0) continue;
    const isLower =
      lowest < 0 || seqBefore(segment.sackLeft(pool, block), segment.sackLeft(pool, lowest));
    if (isLower) lowest = block;
  }
  return lowest;
}

/** Marks a block without what the blocks of the last ACK said already. */
function sackNew(connection: TcpConnection, left: SeqNumber, right: SeqNumber): void {
  const { context, scoreboard } = connection;
  const { sackCache } = context;
  const at = scoreboard.index << 3;
  let from = seqBefore(left, connection.sndUna) ? connection.sndUna : left;
  let to = right;
  for (let block = 0; block < SACK_BLOCKS_MAX; block++) {
    const knownLeft = seqFromWire(sackCache[at + 2 * block]);
    const knownRight = seqFromWire(sackCache[at + 2 * block + 1]);
    if (!seqBefore(knownLeft, knownRight)) continue;
    if (!seqBefore(from, knownLeft) && seqBefore(from, knownRight)) from = knownRight;
    if (!seqBefore(knownRight, to) && seqBefore(knownLeft, to)) to = knownLeft;
  }
  if (!seqBefore(from, to)) return;
  context.outcome.blockLeft = left;
  context.outcome.blockRight = right;
  scoreboard.sack(from, to, context.outcome);
}

function rememberSack(
  connection: TcpConnection,
  segment: ArrivedSegment,
  first: number,
  count: number,
): void {
  const { context } = connection;
  const { sackCache, pool } = context;
  const { index } = connection.scoreboard;
  context.clearSackCache(index);
  let at = index << 3;
  for (let block = first; block < count; block++) {
    const right = segment.sackRight(pool, block);
    if (seqBefore(connection.sndNxt, right)) continue;
    sackCache[at++] = segment.sackLeft(pool, block);
    sackCache[at++] = right;
  }
}

/** RFC 2883 §4: below the acknowledgment, or inside the second block. */
function isDsack(connection: TcpConnection, segment: ArrivedSegment, count: number): boolean {
  const { pool } = connection.context;
  if (count === 0) return false;
  const left = segment.sackLeft(pool, 0);
  const right = segment.sackRight(pool, 0);
  if (!seqBefore(left, right)) return false;
  if (seqBefore(left, segment.ack)) return true;
  if (count < 2) return false;
  return (
    !seqBefore(left, segment.sackLeft(pool, 1)) && !seqBefore(segment.sackRight(pool, 1), right)
  );
}

/** RFC 3708 §3: retransmissions were needless, if they were in the recovery that may be undone. */
function onDsack(connection: TcpConnection, segment: ArrivedSegment): void {
  const { context, smss } = connection;
  const { outcome, pool } = context;
  const left = segment.sackLeft(pool, 0);
  const right = segment.sackRight(pool, 0);
  const length = seqDiff(right, left);
  // More than was ever on offer is dubious.
  if (length > connection.maxSndWnd) return;
  context.count(TcpCounter.DsackRecv);
  const copies = Math.ceil(length / smss);
  connection.dsackDups += copies;
  // What was sent once and arrived twice says nothing about our retransmissions.
  if (connection.dsackDups > connection.totalRetransmits) return;
  outcome.dsacks += copies;
  outcome.deliveredSegments += copies;
  outcome.deliveredBytes += length;
  outcome.hasProbeDsack = connection.isTlpOut && length <= smss && right === connection.tlpEnd;
  // Only where reordering may have caused it; a probe's timer says nothing.
  if (connection.isReorderingSeen && !outcome.hasProbeDsack) connection.isRackDsackDue = true;
  // Of what is forgotten the bytes are counted, else the segments.
  const needless = seqBefore(connection.sndUna, right)
    ? findDuplicates(connection, segment, left, right)
    : copies;
  if (!connection.hasUndo || connection.undoRetransmits <= 0) return;
  if (!seqBefore(connection.undoUna, right)) return;
  connection.undoRetransmits = Math.max(0, connection.undoRetransmits - needless);
}

/** Segments of the block that were sent again, if it lies whole on one side of SEG.ACK, and not beyond what was sent. */
function findDuplicates(
  connection: TcpConnection,
  segment: ArrivedSegment,
  left: SeqNumber,
  right: SeqNumber,
): number {
  const { sndUna, scoreboard, context } = connection;
  const una = seqBefore(sndUna, segment.ack) ? segment.ack : sndUna;
  if (!seqBefore(una, left) && seqBefore(una, right)) return 0;
  if (seqBefore(connection.sndNxt, right)) return 0;
  return scoreboard.duplicate(left, right, context.outcome);
}
