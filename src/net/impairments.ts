/**
 * What happens to frames at a link's entrance, before its queue: loss, duplication, corruption, in this
 * order; jitter and reordering belong to the line (net/varying-line). Each process has a random stream of
 * its own, so that switching one on changes no draw of another.
 * Deviates from tc-netem(8): a lost frame is not duplicated as well, and a copy is not lost here.
 * Hot: no allocation per frame.
 */
import { DropReason } from '../engine/drop-reason.ts';
import { FRAME_SHIFT, type FrameId, FrameWord, MetaBit, NO_FRAME } from '../frame/frame-record.ts';
import { BernoulliProcess } from './bernoulli-process.ts';
import { Corruption } from './corruption.ts';
import type { LinkConfig } from './link-config.ts';
import { createLossProcess, type LossProcess } from './loss-process.ts';
import type { Network } from './network.ts';

export class Impairments {
  /** Copies made, and copies for which there was no frame left. */
  duplicated = 0;
  readonly #network: Network;
  readonly #place: number;
  readonly #loss: LossProcess | undefined;
  readonly #duplication: BernoulliProcess | undefined;
  readonly corruption: Corruption | undefined;

  constructor(network: Network, place: number, config: LinkConfig) {
    const { loss, duplicate, corrupt } = config.impairments ?? {};
    const fork = (process: string) => network.random.fork(`${config.name} ${process}`);
    this.#network = network;
    this.#place = place;
    this.#loss = loss && createLossProcess(fork('loss'), loss);
    this.#duplication =
      duplicate && new BernoulliProcess(fork('duplicate'), duplicate.ratio, duplicate.correlation);
    this.corruption = corrupt && new Corruption(network, place, fork('corrupt'), corrupt);
  }

  /** Undefined when the configuration asks for nothing at the entrance. */
  static create(network: Network, place: number, config: LinkConfig): Impairments | undefined {
    const { loss, duplicate, corrupt } = config.impairments ?? {};
    if (loss === undefined && duplicate === undefined && corrupt === undefined) return undefined;
    return new Impairments(network, place, config);
  }

  isLost(): boolean {
    return this.#loss?.draw() ?? false;
  }

  isDuplicated(): boolean {
    return this.#duplication?.draw() ?? false;
  }

  /** The copy, which the caller owns, or NO_FRAME when the pool is empty. */
  duplicate(frame: FrameId): FrameId {
    const network = this.#network;
    const copy = network.pool.copy(frame);
    this.duplicated++;
    if (copy === NO_FRAME) {
      network.countUnmade(DropReason.FramePoolEmpty, this.#place);
      return NO_FRAME;
    }
    network.pool.words[(copy << FRAME_SHIFT) + FrameWord.Meta] |= MetaBit.Duplicate;
    network.observer?.onDuplicate(frame, copy, this.#place);
    return copy;
  }

  /** Draws whether the frame is corrupted, and does it. False when the frame ended here. */
  corrupt(frame: FrameId): boolean {
    return this.corruption?.apply(frame) ?? true;
  }
}
