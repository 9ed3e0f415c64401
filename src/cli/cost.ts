/** What a run cost: CPU of the whole process from its start, wall time, memory. Never part of a result. */
import type { ResultCost } from '../scenario/replay-result.ts';

export class CostMeter {
  readonly #startedMs = performance.now();

  /** @param deliveredPackets of the run */
  take(deliveredPackets: number): ResultCost {
    const { user, system } = process.cpuUsage();
    const cpuSeconds = (user + system) / 1e6;
    return {
      cpuSeconds,
      wallSeconds: (performance.now() - this.#startedMs) / 1e3,
      peakRssBytes: process.resourceUsage().maxRSS * 1024,
      packetsPerCpuSecond: Math.round(deliveredPackets / cpuSeconds),
    };
  }
}
