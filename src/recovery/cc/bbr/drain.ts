/**
 * Drain: what Startup queued leaves at half the rate, until no more than the BDP is in flight, or for three round
 * trips: draft-ietf-ccwg-bbr §5.3.2. Hot.
 */
import { type BbrFlow, BbrState, DEFAULT_CWND_GAIN, DRAIN_PACING_GAIN } from './flow.ts';

const ROUNDS_MAX = 3;

export function enterDrain(flow: BbrFlow): void {
  flow.state = BbrState.Drain;
  flow.pacingGain = DRAIN_PACING_GAIN;
  flow.cwndGain = DEFAULT_CWND_GAIN;
  flow.drainStartRound = flow.rounds.count;
}

/** CheckDrainDone: the state that follows. */
export function checkDrainDone(flow: BbrFlow): BbrState {
  const isDrained = flow.inflight <= flow.withQuantization(flow.bdp);
  const isLong = flow.rounds.count > flow.drainStartRound + ROUNDS_MAX;
  return isDrained || isLong ? BbrState.ProbeDown : BbrState.Drain;
}
