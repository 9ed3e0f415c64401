/**
 * The response function of real TCP: one endless flow over a link without a queue that loses one frame in so
 * many. Gives the average window: what a round trip delivers. Runs start in slow start; the first loss is
 * placed, so that congestion avoidance begins near where it will be.
 */
import type { Duration } from '../../base/units.ts';
import type { CongestionControllerFactory } from '../../recovery/congestion.ts';
import { RFC_PROFILE, type TcpConfig } from '../../tcp/config.ts';
import type { TcpConnection } from '../../tcp/connection.ts';
import { BulkReader, BulkSender } from '../../traffic/bulk.ts';
import { OneLinkPath } from './one-link.ts';

/** No time to speak of for a frame, so that the round trip is the propagation. */
const RATE = 1e12;
const SEGMENT_BYTES = 1448;
const PORT = 5001;
const ENDLESS = Number.POSITIVE_INFINITY;
const BUFFER_BYTES = 128 << 20;

/** Fixed buffers that never limit; the rest is the texts'. */
const TCP: TcpConfig = {
  ...RFC_PROFILE,
  sendBufferBytes: BUFFER_BYTES,
  receiveBufferBytes: BUFFER_BYTES,
};

export interface RealResponse {
  readonly controllers: CongestionControllerFactory;
  readonly rttNs: Duration;
  /** One frame in this many is lost. */
  readonly lossEvery: number;
  readonly firstLoss: number;
  /** Round trips that are left out, and that are averaged. */
  readonly warmUpRounds: number;
  readonly rounds: number;
}

/** The average window in segments. `onLoss` is told the window at each recovery, before its reduction. */
export function measureRealWindow(
  response: RealResponse,
  onLoss: (segments: number) => void = () => {},
): number {
  const { rttNs, lossEvery, firstLoss, warmUpRounds, rounds } = response;
  const path = new OneLinkPath({
    seed: 1,
    rate: RATE,
    rttNs,
    queue: {},
    loss: { kind: 'periodic', every: lossEvery, first: firstLoss },
    tcp: TCP,
    controllers: watchRecoveries(response.controllers, onLoss),
  });
  const { from, to, network } = path;
  const reader = new BulkReader(network.clock, ENDLESS);
  let receiver: TcpConnection | undefined;
  to.listen(PORT, (connection) => {
    receiver = connection;
    return reader;
  });
  from.connect(to, PORT, new BulkSender(ENDLESS));
  network.scheduler.runUntil(rttNs * warmUpRounds);
  const before = receiver?.bytesReceived ?? 0;
  network.scheduler.runUntil(rttNs * (warmUpRounds + rounds));
  path.assertConserved();
  return ((receiver?.bytesReceived ?? 0) - before) / SEGMENT_BYTES / rounds;
}

function watchRecoveries(
  factory: CongestionControllerFactory,
  onLoss: (segments: number) => void,
): CongestionControllerFactory {
  return (context) => {
    const controller = factory(context);
    const enter = controller.onEnterRecovery.bind(controller);
    controller.onEnterRecovery = (cause, sample) => {
      onLoss(controller.cwnd / context.smss);
      enter(cause, sample);
    };
    return controller;
  };
}
