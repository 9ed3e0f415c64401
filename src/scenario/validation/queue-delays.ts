/**
 * Queueing delay of the packets that leave one link in a scenario of the catalogue, after a warm-up, by a probe at
 * its queue: what experiments on queue disciplines measure. Acknowledgments and other small packets count too.
 */
import { HistogramRows } from '../../base/histogram.ts';
import { type Duration, type Instant, NS_PER_SECOND } from '../../base/units.ts';
import { ECN_MASK, FRAME_SHIFT, FrameWord, MetaShift } from '../../frame/frame-record.ts';
import type { Network } from '../../net/network.ts';
import type { QueueProbe } from '../../net/probed-queue.ts';
import { ControllerRegistry } from '../../recovery/cc/controllers.ts';
import { assembleRun, type RunFacts } from '../assemble-run.ts';
import { findScenario } from '../catalog/catalog.ts';
import { FlowRun } from '../flow-run.ts';
import { completeTexts, type ParameterTexts } from '../parameters.ts';

export interface QueueDelayRun {
  readonly scenario: string;
  readonly parameters: ParameterTexts;
  readonly seed: number;
  /** Name of the link. */
  readonly link: string;
  readonly warmUpSeconds: number;
  /** Only packets marked ECT(1) or CE: those of L4S (RFC 9331 §2). */
  readonly isOnlyL4s?: boolean;
}

export interface QueueDelays {
  readonly meanMs: number;
  readonly p99Ms: number;
  readonly packets: number;
  /** Of the packets that count. */
  readonly drops: number;
  readonly facts: RunFacts;
}

const NS_PER_MS = 1e6;

class DelayProbe implements QueueProbe {
  readonly delays = new HistogramRows();
  readonly row: number;
  drops = 0;
  readonly #run: QueueDelayRun;
  readonly #fromNs: Instant;

  constructor(run: QueueDelayRun) {
    this.#run = run;
    this.#fromNs = run.warmUpSeconds * NS_PER_SECOND;
    this.row = this.delays.addRow();
  }

  onQueueEvent(network: Network, event: Parameters<QueueProbe['onQueueEvent']>[1]): void {
    const { kind, frame, place, sojournNs } = event;
    if (kind !== 'dequeue' && kind !== 'drop') return;
    if (network.clock.nowNs < this.#fromNs || network.placeName(place) !== this.#run.link) return;
    const meta = network.pool.words[(frame << FRAME_SHIFT) + FrameWord.Meta];
    const isL4s = ((meta >>> MetaShift.TrafficClass) & ECN_MASK & 1) === 1;
    if (this.#run.isOnlyL4s === true && !isL4s) return;
    if (kind === 'drop') {
      this.drops++;
      return;
    }
    this.delays.valueNs[0] = sojournNs;
    this.delays.record(this.row);
  }
}

export function measureQueueDelays(run: QueueDelayRun): QueueDelays {
  const probe = new DelayProbe(run);
  const entry = findScenario(run.scenario);
  const { plan } = entry.build(completeTexts(entry.parameters, run.parameters), {
    seed: run.seed,
    controllers: ControllerRegistry.withBuiltIns(),
    wireAlways: false,
    trace: undefined,
    queueProbe: probe,
  });
  const flows = new FlowRun(plan, false);
  flows.run();
  const { delays, row } = probe;
  const ms = (ns: Duration) => ns / NS_PER_MS;
  return {
    meanMs: ms(delays.mean(row)),
    p99Ms: ms(delays.quantile(row, 0.99)),
    packets: delays.count(row),
    drops: probe.drops,
    facts: assembleRun(flows),
  };
}
