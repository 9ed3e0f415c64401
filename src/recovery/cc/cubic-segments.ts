/**
 * CUBIC congestion avoidance counted as Linux counts it: RFC 9438 §4.2 to §4.8 in whole segments, time
 * in units of 1/1024 s, milliseconds as ticks, divisions that truncate, beta 717/1024. The law gives a
 * price, how many acknowledged segments buy one more, recomputed when the window or the tick has
 * changed, and never below two. Deviates from RFC 9438: the Reno estimate keeps its alpha after
 * cwnd_prior (§4.3); the plateau is aimed at after the least RTT, not the smoothed one (§4.2); an undo
 * does not bring back W_max or the epoch (§4.9.2); only idle time, not all application-limited time,
 * stands still (§5.8). Hot: no allocation per ACK.
 */
import { cbrt } from '../../base/math.ts';
import type { Bytes, Duration, Instant } from '../../base/units.ts';
import type { AckSample, RttView } from '../congestion.ts';
import { CUBIC_BETA_ECN, type CubicOptions } from './cubic.ts';
import { GrowthCounter, type WindowGrowth } from './window-growth.ts';

const TICK_NS: Duration = 1e6;
const TICKS_PER_SECOND = 1000;
/** Time units a second, and the scale of beta. */
const SCALE = 1024;
/** With an unchanged window the price holds for this long. */
const PRICE_TICKS = Math.floor(TICKS_PER_SECOND / 32);
/** C is held in these: a segment per second cubed is 1024/10 of them. */
const C_SCALE = 10;
/** C × 10 over 1024 for seconds cubed in units. */
const CUBE_DIVISOR = 2 ** 40;
/** The price on the plateau, in windows; and before any loss, in segments. */
const PLATEAU_WINDOWS = 100;
const PRICE_MAX_BEFORE_LOSS = 20;
const PRICE_MIN = 2;
const NOT_STARTED = -1;

export class CubicSegments implements WindowGrowth {
  readonly #options: CubicOptions;
  readonly #betaScaled: number;
  readonly #cScaled: number;
  readonly #counter = new GrowthCounter();
  #smss: Bytes;
  /** Segments acknowledged that buy one more. */
  #price = PRICE_MIN;
  #priceWindow = 0;
  #priceTick = 0;
  #epochTick = NOT_STARTED;
  /** W_max in segments, 0 before the first loss; the plateau is at #origin after #k time units. */
  #windowMax = 0;
  #origin = 0;
  #k = 0;
  /** What Reno's window would be, and the segments acknowledged towards its next. */
  #renoWindow = 0;
  #renoAcked = 0;

  constructor(smss: Bytes, options: CubicOptions) {
    this.#smss = smss;
    this.#options = options;
    this.#betaScaled = Math.round(options.beta * SCALE);
    this.#cScaled = Math.round((options.c * SCALE) / C_SCALE) * C_SCALE;
  }

  get betaLoss(): number {
    return this.#betaScaled / SCALE;
  }

  get betaEcn(): number {
    return CUBIC_BETA_ECN;
  }

  increase(cwnd: Bytes, acked: Bytes, sample: Readonly<AckSample>, rtt: RttView): Bytes {
    const smss = this.#smss;
    const window = Math.round(cwnd / smss);
    const tick = Math.floor(sample.nowNs / TICK_NS);
    const ackedSegments = Math.round(acked / smss);
    this.#renoAcked += ackedSegments;
    if (window !== this.#priceWindow || tick - this.#priceTick > PRICE_TICKS) {
      if (this.#epochTick === NOT_STARTED || tick !== this.#priceTick) {
        this.#priceWindow = window;
        this.#priceTick = tick;
        if (this.#epochTick === NOT_STARTED) this.#startEpoch(window, tick, ackedSegments);
        this.#price = this.#priceByCube(window, tick, rtt);
      }
      if (this.#options.isRenoFriendly) this.#followReno(window);
      if (this.#price < PRICE_MIN) this.#price = PRICE_MIN;
    }
    return this.#counter.count(acked, this.#price * smss, smss);
  }

  onApplicationLimited(): void {}

  /** The epoch may have begun while nothing was sent. */
  onSendAfterIdle(idleNs: Duration, nowNs: Instant): void {
    if (this.#epochTick === NOT_STARTED) return;
    const shifted = this.#epochTick + Math.floor(idleNs / TICK_NS);
    this.#epochTick = Math.min(shifted, Math.floor(nowNs / TICK_NS));
  }

  onIdleRestart(): void {}

  onReduction(cwnd: Bytes): void {
    const window = Math.round(cwnd / this.#smss);
    const isShrinking = this.#options.hasFastConvergence && window < this.#windowMax;
    const factor = isShrinking ? (SCALE + this.#betaScaled) / (2 * SCALE) : 1;
    this.#windowMax = Math.floor(window * factor);
    this.#epochTick = NOT_STARTED;
    this.#counter.reset();
  }

  onTimeout(): void {
    this.#windowMax = 0;
    this.#priceWindow = 0;
    this.#priceTick = 0;
    this.#epochTick = NOT_STARTED;
    this.#counter.reset();
  }

  restore(): void {}

  onMtuChange(smss: Bytes, scale: number): void {
    const segmentScale = (scale * this.#smss) / smss;
    this.#windowMax = Math.floor(this.#windowMax * segmentScale);
    this.#origin = Math.floor(this.#origin * segmentScale);
    this.#renoWindow = Math.floor(this.#renoWindow * segmentScale);
    this.#smss = smss;
    this.#counter.reset();
  }

  #startEpoch(window: number, tick: number, ackedSegments: number): void {
    this.#epochTick = tick;
    this.#renoWindow = window;
    this.#renoAcked = ackedSegments;
    const distance = this.#windowMax - window;
    this.#origin = Math.max(this.#windowMax, window);
    const cube = Math.floor(CUBE_DIVISOR / this.#cScaled) * distance;
    this.#k = distance > 0 ? Math.floor(cbrt(cube)) : 0;
  }

  /** Where the window should be one least RTT from now, as a price. */
  #priceByCube(window: number, tick: number, rtt: RttView): number {
    const ticks = tick - this.#epochTick + Math.ceil(Math.max(rtt.minNs, 0) / TICK_NS);
    const units = Math.floor((ticks * SCALE) / TICKS_PER_SECOND);
    const offset = Math.abs(units - this.#k);
    const climb = Math.floor((this.#cScaled * offset * offset * offset) / CUBE_DIVISOR);
    const target = this.#origin + Math.sign(units - this.#k) * climb;
    const price =
      target > window ? Math.floor(window / (target - window)) : PLATEAU_WINDOWS * window;
    // The path is unknown before the first loss: no plateau there.
    return this.#windowMax === 0 ? Math.min(price, PRICE_MAX_BEFORE_LOSS) : price;
  }

  /** RFC 9438 §4.3, the larger of the two windows. */
  #followReno(window: number): void {
    const beta = this.#betaScaled;
    // 8 / alpha, truncated: 15 at beta 717/1024.
    const eightByAlpha = Math.floor(Math.floor((8 * (SCALE + beta)) / 3) / (SCALE - beta));
    const perSegment = Math.max(Math.floor((window * eightByAlpha) / 8), 1);
    const earned = Math.ceil(this.#renoAcked / perSegment) - 1;
    if (earned > 0) {
      this.#renoAcked -= earned * perSegment;
      this.#renoWindow += earned;
    }
    if (this.#renoWindow <= window) return;
    const price = Math.floor(window / (this.#renoWindow - window));
    if (price < this.#price) this.#price = price;
  }
}
