/**
 * Which ECN feedback two ends agree to: none, that of RFC 3168 §6.1.1, or AccECN (RFC 9768 §3.1, table 2). A client
 * asks by the flags of its SYN, a server answers by those of its SYN-ACK, and neither changes its mind, whatever else
 * arrives. What a SYN that gets no answer asks for the next time: RFC 3168 §6.1.1.1, RFC 9768 §3.1.4. Cold.
 */
import { TcpFlag } from '../wire/tcp.ts';
import { ACE_FLAGS, AccurateEcn, accurateEcn, handshakeFlags } from './accurate-ecn.ts';
import { takeSynAckFeedback } from './accurate-ecn-feedback.ts';
import { type ArrivedSegment, EcnCodepoint } from './arrived-segment.ts';
import { EcnMode } from './config.ts';
import type { TcpConnection } from './connection.ts';
import type { TcpContext } from './context.ts';

const CLASSIC_ASK = TcpFlag.Ece | TcpFlag.Cwr;

/** AccECN SYNs and SYN-ACKs go out twice, the latter without the option the second time; then they ask for nothing. */
const ACCURATE_TRIES = 2;

/** What a client will ask for. */
export function requestEcn(connection: TcpConnection): void {
  const { config, controllers } = connection;
  connection.requestsEcn = config.ecn === EcnMode.Request || controllers.preciseEcn !== undefined;
  const mayAsk = config.asksAccurateEcn || controllers.usesAccurateEcn === true;
  if (connection.requestsEcn && mayAsk && mayAgree(connection)) createState(connection);
}

function createState(connection: TcpConnection): AccurateEcn {
  const state = new AccurateEcn();
  connection.context.accurateEcn[connection.slot] = state;
  return state;
}

/** Flags of a SYN. */
export function synEcnFlags(connection: TcpConnection): number {
  if (!connection.requestsEcn) return 0;
  const { synRetransmits, context, slot } = connection;
  if (context.accurateEcn[slot] !== undefined) {
    return synRetransmits < ACCURATE_TRIES ? ACE_FLAGS : 0;
  }
  return synRetransmits === 0 ? CLASSIC_ASK : 0;
}

/** Flags of a SYN-ACK. */
export function synAckEcnFlags(connection: TcpConnection): number {
  if (!connection.hasAccEcn) return connection.hasEcn ? TcpFlag.Ece : 0;
  if (connection.synRetransmits < ACCURATE_TRIES) {
    return handshakeFlags(accurateEcn(connection).synCodepoint);
  }
  // §3.1.5: the client may end without ECN.
  connection.sendsEct = false;
  return 0;
}

/** A SYN-ACK carries the AccECN option once: §3.2.3.2.2. */
export function mayCarryOption(connection: TcpConnection): boolean {
  return (
    connection.hasAccEcn &&
    connection.synRetransmits === 0 &&
    !accurateEcn(connection).isSynRepeated
  );
}

/** The peer's first SYN or SYN-ACK decides. */
export function acceptEcn(connection: TcpConnection, segment: ArrivedSegment): void {
  if (segment.has(TcpFlag.Ack)) acceptAnswer(connection, segment);
  else acceptRequest(connection, segment);
  const { preciseEcn, usesAccurateEcn } = connection.controllers;
  const { hasEcn, hasAccEcn, config } = connection;
  connection.sendsEct = hasEcn;
  // The echo of RFC 8257 is for ends that have agreed to nothing better.
  connection.hasPreciseEcn =
    hasEcn && !hasAccEcn && preciseEcn !== undefined && usesAccurateEcn !== true;
  // RFC 9331 §4.2: ECT(1) says that both ends have accurate feedback.
  connection.sendsEct1 = preciseEcn === 'ect1' && hasAccEcn;
  connection.marksControl = hasAccEcn && (config.marksControl || preciseEcn !== undefined);
  if (hasAccEcn && segment.has(TcpFlag.Ack)) takeSynAckFeedback(connection, segment);
}

function acceptAnswer(connection: TcpConnection, segment: ArrivedSegment): void {
  const flags = segment.flags & ACE_FLAGS;
  const { context, slot } = connection;
  if (context.accurateEcn[slot] === undefined) {
    const isAgreed = (flags & CLASSIC_ASK) === TcpFlag.Ece;
    connection.hasEcn = connection.requestsEcn && isAgreed;
    return;
  }
  // Nothing, or a reflection of what we sent: no ECN.
  connection.hasEcn = flags !== 0 && flags !== ACE_FLAGS;
  connection.hasAccEcn = connection.hasEcn && flags !== TcpFlag.Ece;
  if (!connection.hasAccEcn) context.accurateEcn[slot] = undefined;
}

function acceptRequest(connection: TcpConnection, segment: ArrivedSegment): void {
  const { config, controllers, context, slot } = connection;
  const flags = segment.flags & ACE_FLAGS;
  const isWilling = config.ecn !== EcnMode.Off || controllers.preciseEcn !== undefined;
  connection.hasAccEcn = mayAgree(connection) && isAccurateRequest(flags);
  connection.hasEcn = connection.hasAccEcn || (isWilling && (flags & CLASSIC_ASK) === CLASSIC_ASK);
  if (connection.hasAccEcn) {
    const state = context.accurateEcn[slot] ?? createState(connection);
    state.synCodepoint = segment.ecn;
    state.lastTsVal = segment.tsVal;
  } else {
    context.accurateEcn[slot] = undefined;
  }
}

/** §3.1.3: combinations without a meaning yet count as a request. */
function isAccurateRequest(flags: number): boolean {
  return flags !== 0 && flags !== CLASSIC_ASK;
}

/** A server without state for the connection: does this SYN ask for AccECN, and may it have it? */
export function asksStateless(context: TcpContext, segment: ArrivedSegment): boolean {
  return mayAgree(context) && isAccurateRequest(segment.flags & ACE_FLAGS);
}

function mayAgree({ config, controllers }: TcpContext | TcpConnection): boolean {
  if (controllers.usesAccurateEcn === true) return true;
  return config.usesAccurateEcn && config.ecn !== EcnMode.Off;
}

/** §5.1: the ACK of a SYN cookie says by its ACE field whether AccECN was agreed to. */
export function restoreFromCookie(connection: TcpConnection, segment: ArrivedSegment): void {
  const { config, controllers } = connection;
  const isBare = segment.length === 0 && !segment.hasSack && !segment.has(TcpFlag.Fin);
  const isAgreed = mayAgree(connection) && isBare && (segment.flags & ACE_FLAGS) > TcpFlag.Ece;
  connection.hasEcn = isAgreed;
  connection.sendsEct = isAgreed;
  connection.hasAccEcn = isAgreed;
  if (!isAgreed) return;
  connection.sendsEct1 = controllers.preciseEcn === 'ect1';
  connection.marksControl = config.marksControl || controllers.preciseEcn !== undefined;
  createState(connection);
}

/**
 * A valid SYN again, in SYN-RECEIVED: §3.1.5. False when the peer asks for AccECN and for RFC 3168 in one handshake:
 * then nobody would know which it is.
 */
export function acceptRepeatedSyn(connection: TcpConnection, segment: ArrivedSegment): boolean {
  const flags = segment.flags & ACE_FLAGS;
  if (!connection.hasAccEcn) {
    return !(connection.hasEcn && mayAgree(connection) && isAccurateRequest(flags));
  }
  if (flags === CLASSIC_ASK) return false;
  const state = accurateEcn(connection);
  state.synCodepoint = segment.ecn;
  state.isSynRepeated = true;
  if (flags === 0) connection.sendsEct = false;
  return true;
}

/** Both sides opened at once, and the peer's SYN-ACK has come: its flags are no ACE field. */
export function skipSynAckField(connection: TcpConnection): void {
  if (connection.hasAccEcn) accurateEcn(connection).isFieldRead = true;
}

/** CE on our SYN, as the SYN-ACK has it: §3.2.2.2. */
export function isSynMarked(connection: TcpConnection, flags: number): boolean {
  return connection.hasAccEcn && (flags & ACE_FLAGS) === handshakeFlags(EcnCodepoint.Ce);
}
