/** read, recv, recvfrom and recvmsg: recv(2). Data first, then an error that waits, then the end. */
import { TcpState } from '../tcp/state.ts';
import { fieldOf, fieldsOf, isNull, numberOf, vectorBytes, vectorListBytes } from './arguments.ts';
import { failure, success, withOutput } from './call-outcome.ts';
import type { Attempt } from './connect-calls.ts';
import { constantValue } from './constants.ts';
import type { Value } from './script.ts';
import type { SocketDescriptor } from './socket-descriptor.ts';
import { takeError } from './socket-error.ts';
import { type CallOutcome, Unsupported } from './stack-under-test.ts';
import type { TcpPort } from './tcp-port.ts';

const MSG_OOB = constantValue('MSG_OOB') as number;
const MSG_PEEK = constantValue('MSG_PEEK') as number;
const MSG_DONTWAIT = constantValue('MSG_DONTWAIT') as number;
const MSG_WAITALL = constantValue('MSG_WAITALL') as number;
const TCP_CM_INQ = constantValue('TCP_CM_INQ') as number;

export function receiveCall(
  name: string,
  args: readonly Value[],
  socket: SocketDescriptor,
  port: TcpPort,
): Attempt {
  const isMessage = name === 'recvmsg';
  const bytes = requestedBytes(name, args);
  if (bytes < 0) return () => failure(name === 'read' ? 'EINVAL' : 'EFAULT');
  const flags = numberOf(isMessage ? args[2] : args[3], 0);
  if ((flags & MSG_OOB) !== 0) throw new Unsupported('urgent data');
  const isBadBuffer = isNull(args[1]) && bytes > 0;
  return () => {
    const outcome = receiveSome(socket, port, isBadBuffer ? -1 : bytes, flags);
    if (!isMessage || outcome === undefined || outcome.result < 0) return outcome;
    return withInQueue(outcome, args[1], socket);
  };
}

function requestedBytes(name: string, args: readonly Value[]): number {
  if (name === 'recvmsg') return vectorBytes(args[1]);
  return name === 'readv' ? vectorListBytes(args[1]) : numberOf(args[2]);
}

/** `bytes` -1: the buffer is bad. */
function receiveSome(
  socket: SocketDescriptor,
  port: TcpPort,
  bytes: number,
  flags: number,
): CallOutcome | undefined {
  const { connection } = socket;
  if (connection === undefined) return failure('ENOTCONN');
  const mayWait = !socket.isNonBlocking && (flags & MSG_DONTWAIT) === 0;
  const waiting = connection.unreadBytes;
  const isEnough = (flags & MSG_WAITALL) === 0 || waiting >= bytes || !mayWait;
  const isOver = connection.isPeerDone || connection.state === TcpState.Closed;
  if (waiting > 0 && (isEnough || isOver)) {
    if (bytes < 0) return failure('EFAULT');
    const taken = Math.min(bytes, waiting);
    return success((flags & MSG_PEEK) !== 0 ? taken : port.receiveBytes(connection, taken));
  }
  const error = takeError(socket);
  if (error !== undefined) return error;
  if (isOver || socket.isReadShut) return success(0);
  return mayWait ? undefined : failure('EAGAIN');
}

/** TCP_INQ: the control message tells what is left to read, and 1 for an end that waits. */
function withInQueue(
  outcome: CallOutcome,
  message: Value | undefined,
  socket: SocketDescriptor,
): CallOutcome {
  const control = fieldOf(message, 'msg_control');
  if (control?.kind !== 'list' || !socket.options.tellsInQueue) return outcome;
  const told = control.items.find((item) => numberOf(fieldsOf(item)[1]?.value) === TCP_CM_INQ);
  if (told === undefined) return outcome;
  const { connection } = socket;
  const waiting = connection?.unreadBytes ?? 0;
  const left = waiting === 0 && connection?.isPeerDone === true ? 1 : waiting;
  return withOutput(outcome.result, 'TCP_CM_INQ', fieldOf(told, 'cmsg_data'), left);
}
