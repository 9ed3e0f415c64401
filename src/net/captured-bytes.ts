/**
 * Where the bytes of a captured frame lie in the payload arena, and the frame's record read anew from them.
 * Layouts are wire/'s; this knows which bytes are meant. Hot: no allocation per frame.
 */
import type { Bytes } from '../base/units.ts';
import type { FramePool } from '../frame/frame-pool.ts';
import {
  CapturedExtra,
  FRAME_SHIFT,
  type FrameId,
  FrameWord,
  MetaBit,
} from '../frame/frame-record.ts';
import { fillCapturedFrame } from '../wire/captured-frame.ts';
import { dissect } from '../wire/dissect.ts';
import { Ipv4Field } from '../wire/ipv4.ts';
import { IPV6_HEADER_BYTES, Ipv6Field } from '../wire/ipv6.ts';
import { linkHeaderBytes } from '../wire/link-layer.ts';
import type { Network } from './network.ts';

/** Offset of the network-layer packet in the captured frame's bytes. */
export function networkOffset(pool: FramePool, frame: FrameId): Bytes {
  const at = frame << FRAME_SHIFT;
  const offset = pool.extraWords[at + CapturedExtra.NetworkOffset];
  return offset >= 0 ? offset : linkHeaderBytes(pool.extraWords[at + CapturedExtra.LinkLayer]);
}

/**
 * Length of the network-layer packet as it was sent, by its own header where there is one: the capture's
 * length without padding and trailer.
 */
export function networkLength(pool: FramePool, frame: FrameId): Bytes {
  const at = frame << FRAME_SHIFT;
  const extra = pool.extraWords;
  const offset = networkOffset(pool, frame);
  const room = extra[at + CapturedExtra.OriginalLength] - offset;
  const stored = extra[at + CapturedExtra.CapturedLength] - offset;
  const { view } = pool.payloads;
  const start = pool.words[at + FrameWord.Payload] + offset;
  const isIp = (pool.words[at + FrameWord.Meta] & MetaBit.NotIp) === 0;
  const version = isIp && stored >= Ipv6Field.NextHeader ? view.getUint8(start) >> 4 : 0;
  let own = 0;
  if (version === 4) own = view.getUint16(start + Ipv4Field.TotalLength);
  if (version === 6) own = view.getUint16(start + Ipv6Field.PayloadLength);
  // 0 is a super-segment or a jumbogram, and beyond 16 bits the field says nothing.
  if (own === 0 || room > 0xffff) return Math.max(0, room);
  return Math.min(room, version === 6 ? own + IPV6_HEADER_BYTES : own);
}

/** Fills a captured frame's record from its bytes, as an arriving packet's would be. */
export function readRecord(network: Network, frame: FrameId): void {
  const { pool } = network;
  if (!pool.isCaptured(frame)) return;
  const scratch = network.scratchColumns;
  const at = frame << FRAME_SHIFT;
  const extra = pool.extraWords;
  dissect(
    pool.payloads.view,
    pool.words[at + FrameWord.Payload],
    extra[at + CapturedExtra.CapturedLength],
    extra[at + CapturedExtra.OriginalLength],
    extra[at + CapturedExtra.LinkLayer],
    scratch,
    0,
  );
  fillCapturedFrame(pool, network.addresses, frame, scratch, 0);
}
