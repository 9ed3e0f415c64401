/**
 * 32-bit sequence numbers that wrap: RFC 9293 §3.4. Held as int32, since an int32 is a small integer
 * everywhere in V8. This file alone casts to SeqNumber; elsewhere `<` and `-` on one are errors.
 */
import type { Brand } from './units.ts';

export type SeqNumber = Brand<'SeqNumber'>;

/** The 32-bit pattern of a header field as a SeqNumber. */
export const seqFromWire = (raw: number): SeqNumber => (raw | 0) as SeqNumber;
/** The unsigned value of a header field. */
export const seqToWire = (seq: SeqNumber): number => seq >>> 0;
export const seqAdd = (seq: SeqNumber, count: number): SeqNumber =>
  ((seq + count) | 0) as SeqNumber;
/** Signed distance from `b` to `a`, in -2^31 … 2^31 - 1. */
export const seqDiff = (a: SeqNumber, b: SeqNumber): number => (a - b) | 0;
export const seqBefore = (a: SeqNumber, b: SeqNumber): boolean => ((a - b) | 0) < 0;
/** left <= seq < left + size, modulo 2^32. */
export const seqInWindow = (seq: SeqNumber, left: SeqNumber, size: number): boolean =>
  (seq - left) >>> 0 < size;
