/**
 * Where frames go by their destination address: ports, routes to one port or to several of equal cost, and a
 * default. Addresses are indices of the run's address table, so that a look-up is one load. Among several ports
 * a hash of the flow (addresses, ports, protocol) chooses: a flow keeps its path, and its order (RFC 2992). The
 * salt is the node's own; with one for all, every node would choose alike and half of the paths stay unused. A node
 * may have another way to choose (net/path-chooser).
 * Hot: no allocation per look-up.
 */
import { assert } from '../base/assert.ts';
import { finishHash, mixWord } from '../base/hash.ts';
import { FRAME_SHIFT, type FrameId, FrameWord } from '../frame/frame-record.ts';
import type { FrameSink } from '../frame/frame-sink.ts';
import { Link } from './link.ts';
import { type LinkRows, NO_ROW } from './link-rows.ts';
import type { Network } from './network.ts';
import type { PathChooser } from './path-chooser.ts';

/** No route leads there. */
export const NO_PORT = -1;
/** Routes below it are sets of ports, by -2 - their index. */
const FIRST_SET = -2;
/** Protocol and the bit that says IPv6: all of Meta that every frame of a flow shares. */
const PROTOCOL_MASK = 0xff;
/** Of most hosts, which have a default route only. */
const NO_ROUTES = new Int32Array(0);
const NO_SINKS: FrameSink[] = [];
const ROUTES_MIN = 64;

export class ForwardingTable {
  readonly #links: LinkRows;
  /** What frames are given to, by port. */
  #sinks: FrameSink[] = NO_SINKS;
  /** Link.row of the first port, which most hosts have only, and of the others. */
  #firstRow = NO_ROW;
  #rows = NO_ROUTES;
  readonly #words: Int32Array;
  readonly #salt: number;
  readonly #chooser: PathChooser | undefined;
  /** Port, NO_PORT or a set, by address. */
  #routes = NO_ROUTES;
  #defaultRoute = NO_PORT;
  /** Members of set n: from #setStarts[n] up to #setStarts[n + 1]. */
  #members = NO_ROUTES;
  #setStarts = NO_ROUTES;
  #setCount = 0;
  /** By the ports, once there is one. */
  #setOf: Map<string, number> | undefined = undefined;

  /** @param chooser among equal ports, by the flow when absent */
  constructor(network: Network, salt: number, chooser?: PathChooser) {
    this.#links = network.links;
    this.#words = network.pool.words;
    this.#salt = salt;
    this.#chooser = chooser;
  }

  /** Set-up time. Ports are numbered from 0. */
  addPort(to: FrameSink): number {
    const row = to instanceof Link ? to.row : NO_ROW;
    const port = this.#sinks.length;
    if (port === 0) {
      // An array that grows sets aside room for seventeen; most hosts have one port.
      this.#sinks = [to];
      this.#firstRow = row;
      return port;
    }
    this.#sinks.push(to);
    if (port >= this.#rows.length) this.#rows = grown(this.#rows, port + 1);
    this.#rows[port] = row;
    return port;
  }

  /** Set-up time. A later route to the same address replaces the earlier one. */
  setRoute(address: number, ports: readonly number[]): void {
    if (address >= this.#routes.length) {
      const length = Math.max(address + 1, this.#routes.length * 2, ROUTES_MIN);
      const routes = new Int32Array(length).fill(NO_PORT);
      routes.set(this.#routes);
      this.#routes = routes;
    }
    this.#routes[address] = this.#routeOver(ports);
  }

  /** Where frames go to whose address there is no route. */
  setDefaultRoute(ports: readonly number[]): void {
    this.#defaultRoute = this.#routeOver(ports);
  }

  /** All ports that frames to `address` may leave by, in ascending order. Not for every frame. */
  portsTo(address: number): readonly number[] {
    const route = this.#routeTo(address);
    if (route >= NO_PORT) return route === NO_PORT ? [] : [route];
    const set = FIRST_SET - route;
    return [...this.#members.subarray(this.#setStarts[set], this.#setStarts[set + 1])];
  }

  /** Hands a frame to where its port leads: false, and it stays with the caller, when it has none. */
  forward(frame: FrameId): boolean {
    const port = this.find(frame);
    if (port === NO_PORT) return false;
    this.send(frame, port);
    return true;
  }

  /** Hands a frame to where a port leads. Takes ownership. */
  send(frame: FrameId, port: number): void {
    const row = port === 0 ? this.#firstRow : this.#rows[port];
    if (row === NO_ROW) (this.#sinks[port] as FrameSink).deliver(frame);
    else this.#links.arrive(row, frame);
  }

  /** The port of a frame, or NO_PORT. */
  find(frame: FrameId): number {
    const at = frame << FRAME_SHIFT;
    const route = this.#routeTo(this.#words[at + FrameWord.Dst]);
    return route >= NO_PORT ? route : this.#choose(at, FIRST_SET - route);
  }

  #routeTo(address: number): number {
    const routes = this.#routes;
    const route = address < routes.length ? routes[address] : NO_PORT;
    return route === NO_PORT ? this.#defaultRoute : route;
  }

  #choose(at: number, set: number): number {
    const words = this.#words;
    let hash = mixWord(this.#salt, words[at + FrameWord.Src]);
    hash = mixWord(hash, words[at + FrameWord.Dst]);
    hash = mixWord(hash, words[at + FrameWord.Ports]);
    hash = finishHash(mixWord(hash, words[at + FrameWord.Meta] & PROTOCOL_MASK));
    const start = this.#setStarts[set];
    const chooser = this.#chooser;
    if (chooser !== undefined) {
      return this.#members[start + chooser.choose(hash, this.#setStarts[set + 1] - start)];
    }
    // 24 bits stay small integers, and the bias of a remainder below 2^-16 for 256 ports.
    return this.#members[start + ((hash >>> 8) % (this.#setStarts[set + 1] - start))];
  }

  #routeOver(ports: readonly number[]): number {
    assert(ports.length > 0, 'a route leads over a port at least');
    if (ports.length === 1) return ports[0];
    const sorted = [...ports].sort((a, b) => a - b);
    const key = sorted.join();
    this.#setOf ??= new Map();
    let set = this.#setOf.get(key);
    if (set === undefined) {
      set = this.#addSet(sorted);
      this.#setOf.set(key, set);
    }
    return FIRST_SET - set;
  }

  #addSet(ports: readonly number[]): number {
    const set = this.#setCount++;
    if (set + 2 > this.#setStarts.length) this.#setStarts = grown(this.#setStarts, set + 2);
    const start = this.#setStarts[set];
    const end = start + ports.length;
    if (end > this.#members.length) this.#members = grown(this.#members, end);
    this.#members.set(ports, start);
    this.#setStarts[set + 1] = end;
    return set;
  }
}

function grown(from: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const into = new Int32Array(Math.max(length, from.length * 2));
  into.set(from);
  return into;
}
