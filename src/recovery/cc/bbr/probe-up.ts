/**
 * ProbeBW_UP: faster than the estimated bandwidth, until the delivery rate stops growing, too much is lost, or, after
 * a probe that lost too much, until as much is in flight as was then too much: draft-ietf-ccwg-bbr §5.3.3.5 to
 * §5.3.3.7. Hot.
 */
import type { AckSample } from '../../congestion.ts';
import { AckPhase, type BbrFlow, BbrState } from './flow.ts';
import { isStoppedByCwnd, raiseInflightSlope } from './probe-bandwidth.ts';

const PACING_GAIN = 1.25;
const CWND_GAIN = 2.25;

/** StartProbeBW_UP. */
export function enterProbeUp(flow: BbrFlow): void {
  flow.ackPhase = AckPhase.ProbeStarting;
  flow.startRound();
  flow.fullPipe.reset();
  flow.fullPipe.baseline = flow.deliveryRate;
  flow.state = BbrState.ProbeUp;
  flow.pacingGain = PACING_GAIN;
  flow.cwndGain = CWND_GAIN;
  raiseInflightSlope(flow);
}

export function nextOfProbeUp(flow: BbrFlow, sample: Readonly<AckSample>): BbrState {
  if (!isTimeToGoDown(flow, sample)) return BbrState.ProbeUp;
  // No high loss yet.
  flow.prevProbeTooHigh = false;
  return BbrState.ProbeDown;
}

/** IsTimeToGoDown. */
function isTimeToGoDown(flow: BbrFlow, sample: Readonly<AckSample>): boolean {
  const { fullPipe, inflightLongterm } = flow;
  if (flow.prevProbeTooHigh && flow.inflight >= inflightLongterm) {
    flow.prevProbePrecautionary = true;
    return true;
  }
  if (isStoppedByCwnd(flow, sample) && flow.cwnd >= inflightLongterm) {
    // The bound, not the path, limits the rate.
    fullPipe.reset();
    fullPipe.baseline = flow.deliveryRate;
    return false;
  }
  return fullPipe.isFullNow;
}
