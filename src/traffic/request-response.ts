/**
 * Request and response over one connection: the client sends a request, waits for the whole response, thinks, and
 * asks again; the server answers what it was asked. All requests are of one size; responses are drawn, by both ends
 * from streams of chance that are alike, so that nothing has to be said in the bytes. The client closes after the
 * last response. A transaction lasts from the first byte of the request to the last one of the response.
 */
import { type Bytes, type Duration, type Instant, NEVER } from '../base/units.ts';
import type { RandomSource } from '../engine/random.ts';
import type { Scheduler } from '../engine/scheduler.ts';
import { Task } from '../engine/task.ts';
import type { Application } from '../stack/tcp-service.ts';
import { close, discard } from '../tcp/commands.ts';
import type { TcpConnection } from '../tcp/connection.ts';
import { TransportEvent } from '../tcp/events.ts';
import { type Payload, writePayload } from './bulk.ts';
import type { FlowEnvironment, FlowProgress, FlowTraffic, Pumped } from './flow-traffic.ts';
import type { SizeDistribution } from './size-distribution.ts';

export interface RequestResponseConfig {
  readonly requestBytes: Bytes;
  readonly responses: SizeDistribution;
  /** Requests; Infinity without end. */
  readonly count: number;
  /** Mean of the exponential time between a response and the next request; 0 for none. */
  readonly thinkNs: Duration;
  readonly payload: Payload;
}

/** More than is ever there to read. */
const ALL_BYTES = 1 << 30;

/** Writes messages one after the other, as the send buffer has room. */
class MessageWriter {
  #leftBytes: Bytes = 0;
  #doneBytes: Bytes = 0;
  readonly #payload: Payload;

  constructor(payload: Payload) {
    this.#payload = payload;
  }

  add(connection: TcpConnection, bytes: Bytes): void {
    this.#leftBytes += bytes;
    this.push(connection);
  }

  push(connection: TcpConnection): void {
    if (this.#leftBytes === 0) return;
    const taken = writePayload(connection, this.#payload, this.#doneBytes, this.#leftBytes);
    this.#doneBytes += taken;
    this.#leftBytes -= taken;
  }
}

class RequestClient implements Application, FlowProgress {
  completedNs: Instant = NEVER;
  readonly transactionsNs: Duration[] = [];
  readonly #config: RequestResponseConfig;
  readonly #scheduler: Scheduler;
  readonly #host: Pumped;
  readonly #sizes: RandomSource;
  readonly #thinking: RandomSource;
  readonly #writer: MessageWriter;
  readonly #next: Task;
  #connection: TcpConnection | undefined = undefined;
  #askedNs: Instant = 0;
  #missingBytes: Bytes = 0;
  /** For a response; the end of the stream is none. */
  #isWaiting = false;

  constructor(
    config: RequestResponseConfig,
    { scheduler, opener }: FlowEnvironment,
    chance: RandomSource,
  ) {
    this.#config = config;
    this.#scheduler = scheduler;
    this.#host = opener;
    this.#sizes = chance.fork('responses');
    this.#thinking = chance.fork('thinking');
    this.#writer = new MessageWriter(config.payload);
    this.#next = new Task(scheduler, () => this.#askLater());
  }

  onTransportEvent(event: TransportEvent, connection: TcpConnection): void {
    switch (event) {
      case TransportEvent.Established:
        this.#connection = connection;
        this.#ask(connection);
        return;
      case TransportEvent.Writable:
        this.#writer.push(connection);
        return;
      case TransportEvent.Readable:
        this.#read(connection);
        return;
      case TransportEvent.PeerClosed:
        close(connection);
        return;
      case TransportEvent.Closed:
      case TransportEvent.Reset:
        this.#connection = undefined;
        return;
      default:
        return;
    }
  }

  #read(connection: TcpConnection): void {
    this.#missingBytes -= discard(connection, ALL_BYTES);
    if (this.#missingBytes > 0 || !this.#isWaiting) return;
    this.#isWaiting = false;
    const { nowNs } = this.#scheduler.clock;
    this.transactionsNs.push(nowNs - this.#askedNs);
    if (this.transactionsNs.length === this.#config.count) {
      this.completedNs = nowNs;
      close(connection);
      return;
    }
    const { thinkNs } = this.#config;
    if (thinkNs === 0) this.#ask(connection);
    else this.#next.runAt(nowNs + Math.floor(this.#thinking.exponential(thinkNs)));
  }

  #ask(connection: TcpConnection): void {
    this.#askedNs = this.#scheduler.clock.nowNs;
    this.#isWaiting = true;
    this.#missingBytes = this.#config.responses.draw(this.#sizes);
    this.#writer.add(connection, this.#config.requestBytes);
  }

  /** After thinking: nobody is in the middle of an event of this host. */
  #askLater(): void {
    if (this.#connection === undefined) return;
    this.#ask(this.#connection);
    this.#host.pump();
  }
}

class ResponseServer implements Application {
  readonly #config: RequestResponseConfig;
  readonly #sizes: RandomSource;
  readonly #writer: MessageWriter;
  #unansweredBytes: Bytes = 0;

  constructor(config: RequestResponseConfig, sizes: RandomSource) {
    this.#config = config;
    this.#sizes = sizes;
    this.#writer = new MessageWriter(config.payload);
  }

  onTransportEvent(event: TransportEvent, connection: TcpConnection): void {
    if (event === TransportEvent.Readable) {
      this.#unansweredBytes += discard(connection, ALL_BYTES);
      while (this.#unansweredBytes >= this.#config.requestBytes) {
        this.#unansweredBytes -= this.#config.requestBytes;
        this.#writer.add(connection, this.#config.responses.draw(this.#sizes));
      }
    } else if (event === TransportEvent.Writable) {
      this.#writer.push(connection);
    } else if (event === TransportEvent.PeerClosed) {
      close(connection);
    }
  }
}

/** The opener is the client; the flow's data are the responses. */
export function requestResponseTraffic(config: RequestResponseConfig): FlowTraffic {
  return (environment) => {
    const chance = environment.random();
    const client = new RequestClient(config, environment, chance);
    return {
      opener: client,
      acceptor: new ResponseServer(config, chance.fork('responses')),
      dataFrom: 'acceptor',
      progress: client,
    };
  };
}
