/**
 * The segment being processed: a frame's words under the names of RFC 9293 §3.10.7 (SEG.SEQ, SEG.LEN …).
 * One object a host, refilled for each frame; trimming to the window changes these fields, not the frame. Hot.
 */
import { type SeqNumber, seqAdd, seqFromWire } from '../base/seq.ts';
import type { Bytes } from '../base/units.ts';
import type { FramePool } from '../frame/frame-pool.ts';
import {
  AccEcnShift,
  BuiltExtra,
  ECN_MASK,
  FRAME_SHIFT,
  type FrameId,
  FrameWord,
  MetaBit,
  MetaShift,
  NO_PAYLOAD,
  SACK_COUNT_MASK,
} from '../frame/frame-record.ts';
import { TcpFlag } from '../wire/tcp.ts';
import { accEcnWord } from '../wire/tcp-options.ts';

/** Values of the ECN field: RFC 3168 §5. */
export const enum EcnCodepoint {
  NotEct = 0,
  Ect1 = 1,
  Ect0 = 2,
  Ce = 3,
}

export class ArrivedSegment {
  /** Word index of the frame's records. */
  record = 0;
  seq: SeqNumber = seqFromWire(0);
  ack: SeqNumber = seqFromWire(0);
  flags = 0;
  /** The field, not scaled. */
  window = 0;
  /** Payload bytes. */
  length: Bytes = 0;
  /** Where they are in the arena, or NO_PAYLOAD. */
  payload = NO_PAYLOAD;
  hasTimestamps = false;
  tsVal = 0;
  tsEcr = 0;
  hasSack = false;
  /** RFC 9768 §3.2.3. */
  hasAccEcn = false;
  ecn = EcnCodepoint.NotEct;
  /** Where receive offload has merged several segments: the text of each but the last. 0 for one as it came. */
  mergedBytes: Bytes = 0;

  read(pool: FramePool, frame: FrameId): void {
    const words = pool.words;
    const at = frame << FRAME_SHIFT;
    const meta = words[at + FrameWord.Meta];
    this.record = at;
    this.seq = seqFromWire(words[at + FrameWord.Seq]);
    this.ack = seqFromWire(words[at + FrameWord.Ack]);
    this.flags = words[at + FrameWord.FlagsWindow] >>> 16;
    this.window = words[at + FrameWord.FlagsWindow] & 0xffff;
    this.length = words[at + FrameWord.PayloadLength];
    this.payload = words[at + FrameWord.Payload];
    this.hasTimestamps = (meta & MetaBit.HasTimestamps) !== 0;
    this.tsVal = words[at + FrameWord.TsVal];
    this.tsEcr = words[at + FrameWord.TsEcr];
    const facts = (meta & MetaBit.HasSack) !== 0 ? pool.extraWords[at + BuiltExtra.SackCount] : 0;
    this.hasSack = (facts & SACK_COUNT_MASK) !== 0;
    this.hasAccEcn = ((facts >>> AccEcnShift.Present) & 1) !== 0;
    this.ecn = (meta >>> MetaShift.TrafficClass) & ECN_MASK;
  }

  has(flag: TcpFlag): boolean {
    return (this.flags & flag) !== 0;
  }

  /** SEG.LEN: payload, SYN and FIN. */
  get sequenceLength(): number {
    return (
      this.length +
      ((this.flags & TcpFlag.Syn) !== 0 ? 1 : 0) +
      ((this.flags & TcpFlag.Fin) !== 0 ? 1 : 0)
    );
  }

  /** The sequence number after the segment. */
  get end(): SeqNumber {
    return seqAdd(this.seq, this.sequenceLength);
  }

  /** Drops the SYN from what is still to be processed. */
  trimSyn(): void {
    this.flags &= ~TcpFlag.Syn;
    this.seq = seqAdd(this.seq, 1);
  }

  /** Drops the first `count` bytes of the text. */
  trimFront(count: number): void {
    this.seq = seqAdd(this.seq, count);
    this.length -= count;
    if (this.payload !== NO_PAYLOAD) this.payload += count;
  }

  /** Leaves `length` bytes of the text, without what follows. */
  trimEnd(length: number): void {
    this.length = length;
    this.flags &= ~TcpFlag.Fin;
  }

  sackCount(pool: FramePool): number {
    if (!this.hasSack) return 0;
    return pool.extraWords[this.record + BuiltExtra.SackCount] & SACK_COUNT_MASK;
  }

  /** How many counters the AccECN option has. */
  accEcnFields(pool: FramePool): number {
    return (pool.extraWords[this.record + BuiltExtra.SackCount] >>> AccEcnShift.Fields) & 3;
  }

  /** What counter 0, 1 or 2 of the option counts. */
  accEcnCodepoint(pool: FramePool, field: number): EcnCodepoint {
    if (field === 1) return EcnCodepoint.Ce;
    const facts = pool.extraWords[this.record + BuiltExtra.SackCount];
    const isOrder1 = ((facts >>> AccEcnShift.Order) & 1) !== 0;
    return isOrder1 === (field === 0) ? EcnCodepoint.Ect1 : EcnCodepoint.Ect0;
  }

  accEcnCounter(pool: FramePool, field: number): number {
    return pool.extraWords[this.record + accEcnWord(field)];
  }

  sackLeft(pool: FramePool, block: number): SeqNumber {
    return seqFromWire(pool.extraWords[this.record + BuiltExtra.SackLeft + 2 * block]);
  }

  sackRight(pool: FramePool, block: number): SeqNumber {
    return seqFromWire(pool.extraWords[this.record + BuiltExtra.SackRight + 2 * block]);
  }
}
