/**
 * What one ACK has told about the segments in flight: which were delivered, when they were sent, whether
 * they had been sent twice, whether they came in another order. Filled by the scoreboard row by row, read by
 * tcp/acknowledgment, tcp/rack and tcp/recovery. One object a host, refilled for each ACK. Hot.
 */
import { type SeqNumber, seqBefore, seqFromWire } from '../base/seq.ts';
import { type Bytes, type Instant, NEVER, NO_TIME } from '../base/units.ts';
import { AckRecord, type DeliveryRateEstimator, LossRecord } from '../recovery/delivery-rate.ts';
import { ROW_SHIFT, SegmentFlag, type SegmentTable, SegmentWord } from './segment-table.ts';

/** No such segment in this ACK. */
const NONE: Instant = NO_TIME;

export class AckOutcome {
  readonly sample = new AckRecord();
  readonly loss = new LossRecord();
  /** Cumulatively acknowledged now, SACKed before or not. */
  acknowledgedSegments = 0;
  /** SACKed for the first time. */
  sackedSegments = 0;
  sackedBytes: Bytes = 0;
  /** Newly delivered one way or the other: DeliveredData of RFC 6937. */
  deliveredSegments = 0;
  deliveredBytes: Bytes = 0;
  /** Sending time of the first and last segment acknowledged that was sent once: RFC 6298 §3. */
  firstSentNs: Instant = NONE;
  lastSentNs: Instant = NONE;
  /** Of the first one SACKed. */
  sackedSentNs: Instant = NONE;
  hasRetransmitted = false;
  /** Something sent once, before `highSeq`, has arrived: RFC 5682 §3.1 step 3. */
  hasOriginal = false;
  /** A segment sent once arrived after others sent later (RFC 8985 §6.2 step 3): the first that was SACKed now. */
  hasLateSack = false;
  lateSackSeq: SeqNumber = seqFromWire(0);
  /** And the first that was acknowledged. */
  hasLateAck = false;
  lateAckSeq: SeqNumber = seqFromWire(0);
  /** SND.UNA before this ACK. */
  priorUna: SeqNumber = seqFromWire(0);
  /** RACK's newest delivered segment: RFC 8985 §6.2 step 2. */
  rackSentNs: Instant = NONE;
  rackEnd: SeqNumber = seqFromWire(0);
  /** Sending time of the last one that tells a round trip: RFC 8985 §6.2 step 2, RACK.rtt. */
  rackRttSentNs: Instant = NONE;
  /** Segments that a DSACK block says came twice: RFC 2883. */
  dsacks = 0;
  /** The DSACK is of the tail loss probe. */
  hasProbeDsack = false;
  /** A retransmission that was in flight is lost as well. */
  hasLostRetransmission = false;
  /** The SACK block that is being taken. */
  blockLeft: SeqNumber = seqFromWire(0);
  blockRight: SeqNumber = seqFromWire(0);
  newlyLostSegments = 0;
  /** One that the controller has not been told of. */
  hasPendingLoss = false;
  newlyLostBytes: Bytes = 0;
  /** ECN: the ACK says that something was marked (RFC 3168 §6.1.2, RFC 9768 §3.2.2.2). */
  hasEcho = false;
  /** With AccECN: newly marked. */
  ceBytes: Bytes = 0;
  /** SND.UNA moved. */
  advances = false;
  /** RFC 5681 §2: a duplicate ACK. */
  isDuplicate = false;
  /** The retransmission timer was set to something else than the end of this ACK would set it to. */
  keepsTimer = false;
  lastSackedSentNs: Instant = NONE;
  #rate!: DeliveryRateEstimator;
  #highSeq: SeqNumber = seqFromWire(0);
  #minRttNs = NEVER;
  #hasAckedRtt = false;
  /** The end of what was SACKed before this ACK. */
  #hasSacked = false;
  #sackedEnd: SeqNumber = seqFromWire(0);

  /** @param highSeq RecoveryPoint: the end of what was sent when the recovery period began */
  begin(rate: DeliveryRateEstimator, highSeq: SeqNumber, minRttNs: number): void {
    this.#rate = rate;
    this.#highSeq = highSeq;
    this.#minRttNs = minRttNs;
    this.acknowledgedSegments = 0;
    this.sackedSegments = 0;
    this.sackedBytes = 0;
    this.deliveredSegments = 0;
    this.deliveredBytes = 0;
    this.firstSentNs = NONE;
    this.lastSentNs = NONE;
    this.sackedSentNs = NONE;
    this.hasRetransmitted = false;
    this.hasOriginal = false;
    this.hasLateSack = false;
    this.hasLateAck = false;
    this.rackSentNs = NONE;
    this.rackRttSentNs = NONE;
    this.#hasAckedRtt = false;
    this.dsacks = 0;
    this.hasProbeDsack = false;
    this.hasLostRetransmission = false;
    this.ceBytes = 0;
    this.advances = false;
    this.isDuplicate = false;
    this.keepsTimer = false;
    this.lastSackedSentNs = NONE;
    this.newlyLostSegments = 0;
    this.newlyLostBytes = 0;
    this.#hasSacked = false;
    rate.beginAck(this.sample);
  }

  /** What was SACKed before this ACK ended here: anything sent once that arrives below it is late. */
  setSackedEnd(end: SeqNumber): void {
    this.#hasSacked = true;
    this.#sackedEnd = end;
  }

  /** Nothing was SACKed before: segments that were sent once come in order. */
  get expectsOrder(): boolean {
    return !this.#hasSacked;
  }

  /**
   * Segments from row `first` to row `last` below SEG.ACK, when their rows have just gone: each was sent once and in order,
   * is not SACKed, and nothing was before this ACK. As onAcknowledged for each.
   */
  onOrderly(table: SegmentTable, first: number, last: number, count: number, bytes: Bytes): void {
    this.acknowledgedSegments += count;
    this.deliveredSegments += count;
    this.deliveredBytes += bytes;
    if (this.firstSentNs < 0) this.firstSentNs = table.sentNs(first);
    this.lastSentNs = table.sentNs(last);
    if (!seqBefore(this.#highSeq, table.end(first))) this.hasOriginal = true;
    const fin = table.flags(last) & SegmentFlag.Fin;
    this.#rate.onDelivered(this.sample, table, last, bytes - fin);
    // The last one is the newest.
    this.rackSentNs = table.sentNs(last);
    this.rackEnd = table.end(last);
    this.rackRttSentNs = this.rackSentNs;
    this.#hasAckedRtt = true;
  }

  /** A segment below SEG.ACK, before its row goes. */
  onAcknowledged(table: SegmentTable, row: number): void {
    this.acknowledgedSegments++;
    const flags = table.words[(row << ROW_SHIFT) + SegmentWord.Flags];
    if ((flags & SegmentFlag.EverRetransmitted) !== 0) {
      this.hasRetransmitted = true;
    } else if ((flags & SegmentFlag.Sacked) === 0) {
      if (this.firstSentNs < 0) this.firstSentNs = table.sentNs(row);
      this.lastSentNs = table.sentNs(row);
      const seq = table.seq(row);
      if (this.#isLate(seq) && (!this.hasLateAck || seqBefore(seq, this.lateAckSeq))) {
        this.hasLateAck = true;
        this.lateAckSeq = seq;
      }
      if (!seqBefore(this.#highSeq, table.end(row))) this.hasOriginal = true;
    }
    if ((flags & SegmentFlag.Sacked) === 0) this.#onDelivered(table, row, flags);
  }

  /** A segment in a SACK block for the first time, before it is marked. */
  onSacked(table: SegmentTable, row: number): void {
    const flags = table.words[(row << ROW_SHIFT) + SegmentWord.Flags];
    this.sackedSegments++;
    this.sackedBytes += table.sequenceLength(row);
    if ((flags & SegmentFlag.EverRetransmitted) === 0) {
      if (this.sackedSentNs < 0) this.sackedSentNs = table.sentNs(row);
      this.lastSackedSentNs = table.sentNs(row);
      const seq = table.seq(row);
      if (this.#isLate(seq)) this.noteLateSack(seq);
      if (!seqBefore(this.#highSeq, table.end(row))) this.hasOriginal = true;
    }
    this.#onDelivered(table, row, flags);
  }

  noteLateSack(seq: SeqNumber): void {
    if (this.hasLateSack && !seqBefore(seq, this.lateSackSeq)) return;
    this.hasLateSack = true;
    this.lateSackSeq = seq;
  }

  #isLate(seq: SeqNumber): boolean {
    return this.#hasSacked && seqBefore(seq, this.#sackedEnd);
  }

  #onDelivered(table: SegmentTable, row: number, flags: number): void {
    const length = table.sequenceLength(row);
    this.deliveredSegments++;
    this.deliveredBytes += length;
    this.#rate.onDelivered(this.sample, table, row, table.length(row));
    const sentNs = table.sentNs(row);
    const isRetransmitted = (flags & SegmentFlag.EverRetransmitted) !== 0;
    // Sooner than any round trip: this acknowledges the first transmission, not the last.
    if (isRetransmitted && this.sample.nowNs - sentNs < this.#minRttNs) return;
    // What is acknowledged in order decides before what is SACKed; of each, the last.
    if (this.sackedSegments === 0) this.#hasAckedRtt = true;
    if (this.sackedSegments === 0 || !this.#hasAckedRtt) this.rackRttSentNs = sentNs;
    if (sentNs < this.rackSentNs) return;
    if (sentNs === this.rackSentNs && !seqBefore(this.rackEnd, table.end(row))) return;
    this.rackSentNs = sentNs;
    this.rackEnd = table.end(row);
  }
}
