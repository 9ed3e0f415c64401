/**
 * The sending end of a link: a queue and a serializer in front of a line. Two forms make the same
 * decisions. AnalyticTransmitter knows each frame's departure when it arrives and costs no event of its
 * own; EventedTransmitter takes an event a frame and may change its mind in between.
 */
import type { Bytes } from '../base/units.ts';
import type { FrameId } from '../frame/frame-record.ts';

export interface Transmitter {
  /** Frames that wait and bytes of them, the frame in transmission not among them, as of now. */
  readonly backlogPackets: number;
  readonly backlogBytes: Bytes;
  /** Frames held here and not on the line. */
  readonly heldPackets: number;
  /** Brings backlog and meter up to now. */
  settle(): void;
  /** Takes ownership of an arriving frame: sends it, queues it or drops it. */
  transmit(frame: FrameId): void;
}
