/**
 * The LISTEN state: RFC 9293 §3.10.7.2, with Fast Open (RFC 7413 §4.2.1) and, when too many connections are half
 * open, SYN cookies. The owner of the table of connections makes and keeps them; this says what to do.
 */
import { seqAdd } from '../base/seq.ts';
import { BuiltExtra, FrameWord, NO_FRAME } from '../frame/frame-record.ts';
import { TcpFlag } from '../wire/tcp.ts';
import { handshakeFlags } from './accurate-ecn.ts';
import type { ArrivedSegment } from './arrived-segment.ts';
import type { TcpConnection } from './connection.ts';
import type { TcpContext } from './context.ts';
import { startController } from './controller-start.ts';
import { TcpCounter } from './counters.ts';
import { acceptEcn, asksStateless, restoreFromCookie } from './ecn-negotiation.ts';
import { TransportEvent } from './events.ts';
import { acceptFastOpen } from './fast-open.ts';
import { buildAnswer, sendResetFor, setSynOptions, setTimestamps } from './frame-builder.ts';
import { acceptSyn, prepareOpen, setInitialSequence } from './handshake.ts';
import type { SequenceSource } from './initial-sequence.ts';
import type { TcpListener } from './listener.ts';
import { windowShiftFor } from './receive-window.ts';
import { receiveFin, receiveSynText } from './receiver.ts';
import { TcpState } from './state.ts';
import { COOKIE_TS_BITS, makeSynCookie, readSynCookie } from './syn-cookies.ts';

/** Makes a connection with the ends of the arrived segment and enters it in the table. */
export interface ConnectionMaker {
  create(segment: ArrivedSegment): TcpConnection;
}

const NO_SCALE = 15;
const COOKIE_TS_MASK = (1 << COOKIE_TS_BITS) - 1;

/** A segment for a listener and no connection. */
export function arrivesInListen(
  context: TcpContext,
  listener: TcpListener,
  source: SequenceSource,
  maker: ConnectionMaker,
): void {
  const { segment } = context;
  if (segment.has(TcpFlag.Rst)) return;
  if (segment.has(TcpFlag.Ack)) {
    if (segment.has(TcpFlag.Syn) || !openByCookie(context, listener, source, maker)) {
      sendResetFor(context, segment);
    }
    return;
  }
  if (!segment.has(TcpFlag.Syn)) return;
  if (listener.isFull) {
    context.count(TcpCounter.ListenOverflows);
    return;
  }
  if (listener.isHalfOpenFull || context.config.alwaysSynCookies) {
    if (context.config.usesSynCookies) sendCookie(context, source);
    else context.count(TcpCounter.ListenOverflows);
    return;
  }
  open(context, listener, source, maker.create(segment));
}

/** A SYN begins a connection. */
function open(
  context: TcpContext,
  listener: TcpListener,
  source: SequenceSource,
  connection: TcpConnection,
): void {
  const { segment } = context;
  const { localAddress, remoteAddress, ports } = connection;
  const iss = source.initialSequence(localAddress, remoteAddress, ports);
  openPassively(connection, listener, iss);
  connection.setState(TcpState.SynReceived);
  listener.halfOpen++;
  connection.isSynDue = true;
  if (acceptFastOpen(connection, listener, segment)) openFast(connection, listener, segment);
  context.markReady(connection);
}

function openPassively(connection: TcpConnection, listener: TcpListener, iss: number): void {
  const { segment } = connection.context;
  connection.listener = listener;
  // The SYN.
  connection.segmentsIn = 1;
  listener.configure?.(connection);
  setInitialSequence(connection, iss);
  prepareOpen(connection);
  acceptSyn(connection, segment);
  acceptEcn(connection, segment);
}

/** Data of the SYN is taken, and data may be sent, before the handshake is over: RFC 7413 §4.2.1. */
function openFast(connection: TcpConnection, listener: TcpListener, segment: ArrivedSegment): void {
  connection.isFastOpen = true;
  // The window of a SYN counts from behind our own, which is not acknowledged yet.
  connection.sndWnd++;
  connection.fastOpenListener = listener;
  connection.lastDataReceivedNs = connection.context.clock.nowNs;
  listener.fastOpenPending++;
  startController(connection);
  segment.trimSyn();
  receiveSynText(connection, segment);
  receiveFin(connection, segment);
  connection.isAckDue = false;
  connection.context.raise(connection, TransportEvent.Established);
  connection.context.owner.onAccepted(connection);
}

/** The two ends of the arrived segment in one word. */
function hashEnds(context: TcpContext, source: SequenceSource): number {
  const { words } = context.pool;
  const at = context.segment.record;
  return source.hash(
    words[at + FrameWord.Src],
    words[at + FrameWord.Dst],
    words[at + FrameWord.Ports],
  );
}

/** A SYN-ACK that remembers for us. */
function sendCookie(context: TcpContext, source: SequenceSource): void {
  const { segment, config, pool } = context;
  const { record } = segment;
  const extra = pool.extraWords;
  const ends = hashEnds(context, source);
  const mss = Math.max(536, extra[record + BuiltExtra.Mss]);
  const iss = makeSynCookie(context, source, ends, segment.seq, mss);
  const accurate = asksStateless(context, segment) ? handshakeFlags(segment.ecn) : 0;
  const flags = TcpFlag.Syn | TcpFlag.Ack | accurate;
  const frame = buildAnswer(context, segment, seqAdd(segment.seq, 0), segment.end, flags);
  if (frame === NO_FRAME) return;
  pool.words[(frame << 4) + FrameWord.Seq] = iss;
  pool.words[(frame << 4) + FrameWord.FlagsWindow] |= Math.min(65_535, config.receiveBufferBytes);
  const hasTimestamps = config.usesTimestamps && segment.hasTimestamps;
  const scale =
    hasTimestamps && config.usesWindowScaling ? extra[record + BuiltExtra.WindowScale] : -1;
  const isSackPermitted =
    hasTimestamps && config.usesSack && extra[record + BuiltExtra.IsSackPermitted] !== 0;
  if (hasTimestamps) {
    const ticks = Math.floor(context.clock.nowNs / config.timestampTickNs) | 0;
    const facts = (scale < 0 ? NO_SCALE : Math.min(scale, 14)) | (isSackPermitted ? 16 : 0);
    setTimestamps(context, frame, (ticks & ~COOKIE_TS_MASK) | facts, segment.tsVal);
  }
  const isIpv6 = (pool.words[record + FrameWord.Meta] & (1 << 25)) !== 0;
  const ownMss = config.mtuBytes - (isIpv6 ? 60 : 40);
  const shift = scale >= 0 ? windowShiftFor(config.receiveBufferBytesMax) : -1;
  setSynOptions(context, frame, ownMss, shift, isSackPermitted);
  context.count(TcpCounter.SyncookiesSent);
  context.pushControl(frame);
}

/** The ACK of a SYN-ACK that nobody remembers: the cookie in it opens the connection. */
function openByCookie(
  context: TcpContext,
  listener: TcpListener,
  source: SequenceSource,
  maker: ConnectionMaker,
): boolean {
  const { segment, config } = context;
  if (!config.usesSynCookies || listener.isFull) return false;
  const irs = seqAdd(segment.seq, -1);
  const iss = seqAdd(segment.ack, -1);
  const mss = readSynCookie(context, source, hashEnds(context, source), irs, iss);
  if (mss === 0) {
    context.count(TcpCounter.SyncookiesFailed);
    return false;
  }
  context.count(TcpCounter.SyncookiesRecv);
  // The SYN that began this, as far as it is known, is processed again.
  const facts = segment.hasTimestamps ? segment.tsEcr & COOKIE_TS_MASK : NO_SCALE;
  const scale = facts & 15;
  const extra = context.pool.extraWords;
  const { record } = segment;
  extra[record + BuiltExtra.Mss] = mss;
  extra[record + BuiltExtra.WindowScale] = scale === NO_SCALE ? -1 : scale;
  extra[record + BuiltExtra.IsSackPermitted] = (facts & 16) !== 0 ? 1 : 0;
  extra[record + BuiltExtra.FastOpen] = 0;
  const { seq } = segment;
  segment.seq = irs;
  const connection = maker.create(segment);
  openPassively(connection, listener, iss);
  restoreFromCookie(connection, segment);
  segment.seq = seq;
  if (segment.hasTimestamps) {
    const ticks = Math.floor(context.clock.nowNs / config.timestampTickNs) | 0;
    connection.tsOffset = ((segment.tsEcr | COOKIE_TS_MASK) - ticks) | 0;
  }
  connection.setState(TcpState.SynReceived);
  connection.synRetransmits = 1;
  listener.halfOpen++;
  return true;
}
