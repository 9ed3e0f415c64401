/**
 * ProbeBW_REFILL: one round trip at the estimated bandwidth, without the short-term bounds, so that the pipe is full
 * before more is tried: draft-ietf-ccwg-bbr §5.3.3.3. Hot.
 */
import { AckPhase, type BbrFlow, BbrState, DEFAULT_CWND_GAIN } from './flow.ts';

/** StartProbeBW_REFILL. */
export function enterProbeRefill(flow: BbrFlow): void {
  flow.resetShortTermModel();
  flow.probeUpRounds = 0;
  flow.probeUpAcked = 0;
  flow.prevProbePrecautionary = false;
  flow.ackPhase = AckPhase.Refilling;
  flow.startRound();
  flow.state = BbrState.ProbeRefill;
  flow.pacingGain = 1;
  flow.cwndGain = DEFAULT_CWND_GAIN;
}

export function nextOfProbeRefill(flow: BbrFlow): BbrState {
  if (!flow.rounds.isStart) return BbrState.ProbeRefill;
  flow.isBwProbeSample = true;
  return BbrState.ProbeUp;
}
