/**
 * The bytes of any frame, as they would be on the wire now: a captured frame's own, with what elements
 * changed in its record; a built frame's made from its fields, its length-only payload as zeros. Bytes
 * that have to be made go to one chunk of the payload arena, so that all bytes lie in one memory.
 * Layouts are wire/'s; this knows which bytes are meant. Hot: no allocation per frame.
 */
import { assert } from '../base/assert.ts';
import type { Bytes } from '../base/units.ts';
import type { AddressTable } from '../frame/address-table.ts';
import type { FramePool } from '../frame/frame-pool.ts';
import {
  CapturedExtra,
  FRAME_SHIFT,
  type FrameId,
  FrameWord,
  MetaBit,
  NO_PAYLOAD,
} from '../frame/frame-record.ts';
import { NO_CHUNK, type PayloadArena } from '../frame/payload-arena.ts';
import { fillCapturedFrame } from '../wire/captured-frame.ts';
import { applyChanges, decodeFrame } from '../wire/decode.ts';
import { dissect } from '../wire/dissect.ts';
import { encodeFrame } from '../wire/encode.ts';
import { ETHERNET_HEADER_BYTES } from '../wire/ethernet.ts';
import { Ipv4Field } from '../wire/ipv4.ts';
import { IPV6_HEADER_BYTES, Ipv6Field } from '../wire/ipv6.ts';
import { LinkLayer, linkHeaderBytes } from '../wire/link-layer.ts';
import { PacketColumns } from '../wire/packet-columns.ts';
import { arenaMemory, type PacketMemory } from '../wire/packet-memory.ts';

export class FrameBytes {
  /** The bytes of the frame located last: payloads.bytes[start, start + storedLength). Read at once. */
  start = 0;
  storedLength: Bytes = 0;
  /** On the wire; more than storedLength when the capture was cut by its snap length. */
  originalLength: Bytes = 0;
  linkLayer: LinkLayer = LinkLayer.Ethernet;
  /** Of the network layer, from the start. */
  networkOffset: Bytes = ETHERNET_HEADER_BYTES;
  /** The arena's bytes with their checksum. */
  readonly packets: PacketMemory;
  readonly #pool: FramePool;
  readonly #arena: PayloadArena;
  readonly #addresses: AddressTable;
  /** Offset of the chunk where bytes are made. */
  readonly #chunk: number;
  #columns: PacketColumns | undefined;

  constructor(pool: FramePool, addresses: AddressTable) {
    this.#pool = pool;
    this.#arena = pool.payloads;
    this.packets = arenaMemory(pool.payloads);
    this.#addresses = addresses;
    this.#chunk = pool.payloads.openChunk();
    assert(this.#chunk !== NO_CHUNK, 'the arena has no chunk for bytes that are made');
    this.#columns = undefined;
  }

  /** Finds the frame's bytes, or makes them. */
  locate(frame: FrameId): void {
    const at = frame << FRAME_SHIFT;
    const meta = this.#pool.words[at + FrameWord.Meta];
    if ((meta & MetaBit.Captured) === 0) {
      this.#makeBuilt(frame);
      return;
    }
    const extra = this.#pool.extraWords;
    this.start = this.#pool.words[at + FrameWord.Payload];
    this.storedLength = extra[at + CapturedExtra.CapturedLength];
    this.originalLength = extra[at + CapturedExtra.OriginalLength];
    this.linkLayer = extra[at + CapturedExtra.LinkLayer];
    const offset = extra[at + CapturedExtra.NetworkOffset];
    this.networkOffset = offset >= 0 ? offset : linkHeaderBytes(this.linkLayer);
    if ((meta & MetaBit.Changed) !== 0) this.#makeChanged(meta);
  }

  /** Reads the record anew from the bytes, as the next hop of a real network would. */
  readBack(frame: FrameId): void {
    const pool = this.#pool;
    const at = frame << FRAME_SHIFT;
    const wasBuilt = !pool.isCaptured(frame);
    const changed = pool.words[at + FrameWord.Meta] & MetaBit.Changed;
    this.locate(frame);
    const { start, storedLength, originalLength } = this;
    const { view } = this.#arena;
    // Large, and most runs need none.
    this.#columns ??= new PacketColumns(1);
    const columns = this.#columns;
    if (wasBuilt) {
      const addresses = this.#addresses;
      decodeFrame(pool, addresses, frame, view, start, storedLength, originalLength, columns);
    } else {
      dissect(view, start, storedLength, originalLength, this.linkLayer, columns, 0);
      fillCapturedFrame(pool, this.#addresses, frame, columns, 0);
      pool.words[at + FrameWord.Meta] |= changed;
    }
  }

  /**
   * Length of the network-layer packet of the frame located last, by its own header where there is one: the
   * frame without link header, padding and trailer, and as it was before the snap length cut it.
   */
  networkLength(isIp: boolean): Bytes {
    const { view } = this.#arena;
    const room = this.originalLength - this.networkOffset;
    const stored = this.storedLength - this.networkOffset;
    const at = this.start + this.networkOffset;
    const version = isIp && stored >= Ipv6Field.NextHeader ? view.getUint8(at) >> 4 : 0;
    let own = 0;
    if (version === 4) own = view.getUint16(at + Ipv4Field.TotalLength);
    else if (version === 6) own = view.getUint16(at + Ipv6Field.PayloadLength);
    // 0 is a super-segment or a jumbogram, and beyond 16 bits the field says nothing.
    if (own === 0 || room > 0xffff) return Math.max(0, room);
    return Math.min(room, version === 6 ? own + IPV6_HEADER_BYTES : own);
  }

  #makeBuilt(frame: FrameId): void {
    const { words } = this.#pool;
    const at = frame << FRAME_SHIFT;
    const { bytes } = this.#arena;
    const length = words[at + FrameWord.WireLength];
    const start = this.#chunk;
    assert(length <= this.#arena.chunkBytes, 'a built frame is longer than a chunk of the arena');
    const headerBytes = encodeFrame(this.#pool, this.#addresses, frame, this.packets, start);
    const payload = words[at + FrameWord.Payload];
    const payloadLength = words[at + FrameWord.PayloadLength];
    const payloadEnd = start + headerBytes + payloadLength;
    if (payload === NO_PAYLOAD) bytes.fill(0, start + headerBytes, payloadEnd);
    else bytes.copyWithin(start + headerBytes, payload, payload + payloadLength);
    // Padding to the shortest frame, where the length has it.
    bytes.fill(0, payloadEnd, start + length);
    this.start = start;
    this.storedLength = length;
    this.originalLength = length;
    this.linkLayer = LinkLayer.Ethernet;
    this.networkOffset = ETHERNET_HEADER_BYTES;
  }

  #makeChanged(meta: number): void {
    const { bytes, view } = this.#arena;
    const start = this.#chunk;
    bytes.copyWithin(start, this.start, this.start + this.storedLength);
    this.start = start;
    applyChanges(view, start + this.networkOffset, start + this.storedLength, meta);
  }
}
