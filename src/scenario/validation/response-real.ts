/**
 * The response function of real TCP: one endless flow over a link without a queue that loses one frame in so
 * many. Gives the average window: what a round trip delivers. Runs start in slow start; the first loss is
 * placed, so that congestion avoidance begins near where it will be.
 */
import type { Duration } from '../../base/units.ts';
import type { CongestionControllerFactory } from '../../recovery/congestion.ts';
import { RFC_PROFILE, type TcpConfig } from '../../tcp/config.ts';
import { FlowRun } from '../flow-run.ts';
import { planOneLink } from './one-link.ts';

/** No time to speak of for a frame, so that the round trip is the propagation. */
const RATE = 1e12;
const SEGMENT_BYTES = 1448;
const BUFFER_BYTES = 128 << 20;

/** Fixed buffers that never limit; the rest is the texts'. */
const TCP: TcpConfig = {
  ...RFC_PROFILE,
  sendBufferBytes: BUFFER_BYTES,
  receiveBufferBytes: BUFFER_BYTES,
};

export interface RealResponse {
  readonly controllers: CongestionControllerFactory;
  readonly cc: string;
  readonly rttNs: Duration;
  /** One frame in this many is lost. */
  readonly lossEvery: number;
  readonly firstLoss: number;
  /** Round trips that are left out, and that are averaged. */
  readonly warmUpRounds: number;
  readonly rounds: number;
}

/** Segments. */
export function measureRealWindow(response: RealResponse): number {
  const { controllers, cc, rttNs, lossEvery, firstLoss, warmUpRounds, rounds } = response;
  const plan = planOneLink({
    seed: 1,
    rate: RATE,
    rttNs,
    queue: {},
    loss: { kind: 'periodic', every: lossEvery, first: firstLoss },
    tcp: TCP,
    flows: [{ cc, controllers, startNs: 0 }],
    endNs: rttNs * (warmUpRounds + rounds),
    sampleNs: rttNs * warmUpRounds,
  });
  const run = new FlowRun(plan, false);
  let before = 0;
  run.run((nowNs) => {
    if (nowNs === plan.sampleNs) before = run.flows[0]?.deliveredBytes ?? 0;
  });
  const delivered = (run.flows[0]?.deliveredBytes ?? 0) - before;
  return delivered / SEGMENT_BYTES / rounds;
}
