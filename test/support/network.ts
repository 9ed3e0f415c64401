/** A network, a source and a sink small enough to test one link with. */
import type { Instant } from '../../src/base/units.ts';
import { type EventSink, SourceClass, type SourceId } from '../../src/engine/scheduler.ts';
import { FramePool } from '../../src/frame/frame-pool.ts';
import {
  CapturedExtra,
  FRAME_SHIFT,
  type FrameId,
  FrameWord,
} from '../../src/frame/frame-record.ts';
import type { FrameSink } from '../../src/frame/frame-sink.ts';
import { PayloadArena } from '../../src/frame/payload-arena.ts';
import { Link } from '../../src/net/link.ts';
import type { LinkConfig } from '../../src/net/link-config.ts';
import { Network } from '../../src/net/network.ts';
import { fillCapturedFrame } from '../../src/wire/captured-frame.ts';
import { dissect } from '../../src/wire/dissect.ts';
import { LinkLayer } from '../../src/wire/link-layer.ts';
import { PacketColumns } from '../../src/wire/packet-columns.ts';

export const MS = 1e6;
const CLIENT = Int32Array.of(0, 0, 0xffff, 0x0a000001);
const SERVER = Int32Array.of(0, 0, 0xffff, 0x0a000002);

export function createNetwork(
  options: { seed?: number; frames?: number; wireAlways?: boolean } = {},
) {
  const pool = new FramePool(options.frames ?? 512, new PayloadArena(1 << 16, 8));
  return new Network({ seed: options.seed ?? 1, pool, wireAlways: options.wireAlways ?? false });
}

/** A built TCP segment whose sequence number is its ordinal; UDP when it is too short for that. */
export function buildFrame(network: Network, length: number, ordinal: number): FrameId {
  const frame = network.pool.allocate();
  const { words } = network.pool;
  const at = frame << FRAME_SHIFT;
  words.fill(0, at, at + FrameWord.Meta);
  words[at + FrameWord.Seq] = ordinal;
  words[at + FrameWord.WireLength] = length;
  const isTcp = length >= 54;
  words[at + FrameWord.Src] = network.addresses.intern(CLIENT, 0);
  words[at + FrameWord.Dst] = network.addresses.intern(SERVER, 0);
  words[at + FrameWord.PayloadLength] = Math.max(0, length - (isTcp ? 54 : 42));
  words[at + FrameWord.Meta] = isTcp ? 6 : 17;
  return frame;
}

export interface Arrival {
  readonly atNs: Instant;
  readonly length: number;
}

/** Sends frames at given times (ascending); several of one instant in one event. */
export class ArrivalSource<T extends Arrival = Arrival> implements EventSink {
  readonly #network: Network;
  readonly #source: SourceId;
  readonly #arrivals: readonly T[];
  readonly #to: FrameSink;
  readonly #build: (arrival: T, ordinal: number) => FrameId;
  #next = 0;

  constructor(
    network: Network,
    arrivals: readonly T[],
    to: FrameSink,
    build = ({ length }: T, ordinal: number) => buildFrame(network, length, ordinal),
  ) {
    this.#network = network;
    this.#arrivals = arrivals;
    this.#to = to;
    this.#build = build;
    this.#source = network.scheduler.register(this, 0, SourceClass.Application);
    this.#arm();
  }

  onEvent(): void {
    const now = this.#network.clock.nowNs;
    for (;;) {
      const arrival = this.#arrivals[this.#next];
      if (arrival?.atNs !== now) break;
      this.#to.deliver(this.#build(arrival, this.#next++));
    }
    this.#arm();
  }

  #arm(): void {
    const arrival = this.#arrivals[this.#next];
    if (arrival === undefined) return;
    this.#network.scheduler.deadlineNs[this.#source] = arrival.atNs;
    this.#network.scheduler.arm(this.#source);
  }
}

/** `count` frames of one length, one every `intervalNs`. */
export function constantRate(count: number, intervalNs: number, length: number): Arrival[] {
  return Array.from({ length: count }, (_, index) => ({ atNs: index * intervalNs, length }));
}

/** Keeps ordinal, time and meta word of every frame that comes, and releases it. */
export class Collector implements FrameSink {
  readonly ordinals: number[] = [];
  readonly timesNs: Instant[] = [];
  readonly metas: number[] = [];
  readonly #network: Network;
  readonly #place: number;

  constructor(network: Network) {
    this.#network = network;
    this.#place = network.addPlace('collector');
  }

  deliver(frame: FrameId): void {
    const { words } = this.#network.pool;
    const at = frame << FRAME_SHIFT;
    this.ordinals.push(words[at + FrameWord.Seq]);
    this.metas.push(words[at + FrameWord.Meta]);
    this.timesNs.push(this.#network.clock.nowNs);
    this.#network.recordDelivery(frame, this.#place);
    this.#network.pool.release(frame);
  }
}

/** Sends the arrivals through one link to the end and checks conservation; `events` are all events run. */
export function runThroughLink(
  config: Omit<LinkConfig, 'name'>,
  arrivals: readonly Arrival[],
  options: Parameters<typeof createNetwork>[0] = {},
) {
  const network = createNetwork({ frames: arrivals.length * 2 + 16, ...options });
  const collector = new Collector(network);
  const link = new Link(network, { name: 'link', ...config });
  link.connect(collector);
  new ArrivalSource(network, arrivals, link);
  network.scheduler.runUntil(Number.MAX_SAFE_INTEGER);
  link.assertConserved();
  return { network, link, collector, events: network.scheduler.eventCount };
}

const columns = new PacketColumns(1);

/** A captured frame over bytes of an Ethernet capture, cut to `storedLength`; its sequence word stays what it says. */
export function captureFrame(
  network: Network,
  bytes: readonly number[],
  storedLength = bytes.length,
): FrameId {
  const { pool, addresses, payloadWriter } = network;
  const arena = pool.payloads;
  const offset = payloadWriter.reserve(storedLength);
  arena.bytes.set(bytes.slice(0, storedLength), offset);
  arena.retain(offset);
  dissect(arena.view, offset, storedLength, bytes.length, LinkLayer.Ethernet, columns, 0);
  const frame = pool.allocate();
  fillCapturedFrame(pool, addresses, frame, columns, 0);
  const at = frame << FRAME_SHIFT;
  pool.words[at + FrameWord.Payload] = offset;
  pool.extraWords[at + CapturedExtra.CapturedLength] = storedLength;
  pool.extraWords[at + CapturedExtra.OriginalLength] = bytes.length;
  pool.extraWords[at + CapturedExtra.LinkLayer] = LinkLayer.Ethernet;
  pool.extraWords[at + CapturedExtra.NetworkOffset] = columns.networkOffset[0];
  return frame;
}
