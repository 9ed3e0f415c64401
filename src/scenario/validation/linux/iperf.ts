/**
 * What the application of the recordings, iperf3, does on a data connection: a cookie of 37 bytes, then, when a
 * round trip of its control connection has gone by, bytes without end. Cold.
 */
import type { Duration, Instant } from '../../../base/units.ts';
import { NEVER } from '../../../base/units.ts';
import { Task } from '../../../engine/task.ts';
import type { Network } from '../../../net/network.ts';
import type { Host } from '../../../stack/host.ts';
import type { Application } from '../../../stack/tcp-service.ts';
import { discard, writeZeros } from '../../../tcp/commands.ts';
import type { TcpConnection } from '../../../tcp/connection.ts';
import { TransportEvent } from '../../../tcp/events.ts';

const COOKIE_BYTES = 37;
/** What the two programs take over the messages that start the test. */
const PROGRAMS_NS: Duration = 1.2e6;
/** More than any buffer has room for. */
const FILL_BYTES = 1 << 30;

export class IperfSender implements Application {
  /** When the test began; NEVER until then. */
  startedNs: Instant = NEVER;
  readonly #network: Network;
  readonly #host: Host;
  readonly #rttNs: Duration;
  readonly #onStart: (connection: TcpConnection) => void;

  /**
   * @param rttNs of the empty path, which the control connection takes to start the test
   * @param onStart called when the test begins
   */
  constructor(
    network: Network,
    host: Host,
    rttNs: Duration,
    onStart: (connection: TcpConnection) => void,
  ) {
    this.#network = network;
    this.#host = host;
    this.#rttNs = rttNs;
    this.#onStart = onStart;
  }

  onTransportEvent(event: TransportEvent, connection: TcpConnection): void {
    if (event === TransportEvent.Established) {
      writeZeros(connection, COOKIE_BYTES);
      const { scheduler, clock } = this.#network;
      new Task(scheduler, () => this.#start(connection)).runAt(
        clock.nowNs + this.#rttNs + PROGRAMS_NS,
      );
    } else if (event === TransportEvent.Writable && this.startedNs < NEVER) {
      writeZeros(connection, FILL_BYTES);
    }
  }

  #start(connection: TcpConnection): void {
    this.startedNs = this.#network.clock.nowNs;
    writeZeros(connection, FILL_BYTES);
    this.#host.pump();
    this.#onStart(connection);
  }
}

export class IperfReceiver implements Application {
  onTransportEvent(event: TransportEvent, connection: TcpConnection): void {
    if (event === TransportEvent.Readable) discard(connection, FILL_BYTES);
  }
}
