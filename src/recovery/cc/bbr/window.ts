/**
 * The congestion window of BBR version 3: draft-ietf-ccwg-bbr §5.6.4. It grows with what is acknowledged up to a gain of
 * the BDP and what aggregated ACKs need, and stays below what the model of losses bears. Hot.
 */
import type { Bytes } from '../../../base/units.ts';
import { type BbrFlow, BbrState } from './flow.ts';
import { probeRttCwnd } from './probe-rtt.ts';

/** SetCwnd. */
export function setCwnd(flow: BbrFlow, newlyAcked: Bytes): void {
  const { extraAcked, bdp, cwndGain } = flow;
  const maxInflight = flow.withQuantization(cwndGain * bdp + extraAcked.bytes);
  let { cwnd } = flow;
  if (flow.fullPipe.wasFull) cwnd = Math.min(cwnd + newlyAcked, maxInflight);
  else if (cwnd < maxInflight || flow.delivered < flow.initialCwnd) cwnd += newlyAcked;
  cwnd = Math.max(cwnd, flow.minPipeCwnd);
  if (flow.state === BbrState.ProbeRtt) cwnd = Math.min(cwnd, probeRttCwnd(flow));
  flow.cwnd = Math.min(cwnd, boundForModel(flow));
}

/** BoundCwndForModel. */
function boundForModel(flow: BbrFlow): Bytes {
  let cap = Number.POSITIVE_INFINITY;
  if (flow.state === BbrState.ProbeRtt || flow.state === BbrState.ProbeCruise) {
    cap = flow.inflightWithHeadroom;
  } else if (flow.isProbingBandwidthState) {
    cap = flow.inflightLongterm;
  }
  return Math.max(Math.min(cap, flow.inflightShortterm), flow.minPipeCwnd);
}
