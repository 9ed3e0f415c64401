/** Brings what an application chose with setsockopt to a connection: all before it opens, one by one after. */

import { NS_PER_SECOND } from '../base/units.ts';
import type { TcpConnection } from '../tcp/connection.ts';
import { needController, startController } from '../tcp/controller-start.ts';
import {
  setCork,
  setKeepAlive,
  setMssClamp,
  setNoDelay,
  setQuickAck,
  setReceiveBuffer,
  setSendBuffer,
  setUserTimeout,
} from '../tcp/options.ts';
import { TcpState } from '../tcp/state.ts';
import type { SocketOptions } from './socket-descriptor.ts';

/** Before its SYN or SYN-ACK. */
export function configureConnection(connection: TcpConnection, options: SocketOptions): void {
  connection.isNoDelay = options.noDelay;
  connection.isCorked = options.cork;
  connection.mssClamp = options.maxSegmentBytes;
  connection.lingerNs = options.lingerNs;
  connection.notSentLowAt = options.notSentLowAtBytes;
  connection.trafficClass = options.trafficClass;
  applyTtl(connection, options);
  applyPathMtuMode(connection, options);
  applyLinger2(connection, options);
  connection.tellsSoftErrors = options.tellsSoftErrors;
  connection.windowClamp = options.windowClampBytes;
  connection.synRetries = options.synRetries ?? connection.synRetries;
  setUserTimeout(connection, options.userTimeoutNs);
  applyKeepAlive(connection, options);
  applySendBuffer(connection, options);
  applyReceiveBuffer(connection, options);
  if (options.quickAck >= 0) connection.isPingPong = options.quickAck === 0;
}

type Effect = (connection: TcpConnection, options: SocketOptions) => void;

/** What setting an option does to a connection that is there, by the option's name. */
export const OPTION_EFFECTS: Readonly<Record<string, Effect>> = {
  TCP_NODELAY: (connection, options) => setNoDelay(connection, options.noDelay),
  TCP_CORK: (connection, options) => setCork(connection, options.cork),
  TCP_QUICKACK: (connection, options) => setQuickAck(connection, options.quickAck !== 0),
  TCP_MAXSEG: applyMaxSegment,
  TCP_USER_TIMEOUT: (connection, options) => setUserTimeout(connection, options.userTimeoutNs),
  TCP_KEEPIDLE: applyKeepAlive,
  TCP_KEEPINTVL: applyKeepAlive,
  TCP_KEEPCNT: applyKeepAlive,
  SO_KEEPALIVE: applyKeepAlive,
  SO_SNDBUF: applySendBuffer,
  SO_RCVBUF: applyReceiveBuffer,
  SO_LINGER: (connection, options) => {
    connection.lingerNs = options.lingerNs;
  },
  TCP_WINDOW_CLAMP: (connection, options) => {
    connection.windowClamp = options.windowClampBytes;
  },
  TCP_NOTSENT_LOWAT: (connection, options) => {
    connection.notSentLowAt = options.notSentLowAtBytes;
  },
  TCP_SYNCNT: (connection, options) => {
    connection.synRetries = options.synRetries ?? connection.synRetries;
  },
  IP_RECVERR: applySoftErrors,
  IPV6_RECVERR: applySoftErrors,
  IP_MTU_DISCOVER: applyPathMtuMode,
  IPV6_MTU_DISCOVER: applyPathMtuMode,
  TCP_LINGER2: applyLinger2,
  IP_TOS: applyTrafficClass,
  IPV6_TCLASS: applyTrafficClass,
  IP_TTL: applyTtl,
  IPV6_UNICAST_HOPS: applyTtl,
};

function applyTrafficClass(connection: TcpConnection, options: SocketOptions): void {
  connection.trafficClass = options.trafficClass;
}

function applySoftErrors(connection: TcpConnection, options: SocketOptions): void {
  connection.tellsSoftErrors = options.tellsSoftErrors;
}

function applyTtl(connection: TcpConnection, options: SocketOptions): void {
  connection.ttl = options.ttl < 0 ? connection.config.ttl : options.ttl;
}

/** IP_PMTUDISC_DONT, _INTERFACE and _OMIT: ICMP changes nothing. */
const MODES_WITHOUT_ICMP: readonly number[] = [0, 4, 5];

function applyPathMtuMode(connection: TcpConnection, { pathMtuMode }: SocketOptions): void {
  connection.ignoresPathMtu = MODES_WITHOUT_ICMP.includes(pathMtuMode);
}

function applyLinger2(connection: TcpConnection, { linger2Seconds }: SocketOptions): void {
  const { config } = connection;
  connection.finWait2Ns = linger2Seconds === 0 ? config.finWait2Ns : linger2Seconds * NS_PER_SECOND;
}

/** For the SYN, and for what the peer's SYN says: later it changes nothing. */
function applyMaxSegment(connection: TcpConnection, { maxSegmentBytes }: SocketOptions): void {
  if (connection.state === TcpState.SynSent) setMssClamp(connection, maxSegmentBytes);
}

function applyKeepAlive(connection: TcpConnection, options: SocketOptions): void {
  const { config } = connection;
  setKeepAlive(connection, options.keepAlive, {
    idleNs: options.keepAliveIdleNs ?? config.keepAliveIdleNs,
    intervalNs: options.keepAliveIntervalNs ?? config.keepAliveIntervalNs,
    probes: options.keepAliveProbes ?? config.keepAliveProbes,
  });
}

function applySendBuffer(connection: TcpConnection, { sendBufferBytes }: SocketOptions): void {
  if (sendBufferBytes !== undefined) setSendBuffer(connection, sendBufferBytes);
}

function applyReceiveBuffer(connection: TcpConnection, options: SocketOptions): void {
  const { receiveBufferBytes } = options;
  if (receiveBufferBytes !== undefined) setReceiveBuffer(connection, receiveBufferBytes);
}

/** Another controller takes over with a first window of its own: before anything was sent, that is the same. */
export function replaceController(
  connection: TcpConnection,
  controllers: TcpConnection['controllers'],
): void {
  connection.controllers = controllers;
  if (!needController(connection)) return;
  (connection as { controller: unknown }).controller = undefined;
  startController(connection);
}
