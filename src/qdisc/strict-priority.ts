/**
 * Strict priority: three bands by DSCP (RFC 2474), and a frame leaves only when the bands before its own are
 * empty. First: class selectors 4 to 7 and their DSCPs, with expedited forwarding and voice admit (RFC 4594
 * §2.3); last: CS1 and lower effort (RFC 8622); else the middle. When the queue is full, the oldest frame of
 * the last band below the arriving one's makes room. Hot: no allocation per frame.
 */
import { DropReason } from '../engine/drop-reason.ts';
import {
  FRAME_SHIFT,
  type FrameId,
  FrameWord,
  MetaShift,
  NO_FRAME,
} from '../frame/frame-record.ts';
import { BufferedQueue } from './_buffered.ts';
import type { QueueEnvironment } from './queue-discipline.ts';

const BANDS = 3;
/** DSCPs of class selector 4 and above. */
const HIGH_DSCP_MIN = 32;
const CS1_DSCP = 8;
const LOWER_EFFORT_DSCP = 1;

export class StrictPriority extends BufferedQueue {
  constructor(environment: QueueEnvironment) {
    super(environment, BANDS);
  }

  /** With nothing that waits there is nothing to come before. */
  letsPass(): boolean {
    return true;
  }

  enqueue(frame: FrameId): boolean {
    const { queues } = this;
    const band = this.#bandOf(frame);
    const length = this.lengthOf(frame);
    while (!queues.hasRoomFor(length)) {
      const last = this.#lastBand();
      const isBelow = last > band;
      const dropped = isBelow ? queues.shift(last) : frame;
      this.outcomes.drop(dropped, DropReason.QueueFull, this.place);
      if (!isBelow) return false;
    }
    queues.push(band, frame);
    return true;
  }

  dequeue(): FrameId {
    const { queues } = this;
    for (let band = 0; band < BANDS; band++) {
      const frame = queues.shift(band);
      if (frame !== NO_FRAME) return frame;
    }
    return NO_FRAME;
  }

  #bandOf(frame: FrameId): number {
    const meta = this.words[(frame << FRAME_SHIFT) + FrameWord.Meta];
    const dscp = (meta >>> (MetaShift.TrafficClass + 2)) & 63;
    if (dscp >= HIGH_DSCP_MIN) return 0;
    return dscp === CS1_DSCP || dscp === LOWER_EFFORT_DSCP ? 2 : 1;
  }

  /** The last band with frames; -1 without any. */
  #lastBand(): number {
    let band = BANDS - 1;
    while (band >= 0 && this.queues.packets(band) === 0) band--;
    return band;
  }
}
