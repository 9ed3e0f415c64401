/**
 * RFC 9332 Appendix A line by line (Figures 2, 3, 5, 7 and 8, and recur of Figure 4): what dual-pi2 has to agree
 * with. Names are the RFC's. Two things that the text leaves open: the update runs at the multiples of Tupdate
 * before anything else of that instant, and the scheduler is a weighted round robin of 15 to 1 by bytes, whose
 * credit changes only while both queues have packets and is reset in favour of L4S when both are empty.
 */
import type { ModelWorld, Packet, QueueModel } from './model.ts';

class ModelQueue {
  readonly packets: Packet[] = [];
  count = 0;

  byt(): number {
    return this.packets.reduce((sum, { length }) => sum + length, 0);
  }

  time(now: number): number {
    const head = this.packets[0];
    return head === undefined ? 0 : now - head.tstamp;
  }
}

const MTU = 1514;
const k = 2;
const target = 15e6;
const RTT_max = 100e6;
const p_Cmax = Math.min(1 / k ** 2, 1);
const Tupdate = 16e6;
const alpha = (0.1 * (Tupdate / 1e9)) / ((RTT_max / 1e9) * (RTT_max / 1e9));
const beta = 0.3 / (RTT_max / 1e9);
const minTh = 800e3;
const range = 400e3;
const maxTh = minTh + range;
const Th_len = 1;
const p_Lmax = 1;

export class DualPi2Model implements QueueModel {
  readonly #world: ModelWorld;
  readonly #limit: number;
  readonly #lq = new ModelQueue();
  readonly #cq = new ModelQueue();
  #p = 0;
  #pCL = 0;
  #pC = 0;
  #prevq = 0;
  #nextUpdate = Tupdate;
  #credit = -15 * MTU;

  constructor(world: ModelWorld, limit: number) {
    this.#world = world;
    this.#limit = limit;
  }

  get length(): number {
    return this.#lq.packets.length + this.#cq.packets.length;
  }

  enqueue(pkt: Packet): void {
    this.#runTimer();
    if (this.#lq.byt() + this.#cq.byt() + MTU > this.#limit) {
      this.#world.drop(pkt);
      return;
    }
    pkt.tstamp = this.#world.clock();
    if (pkt.ecn % 2 === 1) this.#lq.packets.push(pkt);
    else this.#cq.packets.push(pkt);
  }

  dequeue(): Packet | undefined {
    this.#runTimer();
    const lq = this.#lq;
    const cq = this.#cq;
    while (lq.packets.length + cq.packets.length > 0) {
      if (this.#scheduler() === lq) {
        const pkt = lq.packets.shift() as Packet;
        if (this.#pCL < p_Lmax) {
          let own = 0;
          if (lq.packets.length > Th_len) own = this.#laqm(this.#world.clock() - pkt.tstamp);
          if (this.#recur(lq, Math.max(own, this.#pCL))) this.#world.mark(pkt);
        } else {
          if (this.#recur(lq, this.#pC)) {
            this.#world.drop(pkt);
            continue;
          }
          if (this.#recur(lq, this.#pCL)) this.#world.mark(pkt);
        }
        return pkt;
      }
      const pkt = cq.packets.shift() as Packet;
      if (this.#recur(cq, this.#pC)) {
        if (pkt.ecn === 0 || this.#pC >= p_Cmax) {
          this.#world.drop(pkt);
          continue;
        }
        this.#world.mark(pkt);
      }
      return pkt;
    }
    this.#credit = -15 * MTU;
    return undefined;
  }

  #recur(q: ModelQueue, likelihood: number): boolean {
    q.count += likelihood;
    if (q.count > 1) {
      q.count -= 1;
      return true;
    }
    return false;
  }

  #laqm(qdelay: number): number {
    if (qdelay >= maxTh) return 1;
    if (qdelay > minTh) return (qdelay - minTh) / range;
    return 0;
  }

  #runTimer(): void {
    while (this.#nextUpdate <= this.#world.clock()) {
      const now = this.#nextUpdate;
      const curq = Math.max(this.#cq.time(now), this.#lq.time(now));
      this.#p = this.#p + alpha * ((curq - target) / 1e9) + beta * ((curq - this.#prevq) / 1e9);
      this.#p = Math.max(0, Math.min(1, this.#p));
      this.#pCL = this.#p * k;
      this.#pC = this.#p ** 2;
      this.#prevq = curq;
      this.#nextUpdate += Tupdate;
    }
  }

  #scheduler(): ModelQueue {
    const l = this.#lq.packets[0];
    const c = this.#cq.packets[0];
    if (l === undefined) return this.#cq;
    if (c === undefined) return this.#lq;
    if (this.#credit > 0) {
      this.#credit -= 15 * c.length;
      return this.#cq;
    }
    this.#credit += l.length;
    return this.#lq;
  }
}
