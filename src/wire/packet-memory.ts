/**
 * Bytes of packets together with the view that reads their 16- and 32-bit fields and the sum that runs over
 * them, so that none of these is made per packet. The arena's bytes are summed in place by WebAssembly.
 */
import type { PayloadArena } from '../frame/payload-arena.ts';
import { checksumAdd } from './checksum.ts';
import { createMemoryChecksum, type MemoryChecksum } from './checksum-wasm.ts';

export interface PacketMemory {
  readonly bytes: Uint8Array;
  /** Of the same memory: view.getUint8(at) is bytes[at]. */
  readonly view: DataView;
  /** checksumAdd over bytes of this memory. */
  readonly checksum: MemoryChecksum;
}

/** Borrows `bytes`. Cold. */
export function packetMemory(bytes: Uint8Array): PacketMemory {
  return {
    bytes,
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    checksum: (start, length, sum) => checksumAdd(bytes, start, length, sum),
  };
}

/** The memory of an arena. Cold: once a run. */
export function arenaMemory({ bytes, view, memory }: PayloadArena): PacketMemory {
  return { bytes, view, checksum: createMemoryChecksum(memory) };
}
