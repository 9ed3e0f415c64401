/** Which events a socket has ready: the bits of poll and epoll, as Linux sets them (poll(2), epoll(7)). */
import { TcpState } from '../tcp/state.ts';
import { readGoal, type SocketDescriptor } from './socket-descriptor.ts';
import { hasError } from './socket-error.ts';

export const POLL_IN = 0x1;
export const POLL_OUT = 0x4;
export const POLL_ERR = 0x8;
export const POLL_HUP = 0x10;
export const POLL_RDHUP = 0x2000;

/** All bits that hold now; errors and hang-ups are told whether asked for or not. */
export function readyEvents(socket: SocketDescriptor, hasRoom: boolean): number {
  if (socket.listener !== undefined) return socket.listener.acceptQueue.length > 0 ? POLL_IN : 0;
  const { connection } = socket;
  const isErrorQueued = socket.hasQueuedError || connection?.hasQueuedError === true;
  let events = isErrorQueued || hasError(socket) ? POLL_ERR : 0;
  if (connection === undefined) {
    if (!socket.isConnectDeferred) events |= POLL_HUP;
    return events | POLL_OUT | (socket.isReadShut ? POLL_IN | POLL_RDHUP : 0);
  }
  const { state } = connection;
  const isClosed = state === TcpState.Closed;
  const isReadOver = isClosed || connection.isPeerDone || socket.isReadShut;
  const isWriteOver = isClosed || connection.isWriteShut || socket.isWriteShut;
  if (isReadOver && isWriteOver) events |= POLL_HUP;
  if (isReadOver) events |= POLL_IN | POLL_RDHUP;
  const isOpening =
    state === TcpState.SynSent || (state === TcpState.SynReceived && !connection.isFastOpen);
  if (isOpening) return events;
  if (connection.unreadBytes >= readGoal(socket, Number.MAX_SAFE_INTEGER)) events |= POLL_IN;
  if (isWriteOver || hasRoom) events |= POLL_OUT;
  return events;
}
