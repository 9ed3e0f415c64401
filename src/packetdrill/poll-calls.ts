/** poll(2) and epoll(7), level-triggered and one-shot. A wait ends with the event or at its time. */
import { fieldOf, numberOf } from './arguments.ts';
import { failure, success } from './call-outcome.ts';
import type { Attempt } from './connect-calls.ts';
import { constantValue } from './constants.ts';
import { POLL_ERR, POLL_HUP, readyEvents } from './readiness.ts';
import type { Value } from './script.ts';
import type { EpollDescriptor, SocketDescriptor } from './socket-descriptor.ts';
import { type CallOutcome, Unsupported } from './stack-under-test.ts';
import type { TcpPort } from './tcp-port.ts';

const NS_PER_MS = 1e6;
const EPOLLONESHOT = constantValue('EPOLLONESHOT') as number;
const POLLNVAL = constantValue('POLLNVAL') as number;
const CONTROL = 0xff00_0000;

type FindSocket = (fd: number) => SocketDescriptor | undefined;

const eventsOf = (socket: SocketDescriptor, port: TcpPort): number =>
  readyEvents(socket, socket.connection !== undefined && port.isWritable(socket.connection));

/** poll([{fd, events, revents}], count, milliseconds). */
export function pollCall(args: readonly Value[], port: TcpPort, find: FindSocket): Attempt {
  const list = args[0];
  if (list?.kind !== 'list') throw new Unsupported('poll without a list');
  const entries = list.items.map((item) => ({
    fd: numberOf(fieldOf(item, 'fd')),
    events: numberOf(fieldOf(item, 'events')),
    wanted: numberOf(fieldOf(item, 'revents'), -1),
  }));
  const wait = waitOf(port, numberOf(args[2]));
  return () => {
    const told = entries.map(({ fd, events }) => {
      const socket = find(fd);
      if (socket === undefined) return POLLNVAL;
      return eventsOf(socket, port) & (events | POLL_ERR | POLL_HUP);
    });
    const ready = told.filter((events) => events !== 0).length;
    if (ready === 0 && wait()) return undefined;
    const wrong = entries.findIndex(({ wanted }, index) => wanted >= 0 && wanted !== told[index]);
    if (wrong < 0) return success(ready);
    return differs(ready, entries[wrong]?.wanted ?? 0, told[wrong] ?? 0);
  };
}

export function epollCall(
  name: string,
  args: readonly Value[],
  epoll: EpollDescriptor,
  port: TcpPort,
  find: FindSocket,
): Attempt {
  if (name === 'epoll_ctl') return () => epollControl(args, epoll, find);
  if (name !== 'epoll_wait') throw new Unsupported(`${name} of an epoll descriptor`);
  const wanted = readWanted(args[1]);
  const most = numberOf(args[2]);
  const wait = waitOf(port, numberOf(args[3]));
  return () => {
    const ready = [...epoll.interests].flatMap(([fd, interest]) => {
      const socket = find(fd);
      if (socket === undefined || interest.isDisarmed) return [];
      const asked = (interest.events & ~CONTROL) | POLL_ERR | POLL_HUP;
      const events = eventsOf(socket, port) & asked;
      return events === 0 ? [] : [{ fd, events, interest }];
    });
    if (ready.length === 0 && wait()) return undefined;
    const told = ready.slice(0, most);
    for (const { interest } of told) {
      if ((interest.events & EPOLLONESHOT) !== 0) interest.isDisarmed = true;
    }
    const wrong = told.findIndex(({ fd, events }, index) => {
      const entry = wanted[index];
      return entry !== undefined && (entry.events !== events || (entry.fd ?? fd) !== fd);
    });
    if (wrong < 0) return success(told.length);
    return differs(told.length, wanted[wrong]?.events ?? 0, told[wrong]?.events ?? 0);
  };
}

function readWanted(value: Value | undefined): { events: number; fd: number | undefined }[] {
  if (value?.kind === 'list') return value.items.flatMap(readWanted);
  if (value?.kind !== 'struct') return [];
  const fd = fieldOf(value, 'fd');
  return [
    {
      events: numberOf(fieldOf(value, 'events')),
      fd: fd === undefined ? undefined : numberOf(fd),
    },
  ];
}

function epollControl(
  args: readonly Value[],
  epoll: EpollDescriptor,
  find: FindSocket,
): CallOutcome {
  const operation = numberOf(args[1]);
  const fd = numberOf(args[2]);
  if (find(fd) === undefined) return failure('EBADF');
  if (operation === constantValue('EPOLL_CTL_DEL')) {
    return epoll.interests.delete(fd) ? success(0) : failure('EINVAL');
  }
  epoll.interests.set(fd, { events: numberOf(fieldOf(args[3], 'events')), isDisarmed: false });
  return success(0);
}

/** True until the time is over; a negative one never is. */
function waitOf(port: TcpPort, milliseconds: number): () => boolean {
  if (milliseconds < 0) return () => true;
  const endNs = port.nowNs + milliseconds * NS_PER_MS;
  port.wakeAt(endNs);
  return () => port.nowNs < endNs;
}

function differs(result: number, wanted: number, told: number): CallOutcome {
  const text = (events: number) => `events 0x${events.toString(16)}`;
  return { result, errno: 0, difference: { expected: text(wanted), actual: text(told) } };
}
