/**
 * Where frames go by their destination address: a table of static routes and a default. Addresses are
 * indices of the run's address table, so that a look-up is one load. Hot: no allocation per look-up.
 */
import type { FrameSink } from '../frame/frame-sink.ts';

const NO_PORT = -1;

export class ForwardingTable {
  readonly #ports: FrameSink[] = [];
  /** Port by address. */
  #portOf = new Int32Array(64).fill(NO_PORT);
  #defaultPort = NO_PORT;

  /** Set-up time. A later route to the same address replaces the earlier one. */
  addRoute(address: number, to: FrameSink): void {
    if (address >= this.#portOf.length) {
      const ports = new Int32Array(Math.max(address + 1, this.#portOf.length * 2)).fill(NO_PORT);
      ports.set(this.#portOf);
      this.#portOf = ports;
    }
    this.#portOf[address] = this.#portFor(to);
  }

  /** Where frames go to whose address there is no route. */
  setDefaultRoute(to: FrameSink): void {
    this.#defaultPort = this.#portFor(to);
  }

  /** Undefined when there is no route. */
  find(address: number): FrameSink | undefined {
    const ports = this.#portOf;
    const port = address < ports.length ? ports[address] : NO_PORT;
    if (port !== NO_PORT) return this.#ports[port];
    return this.#defaultPort === NO_PORT ? undefined : this.#ports[this.#defaultPort];
  }

  #portFor(to: FrameSink): number {
    const known = this.#ports.indexOf(to);
    return known >= 0 ? known : this.#ports.push(to) - 1;
  }
}
