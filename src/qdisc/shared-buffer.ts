/**
 * The packet memory of a switch that its ports share: each port queues first in, first out, and a frame is let
 * in while the port stays below its threshold and memory is left. Thresholds are static; or dynamic, a multiple
 * of what is free (Choudhury and Hahne 1998, IEEE/ACM ToN 6(2)): S saturated ports then hold αB/(1 + αS) each;
 * or those of ABM (Addanki et al., SIGCOMM 2022) for one queue a port, which divide the dynamic one by the number
 * of congested ports. A port may mark at a threshold K of its own as well (RFC 8257 §3.1).
 * Hot: no allocation per frame. It knows no priorities.
 */
import { assert } from '../base/assert.ts';
import type { Bytes } from '../base/units.ts';
import { DropReason } from '../engine/drop-reason.ts';
import type { FrameId } from '../frame/frame-record.ts';
import { BufferedQueue } from './_buffered.ts';
import type { QueueEnvironment, QueueLimits } from './queue-discipline.ts';

export type SharedBufferPolicy =
  /** Each port up to `portBytes`. */
  | { readonly kind: 'static'; readonly portBytes: Bytes }
  /** Each port up to `alpha` times what is free. */
  | { readonly kind: 'dynamic'; readonly alpha: number }
  /** The same over the number of congested ports, at least one. */
  | { readonly kind: 'abm'; readonly alpha: number };

/** A port is congested from this share of its threshold on (Addanki et al. 2022 §3.2). */
const CONGESTED_SHARE = 0.9;

export class SharedBuffer {
  readonly sizeBytes: Bytes;
  /** Of all ports; the highest so far is peakBytes. */
  usedBytes: Bytes = 0;
  peakBytes: Bytes = 0;
  /** Ports beyond the share of their threshold that makes them congested. */
  congestedPorts = 0;
  readonly #policy: SharedBufferPolicy;

  constructor(sizeBytes: Bytes, policy: SharedBufferPolicy) {
    assert(sizeBytes > 0, 'a shared buffer has a size');
    assert(policy.kind === 'static' || policy.alpha > 0, 'alpha is above 0');
    this.sizeBytes = sizeBytes;
    this.#policy = policy;
  }

  /** What a port may hold now. */
  get thresholdBytes(): Bytes {
    const policy = this.#policy;
    if (policy.kind === 'static') return policy.portBytes;
    const dynamic = policy.alpha * (this.sizeBytes - this.usedBytes);
    return policy.kind === 'dynamic' ? dynamic : dynamic / Math.max(1, this.congestedPorts);
  }

  /** Counts a frame that came or, below 0, went. */
  change(bytes: Bytes): void {
    this.usedBytes += bytes;
    if (this.usedBytes > this.peakBytes) this.peakBytes = this.usedBytes;
  }
}

export class SharedBufferPort extends BufferedQueue {
  readonly #buffer: SharedBuffer;
  readonly #markBytes: number;
  readonly #markPackets: number;
  #isCongested = false;

  /** @param mark K of this port, in bytes or packets; nothing is marked when absent */
  constructor(environment: QueueEnvironment, buffer: SharedBuffer, mark: QueueLimits = {}) {
    super(environment);
    this.#buffer = buffer;
    this.#markBytes = mark.bytes ?? Number.MAX_SAFE_INTEGER;
    this.#markPackets = mark.packets ?? Number.MAX_SAFE_INTEGER;
  }

  /** A frame that does not wait takes no memory: it is in the transmitter. */
  letsPass(): boolean {
    return true;
  }

  enqueue(frame: FrameId): boolean {
    const buffer = this.#buffer;
    const { queues } = this;
    const length = this.lengthOf(frame);
    const held = queues.totalBytes + length;
    const isAdmitted =
      held <= buffer.thresholdBytes &&
      buffer.usedBytes + length <= buffer.sizeBytes &&
      queues.hasRoomFor(length);
    if (!isAdmitted) {
      this.#noteCongestion();
      this.outcomes.drop(frame, DropReason.QueueFull, this.place);
      return false;
    }
    queues.push(0, frame);
    buffer.change(length);
    this.#noteCongestion();
    if (queues.totalBytes > this.#markBytes || queues.totalPackets > this.#markPackets) {
      this.outcomes.mark(frame, this.place);
    }
    return true;
  }

  dequeue(): FrameId {
    const before = this.queues.totalBytes;
    const frame = this.queues.shift(0);
    this.#buffer.change(this.queues.totalBytes - before);
    this.#noteCongestion();
    return frame;
  }

  override dropAll(reason: DropReason): void {
    this.#buffer.change(-this.queues.totalBytes);
    super.dropAll(reason);
    this.#noteCongestion();
  }

  #noteCongestion(): void {
    const buffer = this.#buffer;
    const isCongested = this.queues.totalBytes >= CONGESTED_SHARE * buffer.thresholdBytes;
    if (isCongested === this.#isCongested) return;
    this.#isCongested = isCongested;
    buffer.congestedPorts += isCongested ? 1 : -1;
  }
}
