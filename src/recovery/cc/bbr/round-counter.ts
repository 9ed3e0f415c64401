/**
 * Round trips counted in packets: draft-ietf-ccwg-bbr §5.5.1. A round ends with the acknowledgement of a packet
 * that was sent after the last round had ended. Hot.
 */
import { type Bytes, UNSET_ZERO } from '../../../base/units.ts';
import type { AckSample } from '../../congestion.ts';

export class RoundCounter {
  count = 0;
  /** The last ACK has begun a round. */
  isStart = false;
  /** A packet sent when as much had been delivered belongs to the next round. */
  #nextDelivered: Bytes = UNSET_ZERO;

  /** An ACK with a valid rate sample. */
  onAck(sample: Readonly<AckSample>): void {
    this.isStart = sample.priorDelivered >= this.#nextDelivered;
    if (!this.isStart) return;
    this.count++;
    this.#nextDelivered = sample.priorDelivered + sample.delivered;
  }

  /** A round begins now, when this much has been delivered; the count goes on. */
  restartAt(delivered: Bytes): void {
    this.#nextDelivered = delivered;
  }
}
