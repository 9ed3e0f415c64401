/**
 * Connections in TIME-WAIT: RFC 9293 §3.10.7.4, RFC 1122 §4.2.2.13, RFC 6191. A row of numbers each instead
 * of a connection, in the order in which they end, since all wait equally long. A row answers what a late
 * peer sends, and may give way to a new SYN.
 */
import { seqBefore, seqFromWire, seqInWindow } from '../base/seq.ts';
import { type Instant, NEVER } from '../base/units.ts';
import { NO_FRAME, swapPorts } from '../frame/frame-record.ts';
import { TcpFlag } from '../wire/tcp.ts';
import type { ArrivedSegment } from './arrived-segment.ts';
import type { TcpConnection } from './connection.ts';
import type { TcpContext } from './context.ts';
import { buildAnswer, setTimestamps } from './frame-builder.ts';
import { windowField } from './receive-window.ts';

const NO_ROW = -1;
const SHIFT = 4;

const enum Word {
  /** Key in the table of connections, as in frames that arrive. */
  Source = 0,
  Destination = 1,
  Ports = 2,
  SndNxt = 3,
  RcvNxt = 4,
  /** As in the header, scaled. */
  Window = 5,
  HasTimestamps = 6,
  TsRecent = 7,
  TsOffset = 8,
  Previous = 9,
  Next = 10,
  /** When the last ACK that may be part of a loop was sent, in milliseconds; -1: none was. */
  LastAnswer = 11,
}

/** What is to be done with a segment for a row. */
export const enum TimeWaitVerdict {
  /** It was answered or dropped. */
  Done = 0,
  /** The row is over: a reset. */
  End = 1,
  /** A new connection may begin: RFC 6191 §2. */
  Reopen = 2,
}

export class TimeWaitTable {
  readonly #context: TcpContext;
  #words = new Int32Array(16 << SHIFT);
  #endNs = new Float64Array(16);
  #freeHead = NO_ROW;
  #fresh = 0;
  #head = NO_ROW;
  #tail = NO_ROW;
  #count = 0;

  constructor(context: TcpContext) {
    this.#context = context;
  }

  get count(): number {
    return this.#count;
  }

  /** When the first row ends. */
  get nextNs(): Instant {
    return this.#head === NO_ROW ? NEVER : this.#endNs[this.#head];
  }

  /** The row that ends now, or -1. */
  get dueRow(): number {
    return this.nextNs <= this.#context.clock.nowNs ? this.#head : NO_ROW;
  }

  /** Takes what has to be known of a connection. Returns the row. */
  add(connection: TcpConnection): number {
    const row = this.#allocate();
    const words = this.#words;
    const at = row << SHIFT;
    const { ports } = connection;
    words[at + Word.Source] = connection.remoteAddress;
    words[at + Word.Destination] = connection.localAddress;
    words[at + Word.Ports] = swapPorts(ports);
    words[at + Word.SndNxt] = connection.sndNxt;
    words[at + Word.RcvNxt] = connection.rcvNxt;
    words[at + Word.Window] = windowField(connection);
    words[at + Word.HasTimestamps] = connection.hasTimestamps ? 1 : 0;
    words[at + Word.TsRecent] = connection.tsRecent;
    words[at + Word.TsOffset] = connection.tsOffset;
    words[at + Word.LastAnswer] = -1;
    this.#append(row);
    return row;
  }

  source(row: number): number {
    return this.#words[(row << SHIFT) + Word.Source];
  }

  destination(row: number): number {
    return this.#words[(row << SHIFT) + Word.Destination];
  }

  ports(row: number): number {
    return this.#words[(row << SHIFT) + Word.Ports];
  }

  /** A sequence number that a reopened connection may start beyond: RFC 1122 §4.2.2.13. */
  lastSequence(row: number): number {
    return this.#words[(row << SHIFT) + Word.SndNxt];
  }

  remove(row: number): void {
    this.#unlink(row);
    this.#words[(row << SHIFT) + Word.Next] = this.#freeHead;
    this.#freeHead = row;
    this.#count--;
  }

  /** RFC 9293 §3.10.7.4 for TIME-WAIT. */
  arrives(row: number, segment: ArrivedSegment): TimeWaitVerdict {
    if (this.#context.config.judgesAsLinux) return this.#arrivesAsLinux(row, segment);
    const at = row << SHIFT;
    const words = this.#words;
    const rcvNxt = seqFromWire(words[at + Word.RcvNxt]);
    const knowsTime = words[at + Word.HasTimestamps] !== 0 && segment.hasTimestamps;
    const tsAhead = (segment.tsVal - words[at + Word.TsRecent]) | 0;
    if (segment.has(TcpFlag.Rst)) {
      return segment.seq === rcvNxt ? TimeWaitVerdict.End : TimeWaitVerdict.Done;
    }
    if (segment.has(TcpFlag.Syn) && !segment.has(TcpFlag.Ack)) {
      const { allowsTimeWaitReuse, usesTimestamps } = this.#context.config;
      // RFC 6191 §2: a later timestamp or, without one to compare, a sequence number beyond that of the FIN.
      let isLater = !seqBefore(segment.seq, rcvNxt);
      if (knowsTime && tsAhead !== 0) isLater = tsAhead > 0;
      // Timestamps that the old connection did not have tell its segments from the new one's.
      const hadTime = words[at + Word.HasTimestamps] !== 0;
      if (!hadTime && segment.hasTimestamps && usesTimestamps) isLater = true;
      if (isLater && allowsTimeWaitReuse) return TimeWaitVerdict.Reopen;
    }
    if (!segment.has(TcpFlag.Ack) && seqInWindow(segment.seq, rcvNxt, words[at + Word.Window])) {
      return TimeWaitVerdict.Done;
    }
    // The peer's FIN again: our ACK was lost, and the wait begins anew.
    if (segment.has(TcpFlag.Fin)) {
      this.#restart(row);
    } else if (segment.sequenceLength === 0 && segment.seq === rcvNxt) {
      return TimeWaitVerdict.Done;
    }
    this.#answer(at, segment);
    return TimeWaitVerdict.Done;
  }

  /** TcpConfig.judgesAsLinux: a new SYN reopens, a reset or a bare ACK at RCV.NXT has its effect, all else gets an ACK. */
  #arrivesAsLinux(row: number, segment: ArrivedSegment): TimeWaitVerdict {
    const at = row << SHIFT;
    const words = this.#words;
    const rcvNxt = seqFromWire(words[at + Word.RcvNxt]);
    const isReset = segment.has(TcpFlag.Rst);
    const knowsTime = words[at + Word.HasTimestamps] !== 0 && segment.hasTimestamps;
    const tsAhead = knowsTime ? (segment.tsVal - words[at + Word.TsRecent]) | 0 : 0;
    const isOld = tsAhead < 0 && !isReset;
    if (!isOld && segment.seq === rcvNxt && (isReset || segment.sequenceLength === 0)) {
      if (isReset) return TimeWaitVerdict.End;
      this.#restart(row);
      if (knowsTime) words[at + Word.TsRecent] = segment.tsVal;
      return TimeWaitVerdict.Done;
    }
    if (isReset) return TimeWaitVerdict.Done;
    const isOpening = segment.has(TcpFlag.Syn) && !segment.has(TcpFlag.Ack) && !isOld;
    if (isOpening && (tsAhead > 0 || seqBefore(rcvNxt, segment.seq))) return TimeWaitVerdict.Reopen;
    if (isOld || segment.has(TcpFlag.Ack)) this.#restart(row);
    if (this.#mayAnswer(at, segment)) this.#answer(at, segment);
    return TimeWaitVerdict.Done;
  }

  /** Text is no part of a loop of ACKs: RFC 5961 §7. */
  #mayAnswer(at: number, segment: ArrivedSegment): boolean {
    if (segment.sequenceLength > 0 && !segment.has(TcpFlag.Syn)) return true;
    const { clock, config } = this.#context;
    const nowMs = Math.floor(clock.nowNs / 1e6) & 0x3fffffff;
    const sinceMs = (nowMs - this.#words[at + Word.LastAnswer]) & 0x3fffffff;
    const isFirst = this.#words[at + Word.LastAnswer] < 0;
    if (!isFirst && sinceMs * 1e6 < config.outOfWindowAckIntervalNs) return false;
    this.#words[at + Word.LastAnswer] = nowMs;
    return true;
  }

  /** The wait begins anew. */
  #restart(row: number): void {
    this.#unlink(row);
    this.#append(row);
    this.#count--;
  }

  #answer(at: number, segment: ArrivedSegment): void {
    const context = this.#context;
    const words = this.#words;
    const seq = seqFromWire(words[at + Word.SndNxt]);
    const ack = seqFromWire(words[at + Word.RcvNxt]);
    const frame = buildAnswer(context, segment, seq, ack, TcpFlag.Ack, words[at + Word.Window]);
    if (frame === NO_FRAME) return;
    if (words[at + Word.HasTimestamps] !== 0) {
      const ticks = Math.floor(context.clock.nowNs / context.config.timestampTickNs) | 0;
      setTimestamps(
        context,
        frame,
        (ticks + words[at + Word.TsOffset]) | 0,
        words[at + Word.TsRecent],
      );
    }
    context.pushControl(frame);
  }

  #allocate(): number {
    let row = this.#freeHead;
    if (row !== NO_ROW) {
      this.#freeHead = this.#words[(row << SHIFT) + Word.Next];
      return row;
    }
    row = this.#fresh++;
    if (row === this.#endNs.length) {
      const words = new Int32Array(this.#words.length * 2);
      words.set(this.#words);
      this.#words = words;
      const ends = new Float64Array(this.#endNs.length * 2);
      ends.set(this.#endNs);
      this.#endNs = ends;
    }
    return row;
  }

  #append(row: number): void {
    const words = this.#words;
    this.#count++;
    this.#endNs[row] = this.#context.clock.nowNs + this.#context.config.timeWaitNs;
    words[(row << SHIFT) + Word.Previous] = this.#tail;
    words[(row << SHIFT) + Word.Next] = NO_ROW;
    if (this.#tail === NO_ROW) this.#head = row;
    else words[(this.#tail << SHIFT) + Word.Next] = row;
    this.#tail = row;
  }

  #unlink(row: number): void {
    const words = this.#words;
    const previous = words[(row << SHIFT) + Word.Previous];
    const next = words[(row << SHIFT) + Word.Next];
    if (previous === NO_ROW) this.#head = next;
    else words[(previous << SHIFT) + Word.Next] = next;
    if (next === NO_ROW) this.#tail = previous;
    else words[(next << SHIFT) + Word.Previous] = previous;
  }
}
