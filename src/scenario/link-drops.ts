/** What a link's place counted, as results tell it. Cold. */
import { DROP_REASON_NAMES, DropReason } from '../engine/drop-reason.ts';
import type { Network } from '../net/network.ts';
import type { DropCounts } from './replay-result.ts';

/** Reasons with their counts, without those that are 0. */
export function dropCounts(countOf: (reason: DropReason) => number): DropCounts {
  const drops: DropCounts = {};
  for (const [reason, name] of DROP_REASON_NAMES.entries()) {
    const count = countOf(reason);
    if (count > 0) drops[name] = count;
  }
  return drops;
}

/** What a link's own queue drops: the limit, active queue management, a policer, a headroom. */
const QUEUE_REASONS = [
  DropReason.QueueFull,
  DropReason.Aqm,
  DropReason.Policed,
  DropReason.HeadroomFull,
];

/** Drops of the queue at a place, for any of its reasons. */
export function queueDropsAt(network: Network, place: number): number {
  return QUEUE_REASONS.reduce((sum, reason) => sum + network.dropCount(place, reason), 0);
}
