/**
 * What applications rarely set on a connection, in one object that all connections share until one of them differs:
 * tcp/packed-fields. It starts from the configuration.
 */
import type { Bytes, Duration, Instant } from '../base/units.ts';
import type { TcpConfig } from './config.ts';

/** What applications rarely set: tcp/options, or assigned to the connection's fields of these names. */
export interface ConnectionSettings {
  keepAliveIdleNs: Duration;
  keepAliveIntervalNs: Duration;
  keepAliveProbesMax: number;
  userTimeoutNs: Duration;
  lingerNs: Duration;
  mssClamp: Bytes;
  windowClamp: Bytes;
  synRetries: number;
  notSentLowAt: Bytes;
  trafficClass: number;
  /** TTL or hop limit. */
  ttl: number;
  quickAckChoice: number;
  /** How long one that is closed waits for the FIN of its peer; below 0: not at all. */
  finWait2Ns: Duration;
  /** When softError came. */
  softErrorNs: Instant;
  /** Of the receive buffer, what is offered as window: as the segments that came use its memory. */
  receiveShare: number;
}

/** Linux takes half of the buffer for text until a full segment has shown its share. */
const SHARE_UNKNOWN = 0.5;

export function defaultSettings(config: TcpConfig): ConnectionSettings {
  return {
    keepAliveIdleNs: config.keepAliveIdleNs,
    keepAliveIntervalNs: config.keepAliveIntervalNs,
    keepAliveProbesMax: config.keepAliveProbes,
    userTimeoutNs: config.userTimeoutNs,
    lingerNs: -1,
    mssClamp: 0,
    windowClamp: 0,
    synRetries: config.synRetries,
    notSentLowAt: 0,
    trafficClass: 0,
    ttl: config.ttl,
    quickAckChoice: -1,
    finWait2Ns: config.finWait2Ns,
    softErrorNs: -1,
    receiveShare: config.growsReceiveWindow ? SHARE_UNKNOWN : config.receiveWindowShare,
  };
}

export const SETTING_NAMES: readonly (keyof ConnectionSettings)[] = [
  'keepAliveIdleNs',
  'keepAliveIntervalNs',
  'keepAliveProbesMax',
  'userTimeoutNs',
  'lingerNs',
  'mssClamp',
  'windowClamp',
  'synRetries',
  'notSentLowAt',
  'trafficClass',
  'ttl',
  'quickAckChoice',
  'finWait2Ns',
  'softErrorNs',
  'receiveShare',
];
