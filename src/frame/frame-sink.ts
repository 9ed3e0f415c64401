/** Where frames go next: the one verb that joins the network. */
import type { FrameId } from './frame-record.ts';

/** Links, taps, switches and hosts take frames this way. */
export interface FrameSink {
  /** Takes ownership of the frame. */
  deliver(frame: FrameId): void;
}
