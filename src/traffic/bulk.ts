/**
 * Bulk transfer: a sender that keeps its send buffer full, of so many bytes or without end, and a reader that
 * reads at once. Data are lengths only. The sender closes when all is written; the reader then closes too.
 */
import type { Bytes, Instant } from '../base/units.ts';
import { NEVER } from '../base/units.ts';
import type { Clock } from '../engine/clock.ts';
import type { Application } from '../stack/host.ts';
import { close, discard, writeZeros } from '../tcp/commands.ts';
import type { TcpConnection } from '../tcp/connection.ts';
import { TransportEvent } from '../tcp/events.ts';

/** More than any send buffer has room for. */
const FILL_BYTES = 1 << 30;

export class BulkSender implements Application {
  /** Bytes the application has still to write; Infinity without end. */
  leftBytes: Bytes;

  /** @param sizeBytes Infinity without end */
  constructor(sizeBytes: Bytes) {
    this.leftBytes = sizeBytes;
  }

  onTransportEvent(event: TransportEvent, connection: TcpConnection): void {
    if (event !== TransportEvent.Established && event !== TransportEvent.Writable) return;
    this.leftBytes -= writeZeros(connection, Math.min(this.leftBytes, FILL_BYTES));
    if (this.leftBytes === 0) close(connection);
  }
}

export class BulkReader implements Application {
  /** When the last byte of `sizeBytes` was read; NEVER until then. */
  completedNs: Instant = NEVER;
  readonly #clock: Clock;
  #missingBytes: Bytes;
  readonly #onEnd: () => void;

  /**
   * @param sizeBytes what will come; Infinity without end
   * @param onEnd called once, when both ends have closed the connection or it has failed
   */
  constructor(clock: Clock, sizeBytes: Bytes, onEnd: () => void) {
    this.#clock = clock;
    this.#missingBytes = sizeBytes;
    this.#onEnd = onEnd;
  }

  onTransportEvent(event: TransportEvent, connection: TcpConnection): void {
    if (event === TransportEvent.Readable) {
      this.#missingBytes -= discard(connection, FILL_BYTES);
      if (this.#missingBytes === 0 && this.completedNs === NEVER) {
        this.completedNs = this.#clock.nowNs;
      }
    } else if (event === TransportEvent.PeerClosed) {
      close(connection);
    } else if (event === TransportEvent.Closed || event === TransportEvent.Reset) {
      this.#onEnd();
    }
  }
}
