/**
 * Synchronised transfers: the opener connects early and holds its data back until a given instant, so that many
 * senders begin together, as servers do that answer one request (incast). Payload and reader are those of bulk
 * transfers.
 */
import type { Bytes, Instant } from '../base/units.ts';
import type { Clock } from '../engine/clock.ts';
import { type EventSink, type Scheduler, SourceClass } from '../engine/scheduler.ts';
import type { TcpConnection } from '../tcp/connection.ts';
import { TransportEvent } from '../tcp/events.ts';
import { BulkReader, BulkSender, type Payload } from './bulk.ts';
import type { FlowProgress, FlowTraffic, Pumped } from './flow-traffic.ts';

/** An event source of its own: of ten thousand, each object counts. */
class HeldSender extends BulkSender implements EventSink {
  readonly #host: Pumped;
  #isHeld = true;
  #connection: TcpConnection | undefined = undefined;

  constructor(sizeBytes: Bytes, payload: Payload, host: Pumped) {
    super(sizeBytes, payload);
    this.#host = host;
  }

  beginAt(beginNs: Instant, scheduler: Scheduler): void {
    const source = scheduler.register(this, 0, SourceClass.Application);
    scheduler.deadlineNs[source] = beginNs;
    scheduler.arm(source);
  }

  /** The instant has come; a connection that is not established yet begins when it is. */
  onEvent(): void {
    this.#isHeld = false;
    if (this.#connection !== undefined) {
      super.onTransportEvent(TransportEvent.Established, this.#connection);
    }
    this.#host.pump();
  }

  override onTransportEvent(event: TransportEvent, connection: TcpConnection): void {
    if (event === TransportEvent.Established) this.#connection = connection;
    if (event >= TransportEvent.Closed) this.#connection = undefined;
    if (!this.#isHeld) super.onTransportEvent(event, connection);
  }
}

/** Times count from when the data begins. */
class HeldReader extends BulkReader implements FlowProgress {
  readonly beganNs: Instant;

  constructor(clock: Clock, sizeBytes: Bytes, beganNs: Instant) {
    super(clock, sizeBytes);
    this.beganNs = beganNs;
  }
}

/** @param beginNs when the data of `sizeBytes` begins, from the opener to the acceptor; times count from it */
export function synchronisedTraffic(
  sizeBytes: Bytes,
  beginNs: Instant,
  payload: Payload = 'zeros',
): FlowTraffic {
  return ({ scheduler, opener: host }) => {
    const opener = new HeldSender(sizeBytes, payload, host);
    opener.beginAt(beginNs, scheduler);
    const acceptor = new HeldReader(scheduler.clock, sizeBytes, beginNs);
    return { opener, acceptor, dataFrom: 'opener', progress: acceptor };
  };
}
