/**
 * The video that one end of a call sends: datagrams at the bit rate of its quality level, which each second
 * follows what the other end saw in the second before. A level down when the slowest twentieth took longer than
 * 150 ms (ITU-T G.114: what a conversation bears) or more than 10 % were lost; a level up after five seconds
 * without a reason to go down and with less than 2 % lost (the loss limits of draft-ietf-rmcat-gcc-02 §6). A
 * model of how calls degrade, not of a product; reports travel outside of the network.
 */
import type { Duration, Instant } from '../base/units.ts';
import { NS_PER_SECOND } from '../base/units.ts';
import { Task } from '../engine/task.ts';
import type { Network } from '../net/network.ts';
import type { DatagramSource } from './datagram-source.ts';

export interface VideoLevel {
  readonly name: string;
  readonly kbps: number;
}

/** From best to worst. */
export const VIDEO_LEVELS: readonly VideoLevel[] = [
  { name: '1080p', kbps: 2500 },
  { name: '720p', kbps: 1500 },
  { name: '480p', kbps: 800 },
  { name: '360p', kbps: 400 },
  { name: '180p', kbps: 150 },
];

/** One second of the call. */
export interface VideoSecond {
  readonly level: string;
  /** Of the slowest twentieth; null when nothing came. */
  readonly p95DelayMs: number | null;
  readonly lossRatio: number;
}

export const VIDEO_PAYLOAD_BYTES = 1172;
const DELAY_NS_MAX: Duration = 150e6;
const LOSS_DOWN = 0.1;
const LOSS_UP = 0.02;
const GOOD_SECONDS_UP = 5;
const NS_PER_MS = 1e6;

export class VideoCall {
  readonly seconds: VideoSecond[] = [];
  downgrades = 0;
  readonly #network: Network;
  readonly #source: DatagramSource;
  readonly #tick: Task;
  readonly #delaysNs: number[] = [];
  #level = 0;
  #sentBefore = 0;
  #goodSeconds = 0;
  #endNs: Instant = 0;

  constructor(network: Network, source: DatagramSource) {
    this.#network = network;
    this.#source = source;
    this.#tick = new Task(network.scheduler, () => this.#onSecond());
    this.#setPace();
  }

  run(endNs: Instant): void {
    this.#endNs = endNs;
    this.#source.run(this.#network.clock.nowNs, endNs);
    this.#tick.runAt(this.#network.clock.nowNs + NS_PER_SECOND);
  }

  /** The other end got one. */
  onDatagram(delayNs: Duration): void {
    this.#delaysNs.push(delayNs);
  }

  #onSecond(): void {
    const sent = this.#source.sentPackets - this.#sentBefore;
    this.#sentBefore = this.#source.sentPackets;
    const delays = this.#delaysNs.splice(0).sort((a, b) => a - b);
    // What is under way at both ends of the second nearly cancels; what is not is loss.
    const lossRatio = sent === 0 ? 0 : Math.max(0, 1 - delays.length / sent);
    const p95Ns = delays[Math.ceil(delays.length * 0.95) - 1];
    this.seconds.push({
      level: (VIDEO_LEVELS[this.#level] as VideoLevel).name,
      p95DelayMs: p95Ns === undefined ? null : p95Ns / NS_PER_MS,
      lossRatio,
    });
    this.#adapt(p95Ns ?? Number.POSITIVE_INFINITY, lossRatio);
    const nextNs = this.#network.clock.nowNs + NS_PER_SECOND;
    if (nextNs <= this.#endNs) this.#tick.runAt(nextNs);
  }

  #adapt(p95Ns: Duration, lossRatio: number): void {
    if (p95Ns > DELAY_NS_MAX || lossRatio > LOSS_DOWN) {
      this.#goodSeconds = 0;
      if (this.#level === VIDEO_LEVELS.length - 1) return;
      this.#level++;
      this.downgrades++;
    } else if (lossRatio >= LOSS_UP) {
      this.#goodSeconds = 0;
    } else if (++this.#goodSeconds >= GOOD_SECONDS_UP && this.#level > 0) {
      this.#goodSeconds = 0;
      this.#level--;
    }
    this.#setPace();
  }

  #setPace(): void {
    const { kbps } = VIDEO_LEVELS[this.#level] as VideoLevel;
    this.#source.payloadBytes = VIDEO_PAYLOAD_BYTES;
    this.#source.intervalNs = Math.round((VIDEO_PAYLOAD_BYTES * 8e6) / kbps);
  }
}
