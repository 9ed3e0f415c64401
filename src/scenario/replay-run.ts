/**
 * An open-loop replay from captures and a path to its result. It owns the run: network, links, taps, the
 * clockwork and the ledger. Bytes come from sources that the caller opens and the trace goes to a sink of
 * the caller's; time is virtual. The same captures, scenario and seed give the same result everywhere.
 */
import { FlowTable } from '../analysis/flow-table.ts';
import { assert } from '../base/assert.ts';
import { NetError } from '../base/errors.ts';
import type { CidrBlock } from '../base/ip-address.ts';
import { type Bytes, NEVER } from '../base/units.ts';
import { FramePool } from '../frame/frame-pool.ts';
import type { FrameSink } from '../frame/frame-sink.ts';
import { NO_CHUNK, PayloadArena } from '../frame/payload-arena.ts';
import { Link } from '../net/link.ts';
import { Network } from '../net/network.ts';
import type { QueueProbe } from '../net/probed-queue.ts';
import { Tap } from '../net/tap.ts';
import type { ByteSource } from '../pcap/capture-stream.ts';
import { PcapngWriter } from '../pcap/pcapng-writer.ts';
import { PathSides } from '../traffic/path-sides.ts';
import { ReplayEntry } from '../traffic/replay-entry.ts';
import { ReplayExit } from '../traffic/replay-exit.ts';
import { INPUT_CHUNK_BYTES, ReplayInput } from '../traffic/replay-input.ts';
import { PathDirection, ReplayLedger } from '../traffic/replay-ledger.ts';
import { ReplayPieces } from '../traffic/replay-pieces.ts';
import { ReplaySource, type ReplayTiming } from '../traffic/replay-source.ts';
import { DEFAULT_MTU_BYTES, type PathLink, type PathPlan } from './build-path.ts';

/** A capture that can be opened, and for several rounds opened again. */
export interface CaptureFile {
  readonly name: string;
  open(): ByteSource | Promise<ByteSource>;
}

export interface ReplayConfig {
  readonly scenario: string;
  readonly seed: number;
  readonly path: PathPlan;
  readonly captures: readonly CaptureFile[];
  readonly inside: readonly CidrBlock[];
  readonly timing: ReplayTiming;
  /** How often the captures are replayed, one after the other. */
  readonly rounds: number;
  /** Encode and decode every frame at every link; changes nothing but the time it takes. */
  readonly wireAlways: boolean;
  /** Takes the capture of what left the path, a pcapng file piece by piece. */
  readonly traceSink?: ((bytes: Uint8Array) => void) | undefined;
  readonly queueProbe?: QueueProbe | undefined;
}

/** What one input turned out to be. */
export interface InputEnding {
  readonly name: string;
  readonly packets: number;
  readonly ending: string;
  readonly reason: string;
}

/** A link of the path in a run. */
export interface RunningLink {
  readonly link: Link;
  readonly direction: PathDirection;
  /** It has a rate or a trace, and so a utilisation. */
  readonly hasRate: boolean;
}

const CHUNKS_AT_LEAST = 8;
/** Progress is told once in so many batches of packets. */
const BATCHES_PER_REPORT = 16;

export class ReplayRun {
  readonly config: ReplayConfig;
  readonly network: Network;
  readonly ledger: ReplayLedger;
  readonly flows: FlowTable;
  readonly sides: PathSides;
  readonly source: ReplaySource;
  readonly entry: ReplayEntry;
  readonly links: readonly RunningLink[];
  readonly endings: InputEnding[] = [];
  readonly #arena: PayloadArena;
  readonly #exits: readonly ReplayExit[];
  readonly #trace: PcapngWriter | undefined;
  readonly #taps: Tap[] = [];
  /** Secrets and other blocks of each input that the trace has. */
  readonly #passed: { secrets: number; blocks: number }[];

  /** Throws NetError when the path makes no sense. */
  constructor(config: ReplayConfig) {
    this.config = config;
    const { path } = config;
    this.#passed = config.captures.map(() => ({ secrets: 0, blocks: 0 }));
    // Each input holds a chunk, the one before it and a spare; the trace and bytes made in the run one each.
    const inputChunks = 3 * config.captures.length + 3;
    const chunks = Math.ceil(path.arenaBytes / INPUT_CHUNK_BYTES) + inputChunks;
    this.#arena = new PayloadArena(
      INPUT_CHUNK_BYTES,
      Math.min(Math.max(CHUNKS_AT_LEAST, chunks), Math.floor((2 ** 31 - 1) / INPUT_CHUNK_BYTES)),
    );
    const pool = new FramePool(path.frameCapacity, this.#arena);
    const { seed, wireAlways, queueProbe } = config;
    this.network = new Network({ seed, pool, wireAlways, queueProbe });
    this.ledger = new ReplayLedger(pool, this.network.clock);
    this.network.observer = this.ledger;
    this.flows = new FlowTable(this.network.addresses);
    this.sides = new PathSides(this.flows, config.inside);
    this.#trace = config.traceSink && openTrace(this.#arena, config.traceSink);
    this.#exits = [
      new ReplayExit(this.network, this.ledger, 'server'),
      new ReplayExit(this.network, this.ledger, 'client'),
    ];
    const toServer = this.#connect(path.toServer, PathDirection.ToServer);
    const toClient = this.#connect(path.toClient, PathDirection.ToClient);
    this.links = [...toClient.links, ...toServer.links];
    const mtuBytes = [mtuOf(path.toServer), mtuOf(path.toClient)] as const;
    const { flows, sides, ledger } = this;
    const parts = { flows, sides, ledger, pieces: new ReplayPieces(this.network, mtuBytes) };
    const sinks = [toServer.entrance, toClient.entrance] as const;
    this.entry = new ReplayEntry(this.network, parts, { sinks, mtuBytes });
    this.source = new ReplaySource(this.network.scheduler, this.entry, config.timing);
  }

  /** Frames that left the path. */
  get deliveredFrames(): number {
    return this.#exits.reduce((sum, exit) => sum + exit.deliveredFrames, 0);
  }

  /**
   * Runs to the end. Throws NetError when a capture cannot be read at all; one that is cut or damaged is
   * replayed up to there, and `endings` says so.
   * @param onProgress called now and then with the bytes of captures that are used up
   */
  async run(onProgress: (bytes: Bytes) => void = () => {}): Promise<void> {
    let doneBytes = 0;
    for (let round = 0; round < this.config.rounds; round++) {
      const inputs = await this.#openInputs();
      const report = () =>
        onProgress(inputs.reduce((sum, each) => sum + each.reader.consumedBytes, doneBytes));
      await this.#runRound(inputs, report);
      for (const input of inputs) {
        doneBytes += input.reader.consumedBytes;
        if (round === 0) this.endings.push(describeEnding(input));
        input.close();
      }
    }
    this.network.scheduler.runUntil(NEVER);
    this.#trace?.flush();
    if (this.network.pool.inUse > 0) {
      const got = 'frames that stay in the path longer';
      throw NetError.value('replay', 'at most 100 days of virtual time', got);
    }
    for (const { link } of this.links) link.assertConserved();
  }

  async #openInputs(): Promise<ReplayInput[]> {
    const inputs: ReplayInput[] = [];
    const { captures } = this.config;
    for (const [index, capture] of captures.entries()) {
      const place = { index, count: captures.length };
      inputs.push(new ReplayInput(capture.name, place, await capture.open(), this.#arena));
    }
    return inputs;
  }

  /** Its loop runs once a batch of packets; iterators there would be the run's only steady garbage. */
  async #runRound(inputs: readonly ReplayInput[], report: () => void): Promise<void> {
    const { source } = this;
    const { scheduler } = this.network;
    source.begin(inputs);
    for (let batch = 0; ; batch++) {
      for (let hungry = source.hungryInput; hungry !== undefined; hungry = source.hungryInput) {
        const waiting = hungry.refill();
        if (waiting !== undefined) await waiting;
      }
      source.resume();
      this.#setTapEpoch();
      this.#passBlocks(inputs);
      if (batch % BATCHES_PER_REPORT === 0) report();
      if (source.isEnded) return;
      if (source.hungryInput !== undefined) continue;
      scheduler.runUntil(NEVER);
      if (source.isEnded) return;
      assert(source.hungryInput !== undefined, 'the replay stands still');
    }
  }

  /**
   * Secrets that decrypt the packets, names of their addresses and blocks that we do not know go into the trace
   * too, once, ahead of the packets read with them.
   */
  #passBlocks(inputs: readonly ReplayInput[]): void {
    if (this.#trace === undefined) return;
    for (let index = 0; index < inputs.length; index++) {
      const passed = this.#passed[index];
      const { secrets, carried } = inputs[index].reader;
      while (passed.secrets < secrets.length) this.#trace.addSecrets(secrets[passed.secrets++]);
      while (passed.blocks < carried.length) this.#trace.addBlock(carried[passed.blocks++]);
    }
  }

  #setTapEpoch(): void {
    const { epochSeconds, epochNanoseconds } = this.source;
    const taps = this.#taps;
    for (let at = 0; at < taps.length; at++) taps[at].setEpoch(epochSeconds, epochNanoseconds);
  }

  /** Joins the links of one direction from its end to its entrance. */
  #connect(
    plan: readonly PathLink[],
    direction: PathDirection,
  ): { entrance: FrameSink; links: RunningLink[] } {
    const end = direction === PathDirection.ToServer ? 'server' : 'client';
    let next: FrameSink = this.#exits[direction];
    next = this.#tap(`at ${end}`, next);
    const links: RunningLink[] = [];
    for (const { config, capture } of [...plan].reverse()) {
      if (capture === 'out' || capture === 'both') next = this.#tap(`${config.name} out`, next);
      const link = new Link(this.network, config);
      link.connect(next);
      const hasRate = config.trace !== undefined || Number.isFinite(config.rate);
      links.unshift({ link, direction, hasRate });
      next = link;
      if (capture === 'in' || capture === 'both') next = this.#tap(`${config.name} in`, next);
    }
    return { entrance: next, links };
  }

  #tap(name: string, to: FrameSink): FrameSink {
    if (this.#trace === undefined) return to;
    const tap = new Tap(this.network, this.#trace, name);
    tap.connect(to);
    this.#taps.push(tap);
    return tap;
  }
}

/** A writer that gathers blocks in the arena, where packets are: copying within one memory makes no garbage. */
function openTrace(arena: PayloadArena, sink: (bytes: Uint8Array) => void): PcapngWriter {
  const start = arena.openChunk();
  assert(start !== NO_CHUNK, 'a new arena has no chunk');
  return new PcapngWriter({
    sink,
    buffer: { bytes: arena.bytes, start, length: arena.chunkBytes },
  });
}

const mtuOf = (links: readonly PathLink[]): Bytes => links[0]?.config.mtuBytes ?? DEFAULT_MTU_BYTES;

function describeEnding({ name, reader }: ReplayInput): InputEnding {
  return {
    name,
    packets: reader.counters.packets,
    ending: reader.ending ?? 'not read to its end',
    reason: reader.reason,
  };
}
