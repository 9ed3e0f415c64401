/**
 * SYN cookies: Bernstein 1996, RFC 4987 §3.6. When the queue of half-open connections is full, a SYN is
 * answered from its own facts and nothing is kept: the ISS holds a keyed hash of the four ends and the peer's
 * ISN, a slow counter and the MSS; TSval, where there are timestamps, holds window scale and SACK.
 */
import { type SeqNumber, seqToWire } from '../base/seq.ts';
import type { Bytes } from '../base/units.ts';
import { FrameWord, MetaBit } from '../frame/frame-record.ts';
import type { TcpContext } from './context.ts';
import type { SequenceSource } from './initial-sequence.ts';

const COUNTER_NS = 60e9;
/** A cookie is good for this many steps of the counter. */
const AGE_MAX = 2;
const HASH_BITS = 24;
const HASH_MASK = (1 << HASH_BITS) - 1;
/** Low bits of TSval: window scale (15 for none) and SACK permitted. */
export const COOKIE_TS_BITS = 5;

/** Index of the largest step that the peer's MSS reaches. */
function mssStep(steps: readonly Bytes[], mss: Bytes): number {
  let step = 0;
  while (step + 1 < steps.length && (steps[step + 1] as number) <= mss) step++;
  return step;
}

/** Of the IP version of the segment that is processed. */
function mssSteps({ config, pool, segment }: TcpContext): readonly Bytes[] {
  const isIpv6 = (pool.words[segment.record + FrameWord.Meta] & MetaBit.Ipv6) !== 0;
  return isIpv6 ? config.cookieMssIpv6 : config.cookieMssIpv4;
}

function cookieHash(source: SequenceSource, ends: number, irs: SeqNumber, counter: number): number {
  return source.hash(ends, irs, counter) & HASH_MASK;
}

/** The ISS for a SYN whose ends hash to `ends`. */
export function makeSynCookie(
  context: TcpContext,
  source: SequenceSource,
  ends: number,
  irs: SeqNumber,
  mss: Bytes,
): number {
  const counter = Math.floor(context.clock.nowNs / COUNTER_NS);
  const low = ((counter & 31) << 3) | mssStep(mssSteps(context), mss);
  return (low << HASH_BITS) | cookieHash(source, ends, irs, counter);
}

/** The MSS in the cookie that an ACK brings back, or 0 when it is none of ours. */
export function readSynCookie(
  context: TcpContext,
  source: SequenceSource,
  ends: number,
  irs: SeqNumber,
  iss: SeqNumber,
): Bytes {
  const now = Math.floor(context.clock.nowNs / COUNTER_NS);
  const plain = seqToWire(iss);
  for (let age = 0; age < AGE_MAX; age++) {
    const counter = now - age;
    if (counter < 0) break;
    if (((plain >>> (HASH_BITS + 3)) & 31) !== (counter & 31)) continue;
    if ((plain & HASH_MASK) !== cookieHash(source, ends, irs, counter)) continue;
    return mssSteps(context)[(plain >>> HASH_BITS) & 7] ?? 0;
  }
  return 0;
}
