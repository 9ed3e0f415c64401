/**
 * Canonical runs whose allocation is measured, in a process of their own that has nothing else to do:
 * `node --expose-gc … measured-runs.js NAME` prints what the run NAME took. Bundled and started by
 * replay-alloc.test.ts, with room enough that a run below its budget needs no collection.
 */
import { PerformanceObserver, performance } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { getHeapStatistics } from 'node:v8';
import { analyzeCapture } from '../../src/analysis/analyze-capture.ts';
import { NEVER } from '../../src/base/units.ts';
import { RandomSource } from '../../src/engine/random.ts';
import {
  type EventSink,
  Scheduler,
  SourceClass,
  type SourceId,
} from '../../src/engine/scheduler.ts';
import { FRAME_SHIFT, type FrameId, FrameWord } from '../../src/frame/frame-record.ts';
import type { FrameSink } from '../../src/frame/frame-sink.ts';
import { Link } from '../../src/net/link.ts';
import type { Network } from '../../src/net/network.ts';
import { MemorySource } from '../../src/pcap/memory-source.ts';
import { PcapWriter } from '../../src/pcap/pcap-writer.ts';
import { ControllerRegistry } from '../../src/recovery/cc/controllers.ts';
import { buildPath } from '../../src/scenario/build-path.ts';
import { findScenario } from '../../src/scenario/catalog/catalog.ts';
import { FlowRun } from '../../src/scenario/flow-run.ts';
import { completeTexts, type ParameterTexts } from '../../src/scenario/parameters.ts';
import { ReplayRun } from '../../src/scenario/replay-run.ts';
import { parseScenario, type ScenarioInput } from '../../src/scenario/schema.ts';
import { createNetwork } from '../support/network.ts';
import { ACK, segmentFrame } from '../support/packet-feed.ts';

/** Runs `units` packets or events; tells now and then how many are done. */
type Run = (units: number, onProgress: (done: number) => void) => void | Promise<void>;

export interface Measured {
  /** Heap allocated a packet or event, between two points of the long run. */
  bytesPerUnit: number;
  units: number;
  /** Collections of a run, and of one five times as long. */
  collections: number;
  collectionsOfLong: number;
  /** While bytesPerUnit was measured: any would spoil it. */
  collectionsWithin: number;
}

const PACKET_BYTES = 96;
const RECORD_BYTES = 16 + PACKET_BYTES;
const FLOWS = 16;
/** 1,000 bytes every 4 µs: 2 Gbit/s, of which the bottlenecks below pass three quarters. */
const GAP_NS = 4000;
const ORIGINAL_BYTES = 1000;
/**
 * All but the first packet come late: instants are then beyond 2^31 ns, as in most of any run, and no small
 * integers; and bins of queue depth are wide, so that what a bin costs does not hide what a packet costs.
 */
const LATE_NS = 100e9;
/** A full frame's. */
const SEGMENT_BITS = 1514 * 8;
const UNITS = 60_000;
const LONG = 5;

/** Segments of the servers of some flows, one in ten an ACK of a client. */
function makeCapture(packets: number): Uint8Array {
  const capture = new Uint8Array(24 + packets * RECORD_BYTES);
  let used = 0;
  const sink = (bytes: Uint8Array) => {
    capture.set(bytes, used);
    used += bytes.length;
  };
  const writer = new PcapWriter({ linkType: 1, snapLength: PACKET_BYTES, sink });
  const frames = Array.from({ length: FLOWS * 2 }, (_, index) => {
    const ports: [number, number] = [50_000 + (index >> 1), 443];
    const isFromClient = (index & 1) === 1;
    const length = ORIGINAL_BYTES - 54;
    return Uint8Array.from(segmentFrame({ seq: 0, flags: ACK, length, ports }, isFromClient));
  });
  for (let packet = 0; packet < packets; packet++) {
    const index = (packet % FLOWS) * 2 + (packet % 10 === 0 ? 1 : 0);
    const frame = frames[index] as Uint8Array;
    new DataView(frame.buffer).setUint32(38, Math.floor(packet / FLOWS) * 946);
    const ns = packet === 0 ? 0 : LATE_NS + packet * GAP_NS;
    const seconds = 1_700_000_000 + Math.floor(ns / 1e9);
    writer.writePacket(seconds, ns % 1e9, frame, 0, PACKET_BYTES, ORIGINAL_BYTES);
  }
  writer.flush();
  return capture;
}

function replayOver(
  path: ScenarioInput['path'],
  how: { traced?: boolean; wireAlways?: boolean } = {},
): Run {
  return async (packets, onProgress) => {
    const bytes = makeCapture(packets);
    const traces = new Map([['steady', '1\n'.repeat(125)]]);
    let written = 0;
    const run = new ReplayRun({
      scenario: 'measured',
      seed: 1,
      path: buildPath(parseScenario('measured', { path }), traces),
      captures: [{ name: 'memory', open: () => new MemorySource(bytes) }],
      inside: [],
      timing: { speed: 1 },
      rounds: 1,
      wireAlways: how.wireAlways ?? false,
      traceSink: how.traced
        ? (piece) => {
            written += piece.length;
          }
        : undefined,
    });
    await run.run((consumed) => onProgress(consumed / RECORD_BYTES));
    if (how.traced && written < packets * PACKET_BYTES) throw new Error('too little was written');
  };
}

/** Hands built frames to a link at a constant rate, and ends those that come out. */
class FrameSource implements EventSink, FrameSink {
  left = 0;
  link: Link | undefined;
  readonly #network: Network;
  readonly #source: SourceId;

  constructor(network: Network) {
    this.#network = network;
    this.#source = network.scheduler.register(this, 0, SourceClass.Application);
  }

  onEvent(): void {
    const { pool, scheduler } = this.#network;
    const frame = pool.allocate();
    const at = frame << FRAME_SHIFT;
    pool.words[at + FrameWord.WireLength] = ORIGINAL_BYTES;
    pool.words[at + FrameWord.Seq] = this.left;
    (this.link as Link).deliver(frame);
    if (--this.left === 0) return;
    scheduler.deadlineNs[this.#source] = Math.max(LATE_NS, scheduler.clock.nowNs + GAP_NS);
    scheduler.arm(this.#source);
  }

  deliver(frame: FrameId): void {
    this.#network.recordDelivery(frame, 0);
    this.#network.pool.release(frame);
  }
}

const linkAlone: Run = (frames, onProgress) => {
  const network = createNetwork();
  const source = new FrameSource(network);
  source.link = new Link(network, {
    name: 'link',
    rate: 1500e6,
    delayNs: 1e6,
    queue: { bytes: 100_000 },
    recordsDepth: true,
  });
  source.link.connect(source);
  source.left = frames;
  network.scheduler.deadlineNs[0] = 0;
  network.scheduler.arm(0 as SourceId);
  for (let done = 0; source.left > 0; done = frames - source.left) {
    onProgress(done);
    network.scheduler.runUntil(Math.max(LATE_NS, network.clock.nowNs) + 1000 * GAP_NS);
  }
  onProgress(frames);
  network.scheduler.runUntil(NEVER);
};

/** Sources that re-arm themselves at random, one in four again before it fires, now earlier, now later. */
class Holder implements EventSink {
  left = 0;
  readonly #scheduler: Scheduler;
  readonly #random = RandomSource.fromSeed(1);

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  onEvent(source: number): void {
    const scheduler = this.#scheduler;
    scheduler.deadlineNs[source] = scheduler.clock.nowNs + this.#random.below(1e6);
    scheduler.arm(source as SourceId);
    if ((source & 3) === 0) {
      const other = source + 1;
      scheduler.deadlineNs[other] = scheduler.clock.nowNs + this.#random.below(1e6);
      scheduler.arm(other as SourceId);
    }
    if (--this.left === 0) scheduler.stop();
  }
}

const schedulerAlone: Run = (events, onProgress) => {
  const scheduler = new Scheduler(1024);
  const holder = new Holder(scheduler);
  for (let source = 0; source < 1024; source++) {
    scheduler.register(holder, source, SourceClass.Application);
    scheduler.deadlineNs[source] = LATE_NS + source;
    scheduler.arm(source as SourceId);
  }
  for (let done = 0; done < events; done += 1000) {
    onProgress(done);
    holder.left = 1000;
    scheduler.runUntil(NEVER);
  }
  onProgress(events);
};

const analysis: Run = async (packets, onProgress) => {
  const source = new MemorySource(makeCapture(packets));
  await analyzeCapture(source, 'memory', (bytes) => onProgress(bytes / RECORD_BYTES));
};

/** TCP over a dumbbell, with drops and recoveries; a unit is a data segment that left the bottleneck. */
function transfersOver(texts: ParameterTexts, scenario = 'dumbbell'): Run {
  return (segments, onProgress) => {
    const entry = findScenario(scenario);
    const duration = `${Math.ceil((segments * SEGMENT_BITS) / 1e6)} ms`;
    const parameters = completeTexts(entry.parameters, { ...texts, rate: '1 Gbps', duration });
    const { plan } = entry.build(parameters, {
      seed: 1,
      controllers: ControllerRegistry.withBuiltIns(),
      wireAlways: false,
      trace: undefined,
    });
    const run = new FlowRun(plan, false);
    run.run(() => onProgress(plan.reportedLinks[0]?.forwardedDataPackets ?? 0));
  };
}

const bottleneck = { rate: '1.5 Gbps', delay: '2 ms', queue: '64 KiB' };

const RUNS: Readonly<Record<string, Run>> = {
  scheduler: schedulerAlone,
  link: linkAlone,
  replay: replayOver({ toClient: bottleneck, toServer: bottleneck }),
  'impaired replay': replayOver({
    toClient: {
      rate: '1.7 Gbps',
      delay: '2 ms 300 us 20 % distribution normal',
      queue: '64 KiB',
      loss: 'gemodel 1 % 20 %',
      duplicate: '1 %',
      reorder: '2 % gap 3',
      corrupt: '1 % bits 3',
    },
    toServer: { loss: '1 % 30 %', delay: '1 ms 1 ms distribution pareto' },
  }),
  'scheduled replay': replayOver({
    toClient: {
      ...bottleneck,
      schedule: {
        changes: [
          { at: '10 ms', rate: '900 Mbps', delay: '3 ms' },
          { at: '20 ms', rate: '3 Gbps', delay: '1 ms' },
          { at: '30 ms', up: false },
          { at: '31 ms', up: true },
        ],
        every: '40 ms',
      },
    },
  }),
  'replay over a delivery trace': replayOver({ toClient: { trace: 'steady', queue: '64 KiB' } }),
  'captured replay': replayOver({ toClient: { ...bottleneck, capture: 'both' } }, { traced: true }),
  ...Object.fromEntries(
    [
      'codel',
      'fq_codel',
      'pie',
      'fq_pie',
      'red',
      'dualpi2',
      'drr',
      'prio',
      'tbf rate 1500Mbps burst 64KiB',
      'step',
    ].map((qdisc) => [`replay with ${qdisc}`, replayOver({ toClient: { ...bottleneck, qdisc } })]),
  ),
  'replay with bytes at every hop': replayOver({ toClient: bottleneck }, { wireAlways: true }),
  analysis,
  dumbbell: transfersOver({ rtt: '20 ms', flows: '16', stagger: '1 ms' }),
  'dumbbell with losses': transfersOver({
    rtt: '2 ms',
    flows: '16',
    stagger: '1 ms',
    loss: '0.5 %',
  }),
  'dumbbell with AccECN': transfersOver({
    rtt: '2 ms',
    flows: '16',
    stagger: '1 ms',
    cc: 'prague',
    qdisc: 'dualpi2',
    queue: '1000 packets',
  }),
  'star that pauses and cuts through': transfersOver(
    {
      hosts: '9',
      pattern: 'incast',
      size: 'endless',
      pfc: 'alpha 0.1',
      forwarding: 'cut-through',
    },
    'star',
  ),
};

const collect = globalThis.gc as () => void;
/** When collections began that nobody asked for. */
const collectionsMs: number[] = [];
const FORCED = 4;
const observer = new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    const { flags } = (entry as unknown as { detail: { flags: number } }).detail;
    if ((flags & FORCED) === 0) collectionsMs.push(entry.startTime);
  }
});
observer.observe({ entryTypes: ['gc'] });

/** A moment of a run: units done, heap in use, time. */
const momentAt = (done: number) => ({
  done,
  heapBytes: getHeapStatistics().used_heap_size,
  ms: performance.now(),
});

/** Collections from one time to another, once they have been told. */
async function collectionsBetween(fromMs: number, toMs: number): Promise<number> {
  await nextTurn();
  return collectionsMs.filter((ms) => ms >= fromMs && ms <= toMs).length;
}

async function countCollections(action: () => void | Promise<void>): Promise<number> {
  collect();
  const fromMs = performance.now();
  await action();
  return await collectionsBetween(fromMs, performance.now());
}

async function measure(run: Run): Promise<Measured> {
  const ignore = () => {};
  await run(UNITS * LONG, ignore); // The compiler's own allocation comes first.
  const collections = await countCollections(() => run(UNITS, ignore));
  const collectionsOfLong = await countCollections(() => run(UNITS * LONG, ignore));
  let from: ReturnType<typeof momentAt> | undefined;
  let to: typeof from;
  // A third time: what is compiled for objects of one run is thrown away with them.
  await run(UNITS * LONG, (done) => {
    if (from === undefined && done >= UNITS) {
      collect();
      from = momentAt(done);
    } else if (to === undefined && done >= UNITS * (LONG - 0.5)) {
      to = momentAt(done);
    }
  });
  if (from === undefined || to === undefined) throw new Error('the run told no progress');
  const units = Math.round(to.done - from.done);
  const collectionsWithin = await collectionsBetween(from.ms, to.ms);
  const bytesPerUnit = (to.heapBytes - from.heapBytes) / units;
  return { bytesPerUnit, units, collections, collectionsOfLong, collectionsWithin };
}

const run = RUNS[process.argv[2] ?? ''];
if (run === undefined) console.log(JSON.stringify(Object.keys(RUNS)));
else console.log(JSON.stringify(await measure(run)));
