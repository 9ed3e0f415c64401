/** The error of a socket, as SO_ERROR has it: told once, to whichever call comes first. */
import { TCP_ERROR_NAMES, TcpError } from '../tcp/errors.ts';
import { failure } from './call-outcome.ts';
import type { SocketDescriptor } from './socket-descriptor.ts';
import type { CallOutcome } from './stack-under-test.ts';

/** Undefined when there is none to tell. */
export function takeError(socket: SocketDescriptor): CallOutcome | undefined {
  const { connection } = socket;
  if (connection === undefined || connection.error === TcpError.None) return undefined;
  if (socket.isErrorTold) return undefined;
  socket.isErrorTold = true;
  return failure(TCP_ERROR_NAMES[connection.error] ?? 'EINVAL');
}
