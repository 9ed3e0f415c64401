/**
 * ProbeBW_DOWN: slower than the network delivers, to drain what the probe queued and to leave room for others:
 * draft-ietf-ccwg-bbr §5.3.3.1. Hot.
 */
import type { RandomSource } from '../../../engine/random.ts';
import { AckPhase, type BbrFlow, BbrState, DEFAULT_CWND_GAIN } from './flow.ts';
import { resetCongestionSignals } from './loss-adaptation.ts';
import { isTimeToProbe, pickProbeWait } from './probe-bandwidth.ts';

const PACING_GAIN = 0.9;

/** StartProbeBW_DOWN. */
export function enterProbeDown(flow: BbrFlow, random: RandomSource): void {
  resetCongestionSignals(flow);
  // Not growing inflight_longterm.
  flow.probeUpAckedPerIncrement = Number.POSITIVE_INFINITY;
  pickProbeWait(flow, random);
  flow.cycleStampNs = flow.nowNs;
  flow.ackPhase = AckPhase.ProbeStopping;
  flow.startRound();
  flow.state = BbrState.ProbeDown;
  flow.pacingGain = PACING_GAIN;
  flow.cwndGain = DEFAULT_CWND_GAIN;
}

export function nextOfProbeDown(flow: BbrFlow): BbrState {
  if (isTimeToProbe(flow)) return BbrState.ProbeRefill;
  return isTimeToCruise(flow) ? BbrState.ProbeCruise : BbrState.ProbeDown;
}

/** IsTimeToCruise: there is headroom, and no queue of ours. */
function isTimeToCruise(flow: BbrFlow): boolean {
  const { inflight } = flow;
  if (inflight > flow.inflightWithHeadroom) return false;
  return inflight <= flow.withQuantization(flow.bdpOf(flow.maxBw));
}
