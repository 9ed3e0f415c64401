/**
 * ProbeBW_CRUISE: at the rate the network delivers, with headroom, until the next probe is due:
 * draft-ietf-ccwg-bbr §5.3.3.2. Hot.
 */
import { type BbrFlow, BbrState, DEFAULT_CWND_GAIN } from './flow.ts';
import { isTimeToProbe } from './probe-bandwidth.ts';

/** StartProbeBW_CRUISE. */
export function enterProbeCruise(flow: BbrFlow): void {
  flow.state = BbrState.ProbeCruise;
  flow.pacingGain = 1;
  flow.cwndGain = DEFAULT_CWND_GAIN;
}

export function nextOfProbeCruise(flow: BbrFlow): BbrState {
  return isTimeToProbe(flow) ? BbrState.ProbeRefill : BbrState.ProbeCruise;
}
