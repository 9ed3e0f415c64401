/**
 * connect and accept: connect(2), accept(2). A connect that Fast Open defers returns at once and sends
 * nothing; the first write opens the connection (TCP_FASTOPEN_CONNECT, tcp(7)).
 */
import { TCP_ERROR_NAMES } from '../tcp/errors.ts';
import { TcpState } from '../tcp/state.ts';
import { SERVICE_PORT } from './addresses.ts';
import type { SocketAddress } from './arguments.ts';
import { failure, success } from './call-outcome.ts';
import { constantValue } from './constants.ts';
import { SocketDescriptor } from './socket-descriptor.ts';
import { takeError } from './socket-error.ts';
import type { CallOutcome } from './stack-under-test.ts';
import type { RemoteEnd, TcpPort } from './tcp-port.ts';

/** A system call: it gives its outcome, or undefined while it blocks. */
export type Attempt = () => CallOutcome | undefined;

const SOCK_NONBLOCK = constantValue('SOCK_NONBLOCK') as number;

export function remoteEnd(address: SocketAddress, port: TcpPort): RemoteEnd {
  return {
    address: address.address ?? port.usualRemote,
    port: address.port ?? SERVICE_PORT,
  };
}

/** Sends the SYN; undefined when it is on its way. */
export function startConnect(
  socket: SocketDescriptor,
  port: TcpPort,
  remote: RemoteEnd,
  fastOpenBytes: number,
): CallOutcome | undefined {
  const connection = port.connect(socket.boundPort, remote, socket.options, fastOpenBytes);
  if (typeof connection === 'number') return failure(TCP_ERROR_NAMES[connection] ?? '');
  socket.connection = connection;
  socket.isConnecting = true;
  return undefined;
}

export function connectSocket(
  socket: SocketDescriptor,
  port: TcpPort,
  address: SocketAddress,
): Attempt {
  let hasStarted = false;
  return () => {
    if (address.isUnspecified) {
      stopListening(socket, port);
      return success(0);
    }
    if (socket.listener !== undefined) return failure('EISCONN');
    if (socket.isSpent) return failure('EINVAL');
    if (socket.connection === undefined && !hasStarted) {
      if (socket.isConnectDeferred) return failure('EISCONN');
      const remote = remoteEnd(address, port);
      const { options } = socket;
      if (options.fastOpenConnect && port.canFastOpen(remote, options)) {
        socket.isConnectDeferred = true;
        socket.deferredRemote = remote;
        return success(0);
      }
      hasStarted = true;
      const refused = startConnect(socket, port, remote, options.fastOpenConnect ? 0 : -1);
      if (refused !== undefined) return refused;
      if (socket.isNonBlocking) return failure('EINPROGRESS');
      return undefined;
    }
    const { isConnecting } = socket;
    const outcome = connectProgress(socket);
    // One that failed may try again.
    if (isConnecting && outcome !== undefined && outcome.result < 0) letGo(socket, port);
    return outcome ?? (socket.isNonBlocking ? failure('EALREADY') : undefined);
  };
}

/** The socket is as new, and its peer hears of it: connect(2) to AF_UNSPEC. A connection that it cuts off is an error. */
export function letGo(socket: SocketDescriptor, port: TcpPort): void {
  const { connection } = socket;
  if (connection !== undefined) {
    const { state, error } = connection;
    const isCut = state !== TcpState.Closed && state !== TcpState.LastAck;
    const told = TCP_ERROR_NAMES[error];
    socket.error = isCut && state !== TcpState.Closing ? 'ECONNRESET' : told || socket.error;
    socket.hasQueuedError ||= connection.hasQueuedError;
    port.abort(connection);
  }
  socket.connection = undefined;
  socket.isConnecting = false;
  socket.isConnectDeferred = false;
  socket.isSpent = false;
  socket.isReadShut = false;
  socket.isWriteShut = false;
  if (!socket.holdsPort) socket.boundPort = 0;
}

/** Who was not accepted yet is turned away; the port stays bound. */
export function stopListening(socket: SocketDescriptor, port: TcpPort): void {
  if (socket.listener !== undefined) port.closeListener(socket.listener);
  socket.listener = undefined;
  letGo(socket, port);
}

/** How a connect that was started stands; undefined while the handshake goes on. */
export function connectProgress(socket: SocketDescriptor): CallOutcome | undefined {
  const { connection } = socket;
  if (connection === undefined) return failure('EINVAL');
  const { state } = connection;
  if (state === TcpState.SynSent || state === TcpState.SynReceived) return undefined;
  if (state === TcpState.Closed && socket.isConnecting) {
    socket.isConnecting = false;
    return takeError(socket) ?? failure('ECONNABORTED');
  }
  if (!socket.isConnecting) return failure('EISCONN');
  socket.isConnecting = false;
  return success(0);
}

export function acceptFrom(
  socket: SocketDescriptor,
  port: TcpPort,
  flags: number,
  add: (accepted: SocketDescriptor) => CallOutcome,
): Attempt {
  return () => {
    const { listener, options } = socket;
    if (listener === undefined) return failure('EINVAL');
    const connection = port.accept(listener);
    if (connection === undefined) return socket.isNonBlocking ? failure('EAGAIN') : undefined;
    const accepted = new SocketDescriptor((flags & SOCK_NONBLOCK) !== 0, {
      ...options,
      others: new Map(options.others),
    });
    accepted.boundPort = listener.port;
    accepted.connection = connection;
    // The system's bound is not the socket's own until it is set: getsockopt reads 0.
    return add(accepted);
  };
}
