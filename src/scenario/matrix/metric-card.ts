/**
 * The metric card of one run: what RFC 5166 and draft-ietf-ccwg-rfc5033bis ask a congestion controller to be
 * judged by, measured from the end of a warm-up on. Every figure is null where the run has nothing to
 * measure it by. Ratios are 0 … 1, times in the unit of the name.
 */

export interface MetricCard {
  /** Bits that left the bottleneck, of those it could have carried (RFC 5166 §2.1.1). */
  readonly utilisation: number | null;
  /** All flows together, delivered in order; bytes that had arrived before the window do not count. */
  readonly goodputMbps: number | null;
  /** Goodput over mean RTT, of the ideal: capacity at the least RTT. */
  readonly power: number | null;
  /** Waiting time at the bottleneck (RFC 5166 §2.1.2). */
  readonly queueDelayMeanMs: number | null;
  readonly queueDelayP50Ms: number | null;
  readonly queueDelayP95Ms: number | null;
  readonly queueDelayP99Ms: number | null;
  readonly queueDelayMaxMs: number | null;
  /** A flow's RTT samples beyond the RTT of its path when empty; mean of the flows, and the largest of all. */
  readonly rttOverBaseMeanMs: number | null;
  readonly rttOverBaseP50Ms: number | null;
  readonly rttOverBaseP95Ms: number | null;
  readonly rttOverBaseP99Ms: number | null;
  readonly rttOverBaseMaxMs: number | null;
  /** Round trips of a sparse probe beside the load, beyond those on an empty path. */
  readonly latencyUnderLoadP50Ms: number | null;
  readonly latencyUnderLoadP95Ms: number | null;
  /** Of frames that arrived at the bottleneck, those dropped, dropped by its queue, and marked (RFC 5166 §2.1.3). */
  readonly lossRatio: number | null;
  readonly queueLossRatio: number | null;
  readonly markRatio: number | null;
  /** Retransmitted of sent bytes. */
  readonly retransmissionRatio: number | null;
  /** Retransmissions that the receiver had already (by DSACK), of sent segments. */
  readonly spuriousRatio: number | null;
  readonly timeoutsPerFlow: number | null;
  /** Periods of fast recovery. */
  readonly recoveriesPerFlow: number | null;
  /** Jain's index of the flows' goodputs over the window (RFC 5166 §2.3.1), and the median of it in bins of a second. */
  readonly jain: number | null;
  readonly jainMedian1s: number | null;
  /** Least over largest goodput of a flow. */
  readonly minMaxGoodput: number | null;
  /** Goodput of the flows with the shortest RTT over that of those with the longest, when RTTs differ. */
  readonly rttFairness: number | null;
  /**
   * From the last flow's start until every flow stays within 20 % of the fair share for 5 RTTs or 1 s, the
   * longer.
   */
  readonly convergenceSeconds: number | null;
  /** Coefficient of variation of a flow's goodput in bins of a base RTT and of 1 s, mean of the flows (RFC 5166 §2.2.2). */
  readonly goodputVariationRtt: number | null;
  readonly goodputVariation1s: number | null;
  /** Largest over least cwnd of a flow, mean of the flows. */
  readonly cwndPeakToTrough: number | null;
  /** After the rate rises: until five round trips bring 90 % of the new capacity (RFC 5166 §2.2.1). */
  readonly riseMs: number | null;
  /** After it falls: until the queueing delay stays below twice its mean of before for five round trips; its peak. */
  readonly fallMs: number | null;
  readonly fallPeakQueueMs: number | null;
  /** Completion times of flows with an end. */
  readonly fctMeanMs: number | null;
  readonly fctP50Ms: number | null;
  readonly fctP99Ms: number | null;
  readonly fctP999Ms: number | null;
  /** Completion time over the ideal (handshake, half an RTT, and the bytes at the full rate), mean by size. */
  readonly slowdownMean: number | null;
  readonly slowdownTo100kB: number | null;
  readonly slowdownTo10MB: number | null;
  readonly slowdownAbove10MB: number | null;
}

export type MetricName = keyof MetricCard;

export interface MetricFacts {
  readonly name: MetricName;
  /** As tables name it. */
  readonly label: string;
  readonly unit: string;
}

/** What is printed, in order. */
export const METRICS: readonly MetricFacts[] = [
  { name: 'utilisation', label: 'utilisation', unit: '' },
  { name: 'goodputMbps', label: 'goodput', unit: 'Mb/s' },
  { name: 'power', label: 'power', unit: '' },
  { name: 'queueDelayMeanMs', label: 'queue delay, mean', unit: 'ms' },
  { name: 'queueDelayP50Ms', label: 'queue delay, p50', unit: 'ms' },
  { name: 'queueDelayP95Ms', label: 'queue delay, p95', unit: 'ms' },
  { name: 'queueDelayP99Ms', label: 'queue delay, p99', unit: 'ms' },
  { name: 'queueDelayMaxMs', label: 'queue delay, max', unit: 'ms' },
  { name: 'rttOverBaseMeanMs', label: 'RTT over base, mean', unit: 'ms' },
  { name: 'rttOverBaseP50Ms', label: 'RTT over base, p50', unit: 'ms' },
  { name: 'rttOverBaseP95Ms', label: 'RTT over base, p95', unit: 'ms' },
  { name: 'rttOverBaseP99Ms', label: 'RTT over base, p99', unit: 'ms' },
  { name: 'rttOverBaseMaxMs', label: 'RTT over base, max', unit: 'ms' },
  { name: 'latencyUnderLoadP50Ms', label: 'latency under load, p50', unit: 'ms' },
  { name: 'latencyUnderLoadP95Ms', label: 'latency under load, p95', unit: 'ms' },
  { name: 'lossRatio', label: 'loss', unit: '' },
  { name: 'queueLossRatio', label: 'loss in the queue', unit: '' },
  { name: 'markRatio', label: 'marks', unit: '' },
  { name: 'retransmissionRatio', label: 'retransmission', unit: '' },
  { name: 'spuriousRatio', label: 'spurious', unit: '' },
  { name: 'timeoutsPerFlow', label: 'timeouts a flow', unit: '' },
  { name: 'recoveriesPerFlow', label: 'recoveries a flow', unit: '' },
  { name: 'jain', label: 'Jain', unit: '' },
  { name: 'jainMedian1s', label: 'Jain, median of 1 s', unit: '' },
  { name: 'minMaxGoodput', label: 'least / most goodput', unit: '' },
  { name: 'rttFairness', label: 'short / long RTT', unit: '' },
  { name: 'convergenceSeconds', label: 'convergence', unit: 's' },
  { name: 'goodputVariationRtt', label: 'variation in an RTT', unit: '' },
  { name: 'goodputVariation1s', label: 'variation in 1 s', unit: '' },
  { name: 'cwndPeakToTrough', label: 'cwnd peak / trough', unit: '' },
  { name: 'riseMs', label: 'rise to 90 %', unit: 'ms' },
  { name: 'fallMs', label: 'fall to usual queue', unit: 'ms' },
  { name: 'fallPeakQueueMs', label: 'peak queue of a fall', unit: 'ms' },
  { name: 'fctMeanMs', label: 'completion, mean', unit: 'ms' },
  { name: 'fctP50Ms', label: 'completion, p50', unit: 'ms' },
  { name: 'fctP99Ms', label: 'completion, p99', unit: 'ms' },
  { name: 'fctP999Ms', label: 'completion, p99.9', unit: 'ms' },
  { name: 'slowdownMean', label: 'slowdown', unit: '' },
  { name: 'slowdownTo100kB', label: 'slowdown to 100 kB', unit: '' },
  { name: 'slowdownTo10MB', label: 'slowdown to 10 MB', unit: '' },
  { name: 'slowdownAbove10MB', label: 'slowdown above', unit: '' },
];
