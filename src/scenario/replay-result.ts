/**
 * The result of an open-loop replay: the document that `--json` prints and `result.json` holds. Field names
 * are part of the public interface. Times are milliseconds or seconds as their names say, all of them of
 * the deterministic run; what the run cost stands apart, in ResultCost, added by the command.
 */
import type { DROP_REASON_NAMES } from '../engine/drop-reason.ts';

/** Frames dropped, by reason; reasons that did not occur are left out. */
export type DropCounts = Partial<Record<(typeof DROP_REASON_NAMES)[number], number>>;

/** What the path did to one direction of a flow. */
export interface FlowDirectionResult {
  /** Frames that entered the path, and their bytes on an Ethernet wire. */
  readonly packets: number;
  readonly bytes: number;
  readonly deliveredPackets: number;
  readonly deliveredBytes: number;
  readonly drops: DropCounts;
  /** Copies the path made: packets + duplicates = deliveredPackets + drops. */
  readonly duplicates: number;
  readonly corruptedPackets: number;
  /** Time in the path: leaving minus entering; null when nothing was delivered. */
  readonly p50AddedDelayMs: number | null;
  readonly p95AddedDelayMs: number | null;
  readonly p99AddedDelayMs: number | null;
  readonly maxAddedDelayMs: number | null;
  readonly meanAddedDelayMs: number | null;
  /** RFC 4737: reordered packets of those delivered, and how far (§4.2.1, in packets). */
  readonly reordering: {
    readonly packets: number;
    readonly ratio: number;
    readonly maxExtent: number;
    readonly meanExtent: number;
  };
  /** Bytes over the time from first to last frame: as captured, and as it left the path; null below 2 frames. */
  readonly capturedMbps: number | null;
  readonly deliveredMbps: number | null;
}

/** One flow: what the capture says of it and what the path made of it. */
export interface ReplayFlowResult {
  /** `client:port > server:port`, or what else names it. */
  readonly name: string;
  readonly transport: string;
  /** How the client side was told: `inside`, `syn`, `syn-ack`, `port` or `first`. */
  readonly ground: string;
  readonly startSeconds: number;
  readonly durationSeconds: number;
  /** The capture's own round-trip time of the TCP handshake; null when it is not in the capture. */
  readonly handshakeRttMs: number | null;
  /** Segments the capture itself shows as sent again. */
  readonly capturedRetransmits: number;
  readonly toServer: FlowDirectionResult;
  readonly toClient: FlowDirectionResult;
}

/** One link of the path. */
export interface LinkResult {
  readonly name: string;
  readonly direction: 'toClient' | 'toServer';
  readonly forwardedPackets: number;
  readonly forwardedBytes: number;
  readonly drops: DropCounts;
  readonly queueDrops: number;
  readonly randomLosses: number;
  readonly ceMarks: number;
  readonly duplicates: number;
  readonly reordered: number;
  readonly corrupted: number;
  /** Corrupted frames whose checksums are still right, or that have none that can be checked. */
  readonly corruptedEscaped: number;
  readonly corruptedUnverifiable: number;
  readonly peakQueueBytes: number;
  readonly meanQueueBytes: number;
  readonly meanQueueDelayMs: number;
  readonly p99QueueDelayMs: number;
  /** Share of the time the transmitter was busy, or of a trace's opportunities that was used; null without a rate. */
  readonly utilisation: number | null;
}

/** What was read, and what of it could not be replayed as it was. */
export interface ReplayInputResult {
  readonly files: readonly {
    readonly name: string;
    readonly packets: number;
    readonly ending: string;
    readonly reason: string;
  }[];
  /** Stamp of the first frame replayed, as seconds with nine digits. */
  readonly firstTimestamp: string;
  /** Packets that were replayed, before splitting, in all rounds. */
  readonly enteredPackets: number;
  /** Frames that entered the path, after splitting: the sum over flows. */
  readonly enteredFrames: number;
  readonly skippedPackets: number;
  /** Stamps earlier than their predecessor's. */
  readonly earlierStamps: number;
  /** Stamps more than 100 days from their predecessor's, taken as equal to it. */
  readonly farStamps: number;
  /** Copies of one packet seen at a second interface: not replayed. */
  readonly copies: number;
  /** Both ends on one side of the path: not replayed. */
  readonly notCrossing: number;
  /** TCP super-segments longer than the MTU, and the pieces they were split into. */
  readonly superSegments: number;
  readonly pieces: number;
  /** Frames longer than the MTU that are no TCP segments: they enter whole. */
  readonly oversized: number;
  readonly truncatedPackets: number;
  /** Interfaces of a link type that is not read. */
  readonly unsupportedLinkType: number;
  /** A header contradicts the packet: it enters as it is. */
  readonly malformed: number;
}

export interface ReplayResult {
  readonly command: 'replay';
  readonly scenario: string;
  readonly seed: number;
  readonly fingerprint: string;
  readonly simulatedSeconds: number;
  readonly engine: { readonly events: number; readonly deliveredPackets: number };
  readonly input: ReplayInputResult;
  /** All flows together. */
  readonly total: {
    readonly toServer: FlowDirectionResult;
    readonly toClient: FlowDirectionResult;
  };
  readonly flows: readonly ReplayFlowResult[];
  readonly links: readonly LinkResult[];
  /** How client and server were told apart, with the number of flows of each ground. */
  readonly sides: { readonly inside: readonly string[]; readonly grounds: Record<string, number> };
}

/** Depth of one link's queue over time, in columns: written to `series.json`. */
export interface QueueSeries {
  readonly link: string;
  readonly binSeconds: number;
  readonly maxQueueBytes: readonly number[];
  readonly meanQueueBytes: readonly number[];
}

/** Cost of a run, by the command; never part of the deterministic result. */
export interface ResultCost {
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  readonly peakRssBytes: number;
  readonly packetsPerCpuSecond: number;
}
