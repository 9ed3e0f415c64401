/**
 * The result of a run with real transports: the document that `sluice run --json` prints and `result.json`
 * holds. Field names are part of the public interface. Everything here is of the deterministic run; what it
 * cost stands apart (ResultCost), added by the command.
 */

import type { BurstFacts } from '../analysis/burst-facts.ts';
import type { ConservationResult } from './conservation.ts';
import type { FlowControlResult } from './flow-control-result.ts';
import type { DropCounts } from './replay-result.ts';
import type { RunCheck } from './run-checks.ts';

/** One connection, from the sender's and the receiver's own books. */
export interface RunFlowResult {
  /** `client:port > server:port`, the client being who opened the connection. */
  readonly name: string;
  readonly transport: 'tcp';
  readonly cc: string;
  readonly startSeconds: number;
  /** Delivered bytes over the time from its start to its completion or the end of the run. */
  readonly goodputMbps: number;
  /** In order, to the receiving application. */
  readonly deliveredBytes: number;
  /** Segments sent again, with SYNs, by the sender's books. */
  readonly retransmits: number;
  /** Retransmission timeouts. */
  readonly timeouts: number;
  /** Retransmissions that the receiver reported as duplicates (DSACK, RFC 2883). */
  readonly spuriousRetransmits: number;
  /** Of all samples that RTT estimation was given; null without any. */
  readonly minRttMs: number | null;
  readonly meanRttMs: number | null;
  readonly p50RttMs: number | null;
  readonly p95RttMs: number | null;
  readonly p99RttMs: number | null;
  readonly maxRttMs: number | null;
  readonly maxCwndBytes: number;
  /** From its start until the receiver had read the last byte; null without an end. */
  readonly fctSeconds: number | null;
}

export interface RunLinkResult {
  readonly name: string;
  readonly arrivedPackets: number;
  readonly forwardedPackets: number;
  /** Waiting, in transmission or on the line at the end: arrived = forwarded + drops + inside. */
  readonly insidePackets: number;
  readonly drops: DropCounts;
  /** Of them, those of the queue: its limit, active queue management, a policer. */
  readonly queueDrops: number;
  readonly randomLosses: number;
  /** Frames that got Congestion Experienced here. */
  readonly ceMarks: number;
  /** Bytes that wait; the frame in transmission is not among them. */
  readonly peakQueueBytes: number;
  readonly meanQueueDelayMs: number;
  readonly p99QueueDelayMs: number;
  /** Share of the run in which it transmitted. */
  readonly utilisation: number;
}

/** Requests and responses of one flow. */
export interface TransactionResult {
  /** Name of the flow. */
  readonly flow: string;
  readonly count: number;
  /** From the request to the last byte of the response. */
  readonly minMs: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface RunCompletion {
  readonly flows: number;
  readonly completed: number;
  /** Null when none was completed. */
  readonly firstMs: number | null;
  readonly medianMs: number | null;
  readonly p99Ms: number | null;
  readonly lastMs: number | null;
  /** Bytes of the completed flows from the first start to the last completion. */
  readonly goodputMbps: number | null;
  /** Retransmission timeouts of all flows. */
  readonly timeouts: number;
}

/** Of a call's packets, there and back. */
export interface RoundTrips {
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
}

/** What a load did to those beside it. */
export interface UnderLoadResult {
  /** `inflation`: the median under load over the median before it. */
  readonly rtt: {
    readonly idle: RoundTrips;
    readonly loaded: RoundTrips;
    readonly inflation: number | null;
  };
  /** Call packets that did not come back, of the whole run. */
  readonly voiceLossRatio: number;
  /** Median time to load a page. */
  readonly page: { readonly idleMs: number | null; readonly loadedMs: number | null };
  /** Quality of each second, and what the other end saw. */
  readonly video: {
    readonly downgrades: number;
    readonly levels: readonly string[];
    readonly p95DelayMs: readonly (number | null)[];
    readonly lossRatio: readonly number[];
  };
}

export interface RunResult {
  readonly command: 'run';
  readonly scenario: string;
  readonly seed: number;
  /** All parameters of the scenario, as texts. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Hosts take a time over each packet, uniform in 0 … this, which breaks phase effects. */
  readonly processingDelayMs: number;
  readonly fingerprint: string;
  readonly simulatedSeconds: number;
  /** `deliveredPackets`: data segments with payload that left the bottleneck. */
  readonly engine: { readonly events: number; readonly deliveredPackets: number };
  readonly flows: readonly RunFlowResult[];
  /** Of the flows that have an end: times from the start of each, and what they moved until the last was done. */
  readonly completion?: RunCompletion;
  readonly links: readonly RunLinkResult[];
  /** Of all links: no frame was lost or made. */
  readonly conservation: ConservationResult;
  /** Of switches that pause their senders (IEEE 802.1Qbb). */
  readonly flowControl?: FlowControlResult;
  /** What the run is held to; one that does not hold is a failure. */
  readonly checks: readonly RunCheck[];
  /** Of the link that a scenario looks at closely. */
  readonly bursts?: BurstFacts;
  /** Of scenarios that measure latency under load. */
  readonly underLoad?: UnderLoadResult;
  /** Jain's index over the flows' goodputs; 1 when all are equal, null when nothing was delivered. */
  readonly fairness: { readonly jain: number | null };
  /** Of flows with requests and responses that have completed some; absent when there are none. */
  readonly transactions?: readonly TransactionResult[];
}

/** One flow over time, in columns: written to `series.json`. */
export interface FlowSeries {
  readonly flow: string;
  readonly cwndBytes: readonly number[];
  readonly inFlightBytes: readonly number[];
  /** Smoothed; null before the first sample. */
  readonly smoothedRttMs: readonly (number | null)[];
  readonly deliveredBytes: readonly number[];
  readonly retransmits: readonly number[];
  /** Of payload, as the controller sets it; null where it leaves that to the pacer. */
  readonly pacingMbps: readonly (number | null)[];
  /** The controller's estimate of the path's bandwidth; null without one. */
  readonly bandwidthMbps: readonly (number | null)[];
  /** The controller's state, like 'startup' of BBR; null where it has no name for it. */
  readonly phase: readonly (string | null)[];
}

export interface RunSeries {
  /** The instants of all columns. */
  readonly seconds: readonly number[];
  readonly flows: readonly FlowSeries[];
  readonly links: readonly LinkSeries[];
}

export interface LinkSeries {
  readonly link: string;
  /** Backlog at those instants. */
  readonly queueBytes: readonly number[];
  /** Of links that record it: the backlog in bins from 0 on, every byte of it, whatever the instants missed. */
  readonly depth?: {
    readonly binSeconds: number;
    readonly maxBytes: readonly number[];
    /** Over time. */
    readonly meanBytes: readonly number[];
  };
}
