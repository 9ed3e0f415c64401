/**
 * Segment size and the path: RFC 6691 and RFC 9293 §3.7.1 (MSS), RFC 1191 and RFC 8201 (ICMP "too big"),
 * RFC 4821 (probing with larger segments, and backing off when timeouts look like a black hole).
 * Built frames carry Don't Fragment, so a segment larger than a link is dropped there.
 */
import { type SeqNumber, seqBefore } from '../base/seq.ts';
import type { Bytes } from '../base/units.ts';
import { MtuProbing } from './config.ts';
import { CongestionState, type TcpConnection } from './connection.ts';
import { needController } from './controller-start.ts';
import { TcpCounter } from './counters.ts';
import { headerBytes } from './frame-builder.ts';
import { NO_ROW } from './segment-table.ts';
import { TIMESTAMPS_BYTES } from './timestamps.ts';

/** RFC 1191 §3: no smaller MTU is believed; RFC 8201 §4 has 1280 for IPv6. */
const MTU_MIN_IPV4 = 552;
const MTU_MIN_IPV6 = 1280;
/** RFC 4821 §7.3: a search ends when less than this is left of it. */
const PROBE_STEP_MIN = 8;
/** Segments that should be there to follow a probe, so that its loss is seen: RFC 4821 §7.4. */
const PROBE_FOLLOWERS = 4;
/** A probe that is lost should not hold up much: RFC 4821 §7.4. */
const PROBE_WINDOW_SEGMENTS = 11;

/** The MSS to announce: RFC 6691 §2, options not counted. */
export function announcedMss(connection: TcpConnection): Bytes {
  const { config, pathMtuBytes } = connection;
  const mtu = config.announcesPathMtu ? pathMtuBytes : config.mtuBytes;
  const mss = mtu - headerBytes(connection.isIpv6);
  return connection.mssClamp > 0 ? Math.min(mss, connection.mssClamp) : mss;
}

/** Payload of a packet that the path carries, options not counted. */
export function pathMss(connection: TcpConnection): Bytes {
  return connection.pathMtuBytes - headerBytes(connection.isIpv6);
}

/** Eff.snd.MSS: RFC 9293 §3.7.1. Call it when the peer's MSS, the path or the options change. */
export function updateSmss(connection: TcpConnection): void {
  const { config } = connection;
  let mss = Math.min(connection.peerMss, pathMss(connection));
  const { mtuSearch } = connection;
  if (mtuSearch !== undefined) {
    mtuSearch.high = Math.min(mtuSearch.high, connection.pathMtuBytes);
    mss = Math.min(mss, mtuSearch.low - headerBytes(connection.isIpv6));
  }
  if (connection.mssClamp > 0) mss = Math.min(mss, connection.mssClamp);
  mss = Math.max(mss, config.mssMin);
  if (connection.hasTimestamps) mss -= TIMESTAMPS_BYTES;
  if (mss === connection.smss) return;
  const hasController = needController(connection);
  connection.smss = mss;
  if (hasController) connection.controller.onMtuChange(mss);
}

/** RFC 4821 §7.3: the path carries packets of `low` bytes; `high` is the most it may. */
export interface MtuSearch {
  low: Bytes;
  high: Bytes;
  /** Packet size of the probe in flight, 0 without one, and the sequence number that follows it. */
  size: Bytes;
  end: SeqNumber;
}

/** Before the first data: with probing, the search for the path MTU starts low, and ends at the peer's MSS. */
export function startMtuSearch(connection: TcpConnection): void {
  const { config, mssClamp, peerMss } = connection;
  if (config.mtuProbing !== MtuProbing.Always) return;
  const header = headerBytes(connection.isIpv6);
  const high = (mssClamp > 0 ? Math.min(peerMss, mssClamp) : peerMss) + header;
  const low = Math.min(config.mtuProbeBaseMss + header, high);
  connection.mtuSearch = { low, high, size: 0, end: connection.sndNxt };
}

/** A router could not forward a segment of ours: RFC 1191 §5. The caller has checked that it is ours. False: it is no news. */
export function onPacketTooBig(connection: TcpConnection, mtu: Bytes): boolean {
  if (!connection.config.usesPathMtuDiscovery) return false;
  const least = connection.isIpv6 ? MTU_MIN_IPV6 : MTU_MIN_IPV4;
  const bytes = Math.max(mtu, least);
  if (bytes >= connection.pathMtuBytes) return false;
  connection.pathMtuBytes = bytes;
  const { context, remoteAddress } = connection;
  context.pathMtus.note(remoteAddress, bytes, context.clock.nowNs);
  const { mtuSearch } = connection;
  if (mtuSearch !== undefined) {
    mtuSearch.high = Math.min(mtuSearch.high, bytes);
    mtuSearch.low = Math.min(mtuSearch.low, bytes);
  }
  updateSmss(connection);
  return true;
}

/** RFC 4821 §7.7: after R1 timeouts the path may swallow large segments. */
export function onBlackHoleSuspected(connection: TcpConnection): void {
  const { config } = connection;
  if (config.mtuProbing === MtuProbing.Off) return;
  const header = headerBytes(connection.isIpv6);
  const base = config.mtuProbeBaseMss + header;
  const carried = connection.mtuSearch?.low ?? connection.pathMtuBytes;
  const mtu = Math.min(base, Math.max(68, Math.floor((carried - header) / 2) + header));
  if (mtu >= carried) return;
  const high = connection.mtuSearch?.high ?? connection.pathMtuBytes;
  connection.mtuSearch = { low: mtu, high, size: 0, end: connection.sndNxt };
  updateSmss(connection);
}

/** The payload of a probe to send now, or 0. */
export function mtuProbeLength(connection: TcpConnection, unsent: Bytes, room: Bytes): Bytes {
  const { mtuSearch } = connection;
  if (mtuSearch === undefined || mtuSearch.size !== 0) return 0;
  const { low, high } = mtuSearch;
  if (high - low < PROBE_STEP_MIN) return 0;
  const { controller, scoreboard, smss } = connection;
  if (connection.congestionState !== CongestionState.Open || scoreboard.lost.head !== NO_ROW)
    return 0;
  if (controller.cwnd < PROBE_WINDOW_SEGMENTS * smss) return 0;
  const length = Math.floor((low + high) / 2) - probeOverhead(connection);
  if (length <= smss) return 0;
  const needed = length + PROBE_FOLLOWERS * smss;
  return unsent >= needed && room >= needed ? length : 0;
}

/** What a packet has besides its payload. */
function probeOverhead(connection: TcpConnection): Bytes {
  return headerBytes(connection.isIpv6) + (connection.hasTimestamps ? TIMESTAMPS_BYTES : 0);
}

/** SND.NXT is behind the probe. */
export function onMtuProbeSent(connection: TcpConnection, length: Bytes): void {
  const { mtuSearch } = connection;
  if (mtuSearch === undefined) return;
  mtuSearch.size = length + probeOverhead(connection);
  mtuSearch.end = connection.sndNxt;
}

/** SND.UNA has moved: a probe below it arrived, so the path carries its size. */
export function onMtuProbeAcked(connection: TcpConnection): void {
  const { mtuSearch } = connection;
  if (mtuSearch === undefined || mtuSearch.size === 0) return;
  if (seqBefore(connection.sndUna, mtuSearch.end)) return;
  connection.context.count(TcpCounter.MtuProbeSuccess);
  mtuSearch.low = mtuSearch.size;
  mtuSearch.size = 0;
  updateSmss(connection);
}

/**
 * A segment that ends at `end` is lost. The probe alone: its size was too large, which is no sign of congestion
 * (RFC 4821 §7.6.2), and true is returned.
 */
export function isMtuProbeLost(connection: TcpConnection, end: SeqNumber): boolean {
  const { mtuSearch } = connection;
  if (mtuSearch === undefined || mtuSearch.size === 0 || end !== mtuSearch.end) return false;
  connection.context.count(TcpCounter.MtuProbeFail);
  mtuSearch.high = mtuSearch.size - 1;
  mtuSearch.size = 0;
  return true;
}
