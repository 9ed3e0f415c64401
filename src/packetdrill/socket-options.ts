/**
 * getsockopt and setsockopt: socket(7), tcp(7), ip(7). A value is kept with the socket and brought to its
 * connection; options that mean nothing here (marks, priorities, device bindings) are kept to be read back.
 * One that would change what is on the wire and is not known is a reason to skip.
 */
import { numberOf, outputOf } from './arguments.ts';
import { failure, success, withOutput } from './call-outcome.ts';
import { constantName, constantValue, errnoValue } from './constants.ts';
import type { Value } from './script.ts';
import type { SocketDescriptor, SocketOptions } from './socket-descriptor.ts';
import { takeAnyError } from './socket-error.ts';
import { type CallOutcome, Unsupported } from './stack-under-test.ts';
import type { TcpPort } from './tcp-port.ts';

const NS_PER_MS = 1e6;
const NS_PER_SECOND = 1e9;
const FAST_OPEN_KEY_BYTES = 16;
/** Linux doubles what is asked, for its own overhead. */
const BUFFER_FACTOR = 2;
const NO_BOUND = 2 ** 32 - 1;

interface OptionRule {
  read(socket: SocketDescriptor, port: TcpPort): number;
  /** False: EINVAL. Absent: it cannot be set. */
  write?(options: SocketOptions, value: number, socket: SocketDescriptor): boolean;
}

/** A truth value. */
function truth(
  field:
    | 'reuseAddress'
    | 'noDelay'
    | 'cork'
    | 'keepAlive'
    | 'fastOpenConnect'
    | 'fastOpenNoCookie'
    | 'tellsInQueue'
    | 'tellsSoftErrors',
): OptionRule {
  return {
    read: ({ options }) => (options[field] ? 1 : 0),
    write: (options, value) => {
      options[field] = value !== 0;
      return true;
    },
  };
}

/** A time in units of `unitNs`, read back as set, or as the system has it. */
function time(
  field: 'keepAliveIdleNs' | 'keepAliveIntervalNs' | 'userTimeoutNs',
  unitNs: number,
): OptionRule {
  return {
    read: ({ options }, port) => Math.round((options[field] ?? port.config[field]) / unitNs),
    write: (options, value) => {
      if (value < 0) return false;
      options[field] = value * unitNs;
      return true;
    },
  };
}

/** The two bits of ECN are TCP's. */
const TRAFFIC_CLASS: OptionRule = {
  read: ({ options }) => options.trafficClass,
  write: (options, value) => {
    options.trafficClass = value & 0xfc;
    return value >= 0 && value < 256;
  },
};

const TTL: OptionRule = {
  read: ({ options }) => options.ttl,
  write: (options, value) => {
    options.ttl = value;
    return value >= 1 && value < 256;
  },
};

const RULES: Readonly<Record<string, Readonly<Record<string, OptionRule>>>> = {
  SOL_SOCKET: {
    SO_REUSEADDR: truth('reuseAddress'),
    SO_KEEPALIVE: truth('keepAlive'),
    SO_SNDBUF: {
      read: ({ options }, port) => options.sendBufferBytes ?? port.config.sendBufferBytes,
      write: (options, value) => {
        options.sendBufferBytes = Math.max(4608, value * BUFFER_FACTOR);
        return true;
      },
    },
    SO_RCVBUF: {
      read: ({ options }, port) => options.receiveBufferBytes ?? port.config.receiveBufferBytes,
      write: (options, value) => {
        options.receiveBufferBytes = Math.max(2304, value * BUFFER_FACTOR);
        return true;
      },
    },
    SO_ERROR: { read: (socket) => takeAnyError(socket)?.errno ?? 0 },
    SO_RCVLOWAT: {
      read: ({ options }) => options.receiveLowAtBytes,
      write: (options, value) => {
        options.receiveLowAtBytes = value < 0 ? 2 ** 31 - 1 : value || 1;
        return true;
      },
    },
    SO_ACCEPTCONN: { read: ({ listener }) => (listener === undefined ? 0 : 1) },
    SO_TYPE: { read: () => constantValue('SOCK_STREAM') ?? 1 },
  },
  SOL_TCP: {
    TCP_NODELAY: truth('noDelay'),
    TCP_CORK: truth('cork'),
    TCP_FASTOPEN_CONNECT: truth('fastOpenConnect'),
    TCP_FASTOPEN_NO_COOKIE: truth('fastOpenNoCookie'),
    TCP_INQ: truth('tellsInQueue'),
    TCP_KEEPIDLE: time('keepAliveIdleNs', NS_PER_SECOND),
    TCP_KEEPINTVL: time('keepAliveIntervalNs', NS_PER_SECOND),
    TCP_USER_TIMEOUT: time('userTimeoutNs', NS_PER_MS),
    TCP_KEEPCNT: {
      read: ({ options }, port) => options.keepAliveProbes ?? port.config.keepAliveProbes,
      write: (options, value) => {
        options.keepAliveProbes = value;
        return value >= 1 && value <= 127;
      },
    },
    TCP_SYNCNT: {
      read: ({ options }, port) => options.synRetries ?? port.config.synRetries,
      write: (options, value) => {
        options.synRetries = value;
        return value >= 1 && value <= 127;
      },
    },
    TCP_MAXSEG: {
      read: ({ options, connection }, port) =>
        connection?.smss ?? (options.maxSegmentBytes || port.usualMss),
      write: (options, value) => {
        options.maxSegmentBytes = value;
        return value === 0 || (value >= 88 && value <= 32_767);
      },
    },
    TCP_WINDOW_CLAMP: {
      read: ({ options }) => options.windowClampBytes,
      write: (options, value) => {
        options.windowClampBytes = value;
        return true;
      },
    },
    TCP_QUICKACK: {
      read: ({ options }) => Math.max(0, options.quickAck),
      write: (options, value) => {
        options.quickAck = value === 0 ? 0 : 1;
        return true;
      },
    },
    TCP_NOTSENT_LOWAT: {
      // The system's bound holds, and is not told.
      read: ({ options }) => options.others.get('TCP_NOTSENT_LOWAT') ?? 0,
      write: (options, value) => {
        options.others.set('TCP_NOTSENT_LOWAT', value);
        options.notSentLowAtBytes = value === NO_BOUND ? 0 : value;
        return true;
      },
    },
    TCP_FASTOPEN: {
      read: ({ fastOpenQueue }) => Math.max(0, fastOpenQueue),
      write: (_, value, socket) => {
        socket.fastOpenQueue = value;
        if (socket.listener !== undefined) socket.listener.fastOpenQueue = value;
        return value >= 0;
      },
    },
  },
  SOL_IP: { IP_TOS: TRAFFIC_CLASS, IP_TTL: TTL, IP_RECVERR: truth('tellsSoftErrors') },
  SOL_IPV6: {
    IPV6_TCLASS: TRAFFIC_CLASS,
    IPV6_UNICAST_HOPS: TTL,
    IPV6_RECVERR: truth('tellsSoftErrors'),
  },
};

/** Kept and read back, without effect. */
const KEPT = new Set([
  'SO_REUSEPORT',
  'SO_PRIORITY',
  'SO_MARK',
  'SO_ZEROCOPY',
  'SO_OOBINLINE',
  'SO_BUSY_POLL',
  'TCP_LINGER2',
  'TCP_SAVE_SYN',
  'IP_MTU_DISCOVER',
  'IP_FREEBIND',
  'IP_BIND_ADDRESS_NO_PORT',
  'IPV6_MTU_DISCOVER',
  'IPV6_V6ONLY',
]);

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
  if (KEPT.has(name)) {
    socket.options.others.set(name, value);
    return success(0);
  }
  if (name === 'TCP_FASTOPEN_CONNECT' && (port.defaults.fastOpenBits & 1) === 0) {
    return failure('EOPNOTSUPP');
  }
  const rule = RULES[level]?.[name];
  if (rule?.write === undefined) throw new Unsupported(`socket option ${name}`);
  if (rule.write(socket.options, value, socket) === false) return failure('EINVAL');
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
  const rule = RULES[level]?.[name];
  if (rule !== undefined) return withOutput(0, name, errnoAware(wanted), rule.read(socket, port));
  if (KEPT.has(name)) return withOutput(0, name, wanted, socket.options.others.get(name) ?? 0);
  throw new Unsupported(`socket option ${name}`);
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
