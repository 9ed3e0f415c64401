/**
 * Kernel parameters of scripts as our configuration: a current Linux with the values that the public suite
 * sets before each script (its defaults.sh), and the changes of `sysctl` lines. A name that is neither
 * mapped nor known to mean nothing here is a reason to skip.
 */
import { type Duration, NS_PER_SECOND } from '../base/units.ts';
import { PACING_GAINS_LINUX, type PacingGains } from '../recovery/pacer.ts';
import { AccEcnOption, EcnMode, LINUX_PROFILE, MtuProbing, type TcpConfig } from '../tcp/config.ts';
import { BSD_READERS } from './sysctl-bsd.ts';
import {
  buffer,
  type Change,
  count,
  flag,
  isDecimal,
  only,
  type Reader,
  rttTime,
  type StackSettings,
  sockets,
  time,
} from './sysctl-reader.ts';

const NS_PER_US: Duration = 1e3;
const NS_PER_MS: Duration = 1e6;

/** Linux as the public suite sets it up. */
export const SUITE_SETTINGS: StackSettings = {
  tcp: {
    ...LINUX_PROFILE,
    receiveBufferBytes: 540_000,
    segmentMemory: 'blocks', // the tun device that packets come from
    receiveBufferBytesMax: 15 << 20,
    sendBufferBytes: 256 << 10,
    sendBufferBytesMax: 4 << 20,
    synRetries: 5,
    synAckRetries: 5,
    usesSlowStartAfterIdle: false,
    ecn: EcnMode.Off,
    pacingGains: PACING_GAINS_LINUX,
  },
  sockets: {
    fastOpenBits: 0x70403,
    fastOpenKey: 'a1a1a1a1-b2b2b2b2-c3c3c3c3-d4d4d4d4',
    congestionControl: 'cubic',
    notSentLowAtBytes: 0,
    hystartDetect: 3,
    usesHystart: true,
  },
};

const READERS: Readonly<Record<string, Reader>> = {
  'net.ipv4.tcp_rmem': buffer('receiveBufferBytes', 'receiveBufferBytesMax'),
  'net.ipv4.tcp_wmem': buffer('sendBufferBytes', 'sendBufferBytesMax'),
  'net.ipv4.tcp_timestamps': flag('usesTimestamps'),
  'net.ipv4.tcp_window_scaling': flag('usesWindowScaling'),
  'net.ipv4.tcp_sack': flag('usesSack'),
  'net.ipv4.tcp_dsack': flag('usesDsack'),
  // 3 and 5: as 1 and 2, with AccECN where the peer can; 4 asks for RFC 3168 only.
  'net.ipv4.tcp_ecn': (value) => {
    const modes = [
      EcnMode.Off,
      EcnMode.Request,
      EcnMode.Accept,
      EcnMode.Request,
      EcnMode.Request,
      EcnMode.Accept,
    ];
    const ecn = modes[Number(value)];
    const usesAccurateEcn = Number(value) >= 3;
    const asksAccurateEcn = value !== '4';
    return ecn === undefined ? undefined : { tcp: { ecn, usesAccurateEcn, asksAccurateEcn } };
  },
  'net.ipv4.tcp_ecn_option': (value) => {
    const choices = [AccEcnOption.Off, AccEcnOption.Sparing, AccEcnOption.Full];
    // Our own word, for what Linux does not have.
    const accEcnOption = value === 'efficient' ? AccEcnOption.Efficient : choices[Number(value)];
    return accEcnOption === undefined ? undefined : { tcp: { accEcnOption } };
  },
  'net.ipv4.tcp_ecn_fallback': flag('checksEcnPath'),
  'net.ipv4.tcp_syn_retries': count('synRetries'),
  'net.ipv4.tcp_synack_retries': count('synAckRetries'),
  'net.ipv4.tcp_syn_linear_timeouts': count('synLinearTimeouts'),
  'net.ipv4.tcp_rto_max_ms': rttTime('rtoMaxNs', NS_PER_MS),
  'net.ipv4.tcp_rto_min_us': rttTime('rtoMinNs', NS_PER_US),
  'net.ipv4.tcp_min_rtt_wlen': rttTime('minRttWindowNs', NS_PER_SECOND),
  'net.ipv4.tcp_comp_sack_delay_ns': time('ackCompressionNs', 1),
  'net.ipv4.tcp_comp_sack_slack_ns': time('timerSlackNs', 1),
  'net.ipv4.tcp_comp_sack_nr': count('ackCompressionMax'),
  'net.ipv4.tcp_retries1': count('retriesR1'),
  'net.ipv4.tcp_retries2': count('retriesR2'),
  'net.ipv4.tcp_orphan_retries': count('orphanRetries'),
  'net.ipv4.tcp_reordering': count('dupThresh'),
  'net.ipv4.tcp_frto': flag('usesFrto'),
  'net.ipv4.tcp_min_tso_segs': count('sendChunkSegmentsMin'),
  'net.ipv4.tcp_tso_win_divisor': count('deferWindowDivisor'),
  'net.ipv4.tcp_early_retrans': (value) => ({ tcp: { usesTailLossProbe: value !== '0' } }),
  // Bit 1, RACK, is how losses are found; the others choose its variants.
  'net.ipv4.tcp_recovery': (value) => (value === '1' ? {} : undefined),
  'net.ipv4.tcp_slow_start_after_idle': flag('usesSlowStartAfterIdle'),
  'net.ipv4.tcp_syncookies': (value) => ({
    tcp: { usesSynCookies: value !== '0', alwaysSynCookies: value === '2' },
  }),
  'net.ipv4.tcp_fin_timeout': time('finWait2Ns', NS_PER_SECOND),
  'net.ipv4.tcp_keepalive_time': time('keepAliveIdleNs', NS_PER_SECOND),
  'net.ipv4.tcp_keepalive_intvl': time('keepAliveIntervalNs', NS_PER_SECOND),
  'net.ipv4.tcp_keepalive_probes': count('keepAliveProbes'),
  'net.ipv4.tcp_invalid_ratelimit': time('outOfWindowAckIntervalNs', NS_PER_MS),
  'net.ipv4.tcp_mtu_probing': (value) => {
    const modes = [MtuProbing.Off, MtuProbing.OnBlackHole, MtuProbing.Always];
    const mtuProbing = modes[Number(value)];
    return mtuProbing === undefined ? undefined : { tcp: { mtuProbing } };
  },
  'net.ipv4.tcp_base_mss': count('mtuProbeBaseMss'),
  'net.ipv4.tcp_min_snd_mss': count('mssMin'),
  'net.ipv4.tcp_pacing_ss_ratio': (value) => gain('slowStart', value),
  'net.ipv4.tcp_pacing_ca_ratio': (value) => gain('avoidance', value),
  'net.ipv4.tcp_congestion_control': (value) => sockets({ congestionControl: value }),
  'net.ipv4.tcp_fastopen': (value) =>
    /^(0x[0-9a-f]+|\d+)$/i.test(value) ? sockets({ fastOpenBits: Number(value) }) : undefined,
  'net.ipv4.tcp_fastopen_key': (value) => sockets({ fastOpenKey: value }),
  'net.ipv4.tcp_notsent_lowat': (value) =>
    sockets({ notSentLowAtBytes: Number(value) === 2 ** 32 - 1 ? 0 : Number(value) }),
  'tcp_cubic.hystart_detect': (value) => sockets({ hystartDetect: Number(value) }),
  'tcp_cubic.hystart': (value) => sockets({ usesHystart: value !== '0' }),
  'net.ipv4.ip_no_pmtu_disc': (value) => ({ tcp: { usesPathMtuDiscovery: value === '0' } }),
  'net.ipv4.tcp_shrink_window': only('0'),
  'net.ipv4.tcp_rfc1337': only('0'),
  'net.ipv4.tcp_abort_on_overflow': only('0'),
  'net.ipv4.tcp_stdurg': only('0'),
  'net.ipv4.tcp_thin_linear_timeouts': only('0'),
  'net.ipv4.tcp_pingpong_thresh': only('1'),
  'net.ipv4.tcp_retrans_collapse': only('0'),
  'net.ipv4.tcp_plb_enabled': only('0'),
  ...BSD_READERS,
};

/** Per cent of cwnd / SRTT. */
function gain(phase: keyof PacingGains, value: string): Change | undefined {
  if (!isDecimal(value)) return undefined;
  return { pacing: { [phase]: Number(value) / 100 } };
}

/**
 * Without meaning for a stack without kernel memory, offload or metrics cache, or always as its usual
 * value says.
 */
const WITHOUT_MEANING = new Set([
  'net.ipv4.tcp_fack',
  'net.ipv4.tcp_ecn_option_beacon',
  'net.ipv4.tcp_autocorking',
  'net.ipv4.tcp_no_metrics_save',
  'net.ipv4.tcp_limit_output_bytes',
  'net.ipv4.tcp_moderate_rcvbuf',
  'net.ipv4.tcp_workaround_signed_windows',
  'net.ipv4.tcp_challenge_ack_limit',
  'net.ipv4.tcp_fastopen_cookies',
  'net.ipv4.tcp_fastopen_blackhole_timeout_sec',
  'net.ipv4.tcp_tw_reuse',
  'net.ipv4.tcp_tw_recycle',
  'net.ipv4.tcp_max_tw_buckets',
  'net.ipv4.tcp_max_syn_backlog',
  'net.ipv4.tcp_max_orphans',
  'net.ipv4.tcp_mem',
  'net.ipv4.tcp_no_ssthresh_metrics_save',
  'net.ipv4.tcp_backlog_ack_defer',
  'net.ipv4.tcp_tso_rtt_log',
  'net.core.default_qdisc',
  'net.core.netdev_max_backlog',
  'net.core.rmem_max',
  'net.core.wmem_max',
  'net.core.somaxconn',
]);

/** Fields that open connections look up anew, as Linux reads the parameters behind them when it needs them. */
const LIVE: readonly (keyof TcpConfig)[] = [
  'accEcnOption',
  'usesDsack',
  'synLinearTimeouts',
  'synAckRetries',
  'retriesR1',
  'retriesR2',
  'orphanRetries',
  'usesTailLossProbe',
  'usesFrto',
  'usesSlowStartAfterIdle',
  'sendChunkSegmentsMin',
  'deferWindowDivisor',
  'finWait2Ns',
  'outOfWindowAckIntervalNs',
  'mtuProbeBaseMss',
  'mssMin',
  'pacingGains',
];

/** What an open connection goes by when the settings have changed. */
export function withLiveFields(open: TcpConfig, settings: TcpConfig): TcpConfig {
  return { ...open, ...Object.fromEntries(LIVE.map((field) => [field, settings[field]])) };
}

/** The settings with one parameter changed; a text that says why they cannot be. */
export function applySysctl(
  settings: StackSettings,
  name: string,
  value: string,
): StackSettings | string {
  if (WITHOUT_MEANING.has(name)) return settings;
  const reader = Object.hasOwn(READERS, name) ? READERS[name] : undefined;
  if (reader === undefined) return `sysctl ${name}`;
  const change = reader(value);
  if (change === undefined) return `sysctl ${name}=${value}`;
  return {
    tcp: {
      ...settings.tcp,
      ...change.tcp,
      rtt: { ...settings.tcp.rtt, ...change.rtt },
      pacingGains: { ...settings.tcp.pacingGains, ...change.pacing },
    },
    sockets: { ...settings.sockets, ...change.sockets },
  };
}
