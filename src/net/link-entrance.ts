/**
 * What a link that is not plain does with frames before they are sent (planned changes of this instant, down, MTU,
 * loss, duplication, corruption, in this order), and the parts it sends them with where its row cannot
 * (link-rows): a queue of another discipline, a rate or a delay that changes, a recorded trace.
 * Hot: no allocation per frame. It reads no header but the frame's length.
 */
import { assert } from '../base/assert.ts';
import { type Bytes, NEVER } from '../base/units.ts';
import { DropReason } from '../engine/drop-reason.ts';
import { type EventSink, SourceClass, type SourceId } from '../engine/scheduler.ts';
import { FRAME_SHIFT, type FrameId, FrameWord, MetaBit, NO_FRAME } from '../frame/frame-record.ts';
import { ETHERNET_HEADER_BYTES } from '../wire/ethernet.ts';
import {
  createEvented,
  createLine,
  createSerializer,
  isOfParts,
  LinkEvent,
} from './_link-parts.ts';
import { AnalyticTransmitter, type TransmitterParts } from './analytic-transmitter.ts';
import { TRACE_OVERHEAD_BYTES } from './delivery-trace.ts';
import type { EventedTransmitter } from './evented-transmitter.ts';
import { Impairments } from './impairments.ts';
import type { Line } from './line.ts';
import type { LinkConfig } from './link-config.ts';
import { type LinkChange, LinkSchedule } from './link-schedule.ts';
import type { Network } from './network.ts';
import { QueueMeter } from './queue-meter.ts';
import type { RateSerializer } from './rate-serializer.ts';
import type { Serializer } from './serializer.ts';
import type { Transmitter } from './transmitter.ts';
import type { VaryingLine } from './varying-line.ts';

/** What a link sends with that is not plain. */
export interface LinkParts {
  readonly serializer: Serializer;
  readonly line: Line;
  readonly transmitter: Transmitter;
  /** The transmitter, when it is the form that can be interfered with. */
  readonly evented: EventedTransmitter | undefined;
  readonly meter: QueueMeter;
}

export class LinkEntrance implements EventSink {
  isUp = true;
  readonly impairments: Impairments | undefined;
  /** Undefined when the row sends. */
  readonly parts: LinkParts | undefined;
  readonly #network: Network;
  /** Of network.links. */
  readonly #row: number;
  readonly #place: number;
  readonly #words: Int32Array;
  readonly #schedule: LinkSchedule | undefined;
  readonly #scheduleSource: SourceId | undefined;
  readonly #longestWireLength: Bytes;
  readonly #isSwitchable: boolean;

  constructor(network: Network, row: number, config: LinkConfig) {
    const place = network.links.place(row);
    this.#network = network;
    this.#row = row;
    this.#place = place;
    this.#words = network.pool.words;
    this.#isSwitchable = config.isSwitchable === true || config.schedule !== undefined;
    this.parts = isOfParts(network, config) ? this.#createParts(config) : undefined;
    this.impairments = Impairments.create(network, place, config);
    this.#schedule = config.schedule && new LinkSchedule(network.clock, config.schedule);
    // After the transmitter's source: a frame that ends at the instant of a change ends before it.
    this.#scheduleSource =
      this.#schedule &&
      network.scheduler.register(this, LinkEvent.Schedule, SourceClass.TransmitComplete);
    this.#longestWireLength = (config.mtuBytes ?? 2 ** 31) + ETHERNET_HEADER_BYTES;
  }

  /** Whether a link has no need of one. */
  static isNeeded(network: Network, config: LinkConfig): boolean {
    const { mtuBytes, impairments } = config;
    return (
      mtuBytes !== undefined ||
      impairments !== undefined ||
      network.wireAlways ||
      isOfParts(network, config)
    );
  }

  #createParts(config: LinkConfig): LinkParts {
    const network = this.#network;
    const serializer = createSerializer(network, config);
    const line = createLine(network, this, config);
    const meter = new QueueMeter(network.queueDelays, config.recordsDepth ?? false);
    const parts: TransmitterParts = {
      network,
      place: this.#place,
      serializer,
      line,
      meter,
      overheadBytes: config.overheadBytes ?? (config.trace ? TRACE_OVERHEAD_BYTES : 0),
      rate: config.rate ?? Number.POSITIVE_INFINITY,
    };
    const isProbed = network.queueProbe !== undefined && config.queue?.countsUnsent !== true;
    const evented =
      this.#isSwitchable || config.discipline || isProbed
        ? createEvented(parts, this, config)
        : undefined;
    const transmitter = evented ?? new AnalyticTransmitter(parts, config.queue ?? {});
    return { serializer, line, transmitter, evented, meter };
  }

  onEvent(event: LinkEvent): void {
    const parts = this.parts as LinkParts;
    if (event === LinkEvent.Delivery) this.#network.links.forward(this.#row, parts.line.take());
    else if (event === LinkEvent.Transmitter) (parts.evented as EventedTransmitter).onEvent();
    else this.#onScheduleEvent();
  }

  /** Takes ownership of a frame that arrives. */
  admit(frame: FrameId): void {
    const network = this.#network;
    network.links.countArrival(this.#row);
    if (network.wireAlways) network.frameBytes.readBack(frame);
    if (this.#schedule !== undefined) this.#catchUp(this.#schedule);
    if (!this.isUp) {
      network.drop(frame, DropReason.LinkDown, this.#place);
      return;
    }
    const length = this.#words[(frame << FRAME_SHIFT) + FrameWord.WireLength];
    if (length > this.#longestWireLength && this.#exceedsMtu(frame)) {
      network.drop(frame, DropReason.MtuExceeded, this.#place);
      return;
    }
    const { impairments } = this;
    if (impairments === undefined) {
      this.#send(frame);
      return;
    }
    if (impairments.isLost()) {
      network.drop(frame, DropReason.RandomLoss, this.#place);
      return;
    }
    // The copy is made before the original can be corrupted, and follows it.
    const copy = impairments.isDuplicated() ? impairments.duplicate(frame) : NO_FRAME;
    if (impairments.corrupt(frame)) this.#send(frame);
    if (copy !== NO_FRAME && impairments.corrupt(copy)) this.#send(copy);
  }

  /** See Link.setUp. */
  setUp(up: boolean): void {
    assert(this.#isSwitchable, 'a link that is not switchable was switched');
    if (this.#schedule !== undefined) this.#catchUp(this.#schedule);
    this.#switch(up);
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
    if (this.parts === undefined) this.#network.links.transmit(this.#row, frame);
    else this.parts.transmitter.transmit(frame);
    if (this.#schedule !== undefined) this.#armSchedule(this.#schedule);
  }

  #onScheduleEvent(): void {
    const schedule = this.#schedule as LinkSchedule;
    // Nobody would notice: the next arrival catches up.
    if (this.#heldPackets === 0) return;
    this.#catchUp(schedule);
    this.#armSchedule(schedule);
  }

  get #heldPackets(): number {
    return (this.parts as LinkParts).transmitter.heldPackets;
  }

  /** The next change matters while there are frames to be sent. */
  #armSchedule(schedule: LinkSchedule): void {
    if (this.#heldPackets === 0) return;
    const { scheduler } = this.#network;
    const source = this.#scheduleSource as SourceId;
    scheduler.deadlineNs[source] = schedule.nextNs;
    if (schedule.nextNs < NEVER) scheduler.arm(source);
  }

  #catchUp(schedule: LinkSchedule): void {
    for (let change = schedule.takeDue(); change !== undefined; change = schedule.takeDue()) {
      this.#apply(change);
    }
  }

  #apply(change: LinkChange): void {
    const { serializer, evented, line } = this.parts as LinkParts;
    if (change.rate !== undefined) {
      (serializer as RateSerializer).changeRate(change.rate);
      evented?.replan();
    }
    if (change.delayNs !== undefined) (line as VaryingLine).delayNs = change.delayNs;
    if (change.up !== undefined) this.#switch(change.up);
  }

  #switch(up: boolean): void {
    if (this.isUp && !up) this.parts?.evented?.dropAll(DropReason.LinkDown);
    this.isUp = up;
  }
}
