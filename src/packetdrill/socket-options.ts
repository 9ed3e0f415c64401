/**
 * getsockopt and setsockopt. A value is kept with the socket and brought to its connection; what each option takes is
 * in option-rules. One that is not known is a reason to skip.
 */
import { numberOf, outputOf } from './arguments.ts';
import { failure, success, withOutput } from './call-outcome.ts';
import { constantName, constantValue, errnoValue } from './constants.ts';
import { OPTION_RULES } from './option-rules.ts';
import type { Value } from './script.ts';
import type { SocketDescriptor } from './socket-descriptor.ts';
import { type CallOutcome, Unsupported } from './stack-under-test.ts';
import type { TcpPort } from './tcp-port.ts';

const NS_PER_SECOND = 1e9;
const FAST_OPEN_KEY_BYTES = 16;
/** Linux's values are ints; ip(7) takes bytes as well. */
const INT_BYTES = 4;

const TAKES_INTS = new Set(['SOL_SOCKET', 'SOL_TCP']);

const LEVELS: Readonly<Record<string, string>> = {
  SOL_SOCKET: 'SOL_SOCKET',
  SOL_TCP: 'SOL_TCP',
  IPPROTO_TCP: 'SOL_TCP',
  SOL_IP: 'SOL_IP',
  IPPROTO_IP: 'SOL_IP',
  SOL_IPV6: 'SOL_IPV6',
  IPPROTO_IPV6: 'SOL_IPV6',
};

/** How the options of a level begin. */
const PREFIXES: Readonly<Record<string, string>> = {
  SOL_SOCKET: 'SO_',
  SOL_TCP: 'TCP_',
  SOL_IP: 'IP_',
  SOL_IPV6: 'IPV6_',
};

/** Names of level and option, each a symbol or its number. */
function readNames(args: readonly Value[]): { level: string; name: string } {
  const [levelValue, nameValue] = [args[1], args[2]];
  const level =
    levelValue?.kind === 'symbol'
      ? LEVELS[levelValue.name]
      : Object.keys(PREFIXES).find((name) => constantValue(name) === numberOf(levelValue));
  if (level === undefined) throw new Unsupported('a socket option of another level');
  if (nameValue?.kind === 'symbol') return { level, name: nameValue.name };
  const name = constantName(PREFIXES[level] ?? '', numberOf(nameValue));
  if (name === undefined) throw new Unsupported(`socket option ${numberOf(nameValue)} of ${level}`);
  return { level, name };
}

export function setOption(
  args: readonly Value[],
  socket: SocketDescriptor,
  port: TcpPort,
): CallOutcome {
  const { level, name } = readNames(args);
  if (name === 'TCP_FASTOPEN_KEY') return setFastOpenKey(args, socket, port);
  if (name === 'TCP_CONGESTION') return setCongestionControl(args[3], socket, port);
  if (name === 'SO_LINGER') return setLinger(args[3], socket, port);
  // For a connection under repair only, as Linux has it.
  if (name === 'TCP_TIMESTAMP') return failure('EPERM');
  const value = numberOf(outputOf(args[3]));
  if (numberOf(args[4], INT_BYTES) < INT_BYTES && TAKES_INTS.has(level)) return failure('EINVAL');
  if (name === 'TCP_FASTOPEN_CONNECT' && (port.defaults.fastOpenBits & 1) === 0) {
    return failure('EOPNOTSUPP');
  }
  const rule = OPTION_RULES[level]?.[name];
  if (rule === undefined) throw new Unsupported(`socket option ${name}`);
  if (rule.write === undefined) return failure('ENOPROTOOPT');
  if (rule.write(socket.options, value, socket, port) === false) return failure('EINVAL');
  if (socket.connection !== undefined) port.applyOption(socket.connection, name, socket.options);
  return success(0);
}

function setFastOpenKey(
  args: readonly Value[],
  socket: SocketDescriptor,
  port: TcpPort,
): CallOutcome {
  const key = args[3];
  if (key?.kind !== 'string') throw new Unsupported('a Fast Open key in this form');
  if (numberOf(args[4]) !== FAST_OPEN_KEY_BYTES || key.bytes.length !== FAST_OPEN_KEY_BYTES) {
    return failure('EINVAL');
  }
  socket.fastOpenKey = key.bytes;
  if (socket.listener !== undefined) port.setFastOpenKey(key.bytes);
  return success(0);
}

function setCongestionControl(
  value: Value | undefined,
  socket: SocketDescriptor,
  port: TcpPort,
): CallOutcome {
  const text = outputOf(value);
  if (text?.kind !== 'string') throw new Unsupported('TCP_CONGESTION in this form');
  const name = String.fromCharCode(...text.bytes).replace(/\0.*$/, '');
  if (!port.hasCongestionControl(name)) throw new Unsupported(`congestion control ${name}`);
  socket.options.congestionControl = name;
  if (socket.connection !== undefined) {
    port.applyOption(socket.connection, 'TCP_CONGESTION', socket.options);
  }
  return success(0);
}

/** `{onoff=1, linger=0}` in seconds. */
function setLinger(value: Value | undefined, socket: SocketDescriptor, port: TcpPort): CallOutcome {
  if (value?.kind !== 'struct') throw new Unsupported('SO_LINGER in this form');
  const [onOff, seconds] = value.fields.map((field) => numberOf(field.value));
  socket.options.lingerNs = onOff === 0 ? -1 : (seconds ?? 0) * NS_PER_SECOND;
  if (socket.connection !== undefined) {
    port.applyOption(socket.connection, 'SO_LINGER', socket.options);
  }
  return success(0);
}

export function getOption(
  args: readonly Value[],
  socket: SocketDescriptor,
  port: TcpPort,
): CallOutcome {
  const { level, name } = readNames(args);
  const wanted = outputOf(args[3]);
  if (name === 'TCP_CONGESTION') return compareText(wanted, socket.options.congestionControl);
  if (name === 'SO_LINGER') return compareLinger(args[3], socket);
  const rule = OPTION_RULES[level]?.[name];
  if (rule === undefined) throw new Unsupported(`socket option ${name}`);
  const value = rule.read(socket, port);
  return typeof value === 'number' ? withOutput(0, name, errnoAware(wanted), value) : value;
}

function compareLinger(wanted: Value | undefined, { options }: SocketDescriptor): CallOutcome {
  if (wanted?.kind !== 'struct') return success(0);
  const expected = wanted.fields.map((field) => numberOf(field.value)).join(' ');
  const actual = options.lingerNs < 0 ? '0 0' : `1 ${options.lingerNs / NS_PER_SECOND}`;
  if (expected === actual) return success(0);
  return { result: 0, errno: 0, difference: { expected, actual } };
}

/** `[ECONNREFUSED]` stands for its number. */
function errnoAware(wanted: Value | undefined): Value | undefined {
  if (wanted?.kind !== 'symbol') return wanted;
  const value = errnoValue(wanted.name);
  return value === undefined ? wanted : { kind: 'number', value };
}

function compareText(wanted: Value | undefined, actual: string): CallOutcome {
  if (wanted?.kind !== 'string') return success(0);
  const expected = String.fromCharCode(...wanted.bytes).replace(/\0.*$/, '');
  if (expected === actual) return success(0);
  return { result: 0, errno: 0, difference: { expected, actual } };
}
