/**
 * What a connection says of itself: the fields of Linux's struct tcp_info under their names and in their units
 * (µs for RTTs and busy times, ms for the last_ times, segments for cwnd and counts of segments). Cold: it
 * makes an object.
 */
import { NS_PER_SECOND } from '../base/units.ts';
import { SSTHRESH_UNSET, UNPACED } from '../recovery/congestion.ts';
import { derivePacingRate } from '../recovery/pacer.ts';
import { AccurateEcn } from './accurate-ecn.ts';
import { BusyKind, busyNs } from './busy-time.ts';
import { sendWindow, sentAtAck } from './congestion-window.ts';
import { RetransmitMode, type TcpConnection } from './connection.ts';
import { needController } from './controller-start.ts';
import { isAllAcknowledged } from './ending.ts';
import { TcpState } from './state.ts';

/** tcpi_state by TcpState. */
const LINUX_STATES = [7, 10, 2, 3, 1, 4, 5, 8, 11, 9, 6] as const;
const SSTHRESH_INFINITE = 0x7fffffff;
const NS_PER_US = 1e3;
const NS_PER_MS = 1e6;

/** tcpi_options. */
export const enum TcpInfoOption {
  Timestamps = 1,
  Sack = 2,
  WindowScale = 4,
  Ecn = 8,
  EcnSeen = 16,
  SynData = 32,
  /** Opened by a SYN that a listener with Fast Open answered before the handshake was over. */
  FastOpenChild = 128,
}

export type TcpInfo = ReturnType<typeof tcpInfo>;

const us = (ns: number): number => Math.max(0, Math.floor(ns / NS_PER_US));

export function tcpInfo(connection: TcpConnection) {
  return {
    ...stateInfo(connection),
    ...pathInfo(connection),
    ...timeInfo(connection),
    ...totalsInfo(connection),
  };
}

function stateInfo(connection: TcpConnection) {
  const { scoreboard } = connection;
  const isSynOut =
    connection.state === TcpState.SynSent || connection.state === TcpState.SynReceived;
  const synSegments = connection.state === TcpState.SynSent && connection.synDataBytes > 0 ? 2 : 1;
  return {
    tcpi_state: LINUX_STATES[connection.state] as number,
    tcpi_ca_state: connection.congestionState as number,
    tcpi_retransmits: connection.retransmits,
    tcpi_probes: Math.max(connection.probes, connection.keepAliveSent),
    tcpi_backoff:
      connection.retransmitMode === RetransmitMode.WindowProbe
        ? connection.probes
        : connection.backoffs,
    tcpi_options: optionBits(connection),
    tcpi_snd_wscale: connection.sndWndShift,
    tcpi_rcv_wscale: connection.rcvWndShift,
    tcpi_delivery_rate_app_limited: connection.rate.isAppLimited ? 1 : 0,
    tcpi_unacked: scoreboard.segments + (isSynOut ? synSegments : 0),
    tcpi_sacked: scoreboard.sackedSegments,
    tcpi_lost: scoreboard.lostSegments,
    tcpi_retrans: scoreboard.retransmittedSegments,
    tcpi_notsent_bytes: notSentBytes(connection),
    tcpi_snd_wnd: connection.sndWnd,
    tcpi_rcv_wnd: connection.rcvWnd,
  };
}

/** Linux counts sequence numbers: a FIN that waits is one. */
function notSentBytes(connection: TcpConnection): number {
  if (connection.state === TcpState.Closed) return 0;
  const finWaits = connection.isWriteShut && !connection.isFinSent;
  return connection.unsentBytes + (finWaits ? 1 : 0);
}

/** What both ends agreed on: nothing before a SYN of the peer. */
function optionBits(connection: TcpConnection): number {
  if (connection.rcvNxt === connection.irs) return 0;
  let options = 0;
  if (connection.hasTimestamps) options |= TcpInfoOption.Timestamps;
  if (connection.hasSack) options |= TcpInfoOption.Sack;
  if (connection.hasWindowScaling) options |= TcpInfoOption.WindowScale;
  if (connection.hasEcn) options |= TcpInfoOption.Ecn;
  if (connection.hasSeenEct) options |= TcpInfoOption.EcnSeen;
  if (connection.isSynDataTaken) options |= TcpInfoOption.SynData;
  if (connection.isFastOpen && !connection.isActive) options |= TcpInfoOption.FastOpenChild;
  return options;
}

function pathInfo(connection: TcpConnection) {
  const hasController = needController(connection);
  const { controller, rtt, smss, config } = connection;
  const ssthresh = hasController ? controller.ssthresh : SSTHRESH_UNSET;
  const cwnd = hasController ? sendWindow(connection) : config.initialWindowSegments * smss;
  const toSegments = (bytes: number) => Math.floor(bytes / smss);
  let pacingRate = hasController ? controller.pacingRate : UNPACED;
  if (pacingRate === UNPACED && hasController) {
    pacingRate = derivePacingRate(cwnd, ssthresh, rtt.smoothedNs, config.pacingGains);
    pacingRate *= Math.max(1, sentAtAck(connection) / cwnd);
  }
  return {
    tcpi_rto: us(rtt.timeoutNs(connection.backoffs)),
    tcpi_ato: us(connection.ackDelayNs),
    tcpi_snd_mss: smss,
    tcpi_rcv_mss: connection.rcvMss,
    tcpi_advmss: connection.advMss - (connection.hasTimestamps ? 12 : 0),
    tcpi_pmtu: connection.pathMtuBytes,
    tcpi_rcv_ssthresh: connection.rcvWindowLimit,
    tcpi_rtt: us(rtt.smoothedNs),
    tcpi_rttvar: us(rtt.varNs),
    tcpi_min_rtt: rtt.minNs < 0 ? 0xffffffff : us(rtt.minNs),
    tcpi_snd_ssthresh: ssthresh === SSTHRESH_UNSET ? SSTHRESH_INFINITE : toSegments(ssthresh),
    tcpi_snd_cwnd: toSegments(cwnd),
    tcpi_reordering: connection.reordering,
    tcpi_reord_seen: connection.reorderSeen,
    tcpi_rcv_rtt: us(connection.rcvRttNs),
    tcpi_rcv_space: connection.rcvSpace,
    tcpi_pacing_rate: pacingRate,
    tcpi_max_pacing_rate: UNPACED,
    tcpi_delivery_rate: deliveryRate(connection),
  };
}

function deliveryRate(connection: TcpConnection): number {
  const { rateDelivered, rateIntervalNs } = connection;
  return rateIntervalNs > 0 ? Math.floor((rateDelivered * NS_PER_SECOND) / rateIntervalNs) : 0;
}

function timeInfo(connection: TcpConnection) {
  const nowNs = connection.context.clock.nowNs;
  const since = (atNs: number) => Math.floor(Math.max(0, nowNs - Math.max(0, atNs)) / NS_PER_MS);
  const receiveRwnd = busyNs(connection, BusyKind.ReceiverLimited);
  const sendBuffer = busyNs(connection, BusyKind.BufferLimited);
  return {
    tcpi_last_data_sent: since(connection.lastSentNs),
    tcpi_last_data_recv: since(connection.lastDataReceivedNs),
    tcpi_last_ack_recv: since(connection.lastReceivedNs),
    tcpi_busy_time: us(busyNs(connection, BusyKind.Busy) + receiveRwnd + sendBuffer),
    tcpi_rwnd_limited: us(receiveRwnd),
    tcpi_sndbuf_limited: us(sendBuffer),
  };
}

/** Linux counts sequence numbers: those of a SYN that opened actively, and of a FIN. */
function acknowledgedMarks(connection: TcpConnection): number {
  const hasSyn = connection.isActive && connection.sndUna !== connection.iss;
  return (hasSyn ? 1 : 0) + (isAllAcknowledged(connection) ? 1 : 0);
}

function totalsInfo(connection: TcpConnection) {
  return {
    tcpi_total_retrans: connection.totalRetransmits,
    tcpi_bytes_acked: connection.bytesAcked + acknowledgedMarks(connection),
    tcpi_bytes_received: connection.bytesReceived,
    tcpi_bytes_sent: connection.bytesSent,
    tcpi_bytes_retrans: connection.bytesRetransmitted,
    tcpi_segs_out: connection.segmentsOut,
    tcpi_segs_in: connection.segmentsIn,
    tcpi_data_segs_out: connection.dataSegmentsOut,
    tcpi_data_segs_in: connection.dataSegmentsIn,
    tcpi_delivered: connection.deliveredSegments,
    tcpi_delivered_ce: connection.deliveredCeSegments,
    ...accurateEcnInfo(connection),
    tcpi_dsack_dups: connection.dsackDups,
    tcpi_rcv_ooopack: connection.reassembly?.segments ?? 0,
  };
}

/** RFC 9768: from zero, not from the first values of §3.2.1. Of a connection that is closed, zero. */
function accurateEcnInfo({ context, slot, hasAccEcn, closedTimes }: TcpConnection) {
  const isKnown = hasAccEcn && closedTimes === undefined;
  const state = (isKnown ? context.accurateEcn[slot] : undefined) ?? NOTHING_COUNTED;
  return {
    tcpi_received_ce: state.cePackets - NOTHING_COUNTED.cePackets,
    tcpi_received_ce_bytes: state.ceBytes >>> 0,
    tcpi_received_e0_bytes: (state.ect0Bytes - NOTHING_COUNTED.ect0Bytes) >>> 0,
    tcpi_received_e1_bytes: (state.ect1Bytes - NOTHING_COUNTED.ect1Bytes) >>> 0,
    tcpi_delivered_ce_bytes: state.peerCeBytes,
    tcpi_delivered_e0_bytes: state.peerEct0Bytes - NOTHING_COUNTED.peerEct0Bytes,
    tcpi_delivered_e1_bytes: state.peerEct1Bytes - NOTHING_COUNTED.peerEct1Bytes,
  };
}

const NOTHING_COUNTED: Readonly<AccurateEcn> = new AccurateEcn();
