/**
 * What the four states of probing for bandwidth share: draft-ietf-ccwg-bbr §5.3.3. When the next probe is due, in wall
 * clock time or in round trips, so that Reno flows have their share (§5.3.3.8); which ACKs tell about a probe;
 * the cycles of the bandwidth filter; and how inflight_longterm is raised. Hot.
 */
import { NS_PER_SECOND } from '../../../base/units.ts';
import type { RandomSource } from '../../../engine/random.ts';
import type { AckSample } from '../../congestion.ts';
import { AckPhase, type BbrFlow, BbrState } from './flow.ts';
import { isInflightTooHigh } from './loss-adaptation.ts';

const WAIT_SECONDS_MIN = 2;
const WAIT_SECONDS_SPREAD = 1;
const RENO_ROUNDS_MAX = 63;
const SLOPE_ROUNDS_MAX = 30;

/** PickProbeWait. Once a cycle. */
export function pickProbeWait(flow: BbrFlow, random: RandomSource): void {
  flow.roundsSinceProbeUp = random.below(2);
  const seconds = WAIT_SECONDS_MIN + WAIT_SECONDS_SPREAD * random.nextDouble();
  flow.probeWaitNs = Math.round(seconds * NS_PER_SECOND);
}

/** IsTimeToProbeBW. */
export function isTimeToProbe(flow: BbrFlow): boolean {
  if (flow.nowNs > flow.cycleStampNs + flow.probeWaitNs) return true;
  // IsRenoCoexistenceProbeTime: Reno would have grown by the BDP in as many round trips.
  const renoRounds = Math.min(flow.targetInflight / flow.smss, RENO_ROUNDS_MAX);
  return flow.roundsSinceProbeUp >= renoRounds;
}

/**
 * AdaptLongTermModel: follows the feedback of a probe, and raises the long-term bound. True when it is time to
 * refill and probe again, without the bound that made the last probe short.
 */
export function adaptLongTermModel(flow: BbrFlow, sample: Readonly<AckSample>): boolean {
  const { isStart } = flow.rounds;
  if (flow.ackPhase === AckPhase.ProbeStarting && isStart) flow.ackPhase = AckPhase.ProbeFeedback;
  if (flow.ackPhase === AckPhase.ProbeStopping && isStart) {
    flow.isBwProbeSample = false;
    flow.ackPhase = AckPhase.Init;
    if (flow.isProbingBandwidthState) {
      if (!sample.isAppLimited) advanceMaxBwFilter(flow);
      if (flow.prevProbePrecautionary && !flow.prevProbeTooHigh) return true;
    }
  }
  if (isInflightTooHigh(sample.lostSinceSent, sample.txInFlight)) return false;
  if (flow.inflightLongterm === Number.POSITIVE_INFINITY) return false;
  if (sample.txInFlight > flow.inflightLongterm) flow.inflightLongterm = sample.txInFlight;
  if (flow.state === BbrState.ProbeUp) probeInflightUpward(flow, sample);
  return false;
}

/** AdvanceMaxBwFilter: this cycle becomes the previous one, if it has a sample. */
function advanceMaxBwFilter(flow: BbrFlow): void {
  if (flow.thisCycleBw === 0) return;
  flow.previousCycleBw = flow.thisCycleBw;
  flow.thisCycleBw = 0;
  flow.maxBw = flow.previousCycleBw;
}

/** The window, not pacing or the application, stopped the sender before this ACK. */
export function isStoppedByCwnd(flow: BbrFlow, sample: Readonly<AckSample>): boolean {
  return sample.isCwndLimited && sample.priorInFlight + flow.smss > flow.cwnd;
}

/** ProbeInflightLongtermUpward. */
function probeInflightUpward(flow: BbrFlow, sample: Readonly<AckSample>): void {
  if (!isStoppedByCwnd(flow, sample) || flow.cwnd < flow.inflightLongterm) return;
  flow.probeUpAcked += sample.ackedBytes;
  if (flow.probeUpAcked >= flow.probeUpAckedPerIncrement) {
    const increments = Math.floor(flow.probeUpAcked / flow.probeUpAckedPerIncrement);
    flow.probeUpAcked -= increments * flow.probeUpAckedPerIncrement;
    flow.inflightLongterm += increments * flow.smss;
  }
  if (flow.rounds.isStart) raiseInflightSlope(flow);
}

/** RaiseInflightLongtermSlope: twice as many segments in every further round trip. */
export function raiseInflightSlope(flow: BbrFlow): void {
  const growthThisRound = 2 ** flow.probeUpRounds;
  flow.probeUpRounds = Math.min(flow.probeUpRounds + 1, SLOPE_ROUNDS_MAX);
  flow.probeUpAckedPerIncrement = Math.max(flow.cwnd / growthThisRound, flow.smss);
}
