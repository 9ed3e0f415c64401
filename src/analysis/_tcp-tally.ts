/**
 * What one TCP segment says about its flow: handshake times, retransmissions, order, zero windows. Counted at the
 * capture point, with no more memory than the ranges passed over (analysis/_gap-lists).
 *
 * A segment below the highest sequence number seen is a retransmission when its bytes were seen before. When they
 * fill a gap they were lost, or only delayed, ahead of the capture point: a retransmission cannot follow the
 * gap sooner than one round trip, so a filling within the handshake's RTT (3 ms when that is unknown, tshark's
 * figure) counts as out of order. It does not see losses behind the capture point, and windows are not scaled.
 * Hot: no allocation per packet.
 */
import { seqAdd, seqDiff, seqFromWire } from '../base/seq.ts';
import { Cell } from '../wire/packet-columns.ts';
import { TcpFlag } from '../wire/tcp.ts';
import { NO_LIST } from './_gap-lists.ts';
import {
  FLOW_DOUBLES,
  FLOW_WORDS,
  FlowBit,
  FlowDouble,
  FlowWord,
  SIDE_DOUBLES,
  SIDE_WORDS,
  SideDouble,
  SideWord,
} from './flow-record.ts';
import type { FlowTable } from './flow-table.ts';

const REORDERING_MAX_NS = 3e6;

/** Counts the segment in `row` of PacketColumns.cells; `located` is flow << 1 | side of its sender. */
export function tallyTcp(table: FlowTable, cells: Int32Array, row: number, located: number): void {
  const words = table.words;
  const at = (located >> 1) * FLOW_WORDS;
  const side = located & 1;
  const own = at + FlowWord.Sides + side * SIDE_WORDS;
  const flags = cells[Cell.TcpFlags + row];
  const bits = words[at + FlowWord.Bits];
  words[own + SideWord.Flags] |= flags;
  // The sequence number of a reset is often another than the stream's.
  if ((flags & TcpFlag.Rst) !== 0) return;
  const isSyn = (flags & TcpFlag.Syn) !== 0;
  if (isSyn) {
    onSyn(table, cells, row, located);
  } else {
    if (cells[Cell.Window + row] === 0) words[own + SideWord.ZeroWindows]++;
    const synAck = FlowBit.SynAck1 >> side;
    const isAwaited = (bits & (synAck | FlowBit.HasClientRtt)) === synAck;
    if (isAwaited && (flags & TcpFlag.Ack) !== 0) onHandshakeAck(table, located);
  }
  const length = cells[Cell.PayloadLength + row] + (flags & TcpFlag.Fin) + (isSyn ? 1 : 0);
  const isKnown = (bits & (FlowBit.HasSequence0 << side)) !== 0;
  if (!isKnown || (isSyn && words[own + SideWord.InitialSequence] !== cells[Cell.Sequence + row])) {
    beginSequence(table, cells, row, located, length);
  } else if (length > 0) {
    onSequence(table, cells, row, located, length);
  }
}

/** The first segment of a side, or a SYN-ACK that contradicts what was seen before it. */
function beginSequence(
  table: FlowTable,
  cells: Int32Array,
  row: number,
  located: number,
  length: number,
): void {
  const words = table.words;
  const at = (located >> 1) * FLOW_WORDS;
  const own = at + FlowWord.Sides + (located & 1) * SIDE_WORDS;
  const sequence = seqFromWire(cells[Cell.Sequence + row]);
  const isSyn = (cells[Cell.TcpFlags + row] & TcpFlag.Syn) !== 0;
  words[at + FlowWord.Bits] |= FlowBit.HasSequence0 << (located & 1);
  words[own + SideWord.InitialSequence] = isSyn ? sequence : seqAdd(sequence, -1);
  words[own + SideWord.NextSequence] = seqAdd(sequence, length);
  words[own + SideWord.Gaps] = table.gaps.release(words[own + SideWord.Gaps]);
}

/** Options, and the two halves of the handshake's round trip as far as this point sees them. */
function onSyn(table: FlowTable, cells: Int32Array, row: number, located: number): void {
  const words = table.words;
  const doubles = table.doubles;
  const flow = located >> 1;
  const side = located & 1;
  const at = flow * FLOW_WORDS;
  const own = at + FlowWord.Sides + side * SIDE_WORDS;
  const times = flow * FLOW_DOUBLES;
  words[own + SideWord.Mss] = cells[Cell.Mss + row];
  words[own + SideWord.WindowScale] = cells[Cell.WindowScale + row];
  const bits = words[at + FlowWord.Bits];
  const isOver = (bits & FlowBit.HasClientRtt) !== 0;
  if ((cells[Cell.TcpFlags + row] & TcpFlag.Ack) === 0) {
    words[at + FlowWord.Bits] |= FlowBit.Syn0 << side;
    if (isOver) return;
    words[at + FlowWord.Bits] |= FlowBit.AwaitsSynAck;
    doubles[times + FlowDouble.SynNs] = table.timeNs[0];
    return;
  }
  words[at + FlowWord.Bits] |= FlowBit.SynAck0 << side;
  if (isOver) return;
  doubles[times + FlowDouble.SynAckNs] = table.timeNs[0];
  const question = (FlowBit.Syn1 >> side) | FlowBit.AwaitsSynAck;
  if ((bits & question) !== question) return;
  words[at + FlowWord.Bits] |= FlowBit.HasServerRtt;
  words[at + FlowWord.Bits] &= ~FlowBit.AwaitsSynAck;
  doubles[times + FlowDouble.ServerRttNs] = table.timeNs[0] - doubles[times + FlowDouble.SynNs];
}

function onHandshakeAck(table: FlowTable, located: number): void {
  const doubles = table.doubles;
  const flow = located >> 1;
  const times = flow * FLOW_DOUBLES;
  table.words[flow * FLOW_WORDS + FlowWord.Bits] |= FlowBit.HasClientRtt;
  doubles[times + FlowDouble.ClientRttNs] = table.timeNs[0] - doubles[times + FlowDouble.SynAckNs];
}

/** A segment that takes `length` > 0 sequence numbers. */
function onSequence(
  table: FlowTable,
  cells: Int32Array,
  row: number,
  located: number,
  length: number,
): void {
  const words = table.words;
  const own = (located >> 1) * FLOW_WORDS + FlowWord.Sides + (located & 1) * SIDE_WORDS;
  const sequence = seqFromWire(cells[Cell.Sequence + row]);
  const next = seqFromWire(words[own + SideWord.NextSequence]);
  const ahead = seqDiff(sequence, next);
  if (ahead < 0) {
    onOldSequence(table, cells, row, located, length);
    return;
  }
  if (ahead > 0) {
    table.gaps.stamp[0] = table.timeNs[0];
    words[own + SideWord.Gaps] = table.gaps.open(words[own + SideWord.Gaps], next, sequence);
  }
  words[own + SideWord.NextSequence] = seqAdd(sequence, length);
}

/** A segment that starts below the highest sequence number seen. */
function onOldSequence(
  table: FlowTable,
  cells: Int32Array,
  row: number,
  located: number,
  length: number,
): void {
  const words = table.words;
  const flow = located >> 1;
  const side = located & 1;
  const own = flow * FLOW_WORDS + FlowWord.Sides + side * SIDE_WORDS;
  const sequence = seqFromWire(cells[Cell.Sequence + row]);
  // Negated, not asked the other way round: at a distance of 2^31 both differences are -2^31.
  const old = -seqDiff(sequence, seqFromWire(words[own + SideWord.NextSequence]));
  // RFC 9293 §3.8.4: a keep-alive repeats the last sequence number with one byte or none.
  if (old === 1 && length === 1 && cells[Cell.TcpFlags + row] === TcpFlag.Ack) return;
  if (length > old) words[own + SideWord.NextSequence] = seqAdd(sequence, length);
  const list = words[own + SideWord.Gaps];
  const filled =
    list === NO_LIST ? 0 : table.gaps.fill(list, sequence, seqAdd(sequence, Math.min(length, old)));
  if (filled > 0) {
    words[own + SideWord.Gaps] = table.gaps.releaseIfEmpty(list);
    if (isWithinRoundTrip(table, flow)) {
      words[own + SideWord.OutOfOrder]++;
      return;
    }
  }
  words[own + SideWord.Retransmits]++;
  const payload = cells[Cell.PayloadLength + row];
  table.doubles[
    flow * FLOW_DOUBLES + FlowDouble.Sides + side * SIDE_DOUBLES + SideDouble.RetransmittedBytes
  ] += Math.min(payload, old);
}

/** True when less than a round trip has gone since the time in the gap's stamp. */
function isWithinRoundTrip(table: FlowTable, flow: number): boolean {
  const doubles = table.doubles;
  const times = flow * FLOW_DOUBLES;
  const both = FlowBit.HasServerRtt | FlowBit.HasClientRtt;
  const hasRtt = (table.words[flow * FLOW_WORDS + FlowWord.Bits] & both) === both;
  const sinceNs = table.timeNs[0] - table.gaps.stamp[0];
  if (!hasRtt) return sinceNs < REORDERING_MAX_NS;
  return (
    sinceNs < doubles[times + FlowDouble.ServerRttNs] + doubles[times + FlowDouble.ClientRttNs]
  );
}
