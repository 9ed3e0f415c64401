/**
 * Latency under load: round trips of a call's packets, page loads and video quality, before and while something
 * fills the line. Cold.
 */
import { HistogramRows } from '../base/histogram.ts';
import { nearestRank } from '../base/sample-statistics.ts';
import { type Duration, type Instant, NEVER } from '../base/units.ts';
import type { Network } from '../net/network.ts';
import type { DatagramSource } from '../traffic/datagram-source.ts';
import type { VideoCall } from '../traffic/video-call.ts';
import type { RoundTrips, UnderLoadResult } from './run-result.ts';
import type { RunningFlow } from './running-flow.ts';

const NS_PER_MS = 1e6;

export class UnderLoad {
  readonly #network: Network;
  readonly #loadNs: Instant;
  readonly #settledNs: Instant;
  readonly #rtts = new HistogramRows();
  readonly #idleRow: number;
  readonly #loadedRow: number;
  #answered = 0;
  #call: VideoCall | undefined = undefined;
  #voice: DatagramSource | undefined = undefined;

  /** @param phases when the load begins, and how long it takes to build up */
  constructor(
    network: Network,
    phases: { readonly loadNs: Instant; readonly settlingNs: Duration },
  ) {
    this.#network = network;
    this.#loadNs = phases.loadNs;
    this.#settledNs = phases.loadNs + phases.settlingNs;
    this.#idleRow = this.#rtts.addRow();
    this.#loadedRow = this.#rtts.addRow();
  }

  watchVoice(voice: DatagramSource): void {
    this.#voice = voice;
  }

  watchVideo(call: VideoCall): void {
    this.#call = call;
  }

  /** An echoed packet is back. */
  onRoundTrip(rttNs: Duration): void {
    const { nowNs } = this.#network.clock;
    this.#answered++;
    if (nowNs >= this.#loadNs && nowNs < this.#settledNs) return;
    this.#rtts.valueNs[0] = rttNs;
    this.#rtts.record(nowNs < this.#loadNs ? this.#idleRow : this.#loadedRow);
  }

  /** @param flows of the run; those that end are page loads */
  toResult(flows: readonly RunningFlow[]): UnderLoadResult {
    const idle = this.#roundTrips(this.#idleRow);
    const loaded = this.#roundTrips(this.#loadedRow);
    const pages = flows.filter(({ plan }) => Number.isFinite(plan.sizeBytes));
    const pageMs = (isIn: (startNs: Instant) => boolean) => {
      const times = pages
        .filter(({ plan, completedNs }) => isIn(plan.startNs) && completedNs < NEVER)
        .map(({ plan, completedNs }) => (completedNs - plan.startNs) / NS_PER_MS);
      return nearestRank(times, 0.5);
    };
    const sent = this.#voice?.sentPackets ?? 0;
    const seconds = this.#call?.seconds ?? [];
    return {
      rtt: {
        idle,
        loaded,
        inflation: idle.p50Ms === null || loaded.p50Ms === null ? null : loaded.p50Ms / idle.p50Ms,
      },
      voiceLossRatio: sent === 0 ? 0 : Math.max(0, 1 - this.#answered / sent),
      page: {
        idleMs: pageMs((startNs) => startNs < this.#loadNs),
        loadedMs: pageMs((startNs) => startNs >= this.#settledNs),
      },
      video: {
        downgrades: this.#call?.downgrades ?? 0,
        levels: seconds.map(({ level }) => level),
        p95DelayMs: seconds.map(({ p95DelayMs }) => p95DelayMs),
        lossRatio: seconds.map(({ lossRatio }) => lossRatio),
      },
    };
  }

  #roundTrips(row: number): RoundTrips {
    const rtts = this.#rtts;
    const ms = (ns: Duration) => (rtts.count(row) === 0 ? null : ns / NS_PER_MS);
    return {
      p50Ms: ms(rtts.quantile(row, 0.5)),
      p95Ms: ms(rtts.quantile(row, 0.95)),
      p99Ms: ms(rtts.quantile(row, 0.99)),
      maxMs: ms(rtts.max(row)),
    };
  }
}
