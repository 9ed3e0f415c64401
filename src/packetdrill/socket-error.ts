/** The error of a socket, as SO_ERROR has it: told once, to whichever call comes first. */
import { TCP_ERROR_NAMES, TcpError } from '../tcp/errors.ts';
import { currentSoftError } from '../tcp/icmp-errors.ts';
import { failure } from './call-outcome.ts';
import type { SocketDescriptor } from './socket-descriptor.ts';
import type { CallOutcome } from './stack-under-test.ts';

/** One waits, and stays. */
export function hasError({ connection, error }: SocketDescriptor): boolean {
  return error !== undefined || (connection !== undefined && connection.error !== TcpError.None);
}

/** Undefined when there is none to tell. */
export function takeError(socket: SocketDescriptor): CallOutcome | undefined {
  const { connection, error } = socket;
  if (error !== undefined) {
    socket.error = undefined;
    return failure(error);
  }
  if (connection === undefined || connection.error === TcpError.None) return undefined;
  const told = failure(TCP_ERROR_NAMES[connection.error] ?? 'EINVAL');
  connection.error = TcpError.None;
  return told;
}

/** SO_ERROR tells one that did not end the connection as well, when there is no other: socket(7). */
export function takeAnyError(socket: SocketDescriptor): CallOutcome | undefined {
  const { connection } = socket;
  const hard = takeError(socket);
  if (hard !== undefined || connection === undefined) return hard;
  const soft = currentSoftError(connection);
  if (soft === TcpError.None) return undefined;
  const told = failure(TCP_ERROR_NAMES[soft] ?? 'EINVAL');
  connection.softError = TcpError.None;
  return told;
}
