/**
 * A recorded link the slow and obvious way: opportunity after opportunity from time 0, with a queue as an
 * array. Written from the description of Mahimahi's link, it shares no code with src/net.
 */
import type { Arrival } from './network.ts';

export interface NaiveOutcome {
  ordinals: number[];
  timesNs: number[];
}

export function naiveTraceLink(
  stampsMs: readonly number[],
  arrivals: readonly Arrival[],
  limitPackets = Number.POSITIVE_INFINITY,
): NaiveOutcome {
  const outcome: NaiveOutcome = { ordinals: [], timesNs: [] };
  const queue: { ordinal: number; bytes: number }[] = [];
  let inTransit: { ordinal: number; left: number } | undefined;
  let next = 0;
  const arriveBefore = (nowNs: number) => {
    for (; next < arrivals.length && (arrivals[next] as Arrival).atNs < nowNs; next++) {
      // An IP packet and the 4 bytes of a tunnel header; ours has 14 bytes of Ethernet header.
      const bytes = (arrivals[next] as Arrival).length - 14 + 4;
      if (queue.length < limitPackets) queue.push({ ordinal: next, bytes });
    }
  };
  const period = stampsMs[stampsMs.length - 1] as number;
  const isBusy = () => next < arrivals.length || queue.length > 0 || inTransit !== undefined;
  for (let base = 0; isBusy(); base += period) {
    for (const stamp of stampsMs) {
      const nowNs = (base + stamp) * 1e6;
      arriveBefore(nowNs);
      let budget = 1504;
      while (budget > 0) {
        if (inTransit === undefined) {
          const frame = queue.shift();
          if (frame === undefined) break;
          inTransit = { ordinal: frame.ordinal, left: frame.bytes };
        }
        const used = Math.min(budget, inTransit.left);
        budget -= used;
        inTransit.left -= used;
        if (inTransit.left === 0) {
          outcome.ordinals.push(inTransit.ordinal);
          outcome.timesNs.push(nowNs);
          inTransit = undefined;
        }
      }
    }
  }
  return outcome;
}
