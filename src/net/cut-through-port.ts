/**
 * Where a link enters a cut-through switch. It is given a frame when the header has arrived (net/header-line), and
 * forwards it at once when the port that it leaves by is idle and not faster than the link: so that the last bit is
 * there before it is due. Every other frame is stored until its last bit, and then forwarded; since headers never
 * come before the last bit of the frame before, that is one frame at most. Hot: no allocation per frame.
 */
import { assert } from '../base/assert.ts';
import { type EventSink, SourceClass, type SourceId } from '../engine/scheduler.ts';
import { FRAME_SHIFT, type FrameId, FrameWord, NO_FRAME } from '../frame/frame-record.ts';
import type { FrameSink } from '../frame/frame-sink.ts';
import { type HeaderTiming, restOfFrameNs } from './header-line.ts';
import type { Network } from './network.ts';
import type { Switch } from './switch.ts';

export class CutThroughPort implements FrameSink, EventSink {
  readonly #network: Network;
  readonly #switch: Switch;
  readonly #timing: HeaderTiming;
  readonly #source: SourceId;
  /** Of which the last bit is not there yet, and where it goes. */
  #stored: FrameId = NO_FRAME;
  #port = 0;

  constructor(network: Network, to: Switch, timing: HeaderTiming) {
    this.#network = network;
    this.#switch = to;
    this.#timing = timing;
    // Its last bit is there before the next header of the same instant.
    this.#source = network.scheduler.register(this, 0, SourceClass.TransmitComplete);
  }

  /** Frames that it holds. */
  get heldPackets(): number {
    return this.#stored === NO_FRAME ? 0 : 1;
  }

  deliver(frame: FrameId): void {
    assert(this.#stored === NO_FRAME, 'a header came before the last bit of the frame before');
    const { clock, pool, scheduler } = this.#network;
    const port = this.#switch.portOf(frame);
    const length = pool.words[(frame << FRAME_SHIFT) + FrameWord.WireLength];
    const restNs = restOfFrameNs(this.#timing, length);
    if (restNs === 0 || this.#switch.cutsThrough(port, this.#timing.rate)) {
      this.#switch.forward(frame, port);
      return;
    }
    this.#stored = frame;
    this.#port = port;
    scheduler.deadlineNs[this.#source] = clock.nowNs + restNs;
    scheduler.arm(this.#source);
  }

  /** The last bit of the stored frame. */
  onEvent(): void {
    const frame = this.#stored;
    this.#stored = NO_FRAME;
    this.#switch.forward(frame, this.#port);
  }
}
