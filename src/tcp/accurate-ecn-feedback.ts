/**
 * AccECN feedback that arrives: RFC 9768 §3.2.2 and §3.2.3.1. From the ACE field, three bits of the peer's counter of
 * CE packets, and from the option follow how many packets and bytes of ours were newly marked. Where the field may have
 * wrapped, the safest likely number counts (§3.2.2.5.2, appendix A.2), unless the option or a habit of acknowledging
 * many segments at once speaks against it. Segments delivered are known exactly, from the scoreboard. Tests for what the
 * path does to the fields: §3.2.2.3, §3.2.2.4, §3.2.3.2.4, §3.2.3.2.5. Not tested: CE without end (§3.2.2.3 leaves it
 * open). Hot, for connections in AccECN mode.
 */
import { CongestionCause } from '../recovery/congestion.ts';
import { TcpFlag } from '../wire/tcp.ts';
import {
  ACE_MASK,
  type AccurateEcn,
  accurateEcn,
  aceOf,
  handshakeCodepoint,
  isMangled,
  PeerOption,
} from './accurate-ecn.ts';
import type { AckOutcome } from './ack-outcome.ts';
import { type ArrivedSegment, EcnCodepoint } from './arrived-segment.ts';
import type { TcpConnection } from './connection.ts';
import { needController } from './controller-start.ts';

const CYCLE = ACE_MASK + 1;
/** Above so many segments an ACK the field wraps as a habit, and the cautious reading would be wrong: as in Linux. */
const HABITUAL_SEGMENTS_64 = 4 * 64;
/** Genuine marks take as many packets from the first value to zero. */
const MARKS_TO_ZERO = 3;
const COUNTER_MASK = 0xffffff;

/** Takes the feedback of an ACK: true when it reports new CE marks to respond to. */
export function takeFeedback(
  connection: TcpConnection,
  segment: ArrivedSegment,
  outcome: AckOutcome,
): boolean {
  const state = accurateEcn(connection);
  outcome.ceBytes = 0;
  if (state.isFieldRead) {
    state.isFieldRead = false;
    return false;
  }
  const delivered = connection.hasSack ? outcome.deliveredSegments : outcome.acknowledgedSegments;
  if (!isProgress(connection, segment, state, outcome, delivered)) return false;
  checkFirst(connection, segment, state, delivered);
  state.deliveredSinceOption += delivered;
  const hasBytes = segment.hasAccEcn && takeOption(connection, segment, state, outcome);
  const marks = newMarks(connection, segment, state, outcome, delivered, hasBytes);
  state.peerCePackets += marks;
  if (hasBytes) checkConsistency(connection, state, outcome);
  if (!hasBytes && marks > 0) estimateBytes(outcome, marks, delivered);
  connection.deliveredCeSegments += marks;
  if (!state.isResponsive) {
    outcome.ceBytes = 0;
    return false;
  }
  return marks > 0;
}

/** Appendix A.1: something new is acknowledged, or the segment was sent later than the last one taken. */
function isProgress(
  connection: TcpConnection,
  segment: ArrivedSegment,
  state: AccurateEcn,
  outcome: AckOutcome,
  delivered: number,
): boolean {
  const isLater =
    connection.hasTimestamps &&
    segment.hasTimestamps &&
    ((segment.tsVal - state.lastTsVal) | 0) > 0;
  if (isLater) state.lastTsVal = segment.tsVal;
  return isLater || delivered > 0 || outcome.advances;
}

/** §3.2.2.4, only where so few segments are acknowledged that marks cannot have counted up to zero. */
function checkFirst(
  connection: TcpConnection,
  segment: ArrivedSegment,
  state: AccurateEcn,
  delivered: number,
): void {
  if (state.hasFeedback) return;
  state.hasFeedback = true;
  if (!connection.config.checksEcnPath || aceOf(segment) !== 0 || delivered >= MARKS_TO_ZERO)
    return;
  stopEct(connection);
  state.isResponsive = false;
}

/** Appendix A.2: the least number of marks, or a cycle more where that is safer. */
function newMarks(
  connection: TcpConnection,
  segment: ArrivedSegment,
  state: AccurateEcn,
  outcome: AckOutcome,
  delivered: number,
  hasBytes: boolean,
): number {
  const least = (aceOf(segment) - state.peerCePackets) & ACE_MASK;
  const before = state.ackedSegments64;
  if (delivered > 0) {
    state.ackedSegments64 =
      before === 0 ? delivered * 64 : before + delivered - Math.round(before / 64);
  }
  if (delivered < least + CYCLE) return least;
  const safer = delivered - ((delivered - least) % CYCLE);
  if (hasBytes) {
    const { smss } = connection;
    const { ceBytes } = outcome;
    return ceBytes <= smss * least && 2 * ceBytes < smss * safer ? least : safer;
  }
  return state.ackedSegments64 > HABITUAL_SEGMENTS_64 ? least : safer;
}

/** Appendix A.3. */
function estimateBytes(outcome: AckOutcome, marks: number, delivered: number): void {
  if (delivered === 0) return;
  outcome.ceBytes = Math.round((outcome.deliveredBytes * Math.min(marks, delivered)) / delivered);
}

/** §3.2.3.1: counters forward. True when the marked bytes are known from it. */
function takeOption(
  connection: TcpConnection,
  segment: ArrivedSegment,
  state: AccurateEcn,
  outcome: AckOutcome,
): boolean {
  if (state.peerOption === PeerOption.Ignored) return false;
  const { pool } = connection.context;
  const fields = segment.accEcnFields(pool);
  state.peerOption = PeerOption.Present;
  for (let field = 0; field < fields; field++) {
    takeCounter(
      state,
      outcome,
      segment.accEcnCodepoint(pool, field),
      segment.accEcnCounter(pool, field),
    );
  }
  return fields >= 2;
}

function takeCounter(
  state: AccurateEcn,
  outcome: AckOutcome,
  codepoint: EcnCodepoint,
  value: number,
): void {
  switch (codepoint) {
    case EcnCodepoint.Ce:
      outcome.ceBytes = (value - state.peerCeBytes) & COUNTER_MASK;
      state.peerCeBytes += outcome.ceBytes;
      break;
    case EcnCodepoint.Ect0:
      state.peerEct0Bytes += (value - state.peerEct0Bytes) & COUNTER_MASK;
      break;
    default:
      state.peerEct1Bytes += (value - state.peerEct1Bytes) & COUNTER_MASK;
  }
}

/** §3.2.3.2.5: marked bytes without a marked packet, and too few packets for the field to have come round. */
function checkConsistency(
  connection: TcpConnection,
  state: AccurateEcn,
  outcome: AckOutcome,
): void {
  const isAmiss = outcome.ceBytes > 0 && state.peerCePackets === state.cePacketsAtOption;
  if (isAmiss && state.deliveredSinceOption < CYCLE) stopEct(connection);
  state.cePacketsAtOption = state.peerCePackets;
  state.deliveredSinceOption = 0;
}

/** For the rest of the connection packets say that they are not ECN-capable. */
export function stopEct(connection: TcpConnection): void {
  connection.sendsEct = false;
}

/** The first option of the peer, before any data can have counted: §3.2.3.2.3, §3.2.3.2.4. */
function takeFirstOption(
  connection: TcpConnection,
  segment: ArrivedSegment,
  state: AccurateEcn,
): void {
  if (!segment.hasAccEcn) return;
  const { pool } = connection.context;
  state.peerOption = PeerOption.Present;
  const fields = segment.accEcnFields(pool);
  for (let field = 0; field < fields; field++) {
    const codepoint = segment.accEcnCodepoint(pool, field);
    if (codepoint === EcnCodepoint.Ce) continue;
    if (segment.accEcnCounter(pool, field) === 0) state.peerOption = PeerOption.Ignored;
  }
  const { outcome } = connection.context;
  if (state.peerOption === PeerOption.Present) takeOption(connection, segment, state, outcome);
}

/** A client has the SYN-ACK that puts it into AccECN mode: §3.2.2.2, §3.2.2.3. */
export function takeSynAckFeedback(connection: TcpConnection, segment: ArrivedSegment): void {
  const state = accurateEcn(connection);
  noteSynAck(connection, segment);
  state.lastTsVal = segment.tsVal;
  takeFirstOption(connection, segment, state);
  const arrived = handshakeCodepoint(aceOf(segment));
  if (arrived === undefined || !connection.config.checksEcnPath) return;
  if (isMangled(state.sentCodepoint, arrived)) stopEct(connection);
}

/** A SYN-ACK, perhaps once more, is to be answered by what it came with; a mark counts once: §3.2.2.1, §3.2.2.2. */
export function noteSynAck(connection: TcpConnection, segment: ArrivedSegment): void {
  const state = accurateEcn(connection);
  state.synCodepoint = segment.ecn;
  state.isHandshakeAckDue = true;
  if (segment.ecn !== EcnCodepoint.Ce || state.hasCountedSynAck) return;
  state.hasCountedSynAck = true;
  state.cePackets++;
}

/** A server in SYN-RECEIVED has an ACK: without data or SACK blocks its field tells of the SYN-ACK (table 4). */
export function takeHandshakeAck(connection: TcpConnection, segment: ArrivedSegment): void {
  const state = accurateEcn(connection);
  if (state.isFieldRead) return;
  takeFirstOption(connection, segment, state);
  const isBare = segment.length === 0 && !segment.hasSack && !segment.has(TcpFlag.Fin);
  if (!isBare) return;
  state.isFieldRead = true;
  state.lastTsVal = segment.tsVal;
  const ace = aceOf(segment);
  if (ace === 0) {
    stopEct(connection);
    state.isResponsive = false;
    return;
  }
  const arrived = handshakeCodepoint(ace);
  if (arrived === undefined) return;
  if (connection.config.checksEcnPath && isMangled(state.sentCodepoint, arrived))
    stopEct(connection);
  if (arrived !== EcnCodepoint.Ce) return;
  state.peerCePackets++;
  connection.deliveredCeSegments++;
  reduceAtOnce(connection);
}

/** Nothing is in flight that a period of recovery could wait for. */
export function reduceAtOnce(connection: TcpConnection): void {
  if (!needController(connection)) return;
  const { controller, context } = connection;
  controller.onEnterRecovery(CongestionCause.EcnCe, context.outcome.sample);
  controller.onExitRecovery();
}

/** A SYN or SYN-ACK of ours has the codepoint that the peer is to tell us. */
export function noteSentSyn(connection: TcpConnection, codepoint: EcnCodepoint): void {
  const state = connection.context.accurateEcn[connection.slot];
  if (state !== undefined) state.sentCodepoint = codepoint;
}
