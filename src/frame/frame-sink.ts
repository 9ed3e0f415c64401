import type { FrameId } from './frame-record.ts';

/** The one verb that joins the network: links, taps, switches and hosts take frames this way. */
export interface FrameSink {
  /** Takes ownership of the frame. */
  deliver(frame: FrameId): void;
}
