/**
 * Bulk transfer: a sender that keeps its send buffer full, of so many bytes or without end, and a reader that
 * reads at once. Data are lengths only, or bytes of a pattern. The sender ends its half when all is written; the
 * reader then closes, and so does the sender.
 */
import type { Bytes, Instant } from '../base/units.ts';
import { NEVER } from '../base/units.ts';
import type { Clock } from '../engine/clock.ts';
import type { Application } from '../stack/tcp-service.ts';
import { close, discard, shutdownWrite, write, writeZeros } from '../tcp/commands.ts';
import type { TcpConnection } from '../tcp/connection.ts';
import { TransportEvent } from '../tcp/events.ts';
import type { FlowTraffic } from './flow-traffic.ts';

/** More than any send buffer has room for. */
const FILL_BYTES = 1 << 30;
/** A prime, so that no piece of the pattern looks like another at a power of two. */
const PATTERN_BYTES = 65_521;

/** Byte n of a stream is byte n mod 65521 of it; a multiplicative hash of n, so that it has no short period. */
const pattern = Uint8Array.from(
  { length: PATTERN_BYTES },
  (_, n) => (Math.imul(n, 2_654_435_761) >>> 13) & 0xff,
);

/** What the bytes of a stream are. */
export type Payload = 'zeros' | 'pattern';

/** Writes up to `length` bytes of a stream, of which `done` have been written. Returns how many were taken. */
export function writePayload(
  connection: TcpConnection,
  payload: Payload,
  done: Bytes,
  length: Bytes,
): Bytes {
  if (payload === 'zeros') return writeZeros(connection, length);
  let taken = 0;
  while (taken < length) {
    const at = (done + taken) % PATTERN_BYTES;
    const count = Math.min(length - taken, PATTERN_BYTES - at);
    const more = write(connection, pattern, at, count);
    taken += more;
    if (more < count) break;
  }
  return taken;
}

export class BulkSender implements Application {
  /** Bytes the application has still to write; Infinity without end. */
  leftBytes: Bytes;
  #writtenBytes: Bytes = 0;
  readonly #payload: Payload;

  /** @param sizeBytes Infinity without end */
  constructor(sizeBytes: Bytes, payload: Payload = 'zeros') {
    this.leftBytes = sizeBytes;
    this.#payload = payload;
  }

  onTransportEvent(event: TransportEvent, connection: TcpConnection): void {
    if (event === TransportEvent.PeerClosed) close(connection);
    if (event !== TransportEvent.Established && event !== TransportEvent.Writable) return;
    const room = Math.min(this.leftBytes, FILL_BYTES);
    const taken = writePayload(connection, this.#payload, this.#writtenBytes, room);
    this.#writtenBytes += taken;
    this.leftBytes -= taken;
    // Not CLOSE: Linux gives up early on data of a socket that nobody holds (tcp_orphan_retries).
    if (this.leftBytes === 0) shutdownWrite(connection);
  }
}

export class BulkReader implements Application {
  /** When the last byte of `sizeBytes` was read; NEVER until then. */
  completedNs: Instant = NEVER;
  readonly #clock: Clock;
  readonly #isEndless: boolean;
  #missingBytes: Bytes;

  /** @param sizeBytes what will come; Infinity without end */
  constructor(clock: Clock, sizeBytes: Bytes) {
    this.#clock = clock;
    this.#isEndless = sizeBytes === Number.POSITIVE_INFINITY;
    this.#missingBytes = this.#isEndless ? 0 : sizeBytes;
  }

  onTransportEvent(event: TransportEvent, connection: TcpConnection): void {
    if (event === TransportEvent.Readable) {
      const taken = discard(connection, FILL_BYTES);
      if (this.#isEndless) return;
      this.#missingBytes -= taken;
      if (this.#missingBytes === 0 && this.completedNs === NEVER) {
        this.completedNs = this.#clock.nowNs;
      }
    } else if (event === TransportEvent.PeerClosed) {
      close(connection);
    }
  }
}

/** @param sizeBytes from the opener to the acceptor; Infinity without end */
export function bulkTraffic(sizeBytes: Bytes, payload: Payload = 'zeros'): FlowTraffic {
  return ({ scheduler }) => {
    const reader = new BulkReader(scheduler.clock, sizeBytes);
    return {
      opener: new BulkSender(sizeBytes, payload),
      acceptor: reader,
      dataFrom: 'opener',
      progress: reader,
    };
  };
}
