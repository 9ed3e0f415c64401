/**
 * A congestion controller without a network: an ideal sender with endless data over a path of constant
 * RTT that loses exactly every n-th packet (the deterministic model of RFC 3649 Appendix A and RFC 9438
 * Appendix B). Packets are clocked evenly: at a window of W segments the next ACK comes RTT / W later,
 * a loss is known when its ACK would have come, and recovery takes no time. The average window is over
 * time, packets sent by round trips.
 */
import { VirtualClock } from '../../engine/clock.ts';
import { RandomSource } from '../../engine/random.ts';
import {
  CongestionCause,
  type CongestionControllerFactory,
  type RttView,
} from '../../recovery/congestion.ts';
import { AckRecord } from '../../recovery/delivery-rate.ts';

export const RESPONSE_SMSS = 1460;

export interface ResponsePath {
  readonly factory: CongestionControllerFactory;
  readonly granularity: 'bytes' | 'segments';
  readonly rttNs: number;
  /** One packet in this many is lost: 1 / p. Infinity with lossWindow. */
  readonly lossEvery: number;
  /** A packet is lost each time the window has come to so many segments. */
  readonly lossWindow?: number;
  /**
   * The first packet is lost when the window has come to so many segments (after `lossEvery` packets if
   * absent).
   */
  readonly firstLossWindow?: number;
  /** Cycles from loss to loss that are run first, and those that are averaged. */
  readonly warmUpCycles: number;
  readonly cycles: number;
  /** For looking closer: the window in segments just before each loss. */
  readonly onLoss?: (window: number) => void;
}

export interface Response {
  /** Segments. */
  readonly meanWindow: number;
  readonly windowMin: number;
  readonly windowMax: number;
  readonly roundTripsBetweenLosses: number;
  readonly packetsBetweenLosses: number;
}

export function measureResponse(path: ResponsePath): Response {
  const { rttNs, lossEvery, granularity } = path;
  const smss = RESPONSE_SMSS;
  const clock = new VirtualClock();
  const controller = path.factory({
    clock,
    random: RandomSource.fromSeed(1),
    smss,
    initialWindow: 10 * smss,
    granularity,
    isPaced: false,
  });
  const rtt: RttView = { latestNs: rttNs, minNs: rttNs, smoothedNs: rttNs, varNs: 0 };
  const sample = new AckRecord();
  sample.rttNs = rttNs;
  sample.isCwndLimited = true;
  sample.advancesSndUna = true;
  sample.ackedBytes = smss;
  sample.ackedSegments = 1;
  sample.delivered = smss;

  let nowNs = 0;
  let cycle = 0;
  let untilLoss = lossEvery;
  let packets = 0;
  let roundTrips = 0;
  let windowMin = Number.POSITIVE_INFINITY;
  let windowMax = 0;
  const lossWindow = path.lossWindow ?? Number.POSITIVE_INFINITY;
  const firstLossWindow = path.firstLossWindow ?? lossWindow;
  const end = path.warmUpCycles + path.cycles;
  while (cycle < end) {
    const window = controller.cwnd / smss;
    const isMeasured = cycle >= path.warmUpCycles;
    nowNs += rttNs / window;
    clock.cell[0] = Math.round(nowNs);
    sample.nowNs = clock.nowNs;
    sample.newestSentNs = clock.nowNs - rttNs;
    sample.priorInFlight = controller.cwnd;
    sample.inFlight = controller.cwnd - smss;
    if (isMeasured) {
      packets++;
      roundTrips += 1 / window;
      windowMin = Math.min(windowMin, window);
      windowMax = Math.max(windowMax, window);
    }
    untilLoss--;
    if (untilLoss === 0 || window >= (cycle === 0 ? firstLossWindow : lossWindow)) {
      path.onLoss?.(window);
      controller.onEnterRecovery(CongestionCause.Loss, sample);
      controller.onExitRecovery();
      untilLoss = lossEvery;
      cycle++;
    } else {
      controller.onAck(sample, rtt);
    }
  }
  return {
    meanWindow: packets / roundTrips,
    windowMin,
    windowMax,
    roundTripsBetweenLosses: roundTrips / path.cycles,
    packetsBetweenLosses: packets / path.cycles,
  };
}
