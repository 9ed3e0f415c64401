/**
 * RFC 8033 Appendix A line by line, with §5.1, and on request §5.4 and §5.5 where Appendix B has them: what
 * pie-rows has to agree with. Names are the RFC's. Two things that the text leaves open: calculate_drop_prob
 * runs at the multiples of T_UPDATE before anything else of that instant, and the delay of a queue that was
 * found empty is 0.
 */
import type { ModelWorld, Packet, QueueModel } from './model.ts';

export interface PieModelOptions {
  readonly random: () => number;
  readonly hasEcn: boolean;
  readonly isDerandomized: boolean;
  readonly capsAdjustment: boolean;
}

const MS = 1e6;
const QDELAY_REF = 0.015;
const MAX_BURST = 0.15;
const T_UPDATE = 15 * MS;
const alpha = 1 / 8;
const beta = 1 + 1 / 4;
const MEAN_PKTSIZE = 1514;
const mark_ecnth = 0.1;

export class PieModel implements QueueModel {
  readonly #world: ModelWorld;
  readonly #options: PieModelOptions;
  readonly #queue: Packet[] = [];
  #byteLength = 0;
  #nextUpdate = T_UPDATE;
  #burstAllowance = MAX_BURST * 1e9;
  #dropProb = 0;
  #accuProb = 0;
  #currentQdelay = 0;
  #qdelayOld = 0;

  constructor(world: ModelWorld, options: PieModelOptions) {
    this.#world = world;
    this.#options = options;
  }

  get length(): number {
    return this.#queue.length;
  }

  enqueue(packet: Packet): void {
    this.#runTimer();
    if (
      this.#dropProb === 0 &&
      this.#currentQdelay < QDELAY_REF / 2 &&
      this.#qdelayOld < QDELAY_REF / 2
    ) {
      this.#burstAllowance = MAX_BURST * 1e9;
    }
    if (this.#burstAllowance === 0 && this.#dropEarly() === 'DROP') {
      if (this.#options.hasEcn && this.#dropProb < mark_ecnth && packet.ecn !== 0) {
        this.#world.mark(packet);
      } else {
        this.#world.drop(packet);
        return;
      }
    }
    packet.tstamp = this.#world.clock();
    this.#queue.push(packet);
    this.#byteLength += packet.length;
  }

  dequeue(): Packet | undefined {
    this.#runTimer();
    const packet = this.#queue.shift();
    if (packet === undefined) {
      this.#currentQdelay = 0;
      return undefined;
    }
    this.#byteLength -= packet.length;
    this.#currentQdelay = (this.#world.clock() - packet.tstamp) / 1e9;
    return packet;
  }

  #dropEarly(): 'DROP' | 'ENQUE' {
    if (
      (this.#qdelayOld < QDELAY_REF / 2 && this.#dropProb < 0.2) ||
      this.#byteLength <= 2 * MEAN_PKTSIZE
    ) {
      return 'ENQUE';
    }
    if (this.#options.isDerandomized) {
      if (this.#dropProb === 0) this.#accuProb = 0;
      this.#accuProb += this.#dropProb;
      if (this.#accuProb < 0.85) return 'ENQUE';
      if (this.#accuProb >= 8.5) {
        this.#accuProb = 0;
        return 'DROP';
      }
    }
    if (this.#options.random() < this.#dropProb) {
      this.#accuProb = 0;
      return 'DROP';
    }
    return 'ENQUE';
  }

  #runTimer(): void {
    while (this.#nextUpdate <= this.#world.clock()) {
      this.#calculateDropProb();
      this.#nextUpdate += T_UPDATE;
    }
  }

  #calculateDropProb(): void {
    let p =
      alpha * (this.#currentQdelay - QDELAY_REF) + beta * (this.#currentQdelay - this.#qdelayOld);
    if (this.#dropProb < 0.000001) p /= 2048;
    else if (this.#dropProb < 0.00001) p /= 512;
    else if (this.#dropProb < 0.0001) p /= 128;
    else if (this.#dropProb < 0.001) p /= 32;
    else if (this.#dropProb < 0.01) p /= 8;
    else if (this.#dropProb < 0.1) p /= 2;
    if (this.#options.capsAdjustment && this.#dropProb >= 0.1 && p > 0.02) p = 0.02;
    this.#dropProb += p;
    if (this.#currentQdelay === 0 && this.#qdelayOld === 0) this.#dropProb *= 0.98;
    if (this.#dropProb < 0) this.#dropProb = 0;
    if (this.#dropProb > 1) this.#dropProb = 1;
    this.#qdelayOld = this.#currentQdelay;
    this.#burstAllowance = Math.max(0, this.#burstAllowance - T_UPDATE);
  }
}
