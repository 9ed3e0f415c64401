/**
 * Segments that a receiver's offload has merged before TCP sees them: one text, acknowledged as one, which counts as many.
 * In the `linux` profile it is taken into the receive buffer by its memory, and what of such memory was text is from then
 * on the part of the buffer that is offered as window. The model, fitted to the windows that Linux's own scripts expect:
 * a block of one page for the first bytes, behind headroom and before a trailer, the rest in whole pages, a descriptor.
 */
import type { Bytes } from '../base/units.ts';
import type { ArrivedSegment } from './arrived-segment.ts';
import type { TcpConnection } from './connection.ts';
import { setReceiveBufferBytes } from './receive-window.ts';

const PAGE_BYTES: Bytes = 4096;
/** Of the first page: headroom of 64 and a trailer of 320. */
const FIRST_PAGE_OVERHEAD_BYTES: Bytes = 384;
const DESCRIPTOR_BYTES: Bytes = 256;
/** Shares are kept in this many parts. */
const SHARE_PARTS = 256;

/** Counts the segments, and learns their size and their share of the memory. */
export function noteMerged(connection: TcpConnection, segment: ArrivedSegment): void {
  const { length, mergedBytes } = segment;
  const more = Math.ceil(length / mergedBytes) - 1;
  connection.segmentsIn += more;
  connection.dataSegmentsIn += more;
  if (mergedBytes < connection.rcvMss) return;
  const isNews = mergedBytes !== connection.rcvMss;
  connection.rcvMss = Math.min(mergedBytes, connection.advMss);
  if (!isNews || !connection.config.growsReceiveWindow) return;
  const headers = connection.isIpv6 ? 60 : 40;
  const parts = Math.floor((length * SHARE_PARTS) / memoryOf(length + headers));
  connection.receiveShare = Math.max(1, parts) / SHARE_PARTS;
  setReceiveBufferBytes(connection, connection.rcvBufferBytes);
}

function memoryOf(bytes: Bytes): Bytes {
  const behind = Math.max(0, bytes - (PAGE_BYTES - FIRST_PAGE_OVERHEAD_BYTES));
  return DESCRIPTOR_BYTES + PAGE_BYTES * (1 + Math.ceil(behind / PAGE_BYTES));
}
