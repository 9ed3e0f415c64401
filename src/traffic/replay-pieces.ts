/**
 * Frames of the pieces of a captured super-segment: each gets bytes of its own in the arena (wire/split-segment
 * writes them) and a record read from those bytes. Hot: no allocation per piece.
 */
import type { Bytes } from '../base/units.ts';
import {
  CapturedExtra,
  FRAME_SHIFT,
  type FrameId,
  FrameWord,
  NO_FRAME,
  NO_PAYLOAD,
} from '../frame/frame-record.ts';
import type { Network } from '../net/network.ts';
import { fillCapturedFrame } from '../wire/captured-frame.ts';
import { dissect } from '../wire/dissect.ts';
import type { LinkLayer } from '../wire/link-layer.ts';
import { PacketColumns } from '../wire/packet-columns.ts';
import { SegmentSplitter } from '../wire/split-segment.ts';
import { TCP_HEADER_BYTES, TcpField } from '../wire/tcp.ts';
import type { ReplayInput } from './replay-input.ts';
import type { PathDirection } from './replay-ledger.ts';

/** Linux sends no smaller segments (TCP_MIN_SND_MSS), options included, whatever a peer's SYN says. */
const MSS_MIN = 48;

export class ReplayPieces {
  /** The last take failed for want of room in the arena, not in the pool. */
  isArenaFull = false;
  readonly #network: Network;
  readonly #splitters: readonly [SegmentSplitter, SegmentSplitter];
  readonly #columns = new PacketColumns(1);
  #splitter: SegmentSplitter;
  #linkLayer: LinkLayer = 0;

  /** @param mtuBytes by PathDirection */
  constructor(network: Network, mtuBytes: readonly [Bytes, Bytes]) {
    this.#network = network;
    const { packets } = network.frameBytes;
    this.#splitters = [
      new SegmentSplitter(packets, mtuBytes[0]),
      new SegmentSplitter(packets, mtuBytes[1]),
    ];
    this.#splitter = this.#splitters[0];
  }

  /**
   * Begins to split the packet of `row`. Gives the number of pieces to take; 0 or 1 when it is to enter whole.
   * @param mss what the receiver allows, options included (RFC 6691 §2); -1 when not known
   */
  open(input: ReplayInput, row: number, direction: PathDirection, mss: number): number {
    const { rows, columns } = input;
    const transport = columns.transportOffset[row];
    let payloadBytesMax = 0;
    if (mss > 0 && transport >= 0 && transport + TCP_HEADER_BYTES <= rows.capturedLength[row]) {
      const words = input.view.getUint8(rows.offset[row] + transport + TcpField.OffsetFlags) >> 4;
      const optionBytes = words * 4 - TCP_HEADER_BYTES;
      payloadBytesMax = Math.max(MSS_MIN, mss) - optionBytes;
    }
    this.#splitter = this.#splitters[direction];
    this.#linkLayer = input.linkLayerOf(row);
    return this.#splitter.begin(
      rows.offset[row],
      rows.capturedLength[row],
      rows.originalLength[row],
      columns,
      row,
      payloadBytesMax,
    );
  }

  /** The frame of a piece; NO_FRAME when there is no room. */
  take(piece: number): FrameId {
    const { pool, addresses } = this.#network;
    const arena = pool.payloads;
    const capturedLength = this.#splitter.capturedLength(piece);
    const offset = this.#network.payloadWriter.reserve(capturedLength);
    this.isArenaFull = offset === NO_PAYLOAD;
    const frame = this.isArenaFull ? NO_FRAME : pool.allocate();
    if (frame === NO_FRAME) return NO_FRAME;
    const originalLength = this.#splitter.originalLength(piece);
    this.#splitter.emit(piece, offset);
    const columns = this.#columns;
    dissect(arena.view, offset, capturedLength, originalLength, this.#linkLayer, columns, 0);
    fillCapturedFrame(pool, addresses, frame, columns, 0);
    arena.retain(offset);
    const at = frame << FRAME_SHIFT;
    pool.words[at + FrameWord.Payload] = offset;
    pool.extraWords[at + CapturedExtra.CapturedLength] = capturedLength;
    pool.extraWords[at + CapturedExtra.OriginalLength] = originalLength;
    pool.extraWords[at + CapturedExtra.LinkLayer] = this.#linkLayer;
    pool.extraWords[at + CapturedExtra.NetworkOffset] = columns.networkOffset[0];
    return frame;
  }
}
