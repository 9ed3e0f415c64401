/**
 * On and off: a sender that writes for a while and is silent for a while, over and over, over one connection. While
 * it is on it writes at a rate, a segment at a time, or as fast as the send buffer takes it; what is still buffered
 * when it goes off is sent nevertheless, and what a full buffer does not take of a rate is never written. Times are
 * constant or exponential.
 */
import type { BitsPerSecond, Bytes, Duration, Instant } from '../base/units.ts';
import type { RandomSource } from '../engine/random.ts';
import type { Scheduler } from '../engine/scheduler.ts';
import { Task } from '../engine/task.ts';
import type { Application } from '../stack/tcp-service.ts';
import type { TcpConnection } from '../tcp/connection.ts';
import { TransportEvent } from '../tcp/events.ts';
import { BulkReader, type Payload, writePayload } from './bulk.ts';
import type { FlowEnvironment, FlowTraffic, Pumped } from './flow-traffic.ts';

export interface OnOffConfig {
  /** Means, or the times themselves. */
  readonly onNs: Duration;
  readonly offNs: Duration;
  readonly isExponential: boolean;
  /** While on; Infinity: as fast as the connection takes it. */
  readonly rate: BitsPerSecond;
  readonly payload: Payload;
}

/** What is written at once: a full segment with timestamps. */
const PIECE_BYTES: Bytes = 1448;
/** More than any send buffer has room for. */
const FILL_BYTES: Bytes = 1 << 30;

class OnOffSender implements Application {
  readonly #config: OnOffConfig;
  readonly #scheduler: Scheduler;
  readonly #random: RandomSource;
  readonly #host: Pumped;
  readonly #task: Task;
  readonly #pieceNs: Duration;
  #connection: TcpConnection | undefined = undefined;
  #isOn = false;
  /** When it goes off, or on. */
  #turnsNs: Instant = 0;
  #doneBytes: Bytes = 0;

  constructor(config: OnOffConfig, { scheduler, random, opener }: FlowEnvironment) {
    this.#config = config;
    this.#scheduler = scheduler;
    this.#random = random();
    this.#host = opener;
    this.#pieceNs = Math.max(1, Math.round((PIECE_BYTES * 8e9) / config.rate));
    this.#task = new Task(scheduler, () => this.#onTask());
  }

  onTransportEvent(event: TransportEvent, connection: TcpConnection): void {
    if (event === TransportEvent.Established) {
      this.#connection = connection;
      this.#turnsNs = this.#scheduler.clock.nowNs;
      this.#onTask();
    } else if (event === TransportEvent.Writable && this.#isOn && !this.#isPaced) {
      this.#write(connection, FILL_BYTES);
    } else if (event >= TransportEvent.Closed) {
      this.#connection = undefined;
    }
  }

  get #isPaced(): boolean {
    return Number.isFinite(this.#config.rate);
  }

  #onTask(): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    const { nowNs } = this.#scheduler.clock;
    if (nowNs >= this.#turnsNs) this.#turn(nowNs);
    if (this.#isOn) this.#write(connection, this.#isPaced ? PIECE_BYTES : FILL_BYTES);
    const isWriting = this.#isOn && this.#isPaced;
    this.#task.runAt(isWriting ? Math.min(this.#turnsNs, nowNs + this.#pieceNs) : this.#turnsNs);
    this.#host.pump();
  }

  #turn(nowNs: Instant): void {
    this.#isOn = !this.#isOn;
    const { onNs, offNs, isExponential } = this.#config;
    const meanNs = this.#isOn ? onNs : offNs;
    const lengthNs = isExponential ? this.#random.exponential(meanNs) : meanNs;
    this.#turnsNs = nowNs + Math.max(1, Math.round(lengthNs));
  }

  #write(connection: TcpConnection, bytes: Bytes): void {
    this.#doneBytes += writePayload(connection, this.#config.payload, this.#doneBytes, bytes);
  }
}

/** From the opener to the acceptor, without end. */
export function onOffTraffic(config: OnOffConfig): FlowTraffic {
  return (environment) => {
    const reader = new BulkReader(environment.scheduler.clock, Number.POSITIVE_INFINITY);
    return {
      opener: new OnOffSender(config, environment),
      acceptor: reader,
      dataFrom: 'opener',
      progress: reader,
    };
  };
}
