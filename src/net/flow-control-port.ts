/**
 * The end of a link at a node that speaks priority-based flow control (IEEE 802.1Qbb). Pause frames that arrive hold
 * back the node's own port on the link back; other frames go on, at a switch with the number of their ingress. When
 * the switch wants its neighbour to pause, it sends pause frames over the link back, where they wait for the frame
 * in transmission and for nothing else, and renews them while it wants it. What changes within an instant is one frame.
 * Hot: no allocation per frame; a pause frame is bytes in the arena.
 */
import type { BitsPerSecond, Duration } from '../base/units.ts';
import { DropReason } from '../engine/drop-reason.ts';
import { Task } from '../engine/task.ts';
import {
  CapturedExtra,
  FRAME_SHIFT,
  type FrameId,
  FrameWord,
  MetaBit,
  NO_FRAME,
  NO_PAYLOAD,
  RoutedExtra,
} from '../frame/frame-record.ts';
import type { FrameSink } from '../frame/frame-sink.ts';
import type { PauseRequests } from '../qdisc/ingress-buffer.ts';
import type { PausablePort } from '../qdisc/pausable-port.ts';
import { ETHERNET_HEADER_BYTES } from '../wire/ethernet.ts';
import { LinkLayer } from '../wire/link-layer.ts';
import {
  isPauseFrame,
  PAUSE_FRAME_BYTES,
  PAUSE_QUANTUM_BITS,
  PRIORITY_COUNT,
  pauseQuanta,
  writePauseFrame,
} from '../wire/mac-control.ts';
import type { Link } from './link.ts';
import type { Network } from './network.ts';

/** The link back, and how to reach its parts. */
export interface LinkBack {
  readonly link: Link;
  /** Where frames go that are to leave by it. */
  readonly entrance: FrameSink;
  readonly port: PausablePort;
  /** Quanta are bit times of the link that is paused: the one back, by what arrives; ours, by what we send. */
  readonly rate: BitsPerSecond;
  readonly ownRate: BitsPerSecond;
}

/** A node that counts nothing by ingress: a host. */
export const NO_INGRESS = -1;

export class FlowControlPort implements FrameSink, PauseRequests {
  /** Pause frames with a time, and those that only say to go on. */
  pauseFrames = 0;
  resumeFrames = 0;
  readonly #network: Network;
  readonly #to: FrameSink;
  readonly #ingress: number;
  readonly #quanta: number;
  readonly #renewal: Task | undefined;
  #back: LinkBack | undefined = undefined;
  /** Bit n for priority n. */
  #wanted = 0;
  #sent = 0;

  /**
   * @param to the node
   * @param ingress its number for this link, or NO_INGRESS
   * @param quanta of the pauses that it asks for
   */
  constructor(network: Network, to: FrameSink, ingress: number, quanta: number) {
    this.#network = network;
    this.#to = to;
    this.#ingress = ingress;
    this.#quanta = quanta;
    const isSender = ingress !== NO_INGRESS;
    this.#renewal = isSender ? new Task(network.scheduler, () => this.#tell()) : undefined;
  }

  /** Set-up time. */
  connectBack(back: LinkBack): void {
    this.#back = back;
  }

  deliver(frame: FrameId): void {
    const { pool } = this.#network;
    const at = frame << FRAME_SHIFT;
    if ((pool.words[at + FrameWord.Meta] & MetaBit.NotIp) !== 0 && this.#isPause(frame)) {
      this.#obey();
      pool.release(frame);
      return;
    }
    if (this.#ingress !== NO_INGRESS) pool.extraWords[at + RoutedExtra.Ingress] = this.#ingress;
    this.#to.deliver(frame);
  }

  /** Of the ingress: told at the end of this instant. */
  setPaused(priority: number, isPaused: boolean): void {
    const bit = 1 << priority;
    this.#wanted = isPaused ? this.#wanted | bit : this.#wanted & ~bit;
    this.#renewal?.runIn(0);
  }

  #isPause(frame: FrameId): boolean {
    const { frameBytes, pool } = this.#network;
    frameBytes.locate(frame);
    const { start, storedLength } = frameBytes;
    return isPauseFrame(pool.payloads.view, start, start + storedLength);
  }

  /** The frame whose bytes were located last. */
  #obey(): void {
    const back = this.#back;
    if (back === undefined) return;
    const { frameBytes, pool } = this.#network;
    for (let priority = 0; priority < PRIORITY_COUNT; priority++) {
      const quanta = pauseQuanta(pool.payloads.view, frameBytes.start, priority);
      if (quanta >= 0) back.port.pause(priority, durationOf(quanta, back.rate));
    }
    back.link.wake();
  }

  #tell(): void {
    const back = this.#back;
    const enabled = this.#wanted | this.#sent;
    if (back === undefined || enabled === 0) return;
    this.#sent = this.#wanted;
    if (this.#wanted !== 0) {
      this.pauseFrames++;
      const renewNs = Math.max(1, Math.floor(durationOf(this.#quanta, back.ownRate) / 2));
      this.#renewal?.runIn(renewNs);
    } else {
      this.resumeFrames++;
    }
    const frame = this.#make(enabled, back.link.place);
    if (frame !== NO_FRAME) back.entrance.deliver(frame);
  }

  /** NO_FRAME, and counted, where there is no room for it. */
  #make(enabled: number, place: number): FrameId {
    const network = this.#network;
    const { pool, payloadWriter } = network;
    const frame = pool.allocate();
    if (frame === NO_FRAME) {
      network.countUnmade(DropReason.FramePoolEmpty, place);
      return NO_FRAME;
    }
    const { words, extraWords, payloads } = pool;
    const at = frame << FRAME_SHIFT;
    const start = payloadWriter.reserve(PAUSE_FRAME_BYTES);
    if (start === NO_PAYLOAD) {
      pool.release(frame);
      network.countUnmade(DropReason.PayloadArenaFull, place);
      return NO_FRAME;
    }
    payloads.retain(start);
    writePauseFrame(payloads, start, enabled, this.#wanted, this.#quanta);
    words.fill(0, at, at + FrameWord.Payload);
    words[at + FrameWord.WireLength] = PAUSE_FRAME_BYTES;
    words[at + FrameWord.Meta] = MetaBit.Captured | MetaBit.NotIp;
    words[at + FrameWord.Payload] = start;
    extraWords[at + CapturedExtra.CapturedLength] = PAUSE_FRAME_BYTES;
    extraWords[at + CapturedExtra.OriginalLength] = PAUSE_FRAME_BYTES;
    extraWords[at + CapturedExtra.Interface] = 0;
    extraWords[at + CapturedExtra.LinkLayer] = LinkLayer.Ethernet;
    extraWords[at + CapturedExtra.NetworkOffset] = ETHERNET_HEADER_BYTES;
    return frame;
  }
}

/** Whole nanoseconds, never early. */
function durationOf(quanta: number, rate: BitsPerSecond): Duration {
  return Math.ceil((quanta * PAUSE_QUANTUM_BITS * 1e9) / rate);
}
