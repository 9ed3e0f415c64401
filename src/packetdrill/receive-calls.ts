/** read, recv, recvfrom and recvmsg: recv(2). Data first, then an error that waits, then the end. */
import { TcpState } from '../tcp/state.ts';
import { fieldOf, fieldsOf, isNull, numberOf, vectorBytes, vectorListBytes } from './arguments.ts';
import { failure, success, withOutput } from './call-outcome.ts';
import type { Attempt } from './connect-calls.ts';
import { constantValue } from './constants.ts';
import type { Value } from './script.ts';
import { readGoal, type SocketDescriptor } from './socket-descriptor.ts';
import { hasError, takeError } from './socket-error.ts';
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
  // Whatever the state: POSIX's read of nothing.
  if (bytes === 0 && (name === 'read' || name === 'readv')) return () => success(0);
  const isBadBuffer = isNull(args[1]) && bytes > 0;
  const receipt: Receipt = { bytes, flags, isBadBuffer, takenBytes: 0, isWaiting: false };
  return () => {
    const outcome = receiveSome(socket, port, receipt);
    if (!isMessage || outcome === undefined || outcome.result < 0) return outcome;
    return withInQueue(outcome, args[1], socket);
  };
}

function requestedBytes(name: string, args: readonly Value[]): number {
  if (name === 'recvmsg') return vectorBytes(args[1]);
  return name === 'readv' ? vectorListBytes(args[1]) : numberOf(args[2]);
}

/** What a call has got so far: one that waits for more may have taken some. */
interface Receipt {
  readonly bytes: number;
  readonly flags: number;
  readonly isBadBuffer: boolean;
  takenBytes: number;
  isWaiting: boolean;
}

function receiveSome(
  socket: SocketDescriptor,
  port: TcpPort,
  receipt: Receipt,
): CallOutcome | undefined {
  const { connection } = socket;
  const { bytes, flags, isBadBuffer } = receipt;
  if (socket.listener !== undefined) return failure('ENOTCONN');
  const isPeek = (flags & MSG_PEEK) !== 0;
  const mayWait = !socket.isNonBlocking && (flags & MSG_DONTWAIT) === 0;
  const waiting = (connection?.unreadBytes ?? 0) - (isPeek ? receipt.takenBytes : 0);
  const isClosed = connection?.state === TcpState.Closed;
  const isEnd = connection?.isPeerDone === true;
  const isOver = isEnd || isClosed || socket.isReadShut || hasError(socket);
  // A reader that waits is woken for no less than SO_RCVLOWAT.
  if (receipt.isWaiting && !isOver && waiting < readGoal(socket, 2 ** 31)) return undefined;
  receipt.isWaiting = mayWait;
  const taken = Math.min(bytes - receipt.takenBytes, waiting);
  if (connection !== undefined && taken > 0) {
    if (isBadBuffer)
      return receipt.takenBytes > 0 ? success(receipt.takenBytes) : failure('EFAULT');
    receipt.takenBytes += isPeek ? taken : port.receiveBytes(connection, taken);
  }
  const goal = (flags & MSG_WAITALL) === 0 ? readGoal(socket, bytes) : bytes || 1;
  if (receipt.takenBytes >= goal) return success(receipt.takenBytes);
  if (bytes === 0 && waiting > 0) return success(0);
  if (receipt.takenBytes > 0) {
    return !mayWait || isOver ? success(receipt.takenBytes) : undefined;
  }
  if (isEnd) return success(0);
  const error = takeError(socket);
  if (error !== undefined) return error;
  if (isClosed || socket.isReadShut) return success(0);
  if (connection === undefined && !socket.isConnectDeferred) return failure('ENOTCONN');
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
