/** From a finished replay run to its result document (replay-result). Cold. */
import { describeFlow, handshakeRttNs, retransmitsOf } from '../analysis/flow-facts.ts';
import type { Duration } from '../base/units.ts';
import { DROP_REASON_COUNT, DropReason } from '../engine/drop-reason.ts';
import { formatTimestamp } from '../pcap/timestamp.ts';
import { GROUND_NAMES } from '../traffic/path-sides.ts';
import { type LineFacts, PathDirection } from '../traffic/replay-ledger.ts';
import { dropCounts, queueDropsAt } from './link-drops.ts';
import type {
  FlowDirectionResult,
  LinkResult,
  QueueSeries,
  ReplayFlowResult,
  ReplayResult,
} from './replay-result.ts';
import type { ReplayRun, RunningLink } from './replay-run.ts';

const NS_PER_MS = 1e6;
const NS_PER_S = 1e9;
const DIRECTION_NAMES = ['toServer', 'toClient'] as const;

/** The result of a run that has ended. */
export function assembleReplay(run: ReplayRun): ReplayResult {
  const { config, network, source, entry } = run;
  const flows: ReplayFlowResult[] = [];
  const grounds: Record<string, number> = {};
  for (let flow = 0; flow < run.flows.count; flow++) {
    if (!run.sides.isKnown(flow)) continue;
    const ground = GROUND_NAMES[run.sides.groundOf(flow)] as string;
    grounds[ground] = (grounds[ground] ?? 0) + 1;
    flows.push(assembleFlow(run, flow, ground));
  }
  return {
    command: 'replay',
    scenario: config.scenario,
    seed: config.seed,
    fingerprint: network.fingerprint.digest(),
    simulatedSeconds: network.clock.nowNs / NS_PER_S,
    engine: { events: network.scheduler.eventCount, deliveredPackets: run.deliveredFrames },
    input: {
      files: run.endings,
      firstTimestamp: formatTimestamp(source.epochSeconds, source.epochNanoseconds),
      enteredPackets: source.enteredPackets,
      skippedPackets: source.skippedPackets,
      earlierStamps: source.earlierStamps,
      farStamps: source.farStamps,
      ...entry.counts,
    },
    total: {
      toServer: totalOf(run, PathDirection.ToServer),
      toClient: totalOf(run, PathDirection.ToClient),
    },
    flows,
    links: run.links.map((running) => assembleLink(run, running)),
    sides: { inside: config.inside.map((block) => block.text), grounds },
  };
}

/** Depth of every link's queue over the run. */
export function queueSeriesOf(run: ReplayRun): QueueSeries[] {
  return run.links.flatMap(({ link }) => {
    const columns = link.queueDepth();
    if (columns === undefined) return [];
    return {
      link: link.name,
      binSeconds: columns.binWidthNs / NS_PER_S,
      maxQueueBytes: Array.from(columns.maxLevel),
      meanQueueBytes: Array.from(columns.meanLevel, (bytes) => Math.round(bytes * 10) / 10),
    };
  });
}

function assembleFlow(run: ReplayRun, flow: number, ground: string): ReplayFlowResult {
  const { flows, ledger, sides } = run;
  const { name, transport, firstNs, lastNs } = describeFlow(flows, flow, sides.clientSide(flow));
  const rttNs = handshakeRttNs(flows, flow);
  return {
    name,
    transport,
    ground,
    startSeconds: firstNs / NS_PER_S,
    durationSeconds: (lastNs - firstNs) / NS_PER_S,
    handshakeRttMs: rttNs === undefined ? null : rttNs / NS_PER_MS,
    capturedRetransmits: retransmitsOf(flows, flow),
    toServer: assembleLine(run, ledger.factsOf(flow << 1), flow << 1),
    toClient: assembleLine(run, ledger.factsOf((flow << 1) | 1), (flow << 1) | 1),
  };
}

/** The figures of one line: its delays are histogram row `line`. */
function assembleLine(run: ReplayRun, facts: LineFacts, line: number): FlowDirectionResult {
  const { reorderedPackets, reorderedRatio, extentMax, extentMean } = run.ledger.reorderingOf(line);
  return {
    ...directionFigures(run, facts, line),
    reordering: {
      packets: reorderedPackets,
      ratio: reorderedRatio,
      maxExtent: extentMax,
      meanExtent: extentMean,
    },
  };
}

function directionFigures(
  run: ReplayRun,
  facts: LineFacts,
  delayRow: number,
): Omit<FlowDirectionResult, 'reordering'> {
  const { delays } = run.ledger;
  const isEmpty = delays.count(delayRow) === 0;
  const delayMs = (ns: Duration) => (isEmpty ? null : ns / NS_PER_MS);
  const { speed } = run.config.timing;
  return {
    packets: facts.packets,
    bytes: facts.bytes,
    deliveredPackets: facts.deliveredPackets,
    deliveredBytes: facts.deliveredBytes,
    drops: dropCounts((reason) => facts.drops[reason] ?? 0),
    duplicates: facts.duplicates,
    corruptedPackets: facts.corruptedPackets,
    p50AddedDelayMs: delayMs(delays.quantile(delayRow, 0.5)),
    p95AddedDelayMs: delayMs(delays.quantile(delayRow, 0.95)),
    p99AddedDelayMs: delayMs(delays.quantile(delayRow, 0.99)),
    maxAddedDelayMs: delayMs(delays.max(delayRow)),
    meanAddedDelayMs: delayMs(delays.mean(delayRow)),
    capturedMbps: rateMbps(facts.bytes, facts.enteredSpanNs * speed),
    deliveredMbps: rateMbps(facts.deliveredBytes, facts.leftSpanNs),
  };
}

/** All lines of a direction together. */
function totalOf(run: ReplayRun, direction: PathDirection): FlowDirectionResult {
  const { ledger } = run;
  const row = ledger.delays.addRow();
  const drops = new Array<number>(DROP_REASON_COUNT).fill(0);
  const total = { packets: 0, bytes: 0, deliveredPackets: 0, deliveredBytes: 0 };
  let duplicates = 0;
  let corruptedPackets = 0;
  let arrived = 0;
  const reordering = { packets: 0, ratio: 0, maxExtent: 0, meanExtent: 0 };
  const entered = new Span();
  const left = new Span();
  for (let line: number = direction; line < ledger.flowCount * 2; line += 2) {
    const facts = ledger.factsOf(line);
    if (facts.packets === 0) continue;
    total.packets += facts.packets;
    total.bytes += facts.bytes;
    total.deliveredPackets += facts.deliveredPackets;
    total.deliveredBytes += facts.deliveredBytes;
    duplicates += facts.duplicates;
    corruptedPackets += facts.corruptedPackets;
    for (const [reason, count] of facts.drops.entries()) drops[reason] += count;
    entered.add(facts.firstEnteredNs, facts.enteredSpanNs);
    if (facts.deliveredPackets > 0) left.add(facts.firstLeftNs, facts.leftSpanNs);
    ledger.delays.merge(row, line);
    const order = ledger.reorderingOf(line);
    arrived += order.arrivedPackets;
    reordering.packets += order.reorderedPackets;
    reordering.meanExtent += order.extentMean * order.reorderedPackets;
    reordering.maxExtent = Math.max(reordering.maxExtent, order.extentMax);
  }
  if (arrived > 0) reordering.ratio = reordering.packets / arrived;
  if (reordering.packets > 0) reordering.meanExtent /= reordering.packets;
  const facts: LineFacts = {
    ...total,
    duplicates,
    corruptedPackets,
    drops,
    firstEnteredNs: entered.firstNs,
    enteredSpanNs: entered.lengthNs,
    firstLeftNs: left.firstNs,
    leftSpanNs: left.lengthNs,
  };
  return { ...directionFigures(run, facts, row), reordering };
}

/** From the earliest to the latest instant of several stretches of time. */
class Span {
  firstNs = Number.POSITIVE_INFINITY;
  #lastNs = Number.NEGATIVE_INFINITY;

  add(firstNs: number, lengthNs: number): void {
    this.firstNs = Math.min(this.firstNs, firstNs);
    this.#lastNs = Math.max(this.#lastNs, firstNs + lengthNs);
  }

  get lengthNs(): number {
    return Math.max(0, this.#lastNs - this.firstNs);
  }
}

function assembleLink(run: ReplayRun, { link, direction, hasRate }: RunningLink): LinkResult {
  const { network } = run;
  const drops = dropCounts((reason) => network.dropCount(link.place, reason));
  return {
    name: link.name,
    direction: DIRECTION_NAMES[direction],
    forwardedPackets: link.forwardedPackets,
    forwardedBytes: link.forwardedBytes,
    drops,
    queueDrops: queueDropsAt(network, link.place),
    randomLosses: network.dropCount(link.place, DropReason.RandomLoss),
    ceMarks: network.markCount(link.place),
    duplicates: link.duplicatedPackets,
    reordered: link.reorderedPackets,
    corrupted: link.corruptedPackets,
    corruptedEscaped: link.escapedPackets,
    corruptedUnverifiable: link.unverifiablePackets,
    peakQueueBytes: link.meter.peakBytes,
    meanQueueBytes: link.meanQueueBytes ?? 0,
    meanQueueDelayMs: link.meter.meanDelayNs / NS_PER_MS,
    p99QueueDelayMs: link.meter.quantileDelayNs(0.99) / NS_PER_MS,
    utilisation: hasRate ? link.utilisation : null,
  };
}

function rateMbps(bytes: number, spanNs: Duration): number | null {
  return spanNs > 0 ? (bytes * 8e3) / spanNs : null;
}
