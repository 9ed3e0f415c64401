/**
 * A queue that tells a probe what becomes of each frame: taken in, let out, marked, dropped with its reason,
 * with the time it has waited. Around any discipline, whose decisions stay as they are; a network without a
 * probe builds none, so that it costs nothing there. For looking, not for speed.
 */
import type { Bytes, Duration } from '../base/units.ts';
import type { DropReason } from '../engine/drop-reason.ts';
import { DOUBLE_SHIFT, FrameDouble, type FrameId, NO_FRAME } from '../frame/frame-record.ts';
import type {
  QueueDiscipline,
  QueueEnvironment,
  QueueOutcomes,
} from '../qdisc/queue-discipline.ts';
import type { Network } from './network.ts';

export type QueueEventKind = 'enqueue' | 'dequeue' | 'mark' | 'drop';

/** Hears of every frame at every queue of a network while the frame can be read; it owns nothing. */
export interface QueueProbe {
  /**
   * @param reason of a drop
   * @param sojournNs since the frame came to the queue
   */
  onQueueEvent(
    network: Network,
    event: {
      readonly kind: QueueEventKind;
      readonly frame: FrameId;
      readonly place: number;
      readonly sojournNs: Duration;
      readonly reason?: DropReason;
      /** Bytes that wait after it; of a drop or a mark, as it happens. */
      readonly backlogBytes: Bytes;
    },
  ): void;
}

export class ProbedQueue implements QueueDiscipline {
  readonly #network: Network;
  readonly #probe: QueueProbe;
  readonly #place: number;
  readonly #queue: QueueDiscipline;

  /** @param create makes the discipline in an environment that tells of its marks and drops */
  constructor(
    network: Network,
    probe: QueueProbe,
    environment: QueueEnvironment,
    create: (environment: QueueEnvironment) => QueueDiscipline,
  ) {
    this.#network = network;
    this.#probe = probe;
    this.#place = environment.place;
    const { outcomes } = environment;
    const probed: QueueOutcomes = {
      drop: (frame, reason, place) => {
        this.#tell('drop', frame, reason);
        outcomes.drop(frame, reason, place);
      },
      mark: (frame, place) => {
        const isMarked = outcomes.mark(frame, place);
        if (isMarked) this.#tell('mark', frame);
        return isMarked;
      },
    };
    this.#queue = create({ ...environment, outcomes: probed });
  }

  get backlogBytes(): Bytes {
    return this.#queue.backlogBytes;
  }

  get backlogPackets(): number {
    return this.#queue.backlogPackets;
  }

  letsPass(frame: FrameId): boolean {
    if (!this.#queue.letsPass(frame)) return false;
    this.#tell('enqueue', frame);
    this.#tell('dequeue', frame);
    return true;
  }

  enqueue(frame: FrameId): boolean {
    if (!this.#queue.enqueue(frame)) return false;
    this.#tell('enqueue', frame);
    return true;
  }

  dequeue(): FrameId {
    const frame = this.#queue.dequeue();
    if (frame !== NO_FRAME) this.#tell('dequeue', frame);
    return frame;
  }

  findEligible(cell: Float64Array): void {
    this.#queue.findEligible(cell);
  }

  dropAll(reason: DropReason): void {
    this.#queue.dropAll(reason);
  }

  #tell(kind: QueueEventKind, frame: FrameId, reason?: DropReason): void {
    const { clock, pool } = this.#network;
    const arrivedNs = pool.doubles[(frame << DOUBLE_SHIFT) + FrameDouble.DeliveryNs];
    this.#probe.onQueueEvent(this.#network, {
      kind,
      frame,
      place: this.#place,
      sojournNs: clock.nowNs - arrivedNs,
      ...(reason !== undefined && { reason }),
      backlogBytes: this.#queue.backlogBytes,
    });
  }
}
