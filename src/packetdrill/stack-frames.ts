/**
 * Frames of a stack under test, to bytes and back by wire/, so that what scripts see is what a wire would carry.
 */
import type { AddressWords } from '../base/ip-address.ts';
import type { Instant } from '../base/units.ts';
import { AddressTable } from '../frame/address-table.ts';
import { FramePool } from '../frame/frame-pool.ts';
import {
  FRAME_SHIFT,
  type FrameId,
  FrameWord,
  NO_FRAME,
  NO_PAYLOAD,
} from '../frame/frame-record.ts';
import { PayloadArena } from '../frame/payload-arena.ts';
import { decodeFrame } from '../wire/decode.ts';
import { ENCODED_HEADER_BYTES_MAX, encodeFrame } from '../wire/encode.ts';
import { ETHERNET_HEADER_BYTES } from '../wire/ethernet.ts';
import { PacketColumns } from '../wire/packet-columns.ts';
import { packetMemory } from '../wire/packet-memory.ts';
import type { ArrivingPacket, SentPacket } from './stack-under-test.ts';

const FRAMES = 1 << 13;
const CHUNK_BYTES = 1 << 16;
const CHUNKS = 64;
const COLUMNS = new PacketColumns(1);

export class StackFrames {
  readonly pool = new FramePool(FRAMES, new PayloadArena(CHUNK_BYTES, CHUNKS));
  readonly addresses = new AddressTable();

  intern(address: AddressWords): number {
    return this.addresses.intern(Int32Array.from(address), 0);
  }

  /** A frame of the packet, its payload a length that stands for zeros. */
  decode({ header, payloadBytes }: ArrivingPacket): FrameId {
    const { pool, addresses } = this;
    const frame = pool.allocate();
    if (frame === NO_FRAME) throw new Error('the frame pool is empty');
    const { view } = packetMemory(header);
    const wireBytes = header.length + payloadBytes;
    decodeFrame(pool, addresses, frame, view, 0, header.length, wireBytes, COLUMNS);
    pool.words[(frame << FRAME_SHIFT) + FrameWord.Payload] = NO_PAYLOAD;
    return frame;
  }

  /** The packet of a frame that leaves at `nowNs`. */
  encode(frame: FrameId, nowNs: Instant): SentPacket {
    const memory = packetMemory(new Uint8Array(ENCODED_HEADER_BYTES_MAX));
    const length = encodeFrame(this.pool, this.addresses, frame, memory, 0);
    const at = frame << FRAME_SHIFT;
    const payloadBytes = this.pool.words[at + FrameWord.PayloadLength] as number;
    const payload = this.pool.words[at + FrameWord.Payload] as number;
    const { bytes } = this.pool.payloads;
    const isPayloadZero =
      payload === NO_PAYLOAD ||
      bytes.subarray(payload, payload + payloadBytes).every((byte) => byte === 0);
    const isWire = this.pool.words[at + FrameWord.WireLength] === length + payloadBytes;
    if (!isWire)
      throw new Error(`wire length of a frame of ${length - ETHERNET_HEADER_BYTES} bytes`);
    return {
      sentNs: nowNs,
      header: memory.bytes.subarray(0, length),
      payloadBytes,
      isPayloadZero,
    };
  }
}
