/**
 * Bytes of packets together with the view that reads their 16- and 32-bit fields, so that neither is made
 * per packet. A frame/PayloadArena is one; anything else that holds bytes becomes one with packetMemory.
 */
export interface PacketMemory {
  readonly bytes: Uint8Array;
  /** Of the same memory: view.getUint8(at) is bytes[at]. */
  readonly view: DataView;
}

/** Borrows `bytes`. Cold. */
export function packetMemory(bytes: Uint8Array): PacketMemory {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}
