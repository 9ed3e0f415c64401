/**
 * Agreement with the Linux kernel: every recording of a directory beside our run of the same conditions, with
 * a verdict. Ours is the mean over a few seeds of the hosts' small delays; with random loss the recorded
 * losses are imposed, and besides the kernel's goodput has to lie where one more run of ours would. A
 * recording whose own link was late too often is shown and not judged.
 */
import { summarise } from '../../../base/sample-statistics.ts';
import type { LossConfig } from '../../../net/impairment-config.ts';
import type { ControllerRegistry } from '../../../recovery/cc/controllers.ts';
import { fitStarts } from './fit-starts.ts';
import type { StartInterval } from './flow-starts.ts';
import { stallsOf } from './lateness.ts';
import {
  type Comparison,
  compareGoodput,
  comparePrediction,
  compareRetransmits,
  compareRtt,
  compareShare,
  PREDICTION_SEEDS,
  type Prediction,
  report,
} from './linux-bars.ts';
import { type LinuxRecord, lossesOfFlows, samplesByFlow } from './linux-record.ts';
import { type OurFlow, type OurRun, runAsRecorded } from './linux-run.ts';
import { windowError } from './window-curve.ts';

/** Over which ours is averaged, where loss is none or imposed. Flows in competition differ more from run to run. */
const MEAN_SEEDS = 5;
const MEAN_SEEDS_IN_COMPETITION = 10;
/** Of the frames a recording forwarded, those that may be more than 1 ms late. */
const LATE_RATIO_MAX = 0.05;

export type RecordVerdict = 'agrees' | 'differs' | 'not judged';

export interface LinuxFlowResult {
  readonly cc: string;
  readonly goodputMbps: Comparison;
  /** Of the flows' total goodput; null for a single flow. */
  readonly share: Comparison | null;
  readonly meanRttMs: Comparison;
  readonly retransmits: Comparison;
  /** Goodput under random loss of ours; null without loss. */
  readonly goodputPrediction: Prediction | null;
  /** Mean distance of the windows over time, over the mean of theirs; the first seed's. */
  readonly cwndError: number;
}

export interface LinuxRecordResult {
  readonly name: string;
  readonly repeat: number;
  readonly verdict: RecordVerdict;
  /** Why it is not judged. */
  readonly reason: string | null;
  readonly lateRatio: number;
  readonly peakQueueBytes: { readonly theirs: number; readonly ours: number } | null;
  readonly flows: readonly LinuxFlowResult[];
}

export interface LinuxAgreementOptions {
  readonly registry: ControllerRegistry;
  /** Called after each run with the runs done and all there are. */
  readonly onProgress?: (done: number, total: number) => void;
}

export function compareWithLinux(
  records: readonly LinuxRecord[],
  options: LinuxAgreementOptions,
): LinuxRecordResult[] {
  const { registry, onProgress } = options;
  const total = records.reduce((sum, record) => sum + runsOf(record), 0);
  let done = 0;
  const runs = new RunCache(registry, () => onProgress?.(++done, total));
  return records.map((record) => compareRecord(record, records, runs));
}

const meanSeedsOf = ({ flows }: LinuxRecord): number =>
  flows.length > 1 ? MEAN_SEEDS_IN_COMPETITION : MEAN_SEEDS;

const runsOf = (record: LinuxRecord): number =>
  meanSeedsOf(record) + (record.loss > 0 ? PREDICTION_SEEDS : 0);

/** Runs of the same conditions, made once. */
class RunCache {
  readonly registry: ControllerRegistry;
  readonly #onRun: () => void;
  readonly #runs = new Map<string, OurRun>();
  readonly #starts = new Map<LinuxRecord, StartInterval[] | undefined>();

  constructor(registry: ControllerRegistry, onRun: () => void) {
    this.registry = registry;
    this.#onRun = onRun;
  }

  run(record: LinuxRecord, loss: LossConfig | undefined, seed: number): OurRun {
    const { rateMbps, rttMs, queueBytes, seconds, flows } = record;
    const ccs = flows.map(({ cc }) => cc);
    const stalls = stallsOfRecord(record);
    const starts = this.#startsOf(record);
    const link = [rateMbps, rttMs, queueBytes, seconds, loss, stalls];
    const key = JSON.stringify([link, ccs, starts, seed]);
    const run =
      this.#runs.get(key) ??
      runAsRecorded({ ...record, starts, stalls }, this.registry, loss, seed);
    this.#runs.set(key, run);
    this.#onRun();
    return run;
  }

  #startsOf(record: LinuxRecord): StartInterval[] | undefined {
    if (!this.#starts.has(record)) this.#starts.set(record, fitStarts(record, this.registry));
    return this.#starts.get(record);
  }

  /** One run for each of the first `count` seeds. */
  runAll(record: LinuxRecord, loss: LossConfig | undefined, count: number): OurRun[] {
    return Array.from({ length: count }, (_, index) => this.run(record, loss, index + 1));
  }
}

function compareRecord(
  record: LinuxRecord,
  all: readonly LinuxRecord[],
  runs: RunCache,
): LinuxRecordResult {
  const { name, repeat, link } = record;
  const lateRatio = link.over1ms / link.forward;
  const facts = { name, repeat, lateRatio };
  const known = runs.registry.entries.map((entry) => entry.name);
  const unknown = record.flows.find(({ cc }) => !known.includes(cc));
  if (unknown !== undefined) {
    const reason = `no controller ${unknown.cc}`;
    return { ...facts, verdict: 'not judged', reason, peakQueueBytes: null, flows: [] };
  }
  const ours = runs.runAll(record, imposedLoss(record, all), meanSeedsOf(record));
  const chance: LossConfig = { kind: 'random', ratio: record.loss, correlation: 0 };
  const random = record.loss > 0 ? runs.runAll(record, chance, PREDICTION_SEEDS) : [];
  // This record first, then its repeats.
  const repeats = all.filter((other) => other !== record && isRepeat(other, record));
  const flows = record.flows.map((_, index) =>
    compareFlow(index, [record, ...repeats], ours, random),
  );
  const isLate = lateRatio > LATE_RATIO_MAX;
  return {
    ...facts,
    verdict: isLate ? 'not judged' : flows.every(flowAgrees) ? 'agrees' : 'differs',
    reason: isLate ? 'its own link was late' : null,
    peakQueueBytes: {
      theirs: link.peakQueueBytes,
      ours: summarise(ours.map((run) => run.peakQueueBytes)).mean,
    },
    flows,
  };
}

/** The same conditions recorded again. */
function isRepeat(other: LinuxRecord, record: LinuxRecord): boolean {
  const conditionsOf = ({ name, rateMbps, rttMs, queueBytes, loss, seconds, flows }: LinuxRecord) =>
    JSON.stringify([name, rateMbps, rttMs, queueBytes, loss, seconds, flows.map(({ cc }) => cc)]);
  return conditionsOf(other) === conditionsOf(record);
}

function stallsOfRecord({ link, seconds }: LinuxRecord) {
  const { over1ms, forward, latestMs = 0 } = link;
  return stallsOf({ over1ms, frames: forward, seconds, latestMs });
}

/** The recorded losses; of a record that says only how many, the same chance. */
function imposedLoss(record: LinuxRecord, all: readonly LinuxRecord[]): LossConfig | undefined {
  if (record.loss === 0) return undefined;
  const ordinals = lossesOfFlows(record, longestPattern(record, all));
  return ordinals === undefined
    ? { kind: 'random', ratio: record.loss, correlation: 0 }
    : { kind: 'ordinals', ordinals };
}

/** Records of one loss rate share a pattern, and a longer one tells how a shorter one goes on. */
function longestPattern(record: LinuxRecord, all: readonly LinuxRecord[]) {
  const own = record.lossOrdinals;
  if (own === undefined) return undefined;
  let longest = own;
  for (const { loss, lossOrdinals = [] } of all) {
    if (loss !== record.loss || lossOrdinals.length <= longest.length) continue;
    if (own.every((ordinal, index) => lossOrdinals[index] === ordinal)) longest = lossOrdinals;
  }
  return longest;
}

function compareFlow(
  index: number,
  recordings: readonly [LinuxRecord, ...LinuxRecord[]],
  ours: readonly OurRun[],
  random: readonly OurRun[],
): LinuxFlowResult {
  const [record] = recordings;
  const theirs = (value: (record: LinuxRecord) => number) => recordings.map(value) as [number];
  const flowOf = ({ flows }: LinuxRecord) => flows[index] as LinuxRecord['flows'][number];
  const figure = (value: (flow: OurFlow) => number) =>
    summarise(ours.map((run) => value(run.flows[index] as OurFlow))).mean;
  const goodputs = theirs((recording) => flowOf(recording).goodputMbps);
  const goodput = figure((flow) => flow.goodputMbps);
  const isAlone = record.flows.length === 1;
  const hasLoss = record.loss > 0;
  return {
    cc: flowOf(record).cc,
    goodputMbps:
      isAlone || hasLoss
        ? compareGoodput(goodputs, goodput, hasLoss)
        : report(goodputs[0], goodput),
    share: isAlone
      ? null
      : compareShare(
          theirs((r) => shareOf(r.flows, index)),
          meanShare(ours, index),
        ),
    meanRttMs: compareRtt(
      theirs((recording) => flowOf(recording).meanRttMs),
      figure((flow) => flow.meanRttMs),
    ),
    retransmits: compareRetransmits(
      theirs((recording) => flowOf(recording).retransmits),
      figure((flow) => flow.retransmits),
    ),
    goodputPrediction: hasLoss
      ? comparePrediction(
          goodputs[0],
          random.map((run) => (run.flows[index] as OurFlow).goodputMbps),
        )
      : null,
    cwndError: windowError(
      samplesByFlow(record)[index] as OurFlow['samples'],
      ((ours[0] as OurRun).flows[index] as OurFlow).samples,
    ),
  };
}

function shareOf(flows: readonly { readonly goodputMbps: number }[], index: number): number {
  const total = flows.reduce((sum, { goodputMbps }) => sum + goodputMbps, 0);
  return (flows[index]?.goodputMbps ?? 0) / total;
}

const meanShare = (ours: readonly OurRun[], index: number): number =>
  summarise(ours.map((run) => shareOf(run.flows, index))).mean;

function flowAgrees(flow: LinuxFlowResult): boolean {
  const judged: readonly (Comparison | Prediction | null)[] = [
    flow.goodputMbps,
    flow.share,
    flow.meanRttMs,
    flow.retransmits,
    flow.goodputPrediction,
  ];
  return judged.every((comparison) => comparison?.verdict !== 'differs');
}
