/** The far end of a path in a replay: notes what came out, and when. Hot: no allocation per frame. */
import type { FrameId } from '../frame/frame-record.ts';
import type { FrameSink } from '../frame/frame-sink.ts';
import type { Network } from '../net/network.ts';
import type { ReplayLedger } from './replay-ledger.ts';

export class ReplayExit implements FrameSink {
  readonly #network: Network;
  readonly #ledger: ReplayLedger;
  readonly #place: number;
  deliveredFrames = 0;

  constructor(network: Network, ledger: ReplayLedger, name: string) {
    this.#network = network;
    this.#ledger = ledger;
    this.#place = network.addPlace(name);
  }

  deliver(frame: FrameId): void {
    this.deliveredFrames++;
    this.#network.recordDelivery(frame, this.#place);
    this.#ledger.onLeave(frame);
    this.#network.pool.release(frame);
  }
}
