/**
 * How BBR version 3 answers loss: draft-ietf-ccwg-bbr §5.5.10 and §5.5.11. While it probes for bandwidth, a round trip
 * that lost more than 2 % shows how much in flight is too much (inflight_longterm). At other times losses bring the
 * short-term bounds down to what was delivered lately, at most to 0.7 a round trip. What was done for a recovery that
 * turns out spurious is undone. Hot.
 */
import type { Bytes } from '../../../base/units.ts';
import type { AckSample, LossSample } from '../../congestion.ts';
import { type BbrFlow, BbrState, BETA, LOSS_THRESH } from './flow.ts';

/** Nothing to go back to. */
const NO_UNDO = BbrState.Drain;

/** UpdateLatestDeliverySignals: near the start of an ACK. */
export function updateLatestDeliverySignals(flow: BbrFlow, sample: Readonly<AckSample>): void {
  flow.lossRoundStart = false;
  flow.bwLatest = Math.max(flow.bwLatest, flow.deliveryRate);
  flow.inflightLatest = Math.max(flow.inflightLatest, sample.delivered);
  if (sample.priorDelivered < flow.lossRoundDelivered) return;
  flow.lossRoundDelivered = flow.delivered;
  flow.lossRoundStart = true;
}

/** AdvanceLatestDeliverySignals: near its end. */
export function advanceLatestDeliverySignals(flow: BbrFlow, sample: Readonly<AckSample>): void {
  if (!flow.lossRoundStart) return;
  flow.bwLatest = flow.deliveryRate;
  flow.inflightLatest = sample.delivered;
}

/** ResetCongestionSignals. */
export function resetCongestionSignals(flow: BbrFlow): void {
  flow.isLossInRound = false;
  flow.bwLatest = 0;
  flow.inflightLatest = 0;
}

/** AdaptLowerBoundsFromCongestion: once a round trip. */
export function adaptLowerBounds(flow: BbrFlow): void {
  if (!flow.lossRoundStart) return;
  if (flow.isLossInRound && !isProbing(flow)) {
    if (flow.bwShortterm === Number.POSITIVE_INFINITY) flow.bwShortterm = flow.maxBw;
    if (flow.inflightShortterm === Number.POSITIVE_INFINITY) flow.inflightShortterm = flow.cwnd;
    flow.bwShortterm = Math.max(flow.bwLatest, BETA * flow.bwShortterm);
    flow.inflightShortterm = Math.max(flow.inflightLatest, BETA * flow.inflightShortterm);
  }
  flow.isLossInRound = false;
}

/** IsProbingBW. */
function isProbing({ state }: BbrFlow): boolean {
  return state === BbrState.Startup || state === BbrState.ProbeRefill || state === BbrState.ProbeUp;
}

/** IsInflightTooHigh, of what was lost since a packet was sent that was one of so many bytes in flight. */
export function isInflightTooHigh(lost: Bytes, txInFlight: Bytes): boolean {
  return lost > txInFlight * LOSS_THRESH;
}

/**
 * HandleLostPacket: true when probing has put too much in flight, and inflight_longterm says so now. The caller
 * leaves ProbeBW_UP.
 */
export function onPacketLost(flow: BbrFlow, loss: Readonly<LossSample>): boolean {
  if (!flow.isLossInRound) {
    flow.lossRoundDelivered = loss.delivered;
    saveStateUponLoss(flow);
  }
  flow.isLossInRound = true;
  if (!flow.isBwProbeSample || !isInflightTooHigh(loss.lostSinceSent, loss.txInFlight)) {
    return false;
  }
  flow.prevProbeTooHigh = true;
  // Once a probe.
  flow.isBwProbeSample = false;
  if (!loss.isAppLimited) {
    flow.inflightLongterm = Math.max(inflightAtLoss(loss), flow.targetInflight * BETA);
  }
  return true;
}

/** InflightAtLoss: what was in flight when losses crossed the threshold, somewhere in this packet. */
function inflightAtLoss({ lostBytes, lostSinceSent, txInFlight }: Readonly<LossSample>): Bytes {
  const inflightBefore = txInFlight - lostBytes;
  const lostBefore = lostSinceSent - lostBytes;
  const lostPrefix = (LOSS_THRESH * inflightBefore - lostBefore) / (1 - LOSS_THRESH);
  return inflightBefore + lostPrefix;
}

/** SaveStateUponLoss. */
export function saveStateUponLoss(flow: BbrFlow): void {
  flow.saveCwnd();
  flow.undoState = NO_UNDO;
  flow.undoBwShortterm = flow.bwShortterm;
  flow.undoInflightShortterm = flow.inflightShortterm;
  flow.undoInflightLongterm = flow.inflightLongterm;
}

/** HandleSpuriousLossDetection: gives the state to go back to, or the one it is in. */
export function undoLoss(flow: BbrFlow): BbrState {
  const { undoState, state } = flow;
  flow.restoreCwnd();
  flow.isLossInRound = false;
  flow.fullPipe.reset();
  flow.bwShortterm = Math.max(flow.bwShortterm, flow.undoBwShortterm);
  flow.inflightShortterm = Math.max(flow.inflightShortterm, flow.undoInflightShortterm);
  flow.inflightLongterm = Math.max(flow.inflightLongterm, flow.undoInflightLongterm);
  flow.undoState = NO_UNDO;
  if (undoState === BbrState.Startup && state !== BbrState.Startup) {
    flow.fullPipe.wasFull = false;
    return state === BbrState.ProbeRtt ? state : BbrState.Startup;
  }
  const wasUp = undoState === BbrState.ProbeUp && state !== BbrState.ProbeUp;
  return wasUp && state !== BbrState.ProbeRtt ? BbrState.ProbeRefill : state;
}
