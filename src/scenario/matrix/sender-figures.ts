/** What flows and their senders have counted, and the part of a metric card that comes from it. Cold. */
import { TcpCounter } from '../../tcp/counters.ts';
import type { RunningFlow } from '../running-flow.ts';
import type { MetricCard } from './metric-card.ts';

type SenderFigure =
  | 'retransmissionRatio'
  | 'spuriousRatio'
  | 'timeoutsPerFlow'
  | 'recoveriesPerFlow';

export interface FlowCounts {
  readonly deliveredBytes: number;
  readonly bytesSent: number;
  readonly bytesRetransmitted: number;
  readonly segmentsSent: number;
  readonly spurious: number;
  readonly timeouts: number;
}

const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);

/** By all hosts that send, since hosts count and not connections. */
export function countRecoveries(flows: readonly RunningFlow[]): number {
  const contexts = new Set(flows.flatMap(({ sender }) => sender?.context ?? []));
  return sum(
    [...contexts].map(
      ({ counters }) =>
        (counters[TcpCounter.SackRecovery] as number) +
        (counters[TcpCounter.RenoRecovery] as number),
    ),
  );
}

export function countFlow(flow: RunningFlow): FlowCounts {
  const { sender } = flow;
  return {
    deliveredBytes: flow.deliveredBytes,
    bytesSent: sender?.bytesSent ?? 0,
    bytesRetransmitted: sender?.bytesRetransmitted ?? 0,
    segmentsSent: sender?.dataSegmentsOut ?? 0,
    spurious: sender?.dsackDups ?? 0,
    timeouts: sender?.timeouts ?? 0,
  };
}

export function difference(end: FlowCounts, start: FlowCounts): FlowCounts {
  return {
    deliveredBytes: end.deliveredBytes - start.deliveredBytes,
    bytesSent: end.bytesSent - start.bytesSent,
    bytesRetransmitted: end.bytesRetransmitted - start.bytesRetransmitted,
    segmentsSent: end.segmentsSent - start.segmentsSent,
    spurious: end.spurious - start.spurious,
    timeouts: end.timeouts - start.timeouts,
  };
}

export function senderFigures(
  flows: readonly FlowCounts[],
  recoveries: number,
): Pick<MetricCard, SenderFigure> {
  const sentBytes = sum(flows.map(({ bytesSent }) => bytesSent));
  const sentSegments = sum(flows.map(({ segmentsSent }) => segmentsSent));
  const again = sum(flows.map(({ bytesRetransmitted }) => bytesRetransmitted));
  const spurious = sum(flows.map((flow) => flow.spurious));
  const aFlow = (count: number) => (flows.length === 0 ? null : count / flows.length);
  return {
    retransmissionRatio: sentBytes === 0 ? null : again / sentBytes,
    spuriousRatio: sentSegments === 0 ? null : spurious / sentSegments,
    timeoutsPerFlow: aFlow(sum(flows.map((flow) => flow.timeouts))),
    recoveriesPerFlow: aFlow(recoveries),
  };
}
