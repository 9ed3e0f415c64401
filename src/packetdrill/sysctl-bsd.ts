/**
 * Kernel parameters of FreeBSD (tcp(4), blackhole(4)) as our configuration, where they mean the same: times in
 * milliseconds, buffers in bytes. Those that choose behaviour we do not have are accepted at their usual value only.
 */
import type { Duration } from '../base/units.ts';
import { EcnMode } from '../tcp/config.ts';
import {
  count,
  flag,
  isDecimal,
  only,
  type Reader,
  rttTime,
  sockets,
  time,
} from './sysctl-reader.ts';

const NS_PER_MS: Duration = 1e6;
const FAST_OPEN_CLIENT = 1;

/** A buffer that does not grow beyond its size. */
const fixedBuffer =
  (
    field: 'receiveBufferBytes' | 'sendBufferBytes',
    maxField: 'receiveBufferBytesMax' | 'sendBufferBytesMax',
  ): Reader =>
  (value) => {
    if (!isDecimal(value) || Number(value) === 0) return undefined;
    return { tcp: { [field]: Number(value), [maxField]: Math.max(Number(value), 2 << 20) } };
  };

export const BSD_READERS: Readonly<Record<string, Reader>> = {
  'net.inet.tcp.rfc1323': (value) => ({
    tcp: {
      usesTimestamps: value === '1' || value === '3',
      usesWindowScaling: value === '1' || value === '2',
    },
  }),
  'net.inet.tcp.sack.enable': flag('usesSack'),
  'net.inet.tcp.ecn.enable': (value) => {
    const ecn = [EcnMode.Off, EcnMode.Request, EcnMode.Accept][Number(value)];
    return ecn === undefined ? undefined : { tcp: { ecn } };
  },
  'net.inet.tcp.recvspace': fixedBuffer('receiveBufferBytes', 'receiveBufferBytesMax'),
  'net.inet.tcp.sendspace': fixedBuffer('sendBufferBytes', 'sendBufferBytesMax'),
  'net.inet.tcp.delacktime': time('delayedAckNs', NS_PER_MS),
  'net.inet.tcp.keepidle': time('keepAliveIdleNs', NS_PER_MS),
  'net.inet.tcp.keepintvl': time('keepAliveIntervalNs', NS_PER_MS),
  'net.inet.tcp.keepcnt': count('keepAliveProbes'),
  'net.inet.tcp.rexmit_initial': rttTime('rtoInitialNs', NS_PER_MS),
  'net.inet.tcp.rexmit_min': rttTime('rtoMinNs', NS_PER_MS),
  'net.inet.tcp.syncookies': flag('usesSynCookies'),
  'net.inet.tcp.path_mtu_discovery': flag('usesPathMtuDiscovery'),
  'net.inet.tcp.initcwnd_segments': count('initialWindowSegments'),
  'net.inet.tcp.fastopen.client_enable': (value) =>
    sockets({ fastOpenBits: value === '0' ? 0 : FAST_OPEN_CLIENT }),
  'net.inet.tcp.blackhole': only('0'),
  'net.inet.tcp.insecure_rst': only('0'),
  'net.inet.tcp.insecure_syn': only('0'),
  'net.inet.tcp.drop_synfin': only('0'),
  'net.inet.tcp.syncookies_only': only('0'),
  'net.inet.tcp.rexmit_drop_options': only('0'),
  'net.inet.tcp.icmp_may_rst': only('1'),
  'net.inet.tcp.rfc3042': flag('usesLimitedTransmit'),
  'net.inet.tcp.rfc5827': only('0'),
  // What they bound or flush is not kept here.
  'net.inet.tcp.rexmit_slop': only('200'),
  'net.inet.tcp.keepinit': only('75000'),
  'net.inet.tcp.hostcache.purgenow': only('1'),
  'net.inet.tcp.hostcache.purge': only('1'),
  'kern.ipc.maxsockbuf': (value) => (isDecimal(value) ? {} : undefined),
};
