/**
 * ProbeRTT, and the least RTT: draft-ietf-ccwg-bbr §5.3.4. Where no RTT as low as the least was seen for 5 s, the flow
 * keeps half a BDP in flight for 200 ms and a round trip, so that the queues of all flows drain and the least RTT, of the
 * last 10 s, is what the path takes. Hot.
 */
import { type Bytes, type Duration, NS_PER_SECOND } from '../../../base/units.ts';
import { type AckSample, NO_SAMPLE } from '../../congestion.ts';
import { AckPhase, type BbrFlow, BbrState, NOT_YET } from './flow.ts';

const CWND_GAIN = 0.5;
const DURATION_NS: Duration = 200e6;
const INTERVAL_NS: Duration = 5 * NS_PER_SECOND;
const MIN_RTT_FILTER_NS: Duration = 10 * NS_PER_SECOND;

/** UpdateMinRTT. */
export function updateMinRtt(flow: BbrFlow, sample: Readonly<AckSample>): void {
  const { nowNs } = flow;
  flow.isProbeRttExpired = nowNs > flow.probeRttMinStampNs + INTERVAL_NS;
  const { rttNs } = sample;
  const isFirst = flow.probeRttMinDelayNs === NO_SAMPLE;
  if (rttNs >= 0 && (isFirst || rttNs < flow.probeRttMinDelayNs || flow.isProbeRttExpired)) {
    flow.probeRttMinDelayNs = rttNs;
    flow.probeRttMinStampNs = nowNs;
  }
  if (flow.probeRttMinDelayNs === NO_SAMPLE) return;
  const isOld = nowNs > flow.minRttStampNs + MIN_RTT_FILTER_NS;
  if (flow.minRttNs === NO_SAMPLE || flow.probeRttMinDelayNs < flow.minRttNs || isOld) {
    flow.minRttNs = flow.probeRttMinDelayNs;
    flow.minRttStampNs = flow.probeRttMinStampNs;
  }
}

/** CheckProbeRTT, of every state but ProbeRTT: true when it is time. */
export function isTimeToProbeRtt(flow: BbrFlow): boolean {
  return flow.isProbeRttExpired && !flow.isIdleRestart;
}

/** EnterProbeRTT. */
export function enterProbeRtt(flow: BbrFlow): void {
  flow.state = BbrState.ProbeRtt;
  flow.pacingGain = 1;
  flow.cwndGain = CWND_GAIN;
  flow.saveCwnd();
  flow.probeRttDoneStampNs = NOT_YET;
  flow.ackPhase = AckPhase.ProbeStopping;
  flow.startRound();
}

/** HandleProbeRTT: true when it is over. The sender marks itself application-limited meanwhile. */
export function isProbeRttOver(flow: BbrFlow): boolean {
  if (flow.probeRttDoneStampNs !== NOT_YET) {
    if (flow.rounds.isStart) flow.isProbeRttRoundDone = true;
    return flow.isProbeRttRoundDone && isProbeRttDone(flow);
  }
  if (flow.inflight <= probeRttCwnd(flow)) {
    flow.probeRttDoneStampNs = flow.nowNs + DURATION_NS;
    flow.isProbeRttRoundDone = false;
    flow.startRound();
  }
  return false;
}

/** CheckProbeRTTDone. */
export function isProbeRttDone(flow: BbrFlow): boolean {
  return flow.probeRttDoneStampNs !== NOT_YET && flow.nowNs > flow.probeRttDoneStampNs;
}

/** ExitProbeRTT, but for the state that follows. */
export function leaveProbeRtt(flow: BbrFlow): void {
  flow.probeRttMinStampNs = flow.nowNs;
  flow.restoreCwnd();
  flow.resetShortTermModel();
}

/** ProbeRTTCwnd. */
export function probeRttCwnd(flow: BbrFlow): Bytes {
  return Math.max(CWND_GAIN * flow.bdp, flow.minPipeCwnd);
}
