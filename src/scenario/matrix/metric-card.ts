/**
 * The metric card of one run: what RFC 5166 and draft-ietf-ccwg-rfc5033bis ask a congestion controller to be
 * judged by, measured from the end of a warm-up on. Every figure is null where the run has nothing to
 * measure it by. Ratios are 0 … 1, times in the unit of the name.
 */

export interface MetricCard {
  /** Share of the bottleneck's capacity that was used (RFC 5166 §2.1). */
  readonly utilisation: number | null;
  /** All flows together, delivered in order. */
  readonly goodputMbps: number | null;
  /** Waiting time at the bottleneck (RFC 5166 §2.2). */
  readonly queueDelayMeanMs: number | null;
  readonly queueDelayP50Ms: number | null;
  readonly queueDelayP95Ms: number | null;
  readonly queueDelayP99Ms: number | null;
  readonly queueDelayMaxMs: number | null;
  /** RTT samples beyond the least one of the run, over all flows. */
  readonly rttOverBaseP50Ms: number | null;
  readonly rttOverBaseP95Ms: number | null;
  readonly rttOverBaseP99Ms: number | null;
  /** Goodput over mean RTT, of the ideal: capacity at the least RTT. */
  readonly power: number | null;
  /** Frames dropped of those that arrived at the bottleneck, and marked (RFC 5166 §2.3). */
  readonly lossRatio: number | null;
  readonly markRatio: number | null;
  /** Retransmitted of sent bytes. */
  readonly retransmissionRatio: number | null;
  /** Retransmissions that the receiver had already, of sent segments. */
  readonly spuriousRatio: number | null;
  readonly timeoutsPerFlow: number | null;
  /** Jain's index of the flows' goodputs over the window, and the median of it in bins of a second. */
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
  /** Coefficient of variation of a flow's goodput in bins, mean of the flows (RFC 5166 §2.5). */
  readonly goodputVariation100ms: number | null;
  readonly goodputVariation1s: number | null;
  /** Largest over least cwnd of a flow, mean of the flows. */
  readonly cwndPeakToTrough: number | null;
  /** Completion times of flows with an end. */
  readonly fctMeanMs: number | null;
  readonly fctP50Ms: number | null;
  readonly fctP99Ms: number | null;
  /** Completion time over the ideal: handshake, half an RTT, and the bytes at the full rate. */
  readonly slowdownMean: number | null;
}

export type MetricName = keyof MetricCard;

/** What is printed, in order: unit, and whether more is better (for harm and for reading). */
export const METRICS: readonly { readonly name: MetricName; readonly unit: string }[] = [
  { name: 'utilisation', unit: '' },
  { name: 'goodputMbps', unit: 'Mb/s' },
  { name: 'queueDelayMeanMs', unit: 'ms' },
  { name: 'queueDelayP50Ms', unit: 'ms' },
  { name: 'queueDelayP95Ms', unit: 'ms' },
  { name: 'queueDelayP99Ms', unit: 'ms' },
  { name: 'queueDelayMaxMs', unit: 'ms' },
  { name: 'rttOverBaseP50Ms', unit: 'ms' },
  { name: 'rttOverBaseP95Ms', unit: 'ms' },
  { name: 'rttOverBaseP99Ms', unit: 'ms' },
  { name: 'power', unit: '' },
  { name: 'lossRatio', unit: '' },
  { name: 'markRatio', unit: '' },
  { name: 'retransmissionRatio', unit: '' },
  { name: 'spuriousRatio', unit: '' },
  { name: 'timeoutsPerFlow', unit: '' },
  { name: 'jain', unit: '' },
  { name: 'jainMedian1s', unit: '' },
  { name: 'minMaxGoodput', unit: '' },
  { name: 'rttFairness', unit: '' },
  { name: 'convergenceSeconds', unit: 's' },
  { name: 'goodputVariation100ms', unit: '' },
  { name: 'goodputVariation1s', unit: '' },
  { name: 'cwndPeakToTrough', unit: '' },
  { name: 'fctMeanMs', unit: 'ms' },
  { name: 'fctP50Ms', unit: 'ms' },
  { name: 'fctP99Ms', unit: 'ms' },
  { name: 'slowdownMean', unit: '' },
];
