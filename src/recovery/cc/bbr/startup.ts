/**
 * Startup: the rate doubles every round trip until the bandwidth stops growing, or until a round trip of recovery lost
 * too much: draft-ietf-ccwg-bbr §5.3.1. Deviates from §5.3.1.3: ranges lost are counted by the ACKs that found them,
 * and a TCP without SACK is not told apart. Hot.
 */
import type { AckSample } from '../../congestion.ts';
import { type BbrFlow, BbrState, DEFAULT_CWND_GAIN, STARTUP_PACING_GAIN } from './flow.ts';
import { isInflightTooHigh } from './loss-adaptation.ts';

/** BBRStartupFullLossCnt. */
const FULL_LOSS_EVENTS = 6;

export function enterStartup(flow: BbrFlow): void {
  flow.state = BbrState.Startup;
  flow.pacingGain = STARTUP_PACING_GAIN;
  flow.cwndGain = DEFAULT_CWND_GAIN;
}

/** CheckStartupDone: the state that follows. */
export function checkStartupDone(flow: BbrFlow, sample: Readonly<AckSample>): BbrState {
  checkHighLoss(flow, sample);
  return flow.fullPipe.wasFull ? BbrState.Drain : BbrState.Startup;
}

/** CheckStartupHighLoss. */
function checkHighLoss(flow: BbrFlow, sample: Readonly<AckSample>): void {
  if (sample.lostSegments > 0) flow.lossEventsInRound++;
  if (!flow.lossRoundStart) return;
  const isLossHigh =
    flow.lossEventsInRound >= FULL_LOSS_EVENTS &&
    isInflightTooHigh(sample.lostSinceSent, sample.txInFlight);
  flow.lossEventsInRound = 0;
  // The round began with the first loss, and so did recovery.
  if (!flow.isInRecovery || !isLossHigh) return;
  flow.undoState = BbrState.Startup;
  flow.fullPipe.wasFull = true;
  flow.inflightLongterm = Math.max(flow.bdp, flow.inflightLatest);
}
