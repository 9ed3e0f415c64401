/**
 * The transport as the socket layer uses it: verbs on connections and listeners that are already chosen.
 * What a call may do when, and which errno says so, is the socket layer's; how segments come of it is not.
 */
import type { AddressWords } from '../base/ip-address.ts';
import type { Bytes, Instant } from '../base/units.ts';
import type { TcpConfig } from '../tcp/config.ts';
import type { TcpConnection } from '../tcp/connection.ts';
import type { TcpError } from '../tcp/errors.ts';
import type { TcpListener } from '../tcp/listener.ts';
import type { SocketDescriptor, SocketOptions } from './socket-descriptor.ts';
import type { SocketDefaults } from './sysctl-reader.ts';

export interface RemoteEnd {
  readonly address: AddressWords;
  readonly port: number;
}

export interface TcpPort {
  readonly nowNs: Instant;
  readonly defaults: SocketDefaults;
  /** The call that blocks is to be tried again then. */
  wakeAt(instant: Instant): void;
  readonly usualRemote: AddressWords;
  /** Of the system: what a new socket begins with. */
  readonly config: TcpConfig;
  /** MSS that a socket without connection tells. */
  readonly usualMss: Bytes;
  /** @param fastOpenBytes data that may go with the SYN; -1: an ordinary SYN */
  connect(
    localPort: number,
    remote: RemoteEnd,
    options: SocketOptions,
    fastOpenBytes: Bytes,
  ): TcpConnection | TcpError;
  /** Listens on the port that the socket is bound to. */
  listen(socket: SocketDescriptor, backlog: number): TcpListener | TcpError;
  /** Undefined: nobody waits. */
  accept(listener: TcpListener): TcpConnection | undefined;
  closeListener(listener: TcpListener): void;
  /** Bytes of zeros taken, at most `bytes`; `hasMore` holds a partial segment back. */
  send(connection: TcpConnection, bytes: Bytes, hasMore: boolean, endsRecord: boolean): Bytes;
  /** Room as poll sees it: with a hysteresis and TCP_NOTSENT_LOWAT. */
  isWritable(connection: TcpConnection): boolean;
  receiveBytes(connection: TcpConnection, bytes: Bytes): Bytes;
  shutdownSend(connection: TcpConnection): void;
  shutdownReceive(connection: TcpConnection): void;
  close(connection: TcpConnection): void;
  abort(connection: TcpConnection): void;
  /** Brings an option that an application just set to the connection. */
  applyOption(connection: TcpConnection, name: string, options: SocketOptions): void;
  canFastOpen(remote: RemoteEnd, options: SocketOptions): boolean;
  setFastOpenKey(key: Uint8Array): void;
  hasCongestionControl(name: string): boolean;
}
