/**
 * What a script's descriptor stands for: a TCP socket before, during and after its connection, or an epoll
 * instance. Options set before there is a connection wait here, and go to it when it is opened or accepted.
 */
import type { Bytes, Duration } from '../base/units.ts';
import type { TcpConnection } from '../tcp/connection.ts';
import type { TcpListener } from '../tcp/listener.ts';
import type { RemoteEnd } from './tcp-port.ts';

export class SocketDescriptor {
  readonly kind = 'socket';
  isNonBlocking: boolean;
  /** 0: not bound. */
  boundPort = 0;
  listener: TcpListener | undefined = undefined;
  connection: TcpConnection | undefined = undefined;
  /** connect was called, and its success has not been told. */
  isConnecting = false;
  /** Shut down when its opening had failed and nobody had asked: it cannot be used again. */
  isSpent = false;
  /** connect was called with TCP_FASTOPEN_CONNECT: the SYN waits for the first write. */
  isConnectDeferred = false;
  deferredRemote: RemoteEnd | undefined = undefined;
  /** Of a connection that the socket has let go of, by its name; the others are the connection's. */
  error: string | undefined = undefined;
  /** An error message is in the queue that MSG_ERRQUEUE reads: poll tells of it until somebody does. */
  hasQueuedError = false;
  isReadShut = false;
  /** Of a socket without connection. */
  isWriteShut = false;
  /** Bound by bind, not by connect or accept: it stays so when the connection is over. */
  holdsPort = false;
  /** The listening socket serves Fast Open to this many; -1: as the system says. */
  fastOpenQueue = -1;
  fastOpenKey: Uint8Array | undefined = undefined;
  readonly options: SocketOptions;

  constructor(isNonBlocking: boolean, options: SocketOptions) {
    this.isNonBlocking = isNonBlocking;
    this.options = options;
  }
}

/** Values as an application sets them; undefined: the stack's own. */
export interface SocketOptions {
  reuseAddress: boolean;
  noDelay: boolean;
  cork: boolean;
  keepAlive: boolean;
  sendBufferBytes: Bytes | undefined;
  receiveBufferBytes: Bytes | undefined;
  maxSegmentBytes: Bytes;
  windowClampBytes: Bytes;
  keepAliveIdleNs: Duration | undefined;
  keepAliveIntervalNs: Duration | undefined;
  keepAliveProbes: number | undefined;
  userTimeoutNs: Duration;
  synRetries: number | undefined;
  lingerNs: Duration;
  quickAck: number;
  notSentLowAtBytes: Bytes;
  receiveLowAtBytes: Bytes;
  trafficClass: number;
  /** -1: as the system has it. */
  ttl: number;
  /** IP_PMTUDISC_WANT and its neighbours. */
  pathMtuMode: number;
  /** Of TCP_LINGER2; 0: as the system has it, below: none. */
  linger2Seconds: number;
  deferAcceptSteps: number;
  fastOpenConnect: boolean;
  fastOpenNoCookie: boolean;
  tellsInQueue: boolean;
  tellsSoftErrors: boolean;
  congestionControl: string;
  /** Options without effect here, by level and name, to be read back. */
  readonly others: Map<string, number>;
}

export function usualOptions(congestionControl: string): SocketOptions {
  return {
    reuseAddress: false,
    noDelay: false,
    cork: false,
    keepAlive: false,
    sendBufferBytes: undefined,
    receiveBufferBytes: undefined,
    maxSegmentBytes: 0,
    windowClampBytes: 0,
    keepAliveIdleNs: undefined,
    keepAliveIntervalNs: undefined,
    keepAliveProbes: undefined,
    userTimeoutNs: 0,
    synRetries: undefined,
    lingerNs: -1,
    quickAck: -1,
    notSentLowAtBytes: 0,
    receiveLowAtBytes: 1,
    trafficClass: 0,
    ttl: -1,
    pathMtuMode: 1,
    linger2Seconds: 0,
    deferAcceptSteps: 0,
    fastOpenConnect: false,
    fastOpenNoCookie: false,
    tellsInQueue: false,
    tellsSoftErrors: false,
    congestionControl,
    others: new Map(),
  };
}

/** Bytes that a read of `bytes` waits for, and poll with it: SO_RCVLOWAT, but one at least. */
export function readGoal({ options }: SocketDescriptor, bytes: Bytes): Bytes {
  return Math.min(options.receiveLowAtBytes, bytes) || 1;
}

export class EpollDescriptor {
  readonly kind = 'epoll';
  /** Interest by descriptor. */
  readonly interests = new Map<number, EpollInterest>();
}

export interface EpollInterest {
  events: number;
  /** EPOLLONESHOT has fired. */
  isDisarmed: boolean;
}

export type Descriptor = SocketDescriptor | EpollDescriptor;
