/**
 * A passive open: a port that takes connections, with the two queues of RFC 9293 §3.9.1 in practice: half
 * open, and established but not yet accepted. Both are bounded by the backlog.
 */
import type { TcpConfig } from './config.ts';
import type { TcpConnection } from './connection.ts';

/** Options that a listener's connections start with; absent ones are the layer's. */
export interface ListenOptions {
  /** Index of the local address; absent: any. */
  readonly address?: number;
  readonly port: number;
  readonly backlog?: number;
  /** RFC 7413: how many Fast Open connections may wait for their handshake; 0: no Fast Open. */
  readonly fastOpenQueue?: number;
  /** Data of a SYN is taken without a cookie: for clients that cannot be forged. */
  readonly takesSynDataWithoutCookie?: boolean;
  /** Called for each connection before its SYN-ACK: to set its options. */
  readonly configure?: (connection: TcpConnection) => void;
}

export class TcpListener {
  /** -1: any. */
  readonly address: number;
  readonly port: number;
  backlog: number;
  fastOpenQueue: number;
  readonly takesSynDataWithoutCookie: boolean;
  /** Opened by Fast Open, their handshake not yet over. */
  fastOpenPending = 0;
  readonly configure: ((connection: TcpConnection) => void) | undefined;
  /** Established, in order of establishment. */
  readonly acceptQueue: TcpConnection[] = [];
  halfOpen = 0;
  isOpen = true;

  constructor(config: TcpConfig, options: ListenOptions) {
    this.address = options.address ?? -1;
    this.port = options.port;
    this.backlog = options.backlog ?? config.backlog;
    this.fastOpenQueue = options.fastOpenQueue ?? (config.usesFastOpenServer ? this.backlog : 0);
    this.takesSynDataWithoutCookie = options.takesSynDataWithoutCookie ?? false;
    this.configure = options.configure;
  }

  /** The next established connection, now the caller's; undefined when none waits. */
  accept(): TcpConnection | undefined {
    const connection = this.acceptQueue.shift();
    if (connection !== undefined) connection.listener = undefined;
    return connection;
  }

  get isFull(): boolean {
    return this.acceptQueue.length > this.backlog;
  }

  get isHalfOpenFull(): boolean {
    return this.halfOpen >= this.backlog;
  }
}
