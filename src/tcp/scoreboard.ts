/**
 * What one connection has sent and does not know to have arrived: RFC 6675 §3 in rows of tcp/segment-table.
 * Each segment is sent, perhaps SACKed, perhaps lost, perhaps sent again; the counts of each kind, in
 * segments and in bytes, give what is in flight (RFC 6675 "pipe").
 *
 * All work is amortised O(1) a segment at any window: a SACK block costs what is new in it, since the blocks
 * of the last ACK are remembered and the search goes on from where the last one ended. Without SACK,
 * duplicate ACKs stand for segments that have left the network (RFC 6582). Hot: no allocation per segment.
 * It does not decide what is lost: tcp/rack and tcp/recovery do.
 */
import { assert } from '../base/assert.ts';
import { type SeqNumber, seqAdd, seqBefore, seqDiff, seqFromWire } from '../base/seq.ts';
import type { Bytes } from '../base/units.ts';
import type { AckOutcome } from './ack-outcome.ts';
import type { PiecePool } from './byte-queue.ts';
import { movePiece } from './cut-segment.ts';
import {
  NO_ROW,
  ROW_SHIFT,
  SegmentFlag,
  type SegmentTable,
  SegmentWord,
  TimeList,
} from './segment-table.ts';

/** Of a segment that was sent once and that nothing is known of. */
const PLAIN_FLAGS = SegmentFlag.Fin | SegmentFlag.Push | SegmentFlag.ChunkEnd;

export class Scoreboard {
  head = NO_ROW;
  tail = NO_ROW;
  /** In flight, in order of their last transmission. */
  readonly flight = new TimeList();
  /** Lost and not sent again, in order of sequence. */
  readonly lost = new TimeList();
  /** Lost by RACK, and after an undo not lost any more. */
  readonly forgiven = new TimeList();
  segments = 0;
  sackedSegments = 0;
  lostSegments = 0;
  retransmittedSegments = 0;
  /** Chunks that have left and whose end is not SACKed: tcp/send-chunk. */
  chunks = 0;
  bytes: Bytes = 0;
  sackedBytes: Bytes = 0;
  lostBytes: Bytes = 0;
  retransmittedBytes: Bytes = 0;
  /** The SACKed segment with the highest sequence number. */
  highestSacked = NO_ROW;
  /** Where the last SACK block ended. */
  #hint = NO_ROW;
  /** Names its row of remembered SACK blocks. */
  readonly index: number;
  readonly #table: SegmentTable;

  constructor(table: SegmentTable, index: number) {
    this.index = index;
    this.#table = table;
  }

  get inFlightSegments(): number {
    return this.segments - this.sackedSegments - this.lostSegments + this.retransmittedSegments;
  }

  get inFlightBytes(): Bytes {
    return this.bytes - this.sackedBytes - this.lostBytes + this.retransmittedBytes;
  }

  /** Appends a segment sent now for the first time. */
  append(seq: SeqNumber, length: Bytes, flags: number, piece: number, skip: Bytes): number {
    const table = this.#table;
    const row = table.allocate();
    const words = table.words;
    const at = row << ROW_SHIFT;
    words[at + SegmentWord.Seq] = seq;
    words[at + SegmentWord.Length] = length;
    words[at + SegmentWord.Flags] = flags;
    words[at + SegmentWord.Transmissions] = 1;
    words[at + SegmentWord.Piece] = piece;
    words[at + SegmentWord.PieceSkip] = skip;
    words[at + SegmentWord.Previous] = this.tail;
    words[at + SegmentWord.Next] = NO_ROW;
    if (this.tail === NO_ROW) this.head = row;
    else words[(this.tail << ROW_SHIFT) + SegmentWord.Next] = row;
    this.tail = row;
    this.flight.append(words, row);
    this.segments++;
    if ((flags & SegmentFlag.ChunkEnd) !== 0) this.chunks++;
    this.bytes += length + (flags & SegmentFlag.Fin);
    return row;
  }

  /** A chunk of retransmissions ends here. */
  markChunkEnd(row: number): void {
    const at = (row << ROW_SHIFT) + SegmentWord.Flags;
    const { words } = this.#table;
    if ((words[at] & SegmentFlag.ChunkEnd) === 0) this.chunks++;
    words[at] |= SegmentFlag.ChunkEnd;
  }

  /** Where a segment that is not SACKed is linked by its Time words. */
  listOf(flags: number): TimeList {
    const isWaiting = (flags & (SegmentFlag.Lost | SegmentFlag.Retransmitted)) === SegmentFlag.Lost;
    if (isWaiting) return this.lost;
    return (flags & SegmentFlag.RackLost) !== 0 ? this.forgiven : this.flight;
  }

  /** The segment is sent once more. A probe for one that is not lost changes nothing in what is in flight. */
  markRetransmitted(row: number): void {
    const words = this.#table.words;
    const at = row << ROW_SHIFT;
    const flags = words[at + SegmentWord.Flags];
    this.listOf(flags).remove(words, row);
    this.flight.append(words, row);
    words[at + SegmentWord.Transmissions]++;
    words[at + SegmentWord.Flags] = (flags | SegmentFlag.EverRetransmitted) & ~SegmentFlag.RackLost;
    if ((flags & SegmentFlag.Lost) === 0) return;
    words[at + SegmentWord.Flags] |= SegmentFlag.Retransmitted;
    if ((flags & SegmentFlag.Retransmitted) !== 0) return;
    this.retransmittedSegments++;
    this.retransmittedBytes += this.#table.sequenceLength(row);
  }

  /**
   * Its last transmission is lost; of a retransmission of what was not, the first. `byRack`: RackLost, or nothing.
   */
  markLost(row: number, byRack: number): void {
    const words = this.#table.words;
    const at = row << ROW_SHIFT;
    const flags = words[at + SegmentWord.Flags];
    assert((flags & SegmentFlag.Sacked) === 0, 'a SACKed segment is marked lost');
    const length = this.#table.sequenceLength(row);
    const isRetransmitted = (flags & SegmentFlag.Retransmitted) !== 0;
    let now = flags | SegmentFlag.Lost | byRack;
    if ((flags & SegmentFlag.Lost) === 0) {
      this.lostSegments++;
      this.lostBytes += length;
    } else {
      if (!isRetransmitted) return;
      this.retransmittedSegments--;
      this.retransmittedBytes -= length;
      now &= ~SegmentFlag.Retransmitted;
    }
    words[at + SegmentWord.Flags] = now;
    const list = this.listOf(now);
    if (list === this.listOf(flags)) return;
    this.listOf(flags).remove(words, row);
    if (list === this.lost) this.#insertLost(row);
    else list.append(words, row);
  }

  /** Nearly always the last or the first. */
  #insertLost(row: number): void {
    const table = this.#table;
    const words = table.words;
    const seq = table.seq(row);
    const { head } = this.lost;
    let previous = this.lost.tail;
    if (head !== NO_ROW && seqBefore(seq, table.seq(head))) previous = NO_ROW;
    while (previous !== NO_ROW && seqBefore(seq, table.seq(previous))) {
      previous = words[(previous << ROW_SHIFT) + SegmentWord.TimePrevious];
    }
    this.lost.insertAfter(words, previous, row);
  }

  /** Every segment that is not SACKed and was not sent after all is in flight again: an undone recovery. */
  unmarkLost(): void {
    const table = this.#table;
    const words = table.words;
    let previous = NO_ROW;
    for (let row = this.lost.head; row !== NO_ROW; row = this.lost.head) {
      this.lost.remove(words, row);
      const at = (row << ROW_SHIFT) + SegmentWord.Flags;
      words[at] &= ~SegmentFlag.Lost;
      if ((words[at] & SegmentFlag.RackLost) !== 0) this.forgiven.append(words, row);
      else {
        previous = this.#placeInFlight(row, previous);
        this.flight.insertAfter(words, previous, row);
        previous = row;
      }
      this.lostSegments--;
      this.lostBytes -= table.sequenceLength(row);
    }
    // Those that were sent again stay in flight once.
    for (let row = this.head; this.lostSegments > 0 && row !== NO_ROW; row = table.next(row)) {
      const at = row << ROW_SHIFT;
      if ((words[at + SegmentWord.Flags] & SegmentFlag.Lost) === 0) continue;
      words[at + SegmentWord.Flags] &= ~SegmentFlag.Lost;
      this.lostSegments--;
      this.lostBytes -= table.sequenceLength(row);
    }
  }

  /** Behind which one a segment belongs by its time; `previous` was the answer for one before it in sequence. */
  #placeInFlight(row: number, previous: number): number {
    const table = this.#table;
    const sentNs = table.sentNs(row);
    let place = previous !== NO_ROW && table.sentNs(previous) <= sentNs ? previous : NO_ROW;
    let next = place === NO_ROW ? this.flight.head : table.timeNext(place);
    while (next !== NO_ROW && table.sentNs(next) <= sentNs) {
      const isLater = table.sentNs(next) === sentNs && seqBefore(table.seq(row), table.seq(next));
      if (isLater) break;
      place = next;
      next = table.timeNext(next);
    }
    return place;
  }

  /** The peer forgot what it had SACKed, or may have: RFC 2018 §8. */
  forgetSacks(): void {
    const table = this.#table;
    const words = table.words;
    for (let row = this.head; row !== NO_ROW; row = table.next(row)) {
      const at = row << ROW_SHIFT;
      if ((words[at + SegmentWord.Flags] & SegmentFlag.Sacked) === 0) continue;
      if ((words[at + SegmentWord.Flags] & SegmentFlag.ChunkEnd) !== 0) this.chunks++;
      words[at + SegmentWord.Flags] &= ~SegmentFlag.Sacked;
      this.flight.insertAfter(words, NO_ROW, row);
    }
    this.sackedSegments = 0;
    this.sackedBytes = 0;
    this.highestSacked = NO_ROW;
    this.#hint = NO_ROW;
  }

  /** A duplicate ACK without SACK says that one segment has left the network; or `count` have not, after all. */
  emulateSacked(count: number, smss: Bytes): void {
    // One at least is missing, or the duplicates would not come.
    const room = Math.max(0, this.segments - Math.max(this.lostSegments, 1));
    this.sackedSegments = Math.max(0, Math.min(this.sackedSegments + count, room));
    this.sackedBytes = Math.min(this.sackedSegments * smss, this.bytes - this.lostBytes);
  }

  /**
   * Removes what `una` acknowledges and tells `outcome` about each segment. A segment acknowledged in part
   * loses its first bytes and counts when the rest has come; `pieces` hold them.
   */
  acknowledge(una: SeqNumber, outcome: AckOutcome, pieces: PiecePool): void {
    const table = this.#table;
    const { head, segments, bytes } = this;
    if (outcome.expectsOrder && head !== NO_ROW) {
      const last = this.takeWhole(una);
      const count = segments - this.segments;
      if (count > 0) outcome.onOrderly(table, head, last, count, bytes - this.bytes);
    }
    for (let row = this.head; row !== NO_ROW; row = this.head) {
      if (seqBefore(una, table.end(row))) {
        const part = seqDiff(una, table.seq(row));
        if (part > 0) this.#trimHead(row, part, outcome, pieces);
        break;
      }
      outcome.onAcknowledged(table, row);
      this.#removeHead(row);
    }
  }

  /**
   * Takes off the segments below `una`, as acknowledge does, where it ends one and each was sent once and in order, and
   * nothing is known of them. Gives the last one, whose columns are still to be read; NO_ROW, and changes nothing, where
   * it is not so.
   */
  takeWhole(una: SeqNumber): number {
    const table = this.#table;
    const { words } = table;
    const { flight, head: first } = this;
    if (flight.head !== first) return NO_ROW;
    const bytes = seqDiff(una, table.seq(first));
    let row = first;
    let last: number;
    let count = 0;
    let chunks = 0;
    let left = bytes;
    do {
      const at = row << ROW_SHIFT;
      const flags = words[at + SegmentWord.Flags];
      const next = words[at + SegmentWord.Next];
      if ((flags & ~PLAIN_FLAGS) !== 0 || words[at + SegmentWord.TimeNext] !== next) return NO_ROW;
      left -= words[at + SegmentWord.Length] + (flags & SegmentFlag.Fin);
      if ((flags & SegmentFlag.ChunkEnd) !== 0) chunks++;
      count++;
      last = row;
      row = next;
    } while (left > 0 && row !== NO_ROW);
    if (left !== 0 || (row !== NO_ROW && table.sentNs(row) < table.sentNs(last))) return NO_ROW;
    this.segments -= count;
    this.chunks -= chunks;
    this.bytes -= bytes;
    this.head = row;
    flight.head = row;
    if (row === NO_ROW) {
      this.tail = NO_ROW;
      flight.tail = NO_ROW;
    } else {
      words[(row << ROW_SHIFT) + SegmentWord.Previous] = NO_ROW;
      words[(row << ROW_SHIFT) + SegmentWord.TimePrevious] = NO_ROW;
    }
    this.#hint = NO_ROW;
    table.releaseChain(first, last, count);
    return last;
  }

  #trimHead(row: number, part: Bytes, outcome: AckOutcome, pieces: PiecePool): void {
    const words = this.#table.words;
    const at = row << ROW_SHIFT;
    const flags = words[at + SegmentWord.Flags];
    words[at + SegmentWord.Seq] = seqAdd(seqFromWire(words[at + SegmentWord.Seq]), part);
    words[at + SegmentWord.Length] -= part;
    movePiece(words, at, part, pieces);
    this.bytes -= part;
    if ((flags & SegmentFlag.Sacked) !== 0) this.sackedBytes -= part;
    else outcome.deliveredBytes += part;
    if ((flags & SegmentFlag.Lost) !== 0) this.lostBytes -= part;
    if ((flags & SegmentFlag.Retransmitted) !== 0) this.retransmittedBytes -= part;
  }

  #removeHead(row: number): void {
    const table = this.#table;
    const words = table.words;
    const at = row << ROW_SHIFT;
    const flags = words[at + SegmentWord.Flags];
    const length = table.sequenceLength(row);
    this.#uncount(flags, length);
    this.segments--;
    this.bytes -= length;
    const next = words[at + SegmentWord.Next];
    this.head = next;
    if (next === NO_ROW) this.tail = NO_ROW;
    else words[(next << ROW_SHIFT) + SegmentWord.Previous] = NO_ROW;
    if (this.highestSacked === row) this.highestSacked = NO_ROW;
    if (this.#hint === row) this.#hint = next;
    this.#leaveTimeList(row, flags);
    table.release(row);
  }

  #uncount(flags: number, length: Bytes): void {
    if ((flags & (SegmentFlag.ChunkEnd | SegmentFlag.Sacked)) === SegmentFlag.ChunkEnd)
      this.chunks--;
    if ((flags & SegmentFlag.Sacked) !== 0) {
      this.sackedSegments--;
      this.sackedBytes -= length;
    }
    if ((flags & SegmentFlag.Lost) !== 0) {
      this.lostSegments--;
      this.lostBytes -= length;
    }
    if ((flags & SegmentFlag.Retransmitted) !== 0) {
      this.retransmittedSegments--;
      this.retransmittedBytes -= length;
    }
  }

  #leaveTimeList(row: number, flags: number): void {
    if ((flags & SegmentFlag.Sacked) !== 0) return;
    this.listOf(flags).remove(this.#table.words, row);
  }

  /**
   * Marks the segments that lie whole in the block of `outcome` as received, and tells it about each new one. Only
   * [from, to) of the block is new. A segment received in part counts as missing until the rest is there.
   */
  sack(from: SeqNumber, to: SeqNumber, outcome: AckOutcome): void {
    const table = this.#table;
    const { blockLeft, blockRight } = outcome;
    let row = this.#find(from);
    while (row !== NO_ROW && seqBefore(table.seq(row), to)) {
      this.#hint = row;
      const isWhole =
        !seqBefore(table.seq(row), blockLeft) && !seqBefore(blockRight, table.end(row));
      if (isWhole && (table.flags(row) & SegmentFlag.Sacked) === 0) this.#markSacked(row, outcome);
      row = table.next(row);
    }
  }

  #markSacked(row: number, outcome: AckOutcome): void {
    const table = this.#table;
    const at = row << ROW_SHIFT;
    const flags = table.words[at + SegmentWord.Flags];
    const length = table.sequenceLength(row);
    outcome.onSacked(table, row);
    this.#leaveTimeList(row, flags);
    // A retransmission of what was not lost after all is in flight still.
    const isAnswered = (flags & SegmentFlag.Lost) !== 0;
    const answered = isAnswered ? SegmentFlag.Lost | SegmentFlag.Retransmitted : 0;
    this.#uncount(isAnswered ? flags : flags & ~SegmentFlag.Retransmitted, length);
    table.words[at + SegmentWord.Flags] =
      (flags & ~(answered | SegmentFlag.RackLost)) | SegmentFlag.Sacked;
    this.sackedSegments++;
    this.sackedBytes += length;
    if (!this.#isBelowHighestSacked(row)) this.highestSacked = row;
  }

  /**
   * Segments that lie whole in [left, right), which the peer has received twice, and were sent again: how many. Where one
   * was SACKed before, the first transmission was late; a retransmission that is in flight has arrived.
   */
  duplicate(left: SeqNumber, right: SeqNumber, outcome: AckOutcome): number {
    const table = this.#table;
    let count = 0;
    for (let row = this.#find(left); row !== NO_ROW; row = table.next(row)) {
      if (seqBefore(right, table.end(row))) break;
      const flags = table.flags(row);
      const isWhole = !seqBefore(table.seq(row), left);
      if (!isWhole || (flags & SegmentFlag.EverRetransmitted) === 0) continue;
      count++;
      if ((flags & SegmentFlag.Sacked) === 0) continue;
      outcome.noteLateSack(table.seq(row));
      if ((flags & SegmentFlag.Retransmitted) === 0) continue;
      table.words[(row << ROW_SHIFT) + SegmentWord.Flags] = flags & ~SegmentFlag.Retransmitted;
      this.retransmittedSegments--;
      this.retransmittedBytes -= table.sequenceLength(row);
    }
    return count;
  }

  #isBelowHighestSacked(row: number): boolean {
    const highest = this.highestSacked;
    return highest !== NO_ROW && seqBefore(this.#table.seq(row), this.#table.seq(highest));
  }

  /** The segment that holds `seq`, or the first one after it. */
  #find(seq: SeqNumber): number {
    const table = this.#table;
    const words = table.words;
    const { highestSacked } = this;
    let row = this.#hint === NO_ROW ? this.head : this.#hint;
    // New data is SACKed beyond everything else.
    if (highestSacked !== NO_ROW && !seqBefore(seq, table.seq(highestSacked))) row = highestSacked;
    while (row !== NO_ROW && seqBefore(seq, table.seq(row))) {
      row = words[(row << ROW_SHIFT) + SegmentWord.Previous];
    }
    if (row === NO_ROW) row = this.head;
    while (row !== NO_ROW && !seqBefore(seq, table.end(row))) row = table.next(row);
    return row;
  }

  clear(): void {
    const table = this.#table;
    for (let row = this.head; row !== NO_ROW; ) {
      const next = table.next(row);
      table.release(row);
      row = next;
    }
    this.head = NO_ROW;
    this.tail = NO_ROW;
    this.flight.head = NO_ROW;
    this.flight.tail = NO_ROW;
    this.lost.head = NO_ROW;
    this.lost.tail = NO_ROW;
    this.forgiven.head = NO_ROW;
    this.forgiven.tail = NO_ROW;
    this.highestSacked = NO_ROW;
    this.#hint = NO_ROW;
    this.segments = 0;
    this.sackedSegments = 0;
    this.lostSegments = 0;
    this.retransmittedSegments = 0;
    this.chunks = 0;
    this.bytes = 0;
    this.sackedBytes = 0;
    this.lostBytes = 0;
    this.retransmittedBytes = 0;
  }
}
