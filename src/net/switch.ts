/**
 * A switch: hands every frame to the link on which its destination lies. Its queues are those of the links
 * that leave it, so it takes no time of its own and holds no frame. It learns nothing and floods nothing:
 * routes are set up. It changes no frame, so it costs no TTL.
 * Hot: no allocation per frame.
 */
import { DropReason } from '../engine/drop-reason.ts';
import { FRAME_SHIFT, type FrameId, FrameWord } from '../frame/frame-record.ts';
import type { FrameSink } from '../frame/frame-sink.ts';
import { ForwardingTable } from './forwarding-table.ts';
import type { Network } from './network.ts';

export class Switch implements FrameSink {
  readonly name: string;
  /** Where frames without a route are counted: Network.dropCount. */
  readonly place: number;
  readonly routes = new ForwardingTable();
  readonly #network: Network;
  readonly #words: Int32Array;

  constructor(network: Network, name: string) {
    this.name = name;
    this.place = network.addPlace(name);
    this.#network = network;
    this.#words = network.pool.words;
  }

  deliver(frame: FrameId): void {
    const to = this.routes.find(this.#words[(frame << FRAME_SHIFT) + FrameWord.Dst]);
    if (to === undefined) this.#network.drop(frame, DropReason.NoRoute, this.place);
    else to.deliver(frame);
  }
}
