/**
 * Where a packet was seen: one place for each interface and, in cooked captures, for each device and
 * direction of its packets. Two sightings of one packet at one place are two transmissions; at two places
 * they may be copies. Hot: no allocation once a place is known.
 */
import { LinkLayer } from '../wire/link-layer.ts';
import type { ReplayInput } from './replay-input.ts';

/** Packet type of a packet that the capturing host sent (LINKTYPE_LINUX_SLL). */
const OUTGOING = 4;
const COOKED_PACKET_TYPE = 0;
const COOKED2_INTERFACE = 4;
const COOKED2_PACKET_TYPE = 10;
const FIRST_KEYS = 16;

export class CapturePlaces {
  /** Key of each place, a place being its index. */
  #keys = new Float64Array(FIRST_KEYS);
  #count = 0;
  #last = 0;

  /** A small integer for where the packet of `row` was seen. */
  placeOf(input: ReplayInput, row: number): number {
    const key = placeKey(input, row);
    const keys = this.#keys;
    if (this.#count > 0 && keys[this.#last] === key) return this.#last;
    for (let place = 0; place < this.#count; place++) {
      if (keys[place] === key) {
        this.#last = place;
        return place;
      }
    }
    return this.#add(key);
  }

  #add(key: number): number {
    if (this.#count === this.#keys.length) {
      const keys = new Float64Array(this.#keys.length * 2);
      keys.set(this.#keys);
      this.#keys = keys;
    }
    this.#keys[this.#count] = key;
    this.#last = this.#count;
    return this.#count++;
  }
}

/** Whether the packet of `row` may be seen at a second place: several captures, interfaces, or a cooked one. */
export function mayHaveCopies(input: ReplayInput, row: number): boolean {
  if (input.isOneOfSeveral || input.reader.interfaces.length > 1) return true;
  const layer = input.linkLayerOf(row);
  return layer === LinkLayer.LinuxCooked || layer === LinkLayer.LinuxCooked2;
}

/** Input, interface, device and direction in one exact number. */
function placeKey(input: ReplayInput, row: number): number {
  const { view, rows } = input;
  const offset = rows.offset[row];
  const layer = input.linkLayerOf(row);
  let device = 0;
  let isOutgoing = 0;
  if (layer === LinkLayer.LinuxCooked && rows.capturedLength[row] >= 2) {
    isOutgoing = view.getUint16(offset + COOKED_PACKET_TYPE) === OUTGOING ? 1 : 0;
  } else if (layer === LinkLayer.LinuxCooked2 && rows.capturedLength[row] > COOKED2_PACKET_TYPE) {
    device = view.getUint16(offset + COOKED2_INTERFACE + 2);
    isOutgoing = view.getUint8(offset + COOKED2_PACKET_TYPE) === OUTGOING ? 1 : 0;
  }
  return ((input.index * 65_536 + rows.interfaceIndex[row]) * 65_536 + device) * 2 + isOutgoing;
}
