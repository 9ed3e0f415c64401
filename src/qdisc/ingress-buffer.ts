/**
 * The memory of a lossless switch, counted by where frames came in (IEEE 802.1Qbb): every ingress port has, for each
 * priority, a group of what it has sent and what has not left yet. A group fills the shared memory up to its
 * threshold, static or a multiple of what is free (qdisc/shared-buffer); beyond it its own headroom, and then it asks
 * the sender to pause. Headroom is emptied first, and the sender goes on when it is empty and the shared part is
 * XON's distance below the threshold. What finds the headroom full is lost: the headroom was too small for what was
 * on the way. Hot: no allocation per frame, but for a group's first.
 */
import type { Bytes } from '../base/units.ts';
import { PRIORITY_COUNT } from '../wire/mac-control.ts';
import type { SharedBuffer } from './shared-buffer.ts';

/** Of one ingress port and priority. */
export class PriorityGroup {
  sharedBytes: Bytes = 0;
  headroomBytes: Bytes = 0;
  /** Of both. */
  peakBytes: Bytes = 0;
  peakHeadroomBytes: Bytes = 0;
  /** The sender is asked to pause. */
  isPaused = false;
  /** Frames for which there was no headroom. */
  lostPackets = 0;
}

/** Hears when a sender is to pause or to go on; sends nothing from within the call. */
export interface PauseRequests {
  setPaused(priority: number, isPaused: boolean): void;
}

export interface Ingress {
  /** Of each priority. */
  headroomBytes: Bytes;
  /** Undefined where nobody would listen. */
  requests: PauseRequests | undefined;
  /** By priority, from the first frame of each. */
  readonly groups: (PriorityGroup | undefined)[];
}

export class IngressBuffer {
  readonly shared: SharedBuffer;
  readonly ingresses: Ingress[] = [];
  readonly #xonBelowBytes: Bytes;

  /** @param xonBelowBytes how far below its threshold a group resumes its sender */
  constructor(shared: SharedBuffer, xonBelowBytes: Bytes) {
    this.shared = shared;
    this.#xonBelowBytes = xonBelowBytes;
  }

  /** Set-up time: the number by which frames of this ingress are named. */
  addIngress(): number {
    const groups = Array.from({ length: PRIORITY_COUNT }, () => undefined);
    return this.ingresses.push({ headroomBytes: 0, requests: undefined, groups }) - 1;
  }

  /** Counts a frame that will wait. False when there is no room for it. */
  admit(ingress: number, priority: number, length: Bytes): boolean {
    const from = this.ingresses[ingress] as Ingress;
    const group = this.#group(from, priority);
    const { shared } = this;
    const isShared =
      group.headroomBytes === 0 &&
      group.sharedBytes + length <= shared.thresholdBytes &&
      shared.usedBytes + length <= shared.sizeBytes;
    if (isShared) {
      group.sharedBytes += length;
      shared.change(length);
    } else {
      this.#request(from, priority, group, true);
      if (group.headroomBytes + length > from.headroomBytes) {
        group.lostPackets++;
        return false;
      }
      group.headroomBytes += length;
      if (group.headroomBytes > group.peakHeadroomBytes) {
        group.peakHeadroomBytes = group.headroomBytes;
      }
    }
    const held = group.sharedBytes + group.headroomBytes;
    if (held > group.peakBytes) group.peakBytes = held;
    return true;
  }

  /** An admitted frame has left. */
  release(ingress: number, priority: number, length: Bytes): void {
    const from = this.ingresses[ingress] as Ingress;
    const group = this.#group(from, priority);
    const ofHeadroom = Math.min(length, group.headroomBytes);
    group.headroomBytes -= ofHeadroom;
    group.sharedBytes -= length - ofHeadroom;
    this.shared.change(ofHeadroom - length);
    if (!group.isPaused || group.headroomBytes > 0) return;
    const xonBytes = Math.max(0, this.shared.thresholdBytes - this.#xonBelowBytes);
    if (group.sharedBytes <= xonBytes) this.#request(from, priority, group, false);
  }

  #group(from: Ingress, priority: number): PriorityGroup {
    const known = from.groups[priority];
    if (known !== undefined) return known;
    const added = new PriorityGroup();
    from.groups[priority] = added;
    return added;
  }

  #request(from: Ingress, priority: number, group: PriorityGroup, isPaused: boolean): void {
    if (group.isPaused === isPaused) return;
    group.isPaused = isPaused;
    from.requests?.setPaused(priority, isPaused);
  }
}
