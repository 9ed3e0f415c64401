/**
 * What a capture says: figures of the whole, and its flows (analysis/flow-table). Packets come in batches, as
 * decoded rows and their dissected columns; memory grows with the flows, not with the packets. Times within are
 * nanoseconds since the first packet; the first and last stamps are the earliest and the latest, as capinfos has
 * them, kept as two integers. It reads no bytes and does not judge checksums.
 */
import { assert } from '../base/assert.ts';
import type { CaptureEnding, CaptureFormat, CaptureInterface } from '../pcap/capture-facts.ts';
import type { CaptureRows } from '../pcap/capture-rows.ts';
import { formatTimestamp } from '../pcap/timestamp.ts';
import { LinkLayer, linkLayerFromLinkType, linkTypeName } from '../wire/link-layer.ts';
import { DissectStatus, FragmentKind, type PacketColumns } from '../wire/packet-columns.ts';
import { BurstAnalysis, type BurstFacts, type BurstOptions } from './burst-facts.ts';
import { bytesOf, type FlowFacts, packetsOf, readFlow, transportOf } from './flow-facts.ts';
import { FlowTable } from './flow-table.ts';

/** Longest network-layer packet of an Ethernet without jumbo frames (RFC 894). */
const ETHERNET_MTU = 1500;
const NS_PER_S = 1e9;
/** A list of more flows would be a document that no JSON reader takes. */
const LISTED_FLOWS_MAX = 100_000;

export interface InterfaceFacts {
  readonly name: string | null;
  readonly description: string | null;
  readonly linkType: string;
  /** Bytes captured of a packet at most; 0 for no limit. */
  readonly snapLength: number;
  readonly packets: number;
}

export interface CaptureSummary {
  readonly format: CaptureFormat;
  readonly packets: number;
  /** Sum of the original lengths, link headers included. */
  readonly bytes: number;
  /** Sum of the lengths that are in the file. */
  readonly capturedBytes: number;
  /** Earliest and latest stamp: seconds since 1970 with nine digits; null when no packet has one. */
  readonly firstTimestamp: string | null;
  readonly lastTimestamp: string | null;
  readonly durationSeconds: number;
  /** Each once, in order of the interfaces. */
  readonly linkTypes: readonly string[];
  readonly interfaces: readonly InterfaceFacts[];
  /** Packets of which the file has less than was on the wire. */
  readonly truncatedPackets: number;
  /** How the file ended; `reason` says where and why unless it is complete. */
  readonly ending: CaptureEnding;
  readonly reason: string;
  /** Packets by protocol, most first. */
  readonly protocols: Readonly<Record<string, number>>;
  /** Flows by protocol, most first; those that are not in the result's list too. */
  readonly flowsByTransport: Readonly<Record<string, number>>;
  readonly nonIpPackets: number;
  /** Packets of link types that are not read: counted here, and not IP. */
  readonly unreadLinkTypePackets: number;
  readonly fragments: number;
  /** Packets whose headers contradict themselves or their length. */
  readonly malformedPackets: number;
  /** Packets cut within their headers by the snap length. */
  readonly cutHeaders: number;
  /** Stamps earlier than that of the packet before. */
  readonly earlierStamps: number;
  /** IP packets longer than 1,500 bytes: not yet cut by the network card, or jumbo frames. */
  readonly superSegments: number;
}

export interface AnalyzeResult {
  readonly command: 'analyze';
  readonly capture: CaptureSummary;
  /** In order of their first packets. */
  readonly flows: readonly FlowFacts[];
  /** Flows left out of the list: all of it have at least as many bytes as these. */
  readonly omittedFlows: number;
  /** When they were asked for. */
  readonly bursts?: BurstFacts;
}

/** What is known of the file when it has been read; a CaptureReader has all of it. */
export interface CaptureSource {
  readonly format: CaptureFormat | undefined;
  readonly interfaces: readonly CaptureInterface[];
  readonly ending: CaptureEnding | undefined;
  readonly reason: string;
  readonly counters: { readonly packets: number; readonly unstampedPackets: number };
}

/** A time since 1970: whole seconds, and nanoseconds added to them. */
interface Stamp {
  readonly seconds: number;
  readonly nanoseconds: number;
}

const NO_STAMP: Stamp = { seconds: 0, nanoseconds: 0 };

export class CaptureAnalysis {
  readonly flows = new FlowTable();
  readonly #bursts: BurstAnalysis | undefined;
  #packets = 0;
  #bytes = 0;
  #capturedBytes = 0;
  #truncatedPackets = 0;
  #nonIpPackets = 0;
  #fragments = 0;
  #malformedPackets = 0;
  #cutHeaders = 0;
  #earlierStamps = 0;
  #superSegments = 0;
  /** Stamp of the first packet, from which flows count their times. */
  #epoch: Stamp = NO_STAMP;
  #earliest: Stamp = NO_STAMP;
  #latest: Stamp = NO_STAMP;
  /** Of the last packet so far. */
  #previous: Stamp = NO_STAMP;
  /** Packets by interface. */
  #interfacePackets = new Float64Array(16);

  /** @param bursts asks for them as well */
  constructor(bursts?: BurstOptions) {
    this.#bursts = bursts && new BurstAnalysis(bursts);
  }

  /** Counts the packets of all rows; `columns` holds what wire/dissect made of them. Keeps neither. */
  add(rows: CaptureRows, columns: PacketColumns): void {
    if (rows.count === 0) return;
    if (this.#packets === 0) {
      const first = stampOf(rows, 0);
      this.#epoch = first;
      this.#earliest = first;
      this.#latest = first;
      this.#previous = first;
    }
    this.#packets += rows.count;
    this.#countLengths(rows);
    this.#countStamps(rows);
    this.#countHeaders(rows, columns);
    this.#countFlows(rows, columns);
    const { seconds, nanoseconds } = this.#epoch;
    this.#bursts?.add(rows, columns, seconds, nanoseconds);
  }

  #countLengths(rows: CaptureRows): void {
    const { count, capturedLength, originalLength, interfaceIndex } = rows;
    let bytes = 0;
    let capturedBytes = 0;
    let truncated = 0;
    for (let row = 0; row < count; row++) {
      bytes += originalLength[row];
      capturedBytes += capturedLength[row];
      if (capturedLength[row] < originalLength[row]) truncated++;
      const source = interfaceIndex[row];
      if (source >= this.#interfacePackets.length) this.#growInterfaces(source);
      this.#interfacePackets[source]++;
    }
    this.#bytes += bytes;
    this.#capturedBytes += capturedBytes;
    this.#truncatedPackets += truncated;
  }

  #countStamps(rows: CaptureRows): void {
    const { count, seconds, nanoseconds } = rows;
    let earliest = 0;
    let latest = 0;
    let earlierStamps = isBefore(stampOf(rows, 0), this.#previous) ? 1 : 0;
    const isRowBefore = (row: number, other: number) =>
      seconds[row] < seconds[other] ||
      (seconds[row] === seconds[other] && nanoseconds[row] < nanoseconds[other]);
    for (let row = 1; row < count; row++) {
      if (isRowBefore(latest, row)) latest = row;
      if (!isRowBefore(row, row - 1)) continue;
      earlierStamps++;
      if (isRowBefore(row, earliest)) earliest = row;
    }
    this.#earlierStamps += earlierStamps;
    if (isBefore(stampOf(rows, earliest), this.#earliest)) this.#earliest = stampOf(rows, earliest);
    if (isBefore(this.#latest, stampOf(rows, latest))) this.#latest = stampOf(rows, latest);
    this.#previous = stampOf(rows, count - 1);
  }

  #countHeaders(rows: CaptureRows, columns: PacketColumns): void {
    const { count, originalLength } = rows;
    const { status, ipVersion, isFragment, networkOffset } = columns;
    let nonIp = 0;
    let malformed = 0;
    let cut = 0;
    let fragments = 0;
    let superSegments = 0;
    for (let row = 0; row < count; row++) {
      if (status[row] === DissectStatus.Malformed) malformed++;
      else if (status[row] === DissectStatus.Truncated) cut++;
      if (ipVersion[row] === 0) {
        nonIp++;
        continue;
      }
      if (isFragment[row] !== FragmentKind.Whole) fragments++;
      if (originalLength[row] - networkOffset[row] > ETHERNET_MTU) superSegments++;
    }
    this.#nonIpPackets += nonIp;
    this.#malformedPackets += malformed;
    this.#cutHeaders += cut;
    this.#fragments += fragments;
    this.#superSegments += superSegments;
  }

  #countFlows(rows: CaptureRows, columns: PacketColumns): void {
    const { count, seconds, nanoseconds } = rows;
    const flows = this.flows;
    const time = flows.timeNs;
    const epoch = this.#epoch;
    for (let row = 0; row < count; row++) {
      time[0] = (seconds[row] - epoch.seconds) * NS_PER_S + (nanoseconds[row] - epoch.nanoseconds);
      flows.add(columns, row);
    }
  }

  #growInterfaces(needed: number): void {
    const packets = new Float64Array(needed * 2);
    packets.set(this.#interfacePackets);
    this.#interfacePackets = packets;
  }

  /** The result, once `source` has been read to its end and none of its calls threw. */
  finish(source: CaptureSource, listedFlowsMax = LISTED_FLOWS_MAX): AnalyzeResult {
    const table = this.flows;
    const listed = largestFlows(table, listedFlowsMax);
    return {
      command: 'analyze',
      capture: this.#summary(source),
      flows: listed.map((flow) => readFlow(table, flow)),
      omittedFlows: table.count - listed.length,
      ...(this.#bursts && { bursts: this.#bursts.finish(source.interfaces) }),
    };
  }

  #summary(source: CaptureSource): CaptureSummary {
    assert(source.format !== undefined, 'a capture that was read has a format');
    const { packets, unstampedPackets } = source.counters;
    const isEmpty = packets === unstampedPackets;
    const earliest = this.#earliest;
    const latest = this.#latest;
    return {
      format: source.format,
      packets: this.#packets,
      bytes: this.#bytes,
      capturedBytes: this.#capturedBytes,
      firstTimestamp: isEmpty ? null : formatTimestamp(earliest.seconds, earliest.nanoseconds),
      lastTimestamp: isEmpty ? null : formatTimestamp(latest.seconds, latest.nanoseconds),
      durationSeconds:
        latest.seconds - earliest.seconds + (latest.nanoseconds - earliest.nanoseconds) / NS_PER_S,
      linkTypes: [...new Set(source.interfaces.map((each) => linkTypeName(each.linkType)))],
      interfaces: source.interfaces.map((each, index) => ({
        name: each.name ?? null,
        description: each.description ?? null,
        linkType: linkTypeName(each.linkType),
        snapLength: each.snapLength,
        packets: this.#packetsOf(index),
      })),
      truncatedPackets: this.#truncatedPackets,
      ending: source.ending ?? 'cut',
      reason: source.reason,
      protocols: this.#countByTransport((flow) => packetsOf(this.flows, flow)),
      flowsByTransport: this.#countByTransport(() => 1),
      nonIpPackets: this.#nonIpPackets,
      unreadLinkTypePackets: source.interfaces
        .filter((each) => linkLayerFromLinkType(each.linkType) === LinkLayer.Unsupported)
        .reduce((sum, each) => sum + this.#packetsOf(source.interfaces.indexOf(each)), 0),
      fragments: this.#fragments,
      malformedPackets: this.#malformedPackets,
      cutHeaders: this.#cutHeaders,
      earlierStamps: this.#earlierStamps,
      superSegments: this.#superSegments,
    };
  }

  #packetsOf(interfaceIndex: number): number {
    return this.#interfacePackets[interfaceIndex] ?? 0;
  }

  /** Sums over the flows of each protocol; every packet is in a flow. */
  #countByTransport(countOf: (flow: number) => number): Record<string, number> {
    const counts = new Map<string, number>();
    for (let flow = 0; flow < this.flows.count; flow++) {
      const name = transportOf(this.flows, flow);
      counts.set(name, (counts.get(name) ?? 0) + countOf(flow));
    }
    return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));
  }
}

/** The `limit` flows with the most bytes, in order of their first packets. */
function largestFlows(table: FlowTable, limit: number): number[] {
  const flows = Array.from({ length: table.count }, (_, flow) => flow);
  if (flows.length <= limit) return flows;
  const bytes = Float64Array.from(flows, (flow) => bytesOf(table, flow));
  return flows
    .sort((a, b) => bytes[b] - bytes[a])
    .slice(0, limit)
    .sort((a, b) => a - b);
}

const stampOf = (rows: CaptureRows, row: number): Stamp => ({
  seconds: rows.seconds[row],
  nanoseconds: rows.nanoseconds[row],
});

const isBefore = (a: Stamp, b: Stamp): boolean =>
  a.seconds < b.seconds || (a.seconds === b.seconds && a.nanoseconds < b.nanoseconds);
