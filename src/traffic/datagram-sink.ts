/** Where datagrams of a datagram source end: it is told of each with its delay, or sends it back. */
import type { Duration } from '../base/units.ts';
import { FRAME_SHIFT, type FrameId, FrameWord, swapPorts } from '../frame/frame-record.ts';
import type { FrameSink } from '../frame/frame-sink.ts';
import type { Network } from '../net/network.ts';
import type { DatagramSource } from './datagram-source.ts';

export class DatagramSink implements FrameSink {
  receivedPackets = 0;
  readonly #network: Network;
  readonly #place: number;
  readonly #source: DatagramSource;
  readonly #onDatagram: (delayNs: Duration) => void;

  /** @param source what was sent there, or sent there and echoed back */
  constructor(
    network: Network,
    name: string,
    source: DatagramSource,
    onDatagram: (delayNs: Duration) => void,
  ) {
    this.#network = network;
    this.#place = network.addPlace(name);
    this.#source = source;
    this.#onDatagram = onDatagram;
  }

  deliver(frame: FrameId): void {
    const { pool, clock } = this.#network;
    const number = pool.words[(frame << FRAME_SHIFT) + FrameWord.Identification];
    this.receivedPackets++;
    this.#onDatagram(clock.nowNs - this.#source.sentAtNs(number));
    this.#network.recordDelivery(frame, this.#place);
    pool.release(frame);
  }
}

/** Sends every datagram back to where it came from, at once. */
export class DatagramEcho implements FrameSink {
  readonly #words: Int32Array;
  readonly #to: FrameSink;

  constructor(network: Network, to: FrameSink) {
    this.#words = network.pool.words;
    this.#to = to;
  }

  deliver(frame: FrameId): void {
    const words = this.#words;
    const at = frame << FRAME_SHIFT;
    const source = words[at + FrameWord.Src];
    const ports = words[at + FrameWord.Ports];
    words[at + FrameWord.Src] = words[at + FrameWord.Dst];
    words[at + FrameWord.Dst] = source;
    words[at + FrameWord.Ports] = swapPorts(ports);
    this.#to.deliver(frame);
  }
}
