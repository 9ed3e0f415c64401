/**
 * One direction of a link: impairments at its entrance, a queue, a transmitter with a rate or a recorded
 * trace, and a line with a delay. What it is made of depends on what may happen to it: where nothing can
 * change during the run it costs one event a frame, else two.
 *
 * Order at the entrance: planned changes of this instant, down, MTU, loss, duplication, corruption, queue.
 * Every frame ends in exactly one way: arrived + duplicated = forwarded + dropped + inside.
 * Hot: no allocation per frame. It reads no header but the frame's length.
 */
import { assert } from '../base/assert.ts';
import type { DepthColumns, DepthSeries } from '../base/depth-series.ts';
import { type Bytes, NEVER, UNSET_ZERO } from '../base/units.ts';
import { DropReason } from '../engine/drop-reason.ts';
import { type EventSink, SourceClass, type SourceId } from '../engine/scheduler.ts';
import { FRAME_SHIFT, type FrameId, FrameWord, MetaBit, NO_FRAME } from '../frame/frame-record.ts';
import type { FrameSink } from '../frame/frame-sink.ts';
import { ETHERNET_HEADER_BYTES } from '../wire/ethernet.ts';
import { createEvented, createLine, createSerializer, LinkEvent } from './_link-parts.ts';
import { AnalyticTransmitter, type TransmitterParts } from './analytic-transmitter.ts';
import { TRACE_OVERHEAD_BYTES } from './delivery-trace.ts';
import type { EventedTransmitter } from './evented-transmitter.ts';
import { Impairments } from './impairments.ts';
import type { Line } from './line.ts';
import { checkLinkConfig, type LinkConfig } from './link-config.ts';
import { type LinkChange, LinkSchedule } from './link-schedule.ts';
import type { Network } from './network.ts';
import { QueueMeter } from './queue-meter.ts';
import type { RateSerializer } from './rate-serializer.ts';
import type { Serializer } from './serializer.ts';
import type { Transmitter } from './transmitter.ts';
import { VaryingLine } from './varying-line.ts';

export class Link implements FrameSink, EventSink {
  readonly name: string;
  /** Where its drops are counted: Network.dropCount. */
  readonly place: number;
  readonly meter: QueueMeter;
  arrivedPackets = 0;
  forwardedPackets = 0;
  forwardedBytes: Bytes = UNSET_ZERO;
  /** Of them, those with transport payload. */
  forwardedDataPackets = 0;
  readonly #network: Network;
  readonly #words: Int32Array;
  readonly #serializer: Serializer;
  readonly #line: Line;
  readonly #transmitter: Transmitter;
  /** The transmitter, when it is the form that can be interfered with. */
  readonly #evented: EventedTransmitter | undefined;
  readonly #impairments: Impairments | undefined;
  readonly #schedule: LinkSchedule | undefined;
  readonly #scheduleSource: SourceId;
  readonly #longestWireLength: Bytes;
  /** Nothing at the entrance: frames go straight to the transmitter. */
  readonly #isPlain: boolean;
  readonly #isSwitchable: boolean;
  #isUp = true;
  #to: FrameSink | undefined;

  /** Throws NetError for a configuration that makes no sense. */
  constructor(network: Network, config: LinkConfig) {
    checkLinkConfig(config);
    this.name = config.name;
    this.place = network.addPlace(config.name);
    this.meter = new QueueMeter(network.queueDelays, config.recordsDepth ?? false);
    this.#network = network;
    this.#words = network.pool.words;
    this.#serializer = createSerializer(network, config);
    this.#line = createLine(network, this, config);
    const parts: TransmitterParts = {
      network,
      place: this.place,
      serializer: this.#serializer,
      line: this.#line,
      meter: this.meter,
      overheadBytes: config.overheadBytes ?? (config.trace ? TRACE_OVERHEAD_BYTES : 0),
      rate: config.rate ?? Number.POSITIVE_INFINITY,
    };
    this.#isSwitchable = config.isSwitchable === true || config.schedule !== undefined;
    const isProbed = network.queueProbe !== undefined && config.queue?.countsUnsent !== true;
    this.#evented =
      this.#isSwitchable || config.discipline || isProbed
        ? createEvented(parts, this, config)
        : undefined;
    this.#transmitter = this.#evented ?? new AnalyticTransmitter(parts, config.queue ?? {});
    this.#impairments = Impairments.create(network, this.place, config);
    this.#schedule = config.schedule && new LinkSchedule(network.clock, config.schedule);
    // After the transmitter's source: a frame that ends at the instant of a change ends before it.
    this.#scheduleSource = network.scheduler.register(
      this,
      LinkEvent.Schedule,
      SourceClass.TransmitComplete,
    );
    this.#longestWireLength = (config.mtuBytes ?? 2 ** 31) + ETHERNET_HEADER_BYTES;
    this.#isPlain =
      config.mtuBytes === undefined &&
      this.#impairments === undefined &&
      !this.#isSwitchable &&
      !network.wireAlways;
    this.#to = undefined;
  }

  /** Where frames go that leave the far end. Before the first frame arrives. */
  connect(to: FrameSink): void {
    this.#to = to;
  }

  /** Takes ownership of a frame that arrives at the entrance. */
  deliver(frame: FrameId): void {
    this.arrivedPackets++;
    if (this.#isPlain) this.#transmitter.transmit(frame);
    else this.#admit(frame);
  }

  onEvent(event: LinkEvent): void {
    if (event === LinkEvent.Delivery) {
      const frame = this.#line.take();
      this.forwardedPackets++;
      const at = frame << FRAME_SHIFT;
      this.forwardedBytes += this.#words[at + FrameWord.WireLength];
      if (this.#words[at + FrameWord.PayloadLength] > 0) this.forwardedDataPackets++;
      (this.#to as FrameSink).deliver(frame);
    } else if (event === LinkEvent.Transmitter) {
      (this.#evented as EventedTransmitter).onEvent();
    } else {
      this.#onScheduleEvent();
    }
  }

  /**
   * Takes the link down or up, from now until the schedule says otherwise. Going down drops the frame in
   * transmission and the queue; frames on the line arrive. Only for a link with isSwitchable or a schedule.
   */
  setUp(up: boolean): void {
    assert(this.#isSwitchable, 'a link that is not switchable was switched');
    if (this.#schedule !== undefined) this.#catchUp(this.#schedule);
    this.#switch(up);
  }

  /** Nothing waits or is in transmission: what arrives now leaves now. */
  get isIdle(): boolean {
    return (
      this.#serializer.endNs <= this.#network.clock.nowNs && this.#transmitter.backlogPackets === 0
    );
  }

  /** Its queue, a discipline of its own, has let go what it held back. */
  wake(): void {
    this.#evented?.wake();
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Frames that wait now; the one in transmission is not among them. */
  get backlogPackets(): number {
    return this.#transmitter.backlogPackets;
  }

  get backlogBytes(): Bytes {
    return this.#transmitter.backlogBytes;
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
    return this.#transmitter.heldPackets + this.#line.count;
  }

  /** Frames made by duplication. */
  get duplicatedPackets(): number {
    return this.#impairments?.duplicated ?? 0;
  }

  /** Frames sent past others by the reorder process. */
  get reorderedPackets(): number {
    return this.#line instanceof VaryingLine ? this.#line.reordered : 0;
  }

  get corruptedPackets(): number {
    return this.#impairments?.corruption?.corrupted ?? 0;
  }

  /** Corrupted frames whose checksums are all right nevertheless. */
  get escapedPackets(): number {
    return this.#impairments?.corruption?.escaped ?? 0;
  }

  /** Corrupted frames of which no checksum can tell. */
  get unverifiablePackets(): number {
    return this.#impairments?.corruption?.unverifiable ?? 0;
  }

  /** Busy time over elapsed time from 0 to now; with a trace, bytes used over bytes offered. */
  get utilisation(): number {
    return this.#serializer.utilisation();
  }

  /** Every frame must have ended in exactly one way, at any time between two events. */
  assertConserved(): void {
    const came = this.arrivedPackets + this.duplicatedPackets;
    const gone = this.forwardedPackets + this.#network.dropsAt(this.place);
    assert(came === gone + this.insidePackets, 'a link has lost or made frames');
  }

  #depthUntilNow(): DepthSeries | undefined {
    const { depth } = this.meter;
    this.#transmitter.settle();
    if (depth !== undefined) {
      depth.timeNs[0] = this.#network.clock.nowNs;
      depth.record(this.backlogBytes);
    }
    return depth;
  }

  #admit(frame: FrameId): void {
    const network = this.#network;
    if (network.wireAlways) network.frameBytes.readBack(frame);
    if (this.#schedule !== undefined) this.#catchUp(this.#schedule);
    if (!this.#isUp) {
      network.drop(frame, DropReason.LinkDown, this.place);
      return;
    }
    const length = this.#words[(frame << FRAME_SHIFT) + FrameWord.WireLength];
    if (length > this.#longestWireLength && this.#exceedsMtu(frame)) {
      network.drop(frame, DropReason.MtuExceeded, this.place);
      return;
    }
    const impairments = this.#impairments;
    if (impairments === undefined) {
      this.#send(frame);
      return;
    }
    if (impairments.isLost()) {
      network.drop(frame, DropReason.RandomLoss, this.place);
      return;
    }
    // The copy is made before the original can be corrupted, and follows it.
    const copy = impairments.isDuplicated() ? impairments.duplicate(frame) : NO_FRAME;
    if (impairments.corrupt(frame)) this.#send(frame);
    if (copy !== NO_FRAME && impairments.corrupt(copy)) this.#send(copy);
  }

  /** VLAN tags, padding and trailers of a captured frame do not count. */
  #exceedsMtu(frame: FrameId): boolean {
    const { pool, frameBytes } = this.#network;
    if (!pool.isCaptured(frame)) return true;
    frameBytes.locate(frame);
    const meta = this.#words[(frame << FRAME_SHIFT) + FrameWord.Meta];
    const length = frameBytes.networkLength((meta & MetaBit.NotIp) === 0);
    return length + ETHERNET_HEADER_BYTES > this.#longestWireLength;
  }

  #send(frame: FrameId): void {
    this.#transmitter.transmit(frame);
    if (this.#schedule !== undefined) this.#armSchedule(this.#schedule);
  }

  #onScheduleEvent(): void {
    const schedule = this.#schedule as LinkSchedule;
    // Nobody would notice: the next arrival catches up.
    if (this.#transmitter.heldPackets === 0) return;
    this.#catchUp(schedule);
    this.#armSchedule(schedule);
  }

  /** The next change matters while there are frames to be sent. */
  #armSchedule(schedule: LinkSchedule): void {
    if (this.#transmitter.heldPackets === 0) return;
    const { scheduler } = this.#network;
    scheduler.deadlineNs[this.#scheduleSource] = schedule.nextNs;
    if (schedule.nextNs < NEVER) scheduler.arm(this.#scheduleSource);
  }

  #catchUp(schedule: LinkSchedule): void {
    for (let change = schedule.takeDue(); change !== undefined; change = schedule.takeDue()) {
      this.#apply(change);
    }
  }

  #apply(change: LinkChange): void {
    if (change.rate !== undefined) {
      (this.#serializer as RateSerializer).changeRate(change.rate);
      this.#evented?.replan();
    }
    if (change.delayNs !== undefined) (this.#line as VaryingLine).delayNs = change.delayNs;
    if (change.up !== undefined) this.#switch(change.up);
  }

  #switch(up: boolean): void {
    if (this.#isUp && !up) this.#evented?.dropAll(DropReason.LinkDown);
    this.#isUp = up;
  }
}
