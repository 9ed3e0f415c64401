/**
 * What each socket option reads and takes: socket(7), tcp(7), ip(7), ipv6(7), with the bounds that Linux sets. Options that
 * mean nothing here (marks, priorities) are kept to be read back.
 */
import { NS_PER_SECOND } from '../base/units.ts';
import { TcpState } from '../tcp/state.ts';
import { failure } from './call-outcome.ts';
import { constantValue } from './constants.ts';
import { acceptDelayOf, acceptDelaySteps } from './defer-accept.ts';
import type { SocketDescriptor, SocketOptions } from './socket-descriptor.ts';
import { takeAnyError } from './socket-error.ts';
import type { CallOutcome } from './stack-under-test.ts';
import type { TcpPort } from './tcp-port.ts';

const NS_PER_MS = 1e6;
/** Linux doubles what is asked, for its own overhead, up to rmem_max and wmem_max of Linux 6.18. */
const BUFFER_FACTOR = 2;
const BUFFER_BYTES_MAX = 4_194_304;
const SEND_BUFFER_BYTES_MIN = 4608;
const RECEIVE_BUFFER_BYTES_MIN = 2304;
const NO_BOUND = 2 ** 32 - 1;
const INT_MAX = 2 ** 31 - 1;
const KEEP_ALIVE_SECONDS_MAX = 32_767;
const PROBES_MAX = 127;
const MSS_MIN = 88;
const MSS_MAX = 32_767;
const LINGER2_SECONDS = 60;
const LINGER2_SECONDS_MAX = 120;
const SOMAXCONN = 4096;

export interface OptionRule {
  read(socket: SocketDescriptor, port: TcpPort): number | CallOutcome;
  /** Absent: it cannot be set. False: EINVAL, and nothing has changed. */
  write?(options: SocketOptions, value: number, socket: SocketDescriptor, port: TcpPort): boolean;
}

type TruthField = {
  [Name in keyof SocketOptions]: SocketOptions[Name] extends boolean ? Name : never;
}[keyof SocketOptions];

const asTruth = (value: boolean): number => (value ? 1 : 0);

/** Any value but 0 is true. */
function truth(field: TruthField): OptionRule {
  return {
    read: ({ options }) => asTruth(options[field]),
    write: (options, value) => {
      options[field] = value !== 0;
      return true;
    },
  };
}

/** 0 or 1, and not later than `mayBeSet` allows. */
function choice(field: TruthField, mayBeSet = (_: SocketDescriptor) => true): OptionRule {
  return {
    read: ({ options }) => asTruth(options[field]),
    write: (options, value, socket) => {
      if (value < 0 || value > 1 || !mayBeSet(socket)) return false;
      options[field] = value === 1;
      return true;
    },
  };
}

const isClosed = ({ listener, connection }: SocketDescriptor): boolean =>
  listener === undefined && (connection === undefined || connection.state === TcpState.Closed);

const isClosedOrListening = (socket: SocketDescriptor): boolean =>
  socket.listener !== undefined || isClosed(socket);

/** Seconds, read back as set, or as the system has it. */
function seconds(field: 'keepAliveIdleNs' | 'keepAliveIntervalNs'): OptionRule {
  return {
    read: ({ options }, port) => Math.round((options[field] ?? port.config[field]) / NS_PER_SECOND),
    write: (options, value) => {
      if (value < 1 || value > KEEP_ALIVE_SECONDS_MAX) return false;
      options[field] = value * NS_PER_SECOND;
      return true;
    },
  };
}

function probes(field: 'keepAliveProbes' | 'synRetries'): OptionRule {
  return {
    read: ({ options }, port) => options[field] ?? port.config[field],
    write: (options, value) => {
      if (value < 1 || value > PROBES_MAX) return false;
      options[field] = value;
      return true;
    },
  };
}

function buffer(field: 'sendBufferBytes' | 'receiveBufferBytes', least: number): OptionRule {
  return {
    read: ({ options }, port) => options[field] ?? port.config[field],
    write: (options, value) => {
      const asked = value < 0 ? BUFFER_BYTES_MAX : Math.min(value, BUFFER_BYTES_MAX);
      options[field] = Math.max(least, asked * BUFFER_FACTOR);
      return true;
    },
  };
}

/** Kept and read back, without effect. */
function kept(name: string, most = INT_MAX, least = -INT_MAX - 1, usual = 0): OptionRule {
  return {
    read: ({ options }) => options.others.get(name) ?? usual,
    write: (options, value) => {
      if (value < least || value > most) return false;
      options.others.set(name, value);
      return true;
    },
  };
}

/** A truth value without effect. */
function keptTruth(name: string, usual = 0): OptionRule {
  return {
    read: ({ options }) => options.others.get(name) ?? usual,
    write: (options, value) => {
      options.others.set(name, value === 0 ? 0 : 1);
      return true;
    },
  };
}

/** The two bits of ECN are TCP's; what is above a byte is cut off. */
const TYPE_OF_SERVICE: OptionRule = {
  read: ({ options }) => options.trafficClass,
  write: (options, value) => {
    options.trafficClass = value & 0xfc;
    return true;
  },
};

const TRAFFIC_CLASS: OptionRule = {
  read: ({ options }) => options.trafficClass,
  write: (options, value) => {
    if (value < -1 || value > 255) return false;
    options.trafficClass = value < 0 ? 0 : value & 0xfc;
    return true;
  },
};

/** -1 is the system's. */
function hops(least: number): OptionRule {
  return {
    read: ({ options }, port) => (options.ttl < 0 ? port.config.ttl : options.ttl),
    write: (options, value) => {
      if (value !== -1 && (value < least || value > 255)) return false;
      options.ttl = value;
      return true;
    },
  };
}

/** From IP_PMTUDISC_DONT to IP_PMTUDISC_OMIT. */
const PATH_MTU_MODE: OptionRule = {
  read: ({ options }) => options.pathMtuMode,
  write: (options, value) => {
    if (value < 0 || value > 5) return false;
    options.pathMtuMode = value;
    return true;
  },
};

const PATH_MTU: OptionRule = {
  read: ({ connection }) =>
    connection === undefined ? failure('ENOTCONN') : connection.pathMtuBytes,
};

export const OPTION_RULES: Readonly<Record<string, Readonly<Record<string, OptionRule>>>> = {
  SOL_SOCKET: {
    SO_REUSEADDR: truth('reuseAddress'),
    SO_KEEPALIVE: truth('keepAlive'),
    SO_SNDBUF: buffer('sendBufferBytes', SEND_BUFFER_BYTES_MIN),
    SO_RCVBUF: buffer('receiveBufferBytes', RECEIVE_BUFFER_BYTES_MIN),
    SO_ERROR: { read: (socket) => takeAnyError(socket)?.errno ?? 0 },
    SO_RCVLOWAT: {
      read: ({ options }) => options.receiveLowAtBytes,
      write: (options, value, _, port) => {
        const most = (options.receiveBufferBytes ?? port.config.receiveBufferBytesMax) >> 1;
        options.receiveLowAtBytes = Math.min(value < 0 ? INT_MAX : value, most) || 1;
        return true;
      },
    },
    SO_SNDLOWAT: { read: () => 1 },
    SO_ACCEPTCONN: { read: ({ listener }) => asTruth(listener !== undefined) },
    SO_TYPE: { read: () => constantValue('SOCK_STREAM') ?? 1 },
    SO_REUSEPORT: keptTruth('SO_REUSEPORT'),
    SO_OOBINLINE: keptTruth('SO_OOBINLINE'),
    SO_BROADCAST: keptTruth('SO_BROADCAST'),
    SO_PRIORITY: kept('SO_PRIORITY'),
    SO_MARK: kept('SO_MARK'),
    SO_ZEROCOPY: kept('SO_ZEROCOPY', 1, 0),
    SO_BUSY_POLL: kept('SO_BUSY_POLL', INT_MAX, 0),
  },
  SOL_TCP: {
    TCP_NODELAY: truth('noDelay'),
    TCP_CORK: truth('cork'),
    TCP_FASTOPEN_CONNECT: choice('fastOpenConnect', isClosed),
    TCP_FASTOPEN_NO_COOKIE: choice('fastOpenNoCookie', isClosedOrListening),
    TCP_INQ: choice('tellsInQueue'),
    TCP_KEEPIDLE: seconds('keepAliveIdleNs'),
    TCP_KEEPINTVL: seconds('keepAliveIntervalNs'),
    TCP_KEEPCNT: probes('keepAliveProbes'),
    TCP_SYNCNT: probes('synRetries'),
    TCP_USER_TIMEOUT: {
      read: ({ options }) => Math.round(options.userTimeoutNs / NS_PER_MS),
      write: (options, value) => {
        if (value < 0) return false;
        options.userTimeoutNs = value * NS_PER_MS;
        return true;
      },
    },
    TCP_MAXSEG: {
      read: (socket, port) => {
        const { options, connection } = socket;
        const isAsked = options.maxSegmentBytes > 0 && isClosedOrListening(socket);
        return isAsked ? options.maxSegmentBytes : (connection?.smss ?? port.usualMss);
      },
      write: (options, value) => {
        if (value !== 0 && (value < MSS_MIN || value > MSS_MAX)) return false;
        options.maxSegmentBytes = value;
        return true;
      },
    },
    TCP_LINGER2: {
      read: ({ options }) => options.linger2Seconds || LINGER2_SECONDS,
      write: (options, value) => {
        options.linger2Seconds = Math.max(-1, Math.min(value, LINGER2_SECONDS_MAX));
        return true;
      },
    },
    TCP_DEFER_ACCEPT: {
      read: ({ options }) => acceptDelayOf(options.deferAcceptSteps),
      write: (options, value) => {
        options.deferAcceptSteps = acceptDelaySteps(value);
        return true;
      },
    },
    TCP_WINDOW_CLAMP: {
      read: ({ options }) => options.windowClampBytes,
      write: (options, value, socket) => {
        if (value === 0 && !isClosed(socket)) return false;
        const least = RECEIVE_BUFFER_BYTES_MIN / 2;
        options.windowClampBytes = value === 0 ? 0 : Math.max(least, value);
        return true;
      },
    },
    TCP_QUICKACK: {
      read: ({ options, connection }) =>
        asTruth(connection === undefined ? options.quickAck !== 0 : !connection.isPingPong),
      write: (options, value) => {
        options.quickAck = value === 0 ? 0 : 1;
        return true;
      },
    },
    TCP_NOTSENT_LOWAT: {
      // The system's bound holds, and is not told.
      read: ({ options }) => options.others.get('TCP_NOTSENT_LOWAT') ?? 0,
      write: (options, value) => {
        options.others.set('TCP_NOTSENT_LOWAT', value | 0);
        options.notSentLowAtBytes = value >>> 0 === NO_BOUND ? 0 : value >>> 0;
        return true;
      },
    },
    TCP_FASTOPEN: {
      read: ({ fastOpenQueue, listener }) => listener?.fastOpenQueue ?? Math.max(0, fastOpenQueue),
      write: (_, value, socket) => {
        if (value < 0 || !isClosedOrListening(socket)) return false;
        socket.fastOpenQueue = Math.min(value, SOMAXCONN);
        if (socket.listener !== undefined) socket.listener.fastOpenQueue = socket.fastOpenQueue;
        return true;
      },
    },
    TCP_SAVE_SYN: kept('TCP_SAVE_SYN', 2, 0),
    TCP_THIN_LINEAR_TIMEOUTS: kept('TCP_THIN_LINEAR_TIMEOUTS', 1, 0),
    TCP_THIN_DUPACK: { read: () => 0, write: (_, value) => value === 0 || value === 1 },
  },
  SOL_IP: {
    IP_TOS: TYPE_OF_SERVICE,
    IP_TTL: hops(1),
    IP_RECVERR: truth('tellsSoftErrors'),
    IP_MTU_DISCOVER: PATH_MTU_MODE,
    IP_MTU: PATH_MTU,
    IP_FREEBIND: keptTruth('IP_FREEBIND'),
    IP_BIND_ADDRESS_NO_PORT: keptTruth('IP_BIND_ADDRESS_NO_PORT'),
  },
  SOL_IPV6: {
    IPV6_TCLASS: TRAFFIC_CLASS,
    IPV6_UNICAST_HOPS: hops(0),
    IPV6_RECVERR: truth('tellsSoftErrors'),
    IPV6_MTU_DISCOVER: PATH_MTU_MODE,
    IPV6_MTU: PATH_MTU,
    IPV6_V6ONLY: keptTruth('IPV6_V6ONLY'),
  },
};
