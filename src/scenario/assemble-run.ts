/** From a finished run of flows to its result document (run-result). Cold. */
import { formatIpAddress } from '../base/ip-address.ts';
import { jainIndex, nearestRanks } from '../base/sample-statistics.ts';
import { type Duration, NEVER, NS_PER_SECOND } from '../base/units.ts';
import { DropReason } from '../engine/drop-reason.ts';
import type { Link } from '../net/link.ts';
import type { Network } from '../net/network.ts';
import { conservationOf } from './conservation.ts';
import { flowControlResult } from './flow-control-result.ts';
import type { FlowRun } from './flow-run.ts';
import { dropCounts, queueDropsAt } from './link-drops.ts';
import { checksOf } from './run-checks.ts';
import type { RunFlowResult, RunLinkResult, RunResult, TransactionResult } from './run-result.ts';
import type { RunningFlow } from './running-flow.ts';

const NS_PER_MS = 1e6;

/** Everything but what only the caller knows: name, seed and parameters of the scenario. */
export type RunFacts = Omit<
  RunResult,
  'command' | 'scenario' | 'seed' | 'parameters' | 'processingDelayMs'
>;

export function assembleRun(run: FlowRun): RunFacts {
  const { network, reportedLinks, countedLinks = reportedLinks.slice(0, 1) } = run.plan;
  const { underLoad } = run.plan;
  const flows = run.flows.map((flow) => assembleFlow(run, flow));
  const transactions = run.flows.flatMap((flow, index) =>
    assembleTransactions(flow, flows[index]?.name ?? ''),
  );
  const links = reportedLinks.map((link) => assembleLink(network, link));
  const flowControl = flowControlResult(
    run.plan.topology,
    run.plan.flows.map(({ from, to }) => [from, to] as const),
  );
  return {
    fingerprint: network.fingerprint.digest(),
    simulatedSeconds: network.clock.nowNs / NS_PER_SECOND,
    engine: {
      events: network.scheduler.eventCount,
      deliveredPackets: countedLinks.reduce((sum, link) => sum + link.forwardedDataPackets, 0),
    },
    flows,
    ...completionOf(run),
    links,
    conservation: conservationOf(run.plan),
    ...(flowControl && { flowControl }),
    checks: checksOf(flowControl, links, run.plan.queueBoundBytes),
    ...(underLoad && { underLoad: underLoad.toResult(run.flows) }),
    fairness: { jain: jainIndex(flows.map(({ goodputMbps }) => goodputMbps)) },
    ...(transactions.length > 0 && { transactions }),
  };
}

function assembleTransactions(flow: RunningFlow, name: string): TransactionResult[] {
  const { transactionsNs = [] } = flow.ends.progress;
  const ms = transactionsNs.map((ns) => ns / NS_PER_MS);
  if (ms.length === 0) return [];
  const rank = nearestRanks(ms) as (q: number) => number;
  return [
    {
      flow: name,
      count: ms.length,
      minMs: rank(0),
      meanMs: ms.reduce((sum, each) => sum + each, 0) / ms.length,
      p50Ms: rank(0.5),
      p95Ms: rank(0.95),
      p99Ms: rank(0.99),
      maxMs: rank(1),
    },
  ];
}

function assembleFlow(run: FlowRun, flow: RunningFlow): RunFlowResult {
  const { plan, beganNs, completedNs, deliveredBytes, meterRow } = flow;
  const { retransmits, timeouts, spuriousRetransmits } = flow.senderTotals;
  const { meter, network } = run.plan;
  const isComplete = completedNs < NEVER;
  const endNs = isComplete ? completedNs : network.clock.nowNs;
  const { rtts } = meter;
  const hasRtt = rtts.count(meterRow) > 0;
  const rttMs = (ns: Duration) => (hasRtt ? ns / NS_PER_MS : null);
  return {
    name: nameOf(network, flow),
    transport: 'tcp',
    cc: plan.cc,
    startSeconds: beganNs / NS_PER_SECOND,
    goodputMbps: endNs > beganNs ? (deliveredBytes * 8e3) / (endNs - beganNs) : 0,
    deliveredBytes,
    retransmits,
    timeouts,
    spuriousRetransmits,
    minRttMs: rttMs(rtts.min(meterRow)),
    meanRttMs: rttMs(rtts.mean(meterRow)),
    p50RttMs: rttMs(rtts.quantile(meterRow, 0.5)),
    p95RttMs: rttMs(rtts.quantile(meterRow, 0.95)),
    p99RttMs: rttMs(rtts.quantile(meterRow, 0.99)),
    maxRttMs: rttMs(rtts.max(meterRow)),
    maxCwndBytes: meter.largestCwndBytes(meterRow),
    fctSeconds: isComplete ? (endNs - beganNs) / NS_PER_SECOND : null,
  };
}

/** Of flows with an end; absent when there are none. */
function completionOf({ flows }: FlowRun): Pick<RunResult, 'completion'> {
  const sized = flows.filter(({ plan }) => Number.isFinite(plan.sizeBytes));
  if (sized.length === 0) return {};
  const done = sized.filter(({ completedNs }) => completedNs < NEVER);
  const times = done.map(({ completedNs, beganNs }) => (completedNs - beganNs) / NS_PER_MS);
  const rank = nearestRanks(times);
  const bytes = done.reduce((sum, { deliveredBytes }) => sum + deliveredBytes, 0);
  const beganNs = sized.reduce((first, flow) => Math.min(first, flow.beganNs), NEVER);
  const lastNs = done.reduce((last, { completedNs }) => Math.max(last, completedNs), beganNs);
  return {
    completion: {
      flows: sized.length,
      completed: done.length,
      firstMs: rank(0),
      medianMs: rank(0.5),
      p99Ms: rank(0.99),
      lastMs: rank(1),
      goodputMbps: lastNs > beganNs ? (bytes * 8e3) / (lastNs - beganNs) : null,
      timeouts: flows.reduce((sum, { senderTotals }) => sum + senderTotals.timeouts, 0),
    },
  };
}

/** A flow that has not started has no port yet. */
export function nameOf(network: Network, { plan, openerPort }: RunningFlow): string {
  const text = (address: number) => formatIpAddress(network.addresses.words, address * 4);
  const from = `${text(plan.from.address)}:${openerPort ?? '?'}`;
  return `${from} > ${text(plan.to.address)}:${plan.port}`;
}

function assembleLink(network: Network, link: Link): RunLinkResult {
  return {
    name: link.name,
    arrivedPackets: link.arrivedPackets,
    forwardedPackets: link.forwardedPackets,
    insidePackets: link.insidePackets,
    drops: dropCounts((reason) => network.dropCount(link.place, reason)),
    queueDrops: queueDropsAt(network, link.place),
    randomLosses: network.dropCount(link.place, DropReason.RandomLoss),
    ceMarks: network.markCount(link.place),
    peakQueueBytes: link.meter.peakBytes,
    meanQueueDelayMs: link.meter.meanDelayNs / NS_PER_MS,
    p99QueueDelayMs: link.meter.quantileDelayNs(0.99) / NS_PER_MS,
    utilisation: link.utilisation,
  };
}
