/**
 * Queues by flow under one limit: hashing, and what happens when the limit is passed: half of the frames of
 * the longest queue, at most 64, are dropped from its head (RFC 8290 §4.1). What a flow's turn is and which
 * of its frames are kept is for those that extend it. Hot: no allocation per frame.
 */

import type { Bytes } from '../base/units.ts';
import { DropReason } from '../engine/drop-reason.ts';
import type { FrameId } from '../frame/frame-record.ts';
import { BufferedQueue } from './_buffered.ts';
import { FlowHash } from './flow-hash.ts';
import type { QueueEnvironment } from './queue-discipline.ts';

export interface FlowQueuesConfig {
  /** Queues that flows are hashed to: 1024 (RFC 8290 §5.2.5). */
  readonly flows: number;
  /** Bytes a flow may send in its turn: 1514 (RFC 8290 §5.2.4). */
  readonly quantumBytes: Bytes;
}

const DROP_BATCH_MAX = 64;

export abstract class FlowQueues extends BufferedQueue {
  readonly #hash: FlowHash;

  constructor(environment: QueueEnvironment, config: FlowQueuesConfig) {
    super(environment, config.flows);
    this.#hash = new FlowHash(environment.pool.words, environment.random, config.flows);
  }

  /** A passing frame would leave its flow's credit and control loop as they were. */
  letsPass(): boolean {
    return false;
  }

  protected rowOf(frame: FrameId): number {
    return this.#hash.rowOf(frame);
  }

  /** After a frame of `row` was queued: false when it had to go again. */
  protected keepToLimit(row: number): boolean {
    const { queues } = this;
    let isKept = true;
    while (queues.isOverLimit) {
      const longest = queues.longestRow();
      const count = Math.min(DROP_BATCH_MAX, (queues.packets(longest) + 1) >> 1);
      for (let dropped = 0; dropped < count; dropped++) {
        this.outcomes.drop(queues.shift(longest), DropReason.QueueFull, this.place);
      }
      // The frame that came last is the last of its row to go.
      if (longest === row && queues.packets(row) === 0) isKept = false;
    }
    return isKept;
  }
}
