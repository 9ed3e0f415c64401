/**
 * Synchronised transfers: the opener connects early and holds its data back until a given instant, so that many
 * senders begin together, as servers do that answer one request (incast). Payload and reader are those of bulk
 * transfers.
 */
import type { Bytes, Instant } from '../base/units.ts';
import { Task } from '../engine/task.ts';
import type { Application } from '../stack/tcp-service.ts';
import type { TcpConnection } from '../tcp/connection.ts';
import { TransportEvent } from '../tcp/events.ts';
import { BulkReader, BulkSender, type Payload } from './bulk.ts';
import type { FlowProgress, FlowTraffic } from './flow-traffic.ts';

class HeldSender implements Application {
  readonly #sender: BulkSender;
  #isHeld = true;
  #connection: TcpConnection | undefined = undefined;

  constructor(sizeBytes: Bytes, payload: Payload) {
    this.#sender = new BulkSender(sizeBytes, payload);
  }

  /** The instant has come; a connection that is not established yet begins when it is. */
  begin(): void {
    this.#isHeld = false;
    if (this.#connection !== undefined) {
      this.#sender.onTransportEvent(TransportEvent.Established, this.#connection);
    }
  }

  onTransportEvent(event: TransportEvent, connection: TcpConnection): void {
    if (event === TransportEvent.Established) this.#connection = connection;
    if (!this.#isHeld) this.#sender.onTransportEvent(event, connection);
  }
}

/** Times count from when the data begins. */
class HeldProgress implements FlowProgress {
  readonly beganNs: Instant;
  readonly #reader: BulkReader;

  constructor(beganNs: Instant, reader: BulkReader) {
    this.beganNs = beganNs;
    this.#reader = reader;
  }

  get completedNs(): Instant {
    return this.#reader.completedNs;
  }
}

/** @param beginNs when the data of `sizeBytes` begins, from the opener to the acceptor; times count from it */
export function synchronisedTraffic(
  sizeBytes: Bytes,
  beginNs: Instant,
  payload: Payload = 'zeros',
): FlowTraffic {
  return ({ scheduler, pumpOpener }) => {
    const opener = new HeldSender(sizeBytes, payload);
    const acceptor = new BulkReader(scheduler.clock, sizeBytes);
    const progress = new HeldProgress(beginNs, acceptor);
    const start = () => {
      opener.begin();
      pumpOpener();
    };
    new Task(scheduler, start).runAt(beginNs);
    return { opener, acceptor, dataFrom: 'opener', progress };
  };
}
