/**
 * TCP of one host, or of several that are alike: carries what it sends to the host whose address it has, keeps
 * its timer at the scheduler, and tells applications what has happened to their connections. Hosts that share
 * one keep their state by connection, as before; they have the rows, the tables and the listeners in common,
 * which for ten thousand servers is a tenth of the memory.
 * Hot: no allocation per frame.
 */
import { assert } from '../base/assert.ts';
import { type EventSink, SourceClass, type SourceId } from '../engine/scheduler.ts';
import { FRAME_SHIFT, type FrameId, FrameWord, NO_FRAME } from '../frame/frame-record.ts';
import type { Network } from '../net/network.ts';
import type { TcpConnection } from '../tcp/connection.ts';
import { TransportEvent } from '../tcp/events.ts';
import type { TcpListener } from '../tcp/listener.ts';
import { TcpLayer } from '../tcp/tcp-layer.ts';
import type { HostConfig } from './host.ts';

/** What uses a connection: it is told what happens to it, one event at a time. */
export interface Application {
  onTransportEvent(event: TransportEvent, connection: TcpConnection): void;
}

/** Makes the application of a connection that has just been established. */
export type Acceptor = (connection: TcpConnection) => Application;

/** Where frames leave a host. Takes ownership. */
export interface FrameExit {
  send(frame: FrameId): void;
}

export class TcpService implements EventSink {
  readonly layer: TcpLayer;
  readonly #network: Network;
  readonly #words: Int32Array;
  readonly #source: SourceId;
  readonly #acceptors = new Map<TcpListener, Acceptor>();
  /** The only host, or the hosts by address. */
  readonly #first: FrameExit;
  readonly #exits: FrameExit[] = [];
  #isPumping = false;

  /** `first` is the host that it is made for: its name is that of the streams of chance. */
  constructor(network: Network, config: HostConfig, first: FrameExit) {
    const { name, tcp, controllers, meter, connections } = config;
    const { pool, addresses, clock, payloadWriter } = network;
    const environment = {
      pool,
      addresses,
      clock,
      payloadWriter,
      random: network.random.fork(name),
      ...(meter && { meter }),
      ...(connections && { connections }),
    };
    this.layer = new TcpLayer(environment, tcp, controllers);
    this.#network = network;
    this.#words = pool.words;
    this.#source = network.scheduler.register(this, 0, SourceClass.TransportTimer);
    this.#first = first;
  }

  /** A further host: what has its address leaves there. Set-up time. */
  addHost(address: number, exit: FrameExit): void {
    this.#exits[address] = exit;
  }

  onEvent(): void {
    this.layer.handleTimeout();
    this.pump();
    this.#setTimer();
  }

  /** Passive open, at all its hosts; see Host.listen. */
  listen(port: number, acceptor: Acceptor, configure: (connection: TcpConnection) => void): void {
    const listener = this.layer.listen({ port, configure });
    assert(listener !== undefined, 'a port has one listener');
    this.#acceptors.set(listener, acceptor);
  }

  /** After commands on connections: sends what is due, tells applications, sets the timer. */
  pump(): void {
    // Applications send from within events: the loop below sees to that.
    if (this.#isPumping) return;
    this.#isPumping = true;
    const { layer } = this;
    for (;;) {
      while (layer.mayTransmit) {
        const frame = layer.pollTransmit();
        if (frame !== NO_FRAME) this.#exitOf(frame).send(frame);
      }
      const event = layer.pollEvent();
      if (event === TransportEvent.None) break;
      this.#tell(event, layer.eventConnection as TcpConnection);
    }
    this.#isPumping = false;
    if (layer.hasTimeoutMoved) this.#setTimer();
  }

  #exitOf(frame: FrameId): FrameExit {
    if (this.#exits.length === 0) return this.#first;
    return this.#exits[this.#words[(frame << FRAME_SHIFT) + FrameWord.Src]] ?? this.#first;
  }

  #tell(event: TransportEvent, connection: TcpConnection): void {
    if (connection.owner === undefined && !this.#accept(connection)) return;
    (connection.owner as Application).onTransportEvent(event, connection);
  }

  /** The first event of a passive connection: it has just been established. */
  #accept(connection: TcpConnection): boolean {
    const { listener } = connection;
    const acceptor = listener && this.#acceptors.get(listener);
    if (acceptor === undefined || listener?.accept() !== connection) return false;
    connection.owner = acceptor(connection);
    return true;
  }

  #setTimer(): void {
    const { scheduler } = this.#network;
    const { layer } = this;
    layer.boundTimeout();
    const deadlineNs = layer.timeout[0];
    const isEarlier = deadlineNs < scheduler.deadlineNs[this.#source];
    scheduler.deadlineNs[this.#source] = deadlineNs;
    // One that moves later, or is gone, changes only its cell.
    if (isEarlier) scheduler.arm(this.#source);
  }
}
