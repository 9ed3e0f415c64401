/** Bursts of a capture as its result tells them: streams, and the readable table. Cold. */
import { assert } from '../base/assert.ts';
import type { CidrBlock } from '../base/ip-address.ts';
import { bytesText, formatTable } from '../base/text-table.ts';
import type { BitsPerSecond, Bytes } from '../base/units.ts';
import type { CaptureInterface } from '../pcap/capture-facts.ts';
import type { CaptureRows } from '../pcap/capture-rows.ts';
import { ADDRESS_WORDS, type PacketColumns } from '../wire/packet-columns.ts';
import { BIN_WIDTHS_NS, BURST_BIN_NS, BurstMeter } from './burst-meter.ts';

const NS_PER_S = 1e9;
const NS_PER_US = 1e3;
/** Up to four bins: what is called tens of microseconds. */
const SHORT_BURST_NS = 100e3;

export interface BurstOptions {
  /** Of the line; each direction has it. */
  readonly rate: BitsPerSecond;
  /** Of the port whose buffer is asked for; that of the line when absent. */
  readonly drainRate?: BitsPerSecond;
  /** Tells two directions apart; without, an interface is one stream. */
  readonly inside?: readonly CidrBlock[];
  /** What the buffer must not exceed. */
  readonly boundBytes?: Bytes;
}

export interface BinFacts {
  readonly widthSeconds: number;
  readonly bins: number;
  /** Utilisation of bins, 0 to 1, empty ones too. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  /** Share of bins above one half. */
  readonly busyShare: number;
}

export interface LengthFacts {
  readonly count: number;
  /** Null without any. */
  readonly p50Us: number | null;
  readonly p99Us: number | null;
  readonly maxUs: number | null;
}

export interface BurstStream {
  /** The interface, and the direction when there are two. */
  readonly name: string;
  readonly packets: number;
  readonly bytes: Bytes;
  readonly durationSeconds: number;
  readonly bins: readonly BinFacts[];
  readonly bursts: LengthFacts;
  readonly gaps: LengthFacts;
  /** Share of bursts of at most 100 µs; null without bursts. */
  readonly shortBurstShare: number | null;
  /** What a port of the drain rate would have held at most. */
  readonly peakBufferBytes: Bytes;
}

export interface BurstFacts {
  readonly rate: BitsPerSecond;
  readonly drainRate: BitsPerSecond;
  readonly burstBinSeconds: number;
  readonly streams: readonly BurstStream[];
  /** With a bound: whether no stream's buffer exceeds it. */
  readonly bound?: { readonly bytes: Bytes; readonly holds: boolean };
}

export class BurstAnalysis {
  readonly #options: BurstOptions;
  /** By interface << 1 | whether it goes to the inside. */
  readonly #meters: (BurstMeter | undefined)[] = [];

  constructor(options: BurstOptions) {
    this.#options = options;
  }

  /** Stamps count from `epochSeconds` and `epochNanoseconds`. */
  add(
    rows: CaptureRows,
    columns: PacketColumns,
    epochSeconds: number,
    epochNanoseconds: number,
  ): void {
    const { count, seconds, nanoseconds, interfaceIndex, originalLength } = rows;
    for (let row = 0; row < count; row++) {
      const stream = (interfaceIndex[row] << 1) | (this.#isToInside(columns, row) ? 1 : 0);
      const meter = this.#meters[stream] ?? this.#addMeter(stream);
      meter.timeNs[0] =
        (seconds[row] - epochSeconds) * NS_PER_S + (nanoseconds[row] - epochNanoseconds);
      meter.add(originalLength[row]);
    }
  }

  finish(interfaces: readonly CaptureInterface[]): BurstFacts {
    const { rate, drainRate = rate, boundBytes } = this.#options;
    const streams = this.#meters.flatMap((meter, stream) =>
      meter === undefined ? [] : [describe(meter, this.#nameOf(interfaces, stream))],
    );
    const holds = streams.every(({ peakBufferBytes }) => peakBufferBytes <= (boundBytes ?? 0));
    return {
      rate,
      drainRate,
      burstBinSeconds: BURST_BIN_NS / NS_PER_S,
      streams,
      ...(boundBytes !== undefined && { bound: { bytes: boundBytes, holds } }),
    };
  }

  #addMeter(stream: number): BurstMeter {
    const { rate, drainRate = rate } = this.#options;
    const meter = new BurstMeter(rate, drainRate);
    this.#meters[stream] = meter;
    return meter;
  }

  #isToInside(columns: PacketColumns, row: number): boolean {
    const { inside } = this.#options;
    if (inside === undefined || columns.ipVersion[row] === 0) return false;
    const destination = row * ADDRESS_WORDS + 4;
    return inside.some((block) => block.contains(columns.addresses, destination));
  }

  #nameOf(interfaces: readonly CaptureInterface[], stream: number): string {
    const source = interfaces[stream >> 1];
    assert(source !== undefined, 'a packet is of an interface');
    const name = source.name ?? `interface ${stream >> 1}`;
    if (this.#options.inside === undefined) return name;
    return (stream & 1) === 1 ? `${name} to inside` : `${name} from inside`;
  }
}

/** Of one stream on a line of this rate; the meter is finished here. */
export function burstFactsOf(meter: BurstMeter, name: string, rate: BitsPerSecond): BurstFacts {
  const streams = [describe(meter, name)];
  return { rate, drainRate: rate, burstBinSeconds: BURST_BIN_NS / NS_PER_S, streams };
}

function describe(meter: BurstMeter, name: string): BurstStream {
  meter.finish();
  const { lengths } = meter;
  const bursts = lengths.count(0);
  return {
    name,
    packets: meter.packets,
    bytes: meter.bytes,
    durationSeconds: meter.durationNs / NS_PER_S,
    bins: BIN_WIDTHS_NS.map((widthNs, width) => ({
      widthSeconds: widthNs / NS_PER_S,
      bins: meter.binCount(width),
      p50: meter.quantile(width, 0.5),
      p99: meter.quantile(width, 0.99),
      p999: meter.quantile(width, 0.999),
      max: meter.largest(width),
      busyShare: meter.busyShare(width),
    })),
    bursts: lengthsOf(meter, 0),
    gaps: lengthsOf(meter, 1),
    shortBurstShare: bursts === 0 ? null : shareUpTo(meter, SHORT_BURST_NS),
    peakBufferBytes: Math.ceil(meter.peakBufferBytes),
  };
}

function lengthsOf({ lengths }: BurstMeter, row: number): LengthFacts {
  const count = lengths.count(row);
  const us = (ns: number) => (count === 0 ? null : ns / NS_PER_US);
  return {
    count,
    p50Us: us(lengths.quantile(row, 0.5)),
    p99Us: us(lengths.quantile(row, 0.99)),
    maxUs: us(lengths.max(row)),
  };
}

/** By bisection on the quantiles: lengths are whole bins, far apart beside a bucket's width. */
function shareUpTo({ lengths }: BurstMeter, limitNs: number): number {
  const count = lengths.count(0);
  let below = 0;
  let above = count + 1;
  while (above - below > 1) {
    const rank = (below + above) >> 1;
    if (lengths.quantile(0, rank / count) <= limitNs * 1.01) below = rank;
    else above = rank;
  }
  return below / count;
}

/** Several lines for the report of an analysis. */
export function formatBursts(facts: BurstFacts): string {
  const parts = facts.streams.map((stream) => formatStream(stream, facts));
  const { bound } = facts;
  if (bound !== undefined) {
    const verdict = bound.holds ? 'holds' : 'is exceeded';
    parts.push(`Bound     a buffer of ${bytesText(bound.bytes)} ${verdict}`);
  }
  return parts.join('\n\n');
}

function formatStream(stream: BurstStream, { rate, drainRate }: BurstFacts): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const rows = stream.bins.map((bin) => [
    `  ${widthText(bin.widthSeconds)}`,
    String(bin.bins),
    percent(bin.p50),
    percent(bin.p99),
    percent(bin.p999),
    percent(bin.max),
    percent(bin.busyShare),
  ]);
  const second = stream.bins.at(-1)?.max ?? 0;
  const burst = stream.bins[BIN_WIDTHS_NS.indexOf(BURST_BIN_NS)]?.max ?? 0;
  const { bursts, gaps, shortBurstShare } = stream;
  const us = (value: number | null) => (value === null ? '-' : `${Math.round(value)} µs`);
  const share =
    shortBurstShare === null ? '' : `, ${percent(shortBurstShare)} of them up to 100 µs`;
  return [
    `Bursts    ${stream.name} at ${rateText(rate)}: a counter of 1 s shows ${percent(second)} at most, one of 25 µs ${percent(burst)}`,
    formatTable([['  bins of', 'count', 'p50', 'p99', 'p99.9', 'max', 'above half'], ...rows]),
    `  bursts ${bursts.count}: p50 ${us(bursts.p50Us)}, p99 ${us(bursts.p99Us)}, max ${us(bursts.maxUs)}${share}`,
    `  gaps   ${gaps.count}: p50 ${us(gaps.p50Us)}, p99 ${us(gaps.p99Us)}, max ${us(gaps.maxUs)}`,
    ...(drainRate === rate ? [] : [bufferText(stream, drainRate)]),
  ].join('\n');
}

function bufferText({ peakBufferBytes }: BurstStream, drainRate: BitsPerSecond): string {
  return `  buffer of a port of ${rateText(drainRate)}: ${bytesText(peakBufferBytes)} at most`;
}

function widthText(seconds: number): string {
  if (seconds >= 1) return `${seconds} s`;
  if (seconds >= 1e-3) return `${Math.round(seconds * 1e3)} ms`;
  return `${Math.round(seconds * 1e6)} µs`;
}

const rateText = (rate: BitsPerSecond): string =>
  rate < 1e9 ? `${rate / 1e6} Mbps` : `${rate / 1e9} Gbps`;
