/**
 * Accurate ECN: RFC 9768 (read as draft-ietf-tcpm-accurate-ecn-34). What a connection in AccECN mode knows: as a
 * receiver of data the counters that it feeds back (r.cep, r.ceb, r.e0b, r.e1b), as a sender what it has heard of the
 * peer's (s.cep and so on). Here are the encodings of the handshake (§3.1.1, §3.2.2.1) and what arriving packets
 * count (§3.2.2). The option is in tcp/accurate-ecn-option, feedback that arrives in tcp/accurate-ecn-feedback, who
 * agrees to what in tcp/ecn-negotiation. One object for each connection that asks for it, in the context by slot: other
 * connections pay nothing. Hot, for these.
 */
import { seqBefore } from '../base/seq.ts';
import { TcpFlag } from '../wire/tcp.ts';
import { type ArrivedSegment, EcnCodepoint } from './arrived-segment.ts';
import type { TcpConnection } from './connection.ts';

/** The three flags as one field: ACE of §3.2.2. */
export const ACE_FLAGS = TcpFlag.Ae | TcpFlag.Cwr | TcpFlag.Ece;
export const ACE_MASK = 7;
/** Its least significant bit is ECE. */
const ACE_SHIFT = 6;

/** §3.2.1: none is zero, so that a field that something on the path has cleared is known. */
const CE_PACKETS_FIRST = 5;
const ECT_BYTES_FIRST = 1;

/** §3.2.2.5.1: with that many marks an ACK is due; more of them where there is nothing but ACKs to acknowledge. */
const MARKS_BESIDE_DATA = 2;
const MARKS_OF_ACKS = 3;
/** An option is repeated once after a change, so that the loss of one ACK hides nothing. */
const OPTION_REPEATS = 2;

/** So much old text in a row tells that ACKs with options are lost. */
export const REPEATS_MAX = 2;

/** What is known of AccECN options from the peer: §3.2.3.2.3 and §3.2.3.2.4. */
export const enum PeerOption {
  /** None has come: ACE is read with caution. */
  Absent = 0,
  Present = 1,
  /** Its first counters were zero: something on the path clears them. */
  Ignored = 2,
}

/** Which byte counters have ever changed, and which have since the last option. */
export const enum ByteCounter {
  Ect1 = 1,
  Ce = 2,
  Ect0 = 4,
}

export class AccurateEcn {
  // As a receiver. Counters of bytes are taken modulo 2^32.
  /** r.cep */
  cePackets = CE_PACKETS_FIRST;
  ceBytes = 0;
  ect0Bytes = ECT_BYTES_FIRST;
  ect1Bytes = ECT_BYTES_FIRST;
  changedEver = 0;
  changedLately = 0;
  isLastMarked = false;
  marksSinceAck = 0;
  /** So many more ACKs carry an option. */
  optionsDue = 0;
  /** When the last one did. */
  optionSentNs = 0;
  /** The data segments of the chunk that is going out all carry it. */
  isInChunk = false;
  /** Old text that came again and again: ACKs that carry options do not get through (§3.2.3.2.2). */
  repeats = 0;
  /** The first data segment is still to be sent: it carries one. */
  isFirstDataDue = true;

  // As a sender.
  /** s.cep and so on. */
  peerCePackets = CE_PACKETS_FIRST;
  peerCeBytes = 0;
  peerEct0Bytes = ECT_BYTES_FIRST;
  peerEct1Bytes = ECT_BYTES_FIRST;
  /** s.cep when the last option came, and the segments delivered since. */
  cePacketsAtOption = CE_PACKETS_FIRST;
  deliveredSinceOption = 0;
  peerOption = PeerOption.Absent;
  /** Segments that one ACK acknowledges, smoothed, in 64ths; 0: none yet. */
  ackedSegments64 = 0;
  /** CE feedback reduces the window. */
  isResponsive = true;
  /** The next segment's ACE field is no counter: it comes with a SYN, or was read as the handshake's. */
  isFieldRead = false;
  hasFeedback = false;
  /** TSval of the last segment whose feedback was taken. */
  lastTsVal = 0;

  // The handshake.
  /** IP-ECN of the latest SYN or SYN-ACK that arrived: it is fed back. */
  synCodepoint = EcnCodepoint.NotEct;
  /** The next bare ACK says so. */
  isHandshakeAckDue = false;
  hasCountedSynAck = false;
  /** The SYN has come more than once: an option may be why its answer did not arrive. */
  isSynRepeated = false;
  /** IP-ECN of our own last SYN or SYN-ACK. */
  sentCodepoint = EcnCodepoint.NotEct;
}

/** Of a connection in AccECN mode, or that asks for it. */
export function accurateEcn(connection: TcpConnection): AccurateEcn {
  return connection.context.accurateEcn[connection.slot] as AccurateEcn;
}

/** ACE of a segment. */
export function aceOf(segment: ArrivedSegment): number {
  return (segment.flags >>> ACE_SHIFT) & ACE_MASK;
}

/** Flags that say which codepoint a SYN or SYN-ACK came with: tables 2 and 3. */
export function handshakeFlags(codepoint: EcnCodepoint): number {
  switch (codepoint) {
    case EcnCodepoint.NotEct:
      return 0b010 << ACE_SHIFT;
    case EcnCodepoint.Ect1:
      return 0b011 << ACE_SHIFT;
    case EcnCodepoint.Ect0:
      return 0b100 << ACE_SHIFT;
    default:
      return 0b110 << ACE_SHIFT;
  }
}

/** The way back; undefined for values that say nothing of it. */
export function handshakeCodepoint(ace: number): EcnCodepoint | undefined {
  switch (ace) {
    case 0b010:
      return EcnCodepoint.NotEct;
    case 0b011:
      return EcnCodepoint.Ect1;
    case 0b100:
      return EcnCodepoint.Ect0;
    case 0b110:
      return EcnCodepoint.Ce;
    default:
      return undefined;
  }
}

/** §3.2.2.3 and RFC 3168 §18: what no router may do, or what hides that one has marked. */
export function isMangled(sent: EcnCodepoint, arrived: EcnCodepoint): boolean {
  if (sent === EcnCodepoint.NotEct || sent === EcnCodepoint.Ce) return arrived !== sent;
  return arrived === EcnCodepoint.NotEct;
}

/** §3.2.2.2: the counter, or on the bare ACK of a SYN-ACK what that came with (§3.2.2.1). */
export function aceFlags(state: AccurateEcn, isBareAck: boolean): number {
  if (isBareAck && state.isHandshakeAckDue) {
    state.isHandshakeAckDue = false;
    return handshakeFlags(state.synCodepoint);
  }
  return (state.cePackets & ACE_MASK) << ACE_SHIFT;
}

/** Text that is all old has come, as a sender repeats it whose ACKs are lost; counted if it may be of this window. */
export function countRepeat(connection: TcpConnection, segment: ArrivedSegment): void {
  const state = accurateEcn(connection);
  const { end } = segment;
  const isOld = !seqBefore(end, connection.lastAckSent) && !seqBefore(connection.rcvNxt, end);
  if (segment.length === 0 || !isOld) return;
  const repeats = state.repeats + 1;
  countArrival(connection, segment);
  state.repeats = repeats;
}

/** An acceptable segment without SYN has come: §3.2. Bytes count as they arrived, what came before too. */
export function countArrival(connection: TcpConnection, segment: ArrivedSegment): void {
  const state = accurateEcn(connection);
  const { ecn, length } = segment;
  const isMarked = ecn === EcnCodepoint.Ce;
  if (ecn !== EcnCodepoint.NotEct) connection.hasSeenEct = true;
  if (length > 0) {
    countBytes(state, ecn, length);
    if (state.repeats < REPEATS_MAX) state.repeats = 0;
  }
  if (isMarked) {
    state.cePackets++;
    state.marksSinceAck++;
    const hasData = length > 0 || connection.lastAckSent !== connection.rcvNxt;
    const enough = hasData ? MARKS_BESIDE_DATA : MARKS_OF_ACKS;
    // §3.2.2.5.1: the first mark on data is told at once, then every so many.
    const isChange = length > 0 && !state.isLastMarked;
    if (isChange || state.marksSinceAck >= enough) connection.isAckDue = true;
  }
  state.isLastMarked = isMarked;
}

function countBytes(state: AccurateEcn, codepoint: EcnCodepoint, length: number): void {
  let counter: ByteCounter;
  switch (codepoint) {
    case EcnCodepoint.NotEct:
      return;
    case EcnCodepoint.Ect1:
      state.ect1Bytes = (state.ect1Bytes + length) | 0;
      counter = ByteCounter.Ect1;
      break;
    case EcnCodepoint.Ect0:
      state.ect0Bytes = (state.ect0Bytes + length) | 0;
      counter = ByteCounter.Ect0;
      break;
    default:
      state.ceBytes = (state.ceBytes + length) | 0;
      counter = ByteCounter.Ce;
  }
  state.changedEver |= counter;
  state.changedLately |= counter;
  state.optionsDue = OPTION_REPEATS;
}
