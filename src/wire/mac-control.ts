/**
 * Priority-based flow control: the MAC control frame of IEEE 802.1Qbb (IEEE 802.3 Annex 31D). It names priorities,
 * and for each how long its sender wants no frame of it: in quanta of 512 bit times of the link, 0 to go on at once.
 *
 *   destination 01:80:c2:00:00:01 · source · type 0x8808 · opcode 0x0101 · enable vector · eight times · padding
 */
import { emitEthernet } from './ethernet.ts';

/** The shortest Ethernet frame, without FCS. */
export const PAUSE_FRAME_BYTES = 60;
export const PAUSE_QUANTUM_BITS = 512;
export const PAUSE_QUANTA_MAX = 0xffff;
export const PRIORITY_COUNT = 8;

const MAC_CONTROL_TYPE = 0x8808;
const PRIORITY_FLOW_CONTROL = 0x0101;
/** Addressed to whoever is at the other end of the link; bridges do not forward it. */
const DESTINATION = '01:80:c2:00:00:01';
const SOURCE = '02:00:00:00:00:01';

const enum PauseField {
  Type = 12,
  Opcode = 14,
  Enabled = 16,
  Times = 18,
  End = 34,
}

/** Bytes and a view of them: the payload arena. */
export interface PauseMemory {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** All that is the same in every frame. */
const HEADER = new Uint8Array(PauseField.Opcode);
emitEthernet(
  { destination: DESTINATION, source: SOURCE, tags: [], etherType: MAC_CONTROL_TYPE },
  HEADER,
  0,
);

/**
 * Writes the frame at `at`, where there are PAUSE_FRAME_BYTES. Hot: no allocation.
 * @param enabled bit n for priority n
 * @param paused bit n: `quanta` for priority n, else 0
 */
export function writePauseFrame(
  memory: PauseMemory,
  at: number,
  enabled: number,
  paused: number,
  quanta: number,
): void {
  const { bytes, view } = memory;
  bytes.fill(0, at + PauseField.Opcode, at + PAUSE_FRAME_BYTES);
  for (let index = 0; index < HEADER.length; index++) bytes[at + index] = HEADER[index];
  view.setUint16(at + PauseField.Opcode, PRIORITY_FLOW_CONTROL);
  view.setUint16(at + PauseField.Enabled, enabled);
  for (let priority = 0; priority < PRIORITY_COUNT; priority++) {
    const isPaused = ((paused & enabled) >> priority) & 1;
    if (isPaused) view.setUint16(at + PauseField.Times + 2 * priority, quanta);
  }
}

/** Whether the bytes in [start, end) are such a frame. */
export function isPauseFrame(view: DataView, start: number, end: number): boolean {
  return (
    start + PauseField.End <= end &&
    view.getUint16(start + PauseField.Type) === MAC_CONTROL_TYPE &&
    view.getUint16(start + PauseField.Opcode) === PRIORITY_FLOW_CONTROL
  );
}

/** Of a frame that isPauseFrame: what is asked for `priority` in quanta, or -1 for nothing. */
export function pauseQuanta(view: DataView, start: number, priority: number): number {
  const isEnabled = (view.getUint16(start + PauseField.Enabled) >> priority) & 1;
  return isEnabled ? view.getUint16(start + PauseField.Times + 2 * priority) : -1;
}
