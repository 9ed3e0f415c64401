/**
 * write, send, sendto and sendmsg: send(2). The order of checks is that of Linux: an error that waits, then
 * a send half that is over, then the handshake. MSG_FASTOPEN opens the connection with its data (tcp(7)).
 */
import { TcpState } from '../tcp/state.ts';
import {
  isNull,
  numberOf,
  type SocketAddress,
  socketAddressOf,
  vectorBytes,
  vectorListBytes,
} from './arguments.ts';
import { failure, success } from './call-outcome.ts';
import { type Attempt, connectProgress, letGo, remoteEnd, startConnect } from './connect-calls.ts';
import { constantValue } from './constants.ts';
import type { Value } from './script.ts';
import type { SocketDescriptor } from './socket-descriptor.ts';
import { takeError } from './socket-error.ts';
import { type CallOutcome, Unsupported } from './stack-under-test.ts';
import type { TcpPort } from './tcp-port.ts';

const MSG_DONTWAIT = constantValue('MSG_DONTWAIT') as number;
const MSG_EOR = constantValue('MSG_EOR') as number;
const MSG_MORE = constantValue('MSG_MORE') as number;
const MSG_OOB = constantValue('MSG_OOB') as number;
const MSG_FASTOPEN = constantValue('MSG_FASTOPEN') as number;
const CLIENT_ENABLED = 1;

interface SendRequest {
  readonly bytes: number;
  readonly flags: number;
  readonly address: SocketAddress | undefined;
  readonly isBadBuffer: boolean;
}

interface SendProgress {
  sentBytes: number;
  /** The connection is to be opened by this call. */
  opens: boolean;
  /** It is, and the handshake is not over. */
  isOpening: boolean;
  isBlocked: boolean;
}

export function sendCall(
  name: string,
  args: readonly Value[],
  socket: SocketDescriptor,
  port: TcpPort,
): Attempt {
  const request = readRequest(name, args);
  if ((request.flags & MSG_OOB) !== 0) throw new Unsupported('urgent data of ours');
  // As a size_t it is more than an address space has.
  if (request.bytes < 0) return () => failure(name === 'write' ? 'EINVAL' : 'EFAULT');
  const state = {
    sentBytes: 0,
    opens: opensConnection(socket, request),
    isBlocked: false,
    isOpening: false,
  };
  return () => {
    const opened = state.opens ? openWithData(socket, port, request, state) : undefined;
    return opened ?? sendSome(socket, port, request, state);
  };
}

function readRequest(name: string, args: readonly Value[]): SendRequest {
  const isNullBuffer = isNull(args[1]);
  switch (name) {
    case 'write':
      return request(numberOf(args[2]), 0, undefined, isNullBuffer);
    case 'send':
      return request(numberOf(args[2]), numberOf(args[3]), undefined, isNullBuffer);
    case 'sendto':
      return request(numberOf(args[2]), numberOf(args[3]), socketAddressOf(args[4]), isNullBuffer);
    case 'sendmsg':
      return request(vectorBytes(args[1]), numberOf(args[2]), socketAddressOf(undefined), false);
    default: {
      return request(vectorListBytes(args[1]), 0, undefined, false);
    }
  }
}

const request = (
  bytes: number,
  flags: number,
  address: SocketAddress | undefined,
  isNullBuffer: boolean,
): SendRequest => ({ bytes, flags, address, isBadBuffer: isNullBuffer && bytes > 0 });

function opensConnection(socket: SocketDescriptor, { flags }: SendRequest): boolean {
  return (flags & MSG_FASTOPEN) !== 0 || socket.isConnectDeferred;
}

const isWaiting = (socket: SocketDescriptor, flags: number): boolean =>
  !socket.isNonBlocking && (flags & MSG_DONTWAIT) === 0;

/** The SYN, with data when a cookie is known. Undefined: the data goes on as an ordinary write. */
function openWithData(
  socket: SocketDescriptor,
  port: TcpPort,
  request: SendRequest,
  state: SendProgress,
): CallOutcome | undefined {
  state.opens = false;
  if ((port.defaults.fastOpenBits & CLIENT_ENABLED) === 0) return failure('EOPNOTSUPP');
  if (request.address?.isUnspecified === true) return failure('EOPNOTSUPP');
  const { connection } = socket;
  if (connection !== undefined || socket.listener !== undefined) return openAgain(socket, port);
  const remote = socket.deferredRemote ?? remoteEnd(request.address ?? NO_ADDRESS, port);
  if (request.isBadBuffer) return failure('EFAULT');
  const isCookieKnown = port.canFastOpen(remote, socket.options);
  const refused = startConnect(socket, port, remote, isCookieKnown ? request.bytes : 0);
  if (refused !== undefined) return refused;
  socket.isConnectDeferred = false;
  const taken = socket.connection?.synDataBytes ?? 0;
  if (isWaiting(socket, request.flags)) {
    state.sentBytes = taken;
    state.isOpening = true;
    return undefined;
  }
  return isCookieKnown && taken > 0 ? success(taken) : failure('EINPROGRESS');
}

/** As connect of a socket that has a connection: its success is told by going on. */
function openAgain(socket: SocketDescriptor, port: TcpPort): CallOutcome | undefined {
  if (!socket.isConnecting) return failure('EISCONN');
  const outcome = connectProgress(socket);
  if (outcome === undefined) return failure('EALREADY');
  if (outcome.result === 0) return undefined;
  letGo(socket, port);
  return outcome;
}

const NO_ADDRESS: SocketAddress = { isUnspecified: false, address: undefined, port: undefined };

function sendSome(
  socket: SocketDescriptor,
  port: TcpPort,
  request: SendRequest,
  state: SendProgress,
): CallOutcome | undefined {
  const mayWait = isWaiting(socket, request.flags);
  const { connection } = socket;
  const error = takeError(socket);
  if (connection === undefined) return error ?? failure('EPIPE');
  // What went with a SYN that failed was not sent.
  const wasSent = state.sentBytes > 0 && !state.isOpening;
  if (error !== undefined) return wasSent ? success(state.sentBytes) : error;
  const { state: tcpState } = connection;
  const isOpening =
    tcpState === TcpState.SynSent || (tcpState === TcpState.SynReceived && !connection.isFastOpen);
  const isShut = connection.isWriteShut || (!isOpening && socket.isWriteShut);
  if (tcpState === TcpState.Closed || isShut) return failure('EPIPE');
  if (isOpening) return mayWait ? undefined : failure('EAGAIN');
  // Another writer leaves it to connect to say that the socket is connected.
  if (state.isOpening && mayWait) connectProgress(socket);
  state.isOpening = false;
  if (request.isBadBuffer) return failure('EFAULT');
  // One that waits for room goes on when there is plenty.
  if (state.isBlocked && !port.isWritable(connection)) return undefined;
  const hasMore = (request.flags & MSG_MORE) !== 0;
  const endsRecord = (request.flags & MSG_EOR) !== 0;
  const left = request.bytes - state.sentBytes;
  state.sentBytes += port.send(connection, left, hasMore, endsRecord);
  if (state.sentBytes === request.bytes) return success(request.bytes);
  state.isBlocked = true;
  if (mayWait) return undefined;
  return state.sentBytes > 0 ? success(state.sentBytes) : failure('EAGAIN');
}
