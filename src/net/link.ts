/**
 * One direction of a link: impairments at its entrance, a queue, a transmitter with a rate or a recorded
 * trace, and a line with a delay. What it is made of depends on what may happen to it: a plain link is a row
 * (link-rows) and costs one event a frame; one on which anything can change has an entrance and parts.
 *
 * Order at the entrance: planned changes of this instant, down, MTU, loss, duplication, corruption, queue.
 * Every frame ends in exactly one way: arrived + duplicated = forwarded + dropped + inside.
 * Hot: no allocation per frame.
 */
import { assert } from '../base/assert.ts';
import type { DepthColumns, DepthSeries } from '../base/depth-series.ts';
import type { Bytes } from '../base/units.ts';
import type { FrameId } from '../frame/frame-record.ts';
import type { FrameSink } from '../frame/frame-sink.ts';
import { checkLinkConfig, type LinkConfig } from './link-config.ts';
import { LinkEntrance } from './link-entrance.ts';
import { CELL_SHIFT, LinkCell, type LinkRows, LinkWord, NO_ROW, WORD_SHIFT } from './link-rows.ts';
import type { Network } from './network.ts';
import { type LinkMeter, RowMeter } from './queue-meter.ts';
import { VaryingLine } from './varying-line.ts';

export class Link implements FrameSink {
  readonly name: string;
  readonly #network: Network;
  readonly #rows: LinkRows;
  readonly #row: number;
  /** Undefined for a plain link: its row does it all. */
  readonly #entrance: LinkEntrance | undefined;

  /** Throws NetError for a configuration that makes no sense. */
  constructor(network: Network, config: LinkConfig) {
    checkLinkConfig(config);
    const { links } = network;
    const { name, processingDelayNs = 0 } = config;
    const row = links.add(network.addPlace(name));
    this.name = name;
    this.#network = network;
    this.#rows = links;
    this.#row = row;
    this.#entrance = LinkEntrance.isNeeded(network, config)
      ? new LinkEntrance(network, row, config)
      : undefined;
    if (this.#entrance?.parts !== undefined) return;
    const spread = processingDelayNs > 0 ? network.random.fork(`${name} processing`) : undefined;
    links.makePlain(row, links.kinds.kindOf(config), spread);
    if (config.recordsWaits !== false) links.recordWaits(row);
    if (config.recordsDepth === true) links.recordDepth(row);
  }

  /** Where frames go that leave the far end. Before the first frame arrives. */
  connect(to: FrameSink): void {
    this.#rows.sinks[this.#row] = to;
  }

  /** Of network.links: who has a frame for it may call arrive instead of deliver. NO_ROW where it has an entrance. */
  get row(): number {
    return this.#entrance === undefined ? this.#row : NO_ROW;
  }

  /** Takes ownership of a frame that arrives at the entrance. */
  deliver(frame: FrameId): void {
    if (this.#entrance === undefined) this.#rows.arrive(this.#row, frame);
    else this.#entrance.admit(frame);
  }

  /**
   * Takes the link down or up, from now until the schedule says otherwise. Going down drops the frame in
   * transmission and the queue; frames on the line arrive. Only for a link with isSwitchable or a schedule.
   */
  setUp(up: boolean): void {
    assert(this.#entrance !== undefined, 'a link that is not switchable was switched');
    this.#entrance.setUp(up);
  }

  /** Nothing waits or is in transmission: what arrives now leaves now. */
  get isIdle(): boolean {
    const parts = this.#entrance?.parts;
    if (parts === undefined) return this.#rows.isIdle(this.#row);
    const { serializer, transmitter } = parts;
    return serializer.endNs <= this.#network.clock.nowNs && transmitter.backlogPackets === 0;
  }

  /** Its queue, a discipline of its own, has let go what it held back. */
  wake(): void {
    this.#entrance?.parts?.evented?.wake();
  }

  get isUp(): boolean {
    return this.#entrance?.isUp ?? true;
  }

  /** Where its drops are counted: Network.dropCount. */
  get place(): number {
    return this.#rows.place(this.#row);
  }

  /** What its queue did. */
  get meter(): LinkMeter {
    return this.#entrance?.parts?.meter ?? new RowMeter(this.#rows, this.#row);
  }

  get arrivedPackets(): number {
    return this.#cell(LinkCell.Arrived);
  }

  get forwardedPackets(): number {
    return this.#cell(LinkCell.Forwarded);
  }

  get forwardedBytes(): Bytes {
    return this.#cell(LinkCell.ForwardedBytes);
  }

  /** Of the forwarded ones, those with transport payload. */
  get forwardedDataPackets(): number {
    return this.#cell(LinkCell.ForwardedData);
  }

  /** Frames that wait now; the one in transmission is not among them. */
  get backlogPackets(): number {
    const parts = this.#entrance?.parts;
    if (parts !== undefined) return parts.transmitter.backlogPackets;
    this.#rows.settle(this.#row);
    return this.#word(LinkWord.Waiting);
  }

  get backlogBytes(): Bytes {
    const parts = this.#entrance?.parts;
    if (parts !== undefined) return parts.transmitter.backlogBytes;
    this.#rows.settle(this.#row);
    return this.#cell(LinkCell.WaitingBytes);
  }

  /** The backlog in bytes from 0 to now, when the link records it. */
  queueDepth(): DepthColumns | undefined {
    return this.#depthUntilNow()?.toColumns(this.#network.clock.nowNs);
  }

  /** Its time-weighted mean. */
  get meanQueueBytes(): Bytes | undefined {
    return this.#depthUntilNow()?.meanLevel;
  }

  /** Frames that have arrived and not left: waiting, in transmission, on the line. */
  get insidePackets(): number {
    const parts = this.#entrance?.parts;
    if (parts !== undefined) return parts.transmitter.heldPackets + parts.line.count;
    return this.#rows.inside(this.#row);
  }

  /** Frames made by duplication. */
  get duplicatedPackets(): number {
    return this.#entrance?.impairments?.duplicated ?? 0;
  }

  /** Frames sent past others by the reorder process. */
  get reorderedPackets(): number {
    const line = this.#entrance?.parts?.line;
    return line instanceof VaryingLine ? line.reordered : 0;
  }

  get corruptedPackets(): number {
    return this.#entrance?.impairments?.corruption?.corrupted ?? 0;
  }

  /** Corrupted frames whose checksums are all right nevertheless. */
  get escapedPackets(): number {
    return this.#entrance?.impairments?.corruption?.escaped ?? 0;
  }

  /** Corrupted frames of which no checksum can tell. */
  get unverifiablePackets(): number {
    return this.#entrance?.impairments?.corruption?.unverifiable ?? 0;
  }

  /** Busy time over elapsed time from 0 to now; with a trace, bytes used over bytes offered. */
  get utilisation(): number {
    return this.#entrance?.parts?.serializer.utilisation() ?? this.#rows.utilisation(this.#row);
  }

  /** Every frame must have ended in exactly one way, at any time between two events. */
  assertConserved(): void {
    const came = this.arrivedPackets + this.duplicatedPackets;
    const gone = this.forwardedPackets + this.#network.dropsAt(this.place);
    assert(came === gone + this.insidePackets, 'a link has lost or made frames');
  }

  #depthUntilNow(): DepthSeries | undefined {
    const { depth } = this.meter;
    if (depth === undefined) return undefined;
    const { backlogBytes } = this;
    depth.timeNs[0] = this.#network.clock.nowNs;
    depth.record(backlogBytes);
    return depth;
  }

  #cell(cell: LinkCell): number {
    return this.#rows.cells[(this.#row << CELL_SHIFT) + cell];
  }

  #word(word: LinkWord): number {
    return this.#rows.words[(this.#row << WORD_SHIFT) + word];
  }
}
