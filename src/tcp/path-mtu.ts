/**
 * Segment size and the path: RFC 6691 and RFC 9293 §3.7.1 (MSS), RFC 1191 and RFC 8201 (ICMP "too big"),
 * RFC 4821 (probing with larger segments, and backing off when timeouts look like a black hole).
 * Built frames carry Don't Fragment, so a segment larger than a link is dropped there.
 */
import { seqAdd, seqBefore } from '../base/seq.ts';
import type { Bytes } from '../base/units.ts';
import { MtuProbing } from './config.ts';
import { CongestionState, type TcpConnection } from './connection.ts';
import { TcpCounter } from './counters.ts';
import { headerBytes, TIMESTAMPS_BYTES } from './frame-builder.ts';
import { NO_ROW } from './segment-table.ts';

/** RFC 1191 §3: no smaller MTU is believed; RFC 8201 §4 has 1280 for IPv6. */
const MTU_MIN_IPV4 = 552;
const MTU_MIN_IPV6 = 1280;
/** RFC 4821 §7.3: a search ends when less than this is left of it. */
const PROBE_STEP_MIN = 8;
/** Segments that should be there to follow a probe, so that its loss is seen: RFC 4821 §7.4. */
const PROBE_FOLLOWERS = 4;

/** The MSS to announce: RFC 6691 §2, options not counted. */
export function announcedMss(connection: TcpConnection): Bytes {
  const mss = connection.config.mtuBytes - headerBytes(connection.isIpv6);
  return connection.mssClamp > 0 ? Math.min(mss, connection.mssClamp) : mss;
}

/** Eff.snd.MSS: RFC 9293 §3.7.1. Call it when the peer's MSS, the path or the options change. */
export function updateSmss(connection: TcpConnection): void {
  const { config } = connection;
  let mss = Math.min(connection.peerMss, connection.pathMtuBytes - headerBytes(connection.isIpv6));
  if (connection.mssClamp > 0) mss = Math.min(mss, connection.mssClamp);
  mss = Math.max(mss, config.mssMin);
  if (connection.hasTimestamps) mss -= TIMESTAMPS_BYTES;
  const before = connection.smss;
  connection.smss = mss;
  if (connection.controller !== undefined && before !== mss) connection.controller.onMtuChange(mss);
}

/** Before the first data: where the search for the path MTU starts, and its upper end. */
export function startMtuSearch(connection: TcpConnection): void {
  const { config } = connection;
  connection.probeHigh = connection.pathMtuBytes;
  connection.probeLow = connection.pathMtuBytes;
  if (config.mtuProbing !== MtuProbing.Always) return;
  const base = config.mtuProbeBaseMss + headerBytes(connection.isIpv6);
  connection.probeLow = Math.min(base, connection.pathMtuBytes);
  connection.pathMtuBytes = connection.probeLow;
}

/** A router could not forward a segment of ours: RFC 1191 §5. The caller has checked that it is ours. */
export function onPacketTooBig(connection: TcpConnection, mtu: Bytes): void {
  if (!connection.config.usesPathMtuDiscovery) return;
  const least = connection.isIpv6 ? MTU_MIN_IPV6 : MTU_MIN_IPV4;
  const bytes = Math.max(mtu, least);
  if (bytes >= connection.pathMtuBytes) return;
  connection.pathMtuBytes = bytes;
  connection.probeHigh = Math.min(connection.probeHigh, bytes);
  connection.probeLow = Math.min(connection.probeLow, bytes);
  updateSmss(connection);
}

/** RFC 4821 §7.7: after R1 timeouts the path may swallow large segments. */
export function onBlackHoleSuspected(connection: TcpConnection): void {
  const { config } = connection;
  if (config.mtuProbing === MtuProbing.Off) return;
  const header = headerBytes(connection.isIpv6);
  const base = config.mtuProbeBaseMss + header;
  const mtu = Math.min(
    base,
    Math.max(68, Math.floor((connection.pathMtuBytes - header) / 2) + header),
  );
  if (mtu >= connection.pathMtuBytes) return;
  connection.probeLow = mtu;
  connection.pathMtuBytes = mtu;
  updateSmss(connection);
}

/** The payload of a probe to send now, or 0. */
export function mtuProbeLength(connection: TcpConnection, unsent: Bytes, room: Bytes): Bytes {
  const { probeHigh, probeLow, probeSize } = connection;
  if (probeHigh - probeLow < PROBE_STEP_MIN || probeSize !== 0) return 0;
  const { config, controller, scoreboard, smss } = connection;
  if (config.mtuProbing === MtuProbing.Off) return 0;
  if (connection.congestionState !== CongestionState.Open || scoreboard.lost.head !== NO_ROW)
    return 0;
  if (controller.cwnd < 11 * smss) return 0;
  const mtu = Math.ceil((probeLow + probeHigh) / 2);
  const length = smss + mtu - connection.pathMtuBytes;
  if (length <= smss) return 0;
  const needed = length + PROBE_FOLLOWERS * smss;
  return unsent >= needed && room >= needed ? length : 0;
}

export function onMtuProbeSent(connection: TcpConnection, length: Bytes): void {
  connection.probeSize = connection.pathMtuBytes + length - connection.smss;
  connection.probeSeq = seqAdd(connection.sndNxt, 0);
}

/** SND.UNA has moved: a probe below it arrived, so the path carries its size. */
export function onMtuProbeAcked(connection: TcpConnection): void {
  if (connection.probeSize === 0 || seqBefore(connection.sndUna, connection.probeSeq)) return;
  connection.context.count(TcpCounter.MtuProbeSuccess);
  connection.probeLow = connection.probeSize;
  connection.pathMtuBytes = connection.probeSize;
  connection.probeSize = 0;
  updateSmss(connection);
}

/** The probe is lost while others arrive: its size was too large, and no sign of congestion: RFC 4821 §7.6.2. */
export function onMtuProbeLost(connection: TcpConnection): void {
  connection.context.count(TcpCounter.MtuProbeFail);
  connection.probeHigh = connection.probeSize - 1;
  connection.probeSize = 0;
}
