/**
 * System calls of scripts on our TCP, with the errno values of Linux. Each call is an attempt that gives
 * an outcome or, when it would block, nothing; the runner tries again when something has happened. A new
 * descriptor has the number that the script gives it.
 */
import { seqDiff } from '../base/seq.ts';
import type { TcpConnection } from '../tcp/connection.ts';
import { TCP_ERROR_NAMES } from '../tcp/errors.ts';
import { TcpState } from '../tcp/state.ts';
import { SERVICE_PORT } from './addresses.ts';
import { numberOf, outputOf, socketAddressOf } from './arguments.ts';
import { failure, success, withOutput } from './call-outcome.ts';
import { type Attempt, acceptFrom, connectSocket, letGo, stopListening } from './connect-calls.ts';
import { constantValue } from './constants.ts';
import { epollCall, pollCall } from './poll-calls.ts';
import { receiveCall } from './receive-calls.ts';
import type { SyscallAction } from './script.ts';
import { sendCall } from './send-calls.ts';
import {
  type Descriptor,
  EpollDescriptor,
  SocketDescriptor,
  usualOptions,
} from './socket-descriptor.ts';
import { getOption, setOption } from './socket-options.ts';
import { type CallOutcome, type ListeningSocket, Unsupported } from './stack-under-test.ts';
import type { TcpPort } from './tcp-port.ts';

const O_NONBLOCK = constantValue('O_NONBLOCK') as number;
const O_RDWR = constantValue('O_RDWR') as number;
const SOCK_STREAM = constantValue('SOCK_STREAM') as number;
const FIRST_DESCRIPTOR = 3;
const SHUT_RD = 0;
const SHUT_WR = 1;
const SHUT_RDWR = 2;

const SENDS = new Set(['write', 'writev', 'send', 'sendto', 'sendmsg']);
const RECEIVES = new Set(['read', 'readv', 'recv', 'recvfrom', 'recvmsg']);

export class Sockets {
  readonly #port: TcpPort;
  readonly #descriptors = new Map<number, Descriptor>();
  readonly #nameless: Descriptor[] = [];
  #listens = 0;

  constructor(port: TcpPort) {
    this.#port = port;
  }

  /** The call as an attempt. Throws Unsupported for one that we lack. */
  prepare(action: SyscallAction): Attempt {
    const { name, args } = action;
    switch (name) {
      case 'socket':
        return this.#socket(action);
      case 'epoll_create':
      case 'epoll_create1':
        return () => this.#add(action, new EpollDescriptor());
      case 'poll':
        return pollCall(args, this.#port, (fd) => this.#socketAt(fd));
    }
    const fd = numberOf(args[0]);
    const descriptor = this.#descriptors.get(fd);
    if (descriptor === undefined) return () => failure('EBADF');
    if (name === 'close') return () => this.#close(fd, descriptor);
    if (name === 'fcntl') return () => fcntl(descriptor, action);
    if (descriptor.kind === 'epoll') {
      return epollCall(name, args, descriptor, this.#port, (other) => this.#socketAt(other));
    }
    return this.#socketCall(action, descriptor);
  }

  #socketCall(action: SyscallAction, socket: SocketDescriptor): Attempt {
    const { name, args } = action;
    if (SENDS.has(name)) return sendCall(name, args, socket, this.#port);
    if (RECEIVES.has(name)) return receiveCall(name, args, socket, this.#port);
    switch (name) {
      case 'bind':
        return () => this.#bind(action, socket);
      case 'listen':
        return () => this.#listen(action, socket);
      case 'accept':
      case 'accept4':
        return acceptFrom(socket, this.#port, numberOf(args[3], 0), (accepted) =>
          this.#add(action, accepted),
        );
      case 'connect':
        return connectSocket(socket, this.#port, socketAddressOf(args[1]));
      case 'shutdown':
        return () => this.#shutdown(socket, numberOf(args[1]));
      case 'getsockopt':
        return () => getOption(args, socket, this.#port);
      case 'setsockopt':
        return () => setOption(args, socket, this.#port);
      case 'ioctl':
        return () => ioctl(action, socket);
      default:
        throw new Unsupported(`call ${name}`);
    }
  }

  #socketAt(fd: number): SocketDescriptor | undefined {
    const descriptor = this.#descriptors.get(fd);
    return descriptor?.kind === 'socket' ? descriptor : undefined;
  }

  /**
   * Under the number of the script's result, which is a name: a descriptor that had it stays open, and
   * nobody can name it any more.
   */
  #add({ result }: SyscallAction, descriptor: Descriptor): CallOutcome {
    let fd = result.kind === 'number' && result.value >= 0 ? result.value : FIRST_DESCRIPTOR;
    if (result.kind !== 'number') while (this.#descriptors.has(fd)) fd++;
    const former = this.#descriptors.get(fd);
    if (former !== undefined) this.#nameless.push(former);
    this.#descriptors.set(fd, descriptor);
    return success(fd);
  }

  #socket(action: SyscallAction): Attempt {
    const type = numberOf(action.args[1]);
    if ((type & 0xf) !== SOCK_STREAM) throw new Unsupported('sockets other than SOCK_STREAM');
    const protocol = numberOf(action.args[2], 0);
    if (protocol !== 0 && protocol !== constantValue('IPPROTO_TCP')) {
      return () => failure('EPROTONOSUPPORT');
    }
    const options = usualOptions(this.#port.defaults.congestionControl);
    options.notSentLowAtBytes = this.#port.defaults.notSentLowAtBytes;
    const isNonBlocking = (type & O_NONBLOCK) !== 0;
    return () => this.#add(action, new SocketDescriptor(isNonBlocking, options));
  }

  #bind({ args }: SyscallAction, socket: SocketDescriptor): CallOutcome {
    if (socket.holdsPort || isInUse(socket)) return failure('EINVAL');
    const port = socketAddressOf(args[1]).port ?? SERVICE_PORT;
    const others = [...this.#descriptors.values()].filter((other) => other !== socket);
    const clashes = others.some(
      (other) =>
        other.kind === 'socket' &&
        other.boundPort === port &&
        (other.holdsPort || isInUse(other)) &&
        (other.listener !== undefined ||
          !other.options.reuseAddress ||
          !socket.options.reuseAddress),
    );
    if (clashes) return failure('EADDRINUSE');
    socket.boundPort = port;
    socket.holdsPort = true;
    return success(0);
  }

  #listen({ args }: SyscallAction, socket: SocketDescriptor): CallOutcome {
    if (socket.connection !== undefined) return failure('EINVAL');
    if (socket.listener !== undefined) return success(0);
    const backlog = numberOf(args[1]);
    const listener = this.#port.listen(socket, backlog);
    if (typeof listener === 'number') return failure(TCP_ERROR_NAMES[listener] ?? '');
    socket.listener = listener;
    this.#listens++;
    return success(0);
  }

  #shutdown(socket: SocketDescriptor, how: number): CallOutcome {
    if (how < SHUT_RD || how > SHUT_RDWR) return failure('EINVAL');
    const { connection, listener } = socket;
    if (listener !== undefined) {
      if (how !== SHUT_WR) stopListening(socket, this.#port);
      return success(0);
    }
    if (socket.isConnecting) {
      socket.isConnecting = isOpening(socket);
      socket.isSpent = connection?.state === TcpState.Closed;
    }
    if (connection?.state === TcpState.SynSent) {
      letGo(socket, this.#port);
      return success(0);
    }
    // What is shut stays so, though the call fails.
    if (how !== SHUT_WR) socket.isReadShut = true;
    if (how !== SHUT_RD) socket.isWriteShut = true;
    if (connection === undefined || connection.state === TcpState.Closed) {
      return failure('ENOTCONN');
    }
    if (how !== SHUT_WR) this.#port.shutdownReceive(connection);
    if (how !== SHUT_RD) this.#port.shutdownSend(connection);
    return success(0);
  }

  #close(fd: number, descriptor: Descriptor): CallOutcome {
    this.#descriptors.delete(fd);
    for (const other of this.#descriptors.values()) {
      if (other.kind === 'epoll') other.interests.delete(fd);
    }
    if (descriptor.kind === 'socket') this.#release(descriptor);
    return success(0);
  }

  #release({ listener, connection, options }: SocketDescriptor): void {
    if (listener !== undefined) this.#port.closeListener(listener);
    if (connection === undefined) return;
    if (options.lingerNs === 0) this.#port.abort(connection);
    else this.#port.close(connection);
  }

  /** Closes all that is open, resetting connections. */
  closeAll(): void {
    for (const descriptor of [...this.#nameless, ...this.#descriptors.values()]) {
      if (descriptor.kind !== 'socket') continue;
      if (descriptor.listener !== undefined) this.#port.closeListener(descriptor.listener);
      if (descriptor.connection !== undefined) this.#port.abort(descriptor.connection);
    }
    this.#descriptors.clear();
  }

  /** The connection that a call writes to; undefined for another kind of call. */
  writtenConnection({ name, args }: SyscallAction): TcpConnection | undefined {
    return SENDS.has(name) ? this.#socketAt(numberOf(args[0]))?.connection : undefined;
  }

  /** The socket that listens, the latest of several. */
  listening(): ListeningSocket | undefined {
    let port: number | undefined;
    for (const descriptor of this.#descriptors.values()) {
      if (descriptor.kind === 'socket' && descriptor.listener !== undefined) {
        port = descriptor.listener.port;
      }
    }
    return port === undefined ? undefined : { port, serial: this.#listens };
  }
}

/** Listens, or has a connection that is not over. */
function isInUse({ listener, connection }: SocketDescriptor): boolean {
  if (listener !== undefined) return true;
  return connection !== undefined && connection.state !== TcpState.Closed;
}

function fcntl(descriptor: Descriptor, { args }: SyscallAction): CallOutcome {
  const command = numberOf(args[1]);
  if (descriptor.kind === 'epoll') return success(0);
  if (command === constantValue('F_GETFL')) {
    return success(O_RDWR | (descriptor.isNonBlocking ? O_NONBLOCK : 0));
  }
  if (command !== constantValue('F_SETFL')) throw new Unsupported(`fcntl ${command}`);
  descriptor.isNonBlocking = (numberOf(args[2]) & O_NONBLOCK) !== 0;
  return success(0);
}

/** SIOCINQ, SIOCOUTQ and SIOCOUTQNSD: tcp(7). A FIN takes a place in the two of the send queue. */
function ioctl({ args }: SyscallAction, socket: SocketDescriptor): CallOutcome {
  const { connection } = socket;
  if (socket.listener !== undefined) return failure('EINVAL');
  const wanted = outputOf(args[2]);
  switch (numberOf(args[1])) {
    case constantValue('SIOCINQ'):
      return withOutput(0, 'SIOCINQ', wanted, connection?.unreadBytes ?? 0);
    case constantValue('SIOCOUTQ'):
      return withOutput(0, 'SIOCOUTQ', wanted, isOpening(socket) ? 0 : queuedPlaces(socket));
    case constantValue('SIOCOUTQNSD'):
      return withOutput(0, 'SIOCOUTQNSD', wanted, isOpening(socket) ? 0 : unsentPlaces(socket));
    default:
      throw new Unsupported(`ioctl ${numberOf(args[1])}`);
  }
}

function isOpening({ connection }: SocketDescriptor): boolean {
  const state = connection?.state;
  return state === TcpState.SynSent || state === TcpState.SynReceived;
}

/** Sequence numbers that were given out and are not acknowledged. */
function queuedPlaces(socket: SocketDescriptor): number {
  const { connection } = socket;
  if (connection === undefined) return 0;
  return seqDiff(connection.sndNxt, connection.sndUna) + unsentPlaces(socket);
}

/** Those that were not sent. */
function unsentPlaces({ connection }: SocketDescriptor): number {
  if (connection === undefined || connection.state === TcpState.Closed) return 0;
  const waitsToEnd = connection.isWriteShut && !connection.isFinSent;
  return connection.unsentBytes + (waitsToEnd ? 1 : 0);
}
