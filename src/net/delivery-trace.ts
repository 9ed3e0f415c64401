/**
 * A recorded link as Mahimahi writes it (Netravali et al. 2015, "Mahimahi: Accurate Record-and-Replay for
 * HTTP", §4): a text with one line for each delivery opportunity, its millisecond since the start. Each
 * carries 1504 bytes, several lines may be the same, and the recording repeats after its last stamp.
 * This reads the text and answers where an instant lies in it; net/trace-serializer spends the opportunities.
 */
import { NetError } from '../base/errors.ts';
import type { Bytes, Duration, Instant } from '../base/units.ts';

/** What one opportunity carries: an Ethernet payload of 1500 bytes and a tunnel device's header of 4. */
export const OPPORTUNITY_BYTES: Bytes = 1504;
/**
 * Mahimahi counts a packet as its IP length and the tunnel device's 4 bytes; our wire length has 14 bytes
 * of Ethernet header instead.
 */
export const TRACE_OVERHEAD_BYTES: Bytes = 4 - 14;

const NS_PER_MS = 1e6;
/** 2^53 ns in ms: what a run can last. */
const STAMP_MAX_MS = 9e9;

export class DeliveryTrace {
  /** Opportunities of one repetition, ascending, in ns since its start. */
  readonly stampsNs: Float64Array;
  /** One repetition: the last stamp. */
  readonly periodNs: Duration;

  private constructor(stampsNs: Float64Array) {
    this.stampsNs = stampsNs;
    this.periodNs = stampsNs[stampsNs.length - 1];
  }

  /**
   * @param source named in errors: the file
   * @throws NetError for a line that is no stamp, stamps that go back, and a trace without duration
   */
  static parse(source: string, text: string): DeliveryTrace {
    const stamps: number[] = [];
    let line = 0;
    let last = 0;
    for (const raw of text.split('\n')) {
      line++;
      const trimmed = raw.trim();
      if (trimmed === '') continue;
      const stamp = /^\d{1,10}$/.test(trimmed) ? Number(trimmed) : Number.NaN;
      if (!(stamp >= last && stamp <= STAMP_MAX_MS)) {
        const expected = `a whole millisecond from ${last} on`;
        throw NetError.value(`${source} line ${line}`, expected, trimmed.slice(0, 40));
      }
      last = stamp;
      stamps.push(stamp * NS_PER_MS);
    }
    if (last === 0) {
      throw NetError.value(source, 'a delivery trace that lasts at least 1 ms', `${line} lines`);
    }
    return new DeliveryTrace(Float64Array.from(stamps));
  }

  /** Mean rate in opportunity bytes. */
  get meanBitsPerSecond(): number {
    return (this.stampsNs.length * OPPORTUNITY_BYTES * 8e9) / this.periodNs;
  }

  /** Number of stamps at or before `offsetNs` within one repetition. */
  countUntil(offsetNs: Duration): number {
    const stamps = this.stampsNs;
    let low = 0;
    let high = stamps.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (stamps[middle] <= offsetNs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Opportunities from time 0 up to and including `atNs`. */
  opportunitiesUntil(atNs: Instant): number {
    const period = Math.floor(atNs / this.periodNs);
    return period * this.stampsNs.length + this.countUntil(atNs - period * this.periodNs);
  }
}
