/** RFC 8289 §5 line by line: what codel-rows has to agree with. Names are the RFC's. */
import type { ModelWorld, Packet, QueueModel } from './model.ts';

export class CodelModel implements QueueModel {
  readonly #world: ModelWorld;
  readonly #queue: Packet[] = [];
  readonly #TARGET: number;
  readonly #INTERVAL: number;
  readonly #maxpacket: number;
  #bytes = 0;
  #firstAboveTime = 0;
  #dropNext = 0;
  #count = 0;
  #lastcount = 0;
  #dropping = false;

  constructor(world: ModelWorld, target: number, interval: number, maxpacket: number) {
    this.#world = world;
    this.#TARGET = target;
    this.#INTERVAL = interval;
    this.#maxpacket = maxpacket;
  }

  get length(): number {
    return this.#queue.length;
  }

  enqueue(pkt: Packet): void {
    pkt.tstamp = this.#world.clock();
    this.#queue.push(pkt);
    this.#bytes += pkt.length;
  }

  dequeue(): Packet | undefined {
    const now = this.#world.clock();
    let r = this.#dodequeue(now);
    if (this.#dropping) {
      if (!r.okToDrop) this.#dropping = false;
      while (now >= this.#dropNext && this.#dropping) {
        this.#world.drop(r.p as Packet);
        ++this.#count;
        r = this.#dodequeue(now);
        if (!r.okToDrop) this.#dropping = false;
        else this.#dropNext = this.#controlLaw(this.#dropNext, this.#count);
      }
    } else if (r.okToDrop) {
      this.#world.drop(r.p as Packet);
      r = this.#dodequeue(now);
      this.#dropping = true;
      const delta = this.#count - this.#lastcount;
      this.#count = 1;
      if (delta > 1 && now - this.#dropNext < 16 * this.#INTERVAL) this.#count = delta;
      this.#dropNext = this.#controlLaw(now, this.#count);
      this.#lastcount = this.#count;
    }
    return r.p;
  }

  #controlLaw(t: number, count: number): number {
    return Math.trunc(t + this.#INTERVAL / Math.sqrt(count));
  }

  #dodequeue(now: number): { p: Packet | undefined; okToDrop: boolean } {
    const r = { p: this.#queue.shift(), okToDrop: false };
    if (r.p === undefined) {
      this.#firstAboveTime = 0;
      return r;
    }
    this.#bytes -= r.p.length;
    const sojournTime = now - r.p.tstamp;
    if (sojournTime < this.#TARGET || this.#bytes <= this.#maxpacket) {
      this.#firstAboveTime = 0;
    } else if (this.#firstAboveTime === 0) {
      this.#firstAboveTime = now + this.#INTERVAL;
    } else if (now >= this.#firstAboveTime) {
      r.okToDrop = true;
    }
    return r;
  }
}
